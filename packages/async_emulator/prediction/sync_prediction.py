"""A sync prediction: the call goes to the model unchanged, and each piece of the answer goes back at once."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from async_emulator.clock import Clock
from async_emulator.errors import NoRoom, PredictionLost, PredictionTimedOut, ReplicaUnreachable
from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from async_emulator.prediction.model import HOP_BY_HOP, REQUEST_ID_HEADER, Model

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

TIMEOUT_SECONDS = 1_200.0
"""How long a sync prediction may take (docs.baseten.co/reference/inference-api/overview)."""


PARKING_SECONDS = 1_200.0
"""How long a sync prediction may wait for a replica. Our choice: the platform only says that the wait ends
(docs.baseten.co/deployment/autoscaling/request-lifecycle)."""

_NOT_RETURNED = {name.encode() for name in HOP_BY_HOP | {"date", "server", REQUEST_ID_HEADER.lower()}}

_Headers = Iterable[tuple[bytes, bytes]]


class SyncPrediction:
    """The answer to `predict`, as an ASGI application that raises PredictionRefused where there is none.

    It holds one slot from the call to the last byte. When the caller leaves, it breaks off the call to the
    model, as the platform does: the model then skips what it has not begun.
    """

    def __init__(
        self,
        *,
        capacity: Capacity,
        clock: Clock,
        body: bytes,
        headers: Mapping[str, str],
        request_id: str,
    ) -> None:
        self._capacity = capacity
        self._clock = clock
        self._body = body
        self._headers = headers
        self._request_id = request_id

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer the call."""
        answer = _Answer(send)
        forwarding = asyncio.create_task(self._forward(answer))
        leaving = asyncio.create_task(_caller_left(receive))
        try:
            await asyncio.wait({forwarding, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            forwarding.cancel()
            await asyncio.wait({forwarding, leaving})
        if not forwarding.cancelled():
            forwarding.result()

    async def _forward(self, answer: "_Answer") -> None:
        slot = await self._slot()
        try:
            async with self._clock.timeout(TIMEOUT_SECONDS):
                await self._predict(slot.model, answer)
        except TimeoutError:
            raise PredictionTimedOut from None
        except ReplicaUnreachable as error:
            self._capacity.suspect(slot)
            raise PredictionLost from error
        finally:
            self._capacity.give_back(slot)

    async def _slot(self) -> ReplicaSlots:
        if self._capacity.has_room:
            return self._capacity.take()
        try:
            async with self._clock.timeout(PARKING_SECONDS):
                return await self._capacity.take_for_sync()
        except TimeoutError:
            raise NoRoom from None

    async def _predict(self, model: Model, answer: "_Answer") -> None:
        async with model.forward(self._body, self._headers, self._request_id) as response:
            request_id = (REQUEST_ID_HEADER.lower().encode(), self._request_id.encode("latin-1"))
            await answer.start(response.status, [*_returned(response.raw_headers), request_id])
            async for chunk in response.content.iter_any():
                await answer.send(chunk)
            await answer.end()


class _Answer:
    """The caller's half of the exchange."""

    def __init__(self, send: "Send") -> None:
        self._send = send

    async def start(self, status: int, headers: _Headers) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def send(self, chunk: bytes) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _returned(headers: _Headers) -> Iterator[tuple[bytes, bytes]]:
    """The headers of a model's answer that are passed on to the caller: repeated ones too, byte for byte."""
    for name, value in headers:
        if (lower := name.lower()) not in _NOT_RETURNED:
            yield lower, value


async def _caller_left(receive: "Receive") -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
