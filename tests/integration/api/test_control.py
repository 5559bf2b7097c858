"""The control path, but for what needs a process: faults, deliveries, requests, secrets."""

import asyncio
from typing import Any

import pytest

from async_emulator.api.errors import CallRefused
from async_emulator.clock import AdvanceableClock, ManualClock
from async_emulator.prediction.model import ModelServer
from async_emulator.prediction.outcome import Failure, Success
from async_emulator.webhooks.payload import Payload
from tests.fake_model import FakeModel
from tests.integration.conftest import Platform
from tests.queued_request import request

SECRET = "whsec_" + "s" * 40


class Workshop:
    """A platform with a control path, and a chainlet beside its deployment."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.chainlet = platform.deploy("other", chainlet="Shouter")
        platform.serve(self.chainlet)
        platform.open(1)

    def disturbed(self, model: FakeModel) -> ModelServer:
        """The model, as the control path disturbs it."""
        return self.platform.server.instrument(model)

    async def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        response = await self.platform.http.request(method, f"/control/{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()


@pytest.fixture
def clock() -> AdvanceableClock:
    return AdvanceableClock()


@pytest.fixture
async def workshop(platform: Platform) -> Workshop:
    return Workshop(platform)


@pytest.mark.parametrize("clock", [ManualClock()])
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
    before = workshop.platform.clock.now()
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
    assert workshop.platform.deployment.killed == [0]


@pytest.mark.parametrize("meant", [{"chainlet": "Shouter"}, {"deployment_id": "other"}])
async def test_a_replica_of_a_chainlet_can_be_killed_by_name(workshop, meant):
    await workshop.call("POST", "replicas", {"kill": 0, **meant})
    assert (workshop.platform.deployment.killed, workshop.chainlet.killed) == ([], [0])


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


async def test_the_next_predictions_are_answered_as_planned_and_the_others_as_ever(workshop):
    planned = await workshop.call("POST", "faults", {"predictions": 2, "status": 503})
    assert planned == {"predictions": 2, "webhooks": 0}
    model = workshop.disturbed(FakeModel())
    outcomes = [await model.predict(request("r")) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Failure, Failure, Success]


async def test_a_sync_prediction_takes_its_fault_too(workshop):
    await workshop.call("POST", "faults", {"predictions": 1, "status": 504})
    model = workshop.disturbed(FakeModel())
    with pytest.raises(CallRefused) as refused:
        async with model.forward(b"", {}, ""):
            pass
    assert refused.value.status == 504
    async with model.forward(b"", {}, ""):
        pass


async def test_a_prediction_can_be_late(workshop):
    await workshop.call("POST", "faults", {"predictions": 1, "delay_seconds": 3_600})
    model = FakeModel()
    predicting = asyncio.create_task(workshop.disturbed(model).predict(request("r")))
    await asyncio.sleep(0.01)
    assert model.attempts == []
    await workshop.call("POST", "clock", {"advance_seconds": 3_600})
    assert isinstance(await asyncio.wait_for(predicting, 1), Success)


async def test_a_prediction_can_hang_until_its_caller_gives_up(workshop):
    await workshop.call("POST", "faults", {"predictions": 1, "hangs": True})
    model = workshop.disturbed(FakeModel())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(model.predict(request("r")), 0.01)


async def test_faults_can_be_cleared(workshop):
    await workshop.call("POST", "faults", {"predictions": 5, "status": 500, "webhooks": 5})
    assert await workshop.call("DELETE", "faults") == {"predictions": 0, "webhooks": 0}
    assert await workshop.call("GET", "faults") == {"predictions": 0, "webhooks": 0}


async def test_the_next_deliveries_are_lost(workshop):
    workshop.platform.configure(webhook_attempts=1)
    await workshop.call("POST", "faults", {"webhooks": 1})
    for _ in range(2):  # nobody listens on port 1
        payload = Payload(request_id="r", model_id="m", deployment_id="d", output=b"{}")
        assert not await workshop.platform.server.deliver("http://127.0.0.1:1/hook", payload)
    lost, refused = [each["problem"] for each in await workshop.call("GET", "deliveries")]
    assert "was made to fail" in lost
    assert "was made to fail" not in refused
