"""The emulator in this process around the conformance Truss, whose time passes as fast as it is used.

It is the emulator as it ships but for two sockets: the model's code is called directly, and a webhook goes
straight to the receiver of the conformance rows. An alteration changes one thing on its way.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import aiohttp
import httpx
from fastapi import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from async_conformance.budget import Budget
from async_conformance.receiver import BROKEN, Receiver
from async_conformance.row import NotTried, Row
from async_conformance.run import run_rows
from async_conformance.target import Target
from async_conformance.verdict import Verdict
from async_emulator.clock import ManualClock
from async_emulator.prediction.outcome import Outcome, outcome_of, streamed
from async_emulator.queue.request import AsyncRequest
from async_emulator.webhooks.delivery import ReceiverAnswer
from async_emulator.webhooks.payload import Payload
from async_emulator.webhooks.sender import WebhookSender
from async_emulator.webhooks.signing_secrets import WebhookSecrets
from async_inference.codes import Kind
from async_inference.endpoint import Endpoint
from async_inference.webhooks import SIGNATURE_HEADER, signature_header
from examples.conformance.model.model import Model
from tests.integration.conftest import API_KEY, Platform, Receivers

SECRETS = ("whsec_" + "n" * 40, "whsec_" + "o" * 40)
WEBHOOK_URL = "http://localhost:1/hooks"

_STEP_SECONDS = 0.05
_TURNS = 15  # of the event loop in a step: about as many as a call takes
_LONG_SECONDS = 60.0


class PassingClock:
    """The emulator's clock, for the rows. A long sleep passes at once. See async_conformance's Clock."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._start = clock.now()

    def now(self) -> datetime:
        return self._clock.now()

    def seconds(self) -> float:
        return (self._clock.now() - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        if seconds > _LONG_SECONDS:
            self._clock.advance(seconds)
        else:
            await self._clock.sleep(seconds)

    async def pass_on(self) -> None:
        """Let time pass until cancelled."""
        while True:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            self._clock.advance(_STEP_SECONDS)


class ClockedModel(Model):
    """The conformance model under the emulator's clock."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()

    async def sleep(self, seconds: float, request: Request) -> None:
        await self._clock.sleep(seconds)


class Alteration:
    """Changes calls and answers on their way; this one changes nothing."""

    def call(self, request: httpx.Request) -> httpx.Request:
        return request

    def answer(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return response


class Proxy(httpx.AsyncBaseTransport):
    """Stands between the rows and the platform."""

    def __init__(self, transport: httpx.AsyncBaseTransport, alteration: Alteration) -> None:
        self._transport = transport
        self._alteration = alteration

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request = self._alteration.call(request)
        response = await self._transport.handle_async_request(request)
        await response.aread()
        return self._alteration.answer(request, response)


AlterHook = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]
"""Changes the headers and the body of a webhook on its way."""


class SentWebhooks(Receivers):
    """Sends webhooks as the emulator does, to the receiver of the rows. See Connections."""

    def __init__(self, clock: ManualClock, receiver: Receiver, attempts: int = 2) -> None:
        super().__init__()
        self.receiver = receiver
        self.alter: AlterHook = lambda headers, body: (headers, body)
        self.altered_answers: dict[int, int] = {}
        self._sender = WebhookSender(
            clock=clock, connection=self, secrets=WebhookSecrets(SECRETS), attempts=attempts
        )

    async def deliver(self, webhook_endpoint: str, payload: Payload) -> bool:
        return await self._sender.deliver(webhook_endpoint, payload)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        if not url.startswith(WEBHOOK_URL):
            raise OSError("nothing answers")
        sent_headers, sent = self.alter(dict(headers), body)
        if sent != body:  # a platform with other bytes signs those
            sent_headers[SIGNATURE_HEADER] = signature_header(sent, SECRETS)
        status = await self.receiver.receive(url, sent_headers, sent)
        if status == BROKEN:
            raise OSError("the connection is broken")
        return ReceiverAnswer(status=self.altered_answers.get(status, status), body="")


class ConformancePlatform(Platform):
    """The emulator around the conformance Truss, with one slot."""

    webhooks: SentWebhooks
    id_suffix = ""  # of the id that the model gets

    def __init__(self, data_dir: Path, clock: ManualClock, **settings: Any) -> None:
        self.passing = PassingClock(clock)
        self.webhooks = SentWebhooks(
            clock, Receiver(WEBHOOK_URL, self.passing), settings.get("webhook_attempts", 2)
        )
        super().__init__(data_dir, clock, self.webhooks)
        self.model = ClockedModel(clock)
        self._settings: dict[str, Any] = {"rate_limits": True, "webhook_secrets": SECRETS, **settings}
        self.configure(**self._settings)
        self.deployment.is_deployed = True
        self.open(1)

    def serve_chain(self) -> None:
        """From now on, serve a chain, whose entrypoint answers as the model does."""
        self.serve(kind=Kind.CHAIN, owner_id="chain")
        self.configure(**self._settings)
        self.deployment.is_deployed = True
        self.open(1)

    async def predict(self, request: AsyncRequest) -> Outcome:
        headers = {"x-baseten-request-id": f"{request.request_id}{self.id_suffix}"}
        response = await self._run(json.loads(request.model_input or b""), headers)
        if response is None:
            return streamed(200)
        return outcome_of(response.status_code, response.headers, bytes(response.body))

    @asynccontextmanager
    async def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        model_input = json.loads(body)
        response = await self._run(model_input, {"x-baseten-request-id": request_id})
        if response is None:
            response = Response("".join(model_input["chunks"]), media_type="application/octet-stream")
        yield cast(aiohttp.ClientResponse, _Answered(response))

    async def _run(self, model_input: Any, headers: dict[str, str]) -> Response | None:
        """Run the model as the Truss server does; None: it streams."""
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            output = await self.model.predict(model_input, Request({"type": "http", "headers": raw}))
        except HTTPException as error:
            output = JSONResponse({"error": error.detail}, error.status_code)
        if isinstance(output, Response):
            if output.status_code >= 400:
                output.headers["X-Baseten-Error-Source"] = "04"
            return output
        if isinstance(output, AsyncIterator):
            return None
        return Response(json.dumps(output), media_type="application/json")

    def target(self, alteration: Alteration | None = None) -> Target:
        return Target(
            endpoint=Endpoint(base_url="http://emulator", is_chain=self.served.target.kind is Kind.CHAIN),
            api_key=API_KEY,
            http=httpx.AsyncClient(
                transport=Proxy(httpx.ASGITransport(self._answer), alteration or Alteration())
            ),
            budget=Budget(max_calls=100_000, max_seconds=1e6, clock=self.passing),
            clock=self.passing,
            receiver=self.webhooks.receiver,
            webhook_secrets=SECRETS,
        )


class _Answered:
    """As much of a client's response as is passed on."""

    def __init__(self, response: Response) -> None:
        self.status = response.status_code
        self.raw_headers = response.raw_headers
        self.content = self
        self._body = bytes(response.body)

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._body


class Verdicts:
    """The verdicts of a run by the names of its rows. See Watcher."""

    def __init__(self) -> None:
        self.of: dict[str, Verdict] = {}

    def began(self, row: Row) -> None: ...

    def ended(self, row: Row, verdict: Verdict) -> None:
        self.of[row.name] = verdict

    @property
    def not_same(self) -> dict[str, Any]:
        return {
            name: verdict.reason or verdict.differences
            for name, verdict in self.of.items()
            if verdict.outcome != "same"
        }


async def verdicts_of(rows: Sequence[Row], target: Target, clock: PassingClock) -> Verdicts:
    """Run the rows while time passes."""
    verdicts = Verdicts()
    passing = asyncio.create_task(clock.pass_on())
    try:
        await run_rows(rows, target, verdicts)
    except NotTried as error:
        raise AssertionError(str(error)) from error
    finally:
        passing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await passing
    return verdicts
