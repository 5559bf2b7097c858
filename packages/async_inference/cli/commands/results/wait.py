"""`truss-async wait`."""

from typing import TYPE_CHECKING

import click

from async_inference.cli import display
from async_inference.cli.error_records import recorded_failures
from async_inference.cli.options import (
    EXIT_CODES,
    json_option,
    outputs_options,
    service_options,
    timeout_option,
)
from async_inference.cli.result_store import Outputs
from async_inference.cli.service import Service

if TYPE_CHECKING:
    from async_inference.client import AsyncInferenceClient
    from truss_outputs.store import Store


@click.command(epilog=EXIT_CODES)
@click.argument("request_id")
@timeout_option
@outputs_options
@service_options
@json_option
def wait(request_id: str, timeout: float, outputs: Outputs, service: Service, as_json: bool) -> None:
    """Wait until a request's result is in the store, and print it.

    With an API key the status is read as well, so that a request that failed, expired or was canceled ends
    the wait at once, with exit code 1 and the reason that its last attempt
    stored. The exit code is 3 when the time is up.

    \b
    Example:
      truss-async wait 35643965636d4c3da6f54b5c3b354aa0 --timeout 60
    """
    store = outputs.of(service).store()
    if service.api_key is None:
        display.note("no API key, so only the store is watched: a failed request will not end the wait")
        show_when_stored(request_id, store, None, timeout, as_json=as_json)
        return
    with service.client() as client:
        show_when_stored(request_id, store, client, timeout, as_json=as_json)


def show_when_stored(
    request_id: str,
    store: "Store",
    client: "AsyncInferenceClient | None",
    timeout: float,
    *,
    as_json: bool,
) -> None:
    """Wait for the result with a spinner, and print it."""
    from async_inference.wait import wait_for_result
    from truss_outputs.results.reader import OutputReader

    reader = OutputReader(store)
    with (
        recorded_failures(store, request_id),
        display.progress(f"{request_id}: waiting for {reader.url(request_id)}") as show,
    ):
        result = wait_for_result(
            request_id,
            reader=reader,
            client=client,
            timeout=timeout,
            on_status=lambda status: show(f"{request_id}: {status.status}"),
        )
    if as_json:
        display.show_json(result)
    else:
        display.show_result(result)
