"""Runs against targets that misbehave: silence, 429 without end, nonsense."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest

from async_conformance.budget import Budget, BudgetSpent
from async_conformance.clock import SystemClock
from async_conformance.report import Report
from async_conformance.row import Need, Row
from async_conformance.rows import ROWS, limits
from async_conformance.run import run_rows
from async_conformance.target import NoAnswer, Target
from async_conformance.verdict import Outcome, Verdict
from async_inference.endpoint import Endpoint
from async_inference.errors import InvalidSetting
from tests.conformance_platform import Verdicts

FAST = [row for row in ROWS if row.needs == {Need.MODEL} and row not in limits.ROWS]


class FastClock(SystemClock):
    """Time that passes only while one sleeps, and then ten times as far as it should."""

    def __init__(self) -> None:
        self._time = 0.0

    def seconds(self) -> float:
        return self._time

    async def sleep(self, seconds: float) -> None:
        self._time += 10 * seconds


Serve = Callable[..., Target]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    clients: list[httpx.AsyncClient] = []

    def of(answer: Callable[[httpx.Request], httpx.Response], max_calls: int = 100_000) -> Target:
        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        clients.append(http)
        clock = FastClock()
        return Target(
            endpoint=Endpoint(base_url="http://target"),
            api_key="sesame",
            http=http,
            budget=Budget(max_calls=max_calls, max_seconds=1e9, clock=clock),
            clock=clock,
        )

    yield of
    for http in clients:
        await http.aclose()


async def test_a_target_that_never_answers_ends_the_run(serve):
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    verdicts = Verdicts()
    target = serve(silent)
    with pytest.raises(NoAnswer, match="no answer: ReadTimeout"):
        await run_rows(FAST, target, verdicts)
    assert target.budget.calls <= 2 * len(FAST)
    assert not verdicts.of


async def test_an_answer_that_never_ends_is_none(serve):
    async def dripping(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(NoAnswer, match=r"it was not complete after 0\.01 s"):
        await serve(dripping).call_once("GET", "http://target", patience=0.01)


async def test_one_call_that_is_lost_costs_one_row(serve):
    def lossy(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/wake"):
            raise httpx.ReadError("reset", request=request)
        return httpx.Response(200, json={})

    verdicts = Verdicts()
    await run_rows([row for row in FAST if row.name in ("wake", "keys")], serve(lossy), verdicts)
    assert {name: verdict.outcome for name, verdict in verdicts.of.items()} == {
        "keys": Outcome.SAME,
        "wake": Outcome.NOT_TRIED,
    }
    assert verdicts.of["wake"].reason == "no answer: reset"


async def test_429_without_end_is_not_tried_and_stays_within_the_budget(serve):
    verdicts = Verdicts()
    target = serve(lambda request: httpx.Response(429, json={"error": "slow down"}))
    await run_rows(FAST, target, verdicts)
    assert set(verdicts.of) == {row.name for row in FAST}
    not_tried = [verdict for verdict in verdicts.of.values() if verdict.outcome is Outcome.NOT_TRIED]
    assert len(not_tried) == len(FAST)
    assert target.budget.calls <= 4 * len(FAST)


class FullDisk(Verdicts):
    def ended(self, row: Row, verdict: Verdict) -> None:
        raise InvalidSetting("report", "cannot be written: No space left on device")


async def test_a_report_that_can_no_longer_be_written_ends_the_run(serve):
    target = serve(lambda request: httpx.Response(200, json={}))
    with pytest.raises(InvalidSetting, match="No space left"):
        await run_rows(FAST, target, FullDisk())


async def test_a_deployment_that_runs_all_at_once_says_so_where_a_row_needs_a_queue(serve):
    answers = {"request_id": "r1", "status": "IN_PROGRESS", "num_in_progress_requests": 0}
    verdicts = Verdicts()
    rows = [row for row in FAST if row.name in ("cancel", "queue status", "expiry", "statuses", "sync first")]
    await run_rows(rows, serve(lambda request: httpx.Response(200, json=answers)), verdicts)
    assert {verdict.reason for verdict in verdicts.of.values()} == {
        "the deployment ran two requests at once: give it one replica and a concurrency of 1"
    }


async def test_a_spent_budget_ends_the_run_with_no_call_more(serve):
    verdicts = Verdicts()
    target = serve(lambda request: httpx.Response(200, json={}), max_calls=3)
    with pytest.raises(BudgetSpent, match="all 3 calls are made"):
        await run_rows(FAST, target, verdicts)
    assert target.budget.calls == 3


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[1]", b"1e999", b"{", b"\xff", b"{}", b"[" * 100_000),
        b'{"error": {"a": 1}, "errors": 1, "deployment_id": "\\ud800", "model_id": "\\u00e9"}',
        b'{"request_id": 5, "status": [], "errors": [null], "calls": [{}], "canceled": {}}',
        '{"request_id": "é漢🙂", "status": "é", "errors": [{}], "calls": [{"started_at": null}]}'.encode(),
        '{"request_id": "r1", "status": "é", "errors": [{}], "calls": [{"started_at": []}]}'.encode(),
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_nonsense_is_a_verdict_and_no_crash(serve, body):
    verdicts = Verdicts()
    await run_rows(FAST, serve(lambda request: httpx.Response(200, content=body)), verdicts)
    assert set(verdicts.of) == {row.name for row in FAST}
    report = Report(target="http://target", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    for row in FAST:
        report.add(row, verdicts.of[row.name])
    assert Report.model_validate_json(report.model_dump_json()) == report
