"""The conformance rows against the emulator in this process."""

from async_conformance.rows import ROWS
from tests.conformance_platform import verdicts_of


async def test_the_emulator_is_the_same_in_every_row_of_access(conformance):
    verdicts = await verdicts_of(ROWS, conformance.target(), conformance.passing)
    assert verdicts.not_same == {}
