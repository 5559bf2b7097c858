"""The deployment that is looked at: its calls, each counted, and how long one waits for them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from async_conformance.answer import Answer
from async_conformance.budget import Budget
from async_conformance.clock import Clock
from async_conformance.receiver import Receiver
from async_conformance.row import NotTried
from async_inference.endpoint import Endpoint
from async_inference.errors import InvalidSetting

if TYPE_CHECKING:
    from pydantic import JsonValue

TRUSS_VERSION = 1
"""The version of examples/conformance that the rows rely on, as its model states it."""

POLL_SECONDS = 0.4
"""The first pause between two looks at a status: four rows at once stay under the limit, 20 a second."""

_GROWTH, _LONGEST_PAUSE = 1.5, 2.0

_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds to wait after each 429 in a row."""

_PATIENCE = 30.0
_PATIENCE_WITH_MODEL = 120.0
"""Seconds to wait for an answer; a call of the model may wait until a replica has started."""

_QUIET_SECONDS = 60.0
_UNDER_WAY = ("QUEUED", "IN_PROGRESS")


class NoAnswer(NotTried):
    """Nothing answered, or not in time."""


class Target:
    """One deployment, with the key of its caller.

    `receiver` gets webhooks, if the target can reach it; `webhook_secrets` are those that sign them.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        api_key: str,
        http: httpx.AsyncClient,
        budget: Budget,
        clock: Clock,
        receiver: Receiver | None = None,
        webhook_secrets: Sequence[str] = (),
    ) -> None:
        self.endpoint = endpoint
        self.api_key = api_key
        self.budget = budget
        self.clock = clock
        self.webhook_secrets = webhook_secrets
        self._http = http
        self._receiver = receiver

    @property
    def receiver(self) -> Receiver:
        """The receiver of webhooks. Raises NotTried where there is none."""
        if self._receiver is None:
            raise NotTried("there is no receiver of webhooks")
        return self._receiver

    async def call(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float = _PATIENCE,
    ) -> Answer:
        """Make a call, with the key unless `headers` are given; again after a while if the answer is 429.

        Raises NoAnswer, BudgetSpent, and NotTried if every answer is 429.
        """
        for pause in _PAUSES:
            answer = await self.call_once(
                method, url, body=body, content=content, headers=headers, patience=patience
            )
            if answer.status != 429:
                return answer
            await self.clock.sleep(pause)
        raise NotTried("every answer is 429: others make too many calls, or the limit is very low")

    async def call_once(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float = _PATIENCE,
    ) -> Answer:
        """Make one call, whatever the answer; wait `patience` seconds for it.

        Raises NoAnswer and BudgetSpent.
        """
        self.budget.spend()
        given: dict[str, Any] = {"json": body} if body is not None else {"content": content}
        sent = {"Authorization": f"Bearer {self.api_key}"} if headers is None else headers
        try:
            async with asyncio.timeout(patience):  # also where the answer drips in, byte by byte
                response = await self._http.request(method, url, headers=sent, timeout=patience, **given)
        except TimeoutError as error:
            raise NoAnswer(f"no answer: it was not complete after {patience:g} s") from error
        except httpx.RequestError as error:
            raise NoAnswer(f"no answer: {str(error) or type(error).__name__}") from error
        return Answer(response, hidden=(self.api_key, *self.webhook_secrets))

    async def burst(self, method: str, url: str, count: int, *, content: bytes | None = None) -> list[Answer]:
        """Make this many calls at once."""
        calls = [self.call_once(method, url, content=content) for _ in range(count)]
        return list(await asyncio.gather(*calls))

    async def submitted(self, model_input: "JsonValue", **fields: "JsonValue") -> Answer:
        """Submit a request, and return the answer."""
        return await self.call("POST", self.endpoint.submit, body={"model_input": model_input, **fields})

    async def submit(self, model_input: "JsonValue", **fields: "JsonValue") -> str:
        """Submit a request, and return its id. Raises NotTried where it is refused."""
        answer = await self.submitted(model_input, **fields)
        if not answer.is_success or not answer.request_id:
            raise NotTried(f"a submit was answered {answer.in_short}: {answer.text('error')}")
        return answer.request_id

    async def status(self, request_id: str) -> Answer:
        """Return the status of a request."""
        return await self.call("GET", self._url_of(request_id))

    async def cancel(self, request_id: str) -> Answer:
        """Cancel a request."""
        return await self.call("DELETE", self._url_of(request_id))

    def _url_of(self, request_id: str) -> str:
        try:
            return self.endpoint.async_request(request_id)
        except InvalidSetting as error:
            raise NotTried(f"a submit was answered with an id that no url can hold: {error}") from error

    async def queue_status(self) -> Answer:
        """Return the status of the queue."""
        return await self.call("GET", self.endpoint.async_queue_status)

    async def ended(self, request_id: str, seconds: float = 60.0) -> Answer:
        """Return the status once the request and its webhook have ended; after `seconds`, whatever it is."""
        end = self.clock.seconds() + seconds
        pause = POLL_SECONDS
        while True:
            answer = await self.status(request_id)
            is_over = answer.text("status") not in _UNDER_WAY and answer.text("webhook_status") != "PENDING"
            if is_over or self.clock.seconds() >= end:
                return answer
            await self.clock.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    async def started(self, request_id: str, seconds: float = 30.0) -> Answer:
        """Return the status once the request is no longer QUEUED, or after `seconds`."""
        end = self.clock.seconds() + seconds
        while True:
            answer = await self.status(request_id)
            if answer.text("status") != "QUEUED" or self.clock.seconds() >= end:
                return answer
            await self.clock.sleep(POLL_SECONDS)

    async def queued(self, model_input: "JsonValue", **fields: "JsonValue") -> str:
        """Submit a request that waits behind another one. Raises NotTried where it does not have to."""
        request_id = await self.submit(model_input, **fields)
        if (await self.status(request_id)).text("status") in ("IN_PROGRESS", "SUCCEEDED"):
            raise NotTried(
                "the deployment ran two requests at once: give it one replica and a concurrency of 1"
            )
        return request_id

    async def occupy(self, seconds: float) -> str:
        """Let a request run for `seconds`, so that the next ones stay in the queue; return its id."""
        request_id = await self.submit({"do": "sleep", "seconds": seconds})
        await self.started(request_id)
        return request_id

    async def quiet(self) -> None:
        """Return once the deployment has nothing to do. Raises NotTried where that does not come."""
        end = self.clock.seconds() + _QUIET_SECONDS
        while True:
            answer = await self.queue_status()
            if not answer.field("num_queued_requests") and not answer.field("num_in_progress_requests"):
                return
            if self.clock.seconds() >= end:
                raise NotTried("the deployment has other requests")
            await self.clock.sleep(POLL_SECONDS)

    async def predict(self, model_input: "JsonValue") -> Answer:
        """Call the model and wait for its output."""
        url = self.endpoint.predict
        return await self.call("POST", url, body=model_input, patience=_PATIENCE_WITH_MODEL)

    async def described(self) -> dict[str, Any]:
        """Return the conformance Truss's description of itself. Raises NotTried for another model."""
        answer = await self.predict({"do": "describe"})
        body = answer.body
        if not isinstance(body, dict) or "conformance_truss" not in body:
            said = answer.text("error") or "another output"
            raise NotTried(f"the model answered {answer.in_short}: {said}")
        if (version := body["conformance_truss"]) != TRUSS_VERSION:
            raise NotTried(f"it has version {version} where {TRUSS_VERSION} is needed: push it again")
        return body

    async def recalled(self, request_id: str) -> list[dict[str, Any]]:
        """Return the calls of the model with this request id, the first one first. Raises NotTried."""
        answer = await self.predict({"do": "recall", "request_id": request_id})
        calls = answer.field("calls")
        if not isinstance(calls, list) or not all(isinstance(each, dict) for each in calls):
            raise NotTried(f"the model could not be asked for its calls: it answered {answer.in_short}")
        if not calls:
            raise NotTried("the model remembers no call with this id: does it have several replicas?")
        return [each for each in calls if isinstance(each, dict)]
