"""A sync prediction whose failure becomes an answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from async_emulator.api.errors import CallRefused, refusal
from async_emulator.errors import PredictionRefused
from async_emulator.prediction.model import REQUEST_ID_HEADER


class AnsweredPrediction:
    """Answers in the platform's words where `prediction` raises CallRefused or PredictionRefused.

    Once the answer has begun nothing can be said any more: the error is raised, which ends the connection.
    """

    def __init__(self, prediction: ASGIApp, request_id: str) -> None:
        self._prediction = prediction
        self._request_id = request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the call."""
        has_started = False

        async def note_start(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._prediction(scope, receive, note_start)
        except (CallRefused, PredictionRefused) as error:
            if has_started:
                raise
            answer = refusal(error).response({REQUEST_ID_HEADER: self._request_id})
            await answer(scope, receive, send)
