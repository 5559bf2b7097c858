"""What the replicas' own servers say at /metrics is in the emulator's, labelled by replica."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from async_emulator.errors import NoMetrics, ReplicaUnreachable
from async_emulator.metrics import replica_metrics
from async_emulator.prediction.model_client import ModelClient
from async_inference.codes import Kind
from tests.fake_model import FakeModel

LABELS = {
    "model_id": "model",
    "model_name": "my model",
    "deployment_id": "deployment",
    "environment": "production",
    "rollout_phase": "stable",
}


class Page:
    """What /metrics answered."""

    def __init__(self, text: str) -> None:
        self.text = text
        families = list(text_string_to_metric_families(text))
        self.names = [family.name for family in families]
        self.samples = [sample for family in families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        [found] = [each.value for each in self.samples if each.name == name and each.labels == labels]
        return found

    @property
    def left_out(self) -> list[str]:
        return [line.removeprefix("# left out: ") for line in self.text.splitlines() if "left out" in line]


@pytest.fixture
async def other(platform) -> FakeModel:
    """A second replica, beside `platform`'s own."""
    other = FakeModel()
    platform.open(1, "replica 2", other)
    return other


async def page(platform) -> Page:
    response = await platform.http.get("/metrics")
    assert response.status_code == 200
    assert "baseten_replicas_active" in response.text
    return Page(response.text)


def of_replica(number: int, **labels: str) -> Mapping[str, str]:
    return {**LABELS, "replica": f"replica {number}", **labels}


def exported(number: float) -> bytes:
    registry = CollectorRegistry()
    Counter("things", 'Help with \\ and "quotes".', ["outcome"], registry=registry).labels("won").inc(number)
    Histogram("things_seconds", "Time.", buckets=(1,), registry=registry).observe(number)
    return generate_latest(registry)


@pytest.mark.closeness("replica metrics")
async def test_each_family_is_there_once_with_the_series_of_every_replica(platform, other):
    platform.own_metrics, other.own_metrics = exported(3), exported(4)
    seen = await page(platform)
    assert seen.value("things_total", **of_replica(1, outcome="won")) == 3
    assert seen.value("things_total", **of_replica(2, outcome="won")) == 4
    assert seen.value("things_seconds_bucket", **of_replica(2, le="1.0")) == 0
    assert seen.value("things_seconds_sum", **of_replica(1)) == 3
    assert seen.text.count("# TYPE things_total counter") == seen.text.count("# HELP things_total ") == 1
    assert sorted(seen.names) == sorted(set(seen.names))
    assert seen.left_out == []


async def test_a_replica_that_is_not_ready_is_not_asked(platform, other):
    other.own_metrics = exported(4)
    for replica in platform.capacity.replicas:
        platform.capacity.close(replica)
    assert "things" not in (await page(platform)).text


async def test_the_replicas_of_each_chainlet_are_told_apart(platform):
    counter = platform.deploy("d2", "Counter")
    model = FakeModel()
    platform.serve(counter, kind=Kind.CHAIN, owner_id="chain")
    platform.own_metrics, model.own_metrics = exported(1), exported(2)
    platform.open(1)
    slots = platform.open(1, "replica 1", model)
    platform.capacity.close(slots)
    counter.capacity.open(slots)
    seen = await page(platform)
    labels = {**LABELS, "model_id": "chain", "replica": "replica 1", "outcome": "won"}
    assert seen.value("things_total", **labels, chainlet="Counter") == 2
    assert seen.value("things_total", **labels) == 1


async def test_a_label_of_the_replicas_under_our_names_is_exported(platform):
    series = r'a{replica="x",exported_replica="y",odd="q\"\\\né"}'
    platform.own_metrics = f"{series} 1\n{series} 2\n".encode()
    labels = of_replica(1, exported_exported_replica="x", exported_replica="y", odd='q"\\\né')
    assert (await page(platform)).value("a", **labels) == 1  # and the same series is not there twice


