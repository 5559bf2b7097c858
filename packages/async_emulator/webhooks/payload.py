"""What a webhook is told: the result of a request, made into bytes only when its first delivery begins."""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from async_emulator.webhooks.waiting_outputs import WaitingOutput, WaitingOutputs

if TYPE_CHECKING:
    from pydantic import JsonValue

    from async_inference.wire import AsyncPredictResult, AsyncRequestError


class Payload:
    """The result of one request, before its `time` is known: that is when its first delivery begins.

    `output` is the model's answer, or None where there is none; `is_json` says how to read it. Nobody else
    should keep the output's bytes: a payload that waits can put them on disk.
    """

    def __init__(
        self,
        *,
        request_id: str,
        model_id: str,
        deployment_id: str,
        output: bytes | None,
        is_json: bool = True,
        errors: Sequence["AsyncRequestError"] = (),
    ) -> None:
        self.request_id = request_id
        self.model_id = model_id
        self.deployment_id = deployment_id
        self._output = output
        self._is_json = is_json
        self._errors = errors
        self._waiting: WaitingOutput | None = None

    def wait_in(self, outputs: WaitingOutputs) -> int:
        """Keep the output in `outputs` until it is needed; return its size in bytes."""
        output, self._output = self._output, None
        if output is None:
            return 0
        self._waiting = outputs.put(output)
        return len(output)

    def result(self, time: datetime) -> "AsyncPredictResult":
        """Return the result as of `time`; only once, as the output is given away. Raises OSError."""
        from async_inference.wire import AsyncPredictResult  # imported on first use, for a quick start

        output = self._output if self._waiting is None else self._waiting.take()
        self._output = None
        return AsyncPredictResult(
            request_id=self.request_id,
            model_id=self.model_id,
            deployment_id=self.deployment_id,
            time=time,
            data=None if output is None else data_of(output, is_json=self._is_json),
            errors=list(self._errors),
        )

    def drop(self) -> None:
        """Erase the output where it still waits."""
        if self._waiting is not None:
            self._waiting.drop()


def data_of(output: bytes, *, is_json: bool) -> "JsonValue":
    """Return an output as `data` holds it: JSON unchanged, anything else as text ("dict or string").

    It is parsed by the library that will write it again, so that JSON which cannot be written, such as half a
    surrogate or lists 300 deep, becomes text too.
    """
    from pydantic_core import from_json  # imported on first use, for a quick start: see Emulator

    if is_json:
        with contextlib.suppress(ValueError):
            data: JsonValue = from_json(output)
            return data
    return output.decode("utf-8", errors="replace")
