"""Of two platforms that differ in one thing, exactly one row differs."""

import asyncio

import pytest

from async_conformance.row import Need
from async_conformance.rows import ROWS
from async_emulator.clock import ManualClock
from tests.conformance_platform import ConformancePlatform, verdicts_of
from tests.prove.conformance import altered_api, altered_runs
from tests.prove.conformance.alterations import Platform

PLATFORMS = (*altered_api.PLATFORMS, *altered_runs.PLATFORMS)

# Each takes a tenth of a second or more, and none of them can see an alteration that another row is for.
HEAVY = {"submits", "prediction timeout", "large webhook"}


def rows_for(altered: Platform):
    need = Need.CHAIN if altered.is_chain else Need.MODEL
    return [row for row in ROWS if need in row.needs and (row.name not in HEAVY or row.name == altered.row)]


@pytest.mark.parametrize("altered", PLATFORMS, ids=lambda each: f"{each.row}: {each.differs}")
async def test_exactly_the_row_of_what_was_altered_differs(tmp_path, monkeypatch, altered):
    monkeypatch.setenv("BT_MODEL_ID", "model")
    monkeypatch.setenv("BT_MODEL_DEPLOYMENT_ID", "deployment")
    platform = ConformancePlatform(tmp_path, ManualClock(), **altered.settings)
    platform.id_suffix = altered.id_suffix
    if altered.hook is not None:
        platform.webhooks.alter = altered.hook()
    platform.webhooks.altered_answers = altered.hook_answers
    if altered.is_chain:
        platform.serve_chain()
    sweeping = asyncio.create_task(platform.sweeper.run())
    verdicts = await verdicts_of(rows_for(altered), platform.target(altered.alteration()), platform.passing)
    sweeping.cancel()
    await platform.stop()
    assert {name: verdict.outcome for name, verdict in verdicts.of.items() if verdict.outcome != "same"} == {
        altered.row: "differs"
    }, verdicts.not_same


def test_every_row_has_an_alteration():
    assert {row.name for row in ROWS} == {altered.row for altered in PLATFORMS}


async def test_twelve_thousand_submits_a_minute_are_the_same(conformance):
    rows = [row for row in ROWS if row.name == "submits"]
    assert (await verdicts_of(rows, conformance.target(), conformance.passing)).not_same == {}