async def test_a_family_of_the_emulators_own_stays_its_own(platform, other):
    platform.own_metrics = (
        b"# TYPE baseten_replicas_active gauge\nbaseten_replicas_active 99\n"
        b"baseten_inference_requests_total 99\n"
        b"baseten_end_to_end_response_time_seconds_bucket 1\na 1\n"
    )
    seen = await page(platform)
    assert " 99" not in seen.text
    assert seen.value("a", **of_replica(1)) == 1
    assert seen.left_out == [
        f"{name} of replica 1, deployment deployment: the emulator has a metric of this name"
        for name in (
            "baseten_replicas_active",
            "baseten_inference_requests_total",
            "baseten_end_to_end_response_time_seconds_bucket",
        )
    ]


async def test_a_family_that_is_of_another_type_elsewhere_is_left_out(platform, other):
    platform.own_metrics = b"# TYPE a_total counter\na_total 1\n"
    other.own_metrics = b"# TYPE a_total gauge\na_total 2\nb 3\n"
    seen = await page(platform)
    assert seen.text.count("# TYPE a_total") == 1
    assert seen.value("b", **of_replica(2)) == 3
    assert seen.left_out == [
        "a_total of replica 2, deployment deployment: another replica says that it is a counter"
    ]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"<html>no metrics here</html>",
        b"\xff\xfe",
        b"# TYPE a bananas\na 1\n",
        b"# TYPE a\n",
        b"a{",
        b'a{b="c',
        b"{} 1",
        b"a",
        b"a one",
        b"a 1" + b"0" * 400,
        b"a 1 inf nan",
        b"a 1" + b"\n" * 20_001,
        b'a{b="' + b"\\" * 17_000 + b'"} 1',
        b"a{" + b'b="",' * 17_000 + b"} 1",
        b"\x1f\x8b" + bytes(range(256)) * 100,
    ],
)
async def test_nonsense_costs_no_other_metric(platform, other, nonsense):
    platform.own_metrics, other.own_metrics = nonsense, exported(4)
    seen = await page(platform)
    assert seen.value("things_total", **of_replica(2, outcome="won")) == 4
    assert all(each.startswith("all of replica 1, ") for each in seen.left_out)
    assert "bananas" not in seen.text


async def test_a_replica_that_does_not_answer_delays_the_page_for_a_bounded_time(
    platform, other, monkeypatch
):
    monkeypatch.setattr(replica_metrics, "TIMEOUT_SECONDS", 0.05)
    other.own_metrics = exported(4)

    class Hanging(FakeModel):
        async def metrics(self, max_bytes: int) -> bytes:
            await asyncio.Event().wait()
            raise AssertionError("it hangs")

    class Dead(FakeModel):
        async def metrics(self, max_bytes: int) -> bytes:
            raise ReplicaUnreachable("its server does not answer")

    for number in range(3, 23):
        platform.open(1, f"replica {number}", Hanging() if number % 2 else Dead())
    started = asyncio.get_running_loop().time()
    seen = await page(platform)
    assert asyncio.get_running_loop().time() - started < 1  # all at once
    assert seen.value("things_total", **of_replica(2, outcome="won")) == 4
    assert len(seen.left_out) == 20
    assert seen.left_out[1] == ("all of replica 4, deployment deployment: its server does not answer")


@pytest.fixture
async def server() -> AsyncIterator[BaseTestServer]:
    """A model server whose /metrics/ answers as the query of the test's base url asks."""

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.match_info["what"]:
            case "missing":
                raise web.HTTPNotFound
            case "elsewhere":
                raise web.HTTPFound("/fine/metrics/")
            case "endless":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b"a" * 65_536)
        return web.Response(text=f"a 1 # {request.headers['Accept-Encoding']}\n")

    app = web.Application()
    app.router.add_get("/{what}/metrics/", answer)
    async with TestServer(app) as running:
        yield running


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("fine", None),
        ("missing", "its server answers 404"),
        ("elsewhere", "its server answers 302"),
        ("endless", "more than 1,000,000 bytes"),
    ],
)
async def test_a_server_is_asked_for_a_bounded_number_of_bytes(server, what, reason):
    client = ModelClient(str(server.make_url(f"/{what}")), "token")
    try:
        if reason is None:
            assert await client.metrics(1_000_000) == b"a 1 # identity\n"
        else:
            with pytest.raises(NoMetrics, match=reason):
                await client.metrics(1_000_000)
        await server.close()
        with pytest.raises(ReplicaUnreachable):
            await client.metrics(1_000_000)
    finally:
        await client.close()
