"""When everything that was queued has ended."""

import time

import httpx

_QUICKEST = 2_000
"""Requests a second that no server here reaches."""


def wait_until_done(http: httpx.Client) -> None:
    """Return once an emulator has nothing to do; `http` is set up with its base url and key."""
    while outstanding := _outstanding(http):
        # Asking costs what is measured: seldom while there is much to do, often near the end.
        time.sleep(outstanding / _QUICKEST)


def _outstanding(http: httpx.Client) -> int:
    status = http.get("/production/async_queue_status").json()
    return int(status["num_queued_requests"]) + int(status["num_in_progress_requests"])
