"""What a run tries, and what it may cost."""

import pytest

from async_conformance.budget import Budget, BudgetSpent
from async_conformance.plan import Plan
from async_conformance.row import Facts, Need, Row, row
from async_conformance.target import Target
from async_conformance.verdict import Outcome, Verdict


def made(name: str, *, calls: int = 1, seconds: float = 4.0, is_alone: bool = False, **fields) -> Row:
    @row(name, proves="…", expected={"x": 1}, calls=calls, seconds=seconds, is_alone=is_alone, **fields)
    async def look(target: Target) -> Facts:
        raise AssertionError

    return look


def planned(*rows: Row, have=(Need.MODEL,), max_calls: int = 10, max_seconds: float = 60.0) -> Plan:
    return Plan.of(rows, have=have, max_calls=max_calls, max_seconds=max_seconds)


def test_a_row_without_what_it_needs_is_left_out_with_the_reason():
    hook = made("hook", needs=(Need.MODEL, Need.WEBHOOK))
    plan = planned(made("a"), hook)
    assert [each.name for each in plan.rows] == ["a"]
    [(left, reason)] = plan.left_out
    assert (left.name, reason) == (
        "hook",
        "it needs a public url that leads here (--webhook-url and --receive)",
    )


def test_a_row_that_costs_too_much_is_left_out_and_a_cheaper_one_after_it_is_not():
    plan = planned(made("a", calls=6), made("b", calls=5), made("c", calls=4))
    assert ([each.name for each in plan.rows], plan.calls) == (["a", "c"], 10)
    assert plan.left_out[0][1] == "it takes 5 calls: give more --max-calls"
    long = planned(made("an hour", seconds=3_600.0, is_alone=True), made("a"))
    assert long.left_out[0][1] == "it takes 60.0 minutes: give more --max-minutes"
    assert long.seconds == 1.0  # four rows run at once


class StillClock:
    def __init__(self) -> None:
        self.time = 0.0

    def seconds(self) -> float:
        return self.time

    def now(self):
        raise AssertionError

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


def test_a_budget_ends_with_its_calls_and_with_its_time():
    clock = StillClock()
    budget = Budget(max_calls=2, max_seconds=60, clock=clock)
    budget.spend(2)
    with pytest.raises(BudgetSpent, match=r"all 2 calls are made \(--max-calls\)"):
        budget.spend()
    budget = Budget(max_calls=2, max_seconds=60, clock=clock)
    clock.time = 60.0
    with pytest.raises(BudgetSpent, match=r"the 1 minutes are over \(--max-minutes\)"):
        budget.spend()
    assert budget.calls == 0


@pytest.mark.parametrize(
    ("seen", "outcome", "differences"),
    [
        ({"x": 1}, Outcome.SAME, {}),
        ({"x": 1, "more": 2}, Outcome.SAME, {}),
        ({"x": 2}, Outcome.DIFFERS, {"x": (1, 2)}),
        ({"x": None}, Outcome.DIFFERS, {"x": (1, None)}),
        ({}, Outcome.DIFFERS, {"x": (1, None)}),
    ],
)
def test_a_verdict_compares_every_fact_that_is_expected(seen, outcome, differences):
    verdict = Verdict.of(made("a"), seen)
    assert (verdict.outcome, verdict.differences) == (outcome, differences)


@pytest.mark.parametrize(
    ("value", "settings"), [(30, {"limit": 30}), (True, {"limit": True}), (None, {}), ("x", {})]
)
def test_only_a_number_or_a_switch_becomes_a_setting(value, settings):
    assert Verdict.of(made("a", settings={"limit": "x"}), {"x": value}).settings == settings
