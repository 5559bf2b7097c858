"""Runs the rows of a plan, and reports each verdict as soon as it is there."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from async_conformance.plan import AT_ONCE
from async_conformance.row import NotTried, Row
from async_conformance.target import NoAnswer, Target
from async_conformance.verdict import Verdict


class Watcher(Protocol):
    """Sees how a run gets on."""

    def began(self, row: Row) -> None:
        """A row is being tried."""
        ...

    def ended(self, row: Row, verdict: Verdict) -> None:
        """A row has its verdict."""
        ...


async def run_rows(rows: Sequence[Row], target: Target, watcher: Watcher) -> None:
    """Run the rows, several at once where none of them `is_alone`.

    Raises BudgetSpent, NoAnswer once nothing answers at all, and what the watcher raises; the rows that are
    left have no verdict then.
    """
    room = asyncio.Semaphore(AT_ONCE)

    async def look_with_others(row: Row) -> None:
        async with room:
            await _look(row, target, watcher)

    try:
        async with asyncio.TaskGroup() as together:
            for row in rows:
                if not row.is_alone:
                    together.create_task(look_with_others(row))
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    for row in rows:
        if row.is_alone:
            await _look(row, target, watcher)


async def _look(row: Row, target: Target, watcher: Watcher) -> None:
    watcher.began(row)
    try:
        if row.is_alone:
            await target.quiet()
        verdict = Verdict.of(row, await row.look(target))
    except NoAnswer as error:
        await target.queue_status()  # raises NoAnswer: then nothing answers any more
        verdict = Verdict.not_tried(str(error))
    except NotTried as error:
        verdict = Verdict.not_tried(str(error))
    watcher.ended(row, verdict)


def _first(error: BaseException) -> BaseException:
    """The first of the errors in a group; the rows beside it were broken off because of it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
