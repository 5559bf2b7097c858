"""Each conformance row is the same at the emulator in this process, and costs no more than it says."""

import pytest

from async_conformance.row import Need
from async_conformance.rows import ROWS
from tests.conformance_platform import verdicts_of

MANY_CALLS = 1_000  # a row with more is tried in tests/prove


@pytest.mark.parametrize("row", [row for row in ROWS if row.calls < MANY_CALLS], ids=lambda row: row.name)
async def test_the_emulator_is_the_same(conformance, row):
    if Need.CHAIN in row.needs:
        conformance.serve_chain()
    target = conformance.target()
    verdicts = await verdicts_of([row], target, conformance.passing)
    assert verdicts.not_same == {}
    assert target.budget.calls <= row.calls
