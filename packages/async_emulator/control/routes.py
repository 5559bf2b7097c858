"""The control path: what a test can change in a running emulator, and look at. Only with --control.

    GET POST        /control/clock              the time; {"advance_seconds": 3600} moves it on
    GET POST        /control/dispatch           {"is_paused": true} leaves requests in the queue
    GET POST        /control/replicas           of each deployment; {"kill": 0, "chainlet": "Name"} kills one
    GET POST DELETE /control/faults             faults of the next predictions and deliveries
    GET DELETE      /control/requests           every request that is known; ?status=QUEUED&limit=100
    GET DELETE      /control/deliveries         what was sent to webhooks, to the byte
    GET POST DELETE /control/webhook_secrets    {} rotates, {"value": "whsec_…"} to that one

Every answer is JSON; errors have the API's form. The platform has nothing like it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from async_emulator.api import errors as api_errors
from async_emulator.api.errors import CallRefused
from async_emulator.clock import AdvanceableClock
from async_emulator.control.faults import Faults
from async_emulator.control.messages import (
    Advance,
    ControlledDelivery,
    DispatchState,
    FaultPlan,
    KillReplica,
    NewWebhookSecret,
    RemovedWebhookSecret,
    RequestQuery,
)
from async_emulator.deployments.served import ControlledDeployment, Served
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.delivery import DeliveryLog
from async_emulator.webhooks.signing_secrets import WebhookSecrets, is_webhook_secret

PATH = "/control/"

Handler = Callable[[Request], Awaitable[Any]]


class ControlRoutes:
    """Answers the control path for everything that is served."""

    def __init__(
        self,
        *,
        clock: AdvanceableClock,
        queue: RequestQueue,
        faults: Faults,
        deliveries: DeliveryLog,
        secrets: WebhookSecrets,
        served: Sequence[Served],
    ) -> None:
        self._clock = clock
        self._queue = queue
        self._faults = faults
        self._deliveries = deliveries
        self._secrets = secrets
        self._served = served
        self._is_paused = False
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "clock"): self._time,
            ("POST", "clock"): self._advance,
            ("GET", "dispatch"): self._dispatch,
            ("POST", "dispatch"): self._set_dispatch,
            ("GET", "replicas"): self._list_replicas,
            ("POST", "replicas"): self._kill,
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._plan_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "requests"): self._list_requests,
            ("DELETE", "requests"): self._clear_requests,
            ("GET", "deliveries"): self._list_deliveries,
            ("DELETE", "deliveries"): self._clear_deliveries,
            ("GET", "webhook_secrets"): self._list_secrets,
            ("POST", "webhook_secrets"): self._rotate_secret,
            ("DELETE", "webhook_secrets"): self._remove_secret,
        }

    async def __call__(self, request: Request) -> Response:
        """Answer one call. Raises CallRefused or ValidationError."""
        path: str = request.scope["path"]
        name = path.removeprefix(PATH)
        handler = self._handlers.get((request.method, name))
        if handler is None:
            if any(name == known for _, known in self._handlers):
                raise api_errors.wrong_method(request.method, path)
            raise api_errors.not_found(f"there is nothing at {path}")
        return JSONResponse(await handler(request))

    async def _time(self, _: Request) -> Any:
        return {"now": _text(self._clock.now())}

    async def _advance(self, request: Request) -> Any:
        body = Advance.model_validate_json(await request.body())
        try:
            self._clock.advance(body.advance_seconds)
        except OverflowError:
            raise CallRefused(HTTPStatus.BAD_REQUEST, "advance_seconds: no calendar goes so far") from None
        return await self._time(request)

    async def _dispatch(self, _: Request) -> Any:
        return {"is_paused": self._is_paused}

    async def _set_dispatch(self, request: Request) -> Any:
        self._is_paused = DispatchState.model_validate_json(await request.body()).is_paused
        for deployment in self._deployments():
            deployment.hold(self._is_paused)
        return await self._dispatch(request)

    async def _list_replicas(self, _: Request) -> Any:
        return [
            {
                "deployment_id": deployment.deployment_id,
                "chainlet": deployment.chainlet,
                "active": deployment.active_replicas,
                "starting": deployment.starting_replicas,
            }
            for deployment in self._deployments()
        ]

    async def _kill(self, request: Request) -> Any:
        body = KillReplica.model_validate_json(await request.body())
        meant = next((each for each in self._deployments() if _is_meant(each, body)), None)
        if meant is None:
            raise api_errors.no_deployment(str(body.deployment_id or body.chainlet))
        if not meant.kill_replica(body.kill):
            raise api_errors.not_found(f"there is no replica {body.kill}")
        return await self._list_replicas(request)

    def _deployments(self) -> list[ControlledDeployment]:
        """Return every deployment; those of a chain are known once it has been generated."""
        return [deployment for served in self._served for deployment in served.deployments]

    async def _list_faults(self, _: Request) -> Any:
        return {
            "predictions": self._faults.predictions_to_fail,
            "webhooks": self._faults.webhooks_to_drop,
        }

    async def _plan_faults(self, request: Request) -> Any:
        self._faults.plan(FaultPlan.model_validate_json(await request.body()))
        return await self._list_faults(request)

    async def _clear_faults(self, request: Request) -> Any:
        self._faults.clear()
        return await self._list_faults(request)

    async def _list_requests(self, request: Request) -> Any:
        query = RequestQuery.model_validate(dict(request.query_params))
        found = self._queue.newest(query.status, query.limit)
        return [_json(each.public_status, exclude_none=True) for each in found]

    async def _clear_requests(self, _: Request) -> Any:
        return {"cleared": self._queue.clear()}

    async def _list_deliveries(self, _: Request) -> Any:
        return [_json(ControlledDelivery.of(delivery)) for delivery in self._deliveries.all()]

    async def _clear_deliveries(self, request: Request) -> Any:
        self._deliveries.clear()
        return await self._list_deliveries(request)

    async def _list_secrets(self, _: Request) -> Any:
        return [
            {"value": secret.value, "expires_at": secret.expires_at and _text(secret.expires_at)}
            for secret in self._secrets.listed(self._clock.now())
        ]

    async def _rotate_secret(self, request: Request) -> Any:
        value = NewWebhookSecret.model_validate_json(await request.body() or b"{}").value
        if value is not None and not is_webhook_secret(value):
            raise CallRefused(HTTPStatus.BAD_REQUEST, "value: must be whsec_ and then letters and digits")
        return {"value": self._secrets.rotate(self._clock.now(), value)}

    async def _remove_secret(self, request: Request) -> Any:
        body = RemovedWebhookSecret.model_validate_json(await request.body())
        if not self._secrets.remove(body.value):
            raise api_errors.not_found("there is no such webhook secret")
        return await self._list_secrets(request)


def _is_meant(deployment: ControlledDeployment, kill: KillReplica) -> bool:
    return kill.deployment_id in (None, deployment.deployment_id) and kill.chainlet in (
        None,
        deployment.chainlet,
    )


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _json(model: BaseModel, *, exclude_none: bool = False) -> Any:
    return model.model_dump(mode="json", exclude_none=exclude_none)
