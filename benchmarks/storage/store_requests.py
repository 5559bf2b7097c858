"""How many requests to the store one result costs: a first attempt, and a retry that skips `predict`."""

from typing import Any

from aiohttp import web
from rich.console import Console
from rich.table import Table
from starlette.requests import Request

from benchmarks.loopback_server import loopback_server
from truss_outputs import ModelOutputs, stores_outputs

ARTIFACTS = (0, 1, 10)


class _Model:
    def __init__(self, endpoint: str, engine: str, *, skip_stored: bool) -> None:
        section = {
            "url": "s3://bucket/x",
            "endpoint_url": endpoint,
            "region": "us-east-1",
            "engine": engine,
            "skip_stored": skip_stored,
            "access_key_id_secret": "id",
            "secret_access_key_secret": "key",
        }
        config = {"model_metadata": {"truss_outputs": section}}
        self._outputs = ModelOutputs.from_truss(config, {"id": "an-id", "key": "a-key"}, environ={})
        self.entered = 0

    @stores_outputs
    def predict(self, artifacts: int, request: Request) -> Any:
        self.entered += 1
        return {f"image{number}": b"x" * 10_000 for number in range(artifacts)}


class _Bucket:
    """A bucket that counts its requests."""

    def __init__(self) -> None:
        self.asked = 0
        self._objects: dict[str, bytes] = {}

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.method == "PUT":
            self._objects[request.path] = await request.read()
            return web.Response(headers={"ETag": '"x"'})
        if request.path in self._objects:
            modified = {"ETag": '"x"', "Last-Modified": "Wed, 25 Nov 2026 00:00:00 GMT"}
            return web.Response(body=self._objects[request.path], headers=modified)
        return web.Response(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")


def run(console: Console) -> None:
    """Print the requests for each number of artifacts, with each engine."""
    table = Table(
        *("engine", "artifacts", "first attempt", "with skip_stored", "retry of a stored result"),
        title="requests to the store per result",
    )
    for engine in ("obstore", "sdk"):
        for artifacts in ARTIFACTS:
            table.add_row(engine, str(artifacts), *map(str, _requests(engine, artifacts)))
    console.print(table)
    console.print("a retry that is not skipped costs what a first attempt does, and clean-up\n")


def _requests(engine: str, artifacts: int) -> tuple[int, int, int]:
    bucket = _Bucket()
    counts = []
    with loopback_server(bucket.answer) as endpoint:
        plain = _Model(endpoint, engine, skip_stored=False)
        skipping = _Model(endpoint, engine, skip_stored=True)
        for model, request_id in ((plain, b"plain"), (skipping, b"skipping"), (skipping, b"skipping")):
            bucket.asked = 0
            request = Request({"type": "http", "headers": [(b"x-baseten-request-id", request_id)]})
            model.predict(artifacts, request)
            counts.append(bucket.asked)
    if skipping.entered != 1:
        raise RuntimeError("the retry entered predict")
    first, with_skip, retry = counts
    return first, with_skip, retry
