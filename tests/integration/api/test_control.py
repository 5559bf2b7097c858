"""The control path, but for what needs a process: faults, deliveries, requests, secrets."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import aiohttp
import pytest

from async_emulator.api.errors import ApiError
from async_emulator.clock import AdvanceableClock
from async_emulator.control.control import ControlParts
from async_emulator.control.routes import PATH
from async_emulator.deployments.controlled_deployment import ControlledDeployment
from async_emulator.prediction.outcome import Failure, Outcome, Success
from async_emulator.queue.request import AsyncRequest
from async_emulator.webhooks.delivery import ReceiverAnswer
from async_emulator.webhooks.signing_secrets import WebhookSecrets

SECRET = "whsec_" + "s" * 40


class Workshop:
    """A platform with its control path, and what was done to its deployment."""

    def __init__(self, platform: Any) -> None:
        self.platform = platform
        self.parts = ControlParts(AdvanceableClock())
        self.secrets = WebhookSecrets()
        self.killed: list[int] = []
        self.killed_others: list[int] = []
        deployment = ControlledDeployment(
            deployment_id="deployment",
            hold=platform.dispatcher.hold,
            kill_replica=self.kill,
            active_replicas=lambda: 1,
            starting_replicas=lambda: 0,
        )
        chainlet = replace(
            deployment, deployment_id="other", chainlet="Shouter", kill_replica=self.kill_other
        )
        platform.pages = {
            PATH: self.parts.control(platform.queue, self.secrets, lambda: [deployment, chainlet])
        }
        platform.configure()

    def kill(self, index: int) -> bool:
        self.killed.append(index)
        return index == 0

    def kill_other(self, index: int) -> bool:
        self.killed_others.append(index)
        return True

    async def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        response = await self.platform.http.request(method, f"/control/{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()


@pytest.fixture
async def workshop(platform):
    return Workshop(platform)


async def test_without_the_setting_there_is_no_such_path(platform):
    assert (await platform.http.get("/control/clock")).status_code == 404


async def test_it_needs_the_key(platform, workshop):
    platform.http.headers["Authorization"] = "Bearer wrong"
    await workshop.call("GET", "clock", status=401)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "nowhere", None, 404, "there is nothing at /control/nowhere"),
        ("DELETE", "clock", None, 405, "DELETE is not allowed at /control/clock"),
        ("POST", "clock", {"advance_seconds": -1}, 400, "advance_seconds: "),
        ("POST", "clock", {"advance_seconds": 1e300}, 400, "advance_seconds: no calendar"),
        ("POST", "clock", {"advance": 1}, 400, "advance: Extra inputs"),
        ("POST", "faults", {"status": 200}, 400, "status: "),
        ("POST", "replicas", {"kill": 7}, 404, "there is no replica 7"),
        ("POST", "replicas", {"deployment_id": "none"}, 404, "there is no deployment 'none'"),
        ("POST", "replicas", {"chainlet": "None"}, 404, "there is no deployment 'None'"),
        ("POST", "webhook_secrets", {"value": "x"}, 400, "value: must be whsec_"),
        ("DELETE", "webhook_secrets", {"value": SECRET}, 404, "there is no such webhook secret"),
        ("GET", "requests?status=LOST", None, 400, "status: "),
    ],
)
async def test_what_it_cannot_do_is_named(workshop, method, path, body, status, message):
    assert message in (await workshop.call(method, path, body, status=status))["error"]


async def test_the_clock_tells_the_time_it_was_advanced_to(workshop):
    before = workshop.parts.clock.now()
    answer = await workshop.call("POST", "clock", {"advance_seconds": 3_600})
    assert answer["now"] > before.isoformat()
    assert answer["now"].endswith("Z")


async def test_while_dispatch_is_paused_requests_stay_in_the_queue(platform, workshop):
    assert await workshop.call("POST", "dispatch", {"is_paused": True}) == {"is_paused": True}
    request_id = await platform.submit()
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "QUEUED"
    await workshop.call("POST", "dispatch", {"is_paused": False})
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"


async def test_a_replica_can_be_killed(workshop):
    assert await workshop.call("POST", "replicas", {"kill": 0}) == [
        {"deployment_id": "deployment", "chainlet": None, "active": 1, "starting": 0},
        {"deployment_id": "other", "chainlet": "Shouter", "active": 1, "starting": 0},
    ]
    assert workshop.killed == [0]


@pytest.mark.parametrize("meant", [{"chainlet": "Shouter"}, {"deployment_id": "other"}])
async def test_a_replica_of_a_chainlet_can_be_killed_by_name(workshop, meant):
    await workshop.call("POST", "replicas", {"kill": 3, **meant})
    assert (workshop.killed, workshop.killed_others) == ([], [3])


async def test_requests_are_listed_newest_first_and_cleared_but_for_those_that_run(platform, workshop):
    platform.hold.clear()
    running, queued = [await platform.submit() for _ in range(2)]
    await platform.settle()
    listed = await workshop.call("GET", "requests")
    assert [each["request_id"] for each in listed] == [queued, running]
    assert listed[1] == await platform.status(running)
    only_queued = await workshop.call("GET", "requests?status=QUEUED&limit=1")
    assert [each["request_id"] for each in only_queued] == [queued]
    assert await workshop.call("DELETE", "requests") == {"cleared": 1}
    assert (await platform.http.get(f"/async_request/{queued}")).status_code == 404
    platform.hold.set()
    await platform.settle()
    assert (await platform.status(running))["status"] == "SUCCEEDED"
    assert platform.queue.outstanding == 0


async def test_webhook_secrets_are_rotated_and_removed(workshop):
    first = (await workshop.call("POST", "webhook_secrets", {}))["value"]
    assert await workshop.call("POST", "webhook_secrets", {"value": SECRET}) == {"value": SECRET}
    listed = await workshop.call("GET", "webhook_secrets")
    assert [each["value"] for each in listed] == [SECRET, first]
    assert listed[0]["expires_at"] is None
    assert listed[1]["expires_at"].endswith("Z")
    await workshop.call("DELETE", "webhook_secrets", {"value": first})
    assert [each["value"] for each in await workshop.call("GET", "webhook_secrets")] == [SECRET]


class Model:
    """Answers everything."""

    def __init__(self) -> None:
        self.calls = 0

    async def predict(self, request: AsyncRequest) -> Outcome:
        self.calls += 1
        return Success(body=b"1")

    @asynccontextmanager
    async def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        self.calls += 1
        yield cast(aiohttp.ClientResponse, None)


REQUEST = cast(AsyncRequest, None)


async def test_the_next_predictions_are_answered_as_planned_and_the_others_as_ever(workshop):
    planned = await workshop.call("POST", "faults", {"predictions": 2, "status": 503})
    assert planned == {"predictions": 2, "webhooks": 0}
    model = workshop.parts.wrap_model(Model())
    outcomes = [await model.predict(REQUEST) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Failure, Failure, Success]


async def test_a_sync_prediction_takes_its_fault_too(workshop):
    await workshop.call("POST", "faults", {"predictions": 1, "status": 504})
    model = workshop.parts.wrap_model(Model())
    with pytest.raises(ApiError) as refused:
        async with model.forward(b"", {}, ""):
            pass
    assert refused.value.status == 504
    async with model.forward(b"", {}, ""):
        pass


async def test_a_prediction_can_be_late(workshop):
    await workshop.call("POST", "faults", {"predictions": 1, "delay_seconds": 3_600})
    model = Model()
    predicting = asyncio.create_task(workshop.parts.wrap_model(model).predict(REQUEST))
    await asyncio.sleep(0.01)
    assert model.calls == 0
    await workshop.call("POST", "clock", {"advance_seconds": 3_600})
    assert isinstance(await asyncio.wait_for(predicting, 1), Success)


async def test_a_prediction_can_hang_until_its_caller_gives_up(workshop):
    await workshop.call("POST", "faults", {"predictions": 1, "hangs": True})
    model = workshop.parts.wrap_model(Model())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(model.predict(REQUEST), 0.01)


async def test_faults_can_be_cleared(workshop):
    await workshop.call("POST", "faults", {"predictions": 5, "status": 500, "webhooks": 5})
    assert await workshop.call("DELETE", "faults") == {"predictions": 0, "webhooks": 0}
    assert await workshop.call("GET", "faults") == {"predictions": 0, "webhooks": 0}


class Receiver:
    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        return ReceiverAnswer(status=200, body="")


async def test_the_next_deliveries_are_lost(workshop):
    await workshop.call("POST", "faults", {"webhooks": 1})
    connection = workshop.parts.wrap_connection(Receiver())
    with pytest.raises(OSError, match="was made to fail"):
        await connection.post("", b"", {})
    assert (await connection.post("", b"", {})).status == 200
