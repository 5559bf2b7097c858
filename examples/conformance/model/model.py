"""Does what its input asks, and remembers its calls by request id.

{"do": "describe"}                                     which Truss this is, and its BT_ variables
{"do": "recall", "request_id": id}                     the calls with this request id
{"do": "sleep", "seconds": s}                          answers after s seconds
{"do": "fail", "status": n, "times": k, "error": text} fails the first k times with this request id
{"do": "answer", "status": n}                          a response of its own with this status
{"do": "stream", "chunks": [text, …]}                  a generator
{"do": "repeat", "text": text, "times": n}             a long output
anything else                                          comes back as it is
"""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

from fastapi import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

VERSION = 1
"""What `truss-async conformance` relies on; a change of the inputs above is a new version."""

_MOST_REMEMBERED = 2_000
_LONGEST_INPUT = 1_000  # characters that are remembered


class Model:
    """One replica remembers its own calls alone, so the deployment must not have more than one."""

    def __init__(self, **_: Any) -> None:
        self._calls: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()

    async def predict(self, model_input: Any, request: Request) -> Any:
        asked = model_input if isinstance(model_input, dict) else {}
        match asked.get("do"):
            case "describe":
                variables = {name: value for name, value in os.environ.items() if name.startswith("BT_")}
                return {"conformance_truss": VERSION, "variables": variables}
            case "recall":
                return {"calls": self._calls.get(asked["request_id"], [])}
        calls = self._remember(model_input, request)
        try:
            return await self._do(asked, model_input, len(calls), request)
        finally:
            calls[-1]["ended_at"] = self.now()

    async def _do(self, asked: dict[str, Any], model_input: Any, number: int, request: Request) -> Any:
        match asked.get("do"):
            case "sleep":
                await self.sleep(asked["seconds"], request)
            case "fail" if number <= asked.get("times", number):
                raise HTTPException(asked["status"], asked.get("error", "as it was asked to"))
            case "answer":
                return JSONResponse({"error": "as it was asked to"}, asked["status"])
            case "stream":
                return self._stream(asked["chunks"])
            case "repeat":
                return {"text": asked["text"] * asked["times"]}
        return model_input

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float, request: Request) -> None:
        """Wait, but not longer than the caller does."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if await request.is_disconnected():
                return
            await asyncio.sleep(min(left, 0.2))

    async def _stream(self, chunks: list[str]) -> AsyncIterator[str]:
        for chunk in chunks:
            yield chunk

    def _remember(self, model_input: Any, request: Request) -> list[dict[str, Any]]:
        header = request.headers.get("x-baseten-request-id", "")
        calls = self._calls.setdefault(header.partition(":")[0], [])
        kept = model_input if len(str(model_input)) <= _LONGEST_INPUT else None
        calls.append({"started_at": self.now(), "header": header, "input": kept})
        while len(self._calls) > _MOST_REMEMBERED:
            self._calls.popitem(last=False)
        return calls
