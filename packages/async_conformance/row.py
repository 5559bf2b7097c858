"""A row: one line of the closeness table, as it can be seen from outside.

A row states what it expects as data, and sees the same facts at a target. It knows of no other row.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue

    from async_conformance.target import Target

Facts = Mapping[str, "JsonValue"]
"""What is expected, or was seen, under a name for people."""

Look = Callable[["Target"], Awaitable[Facts]]


class Need(StrEnum):
    """What a row needs besides calls."""

    MODEL = "a model as the target (--model-id)"
    CHAIN = "a chain as the target (--chain-id)"
    WEBHOOK = "a public url that leads here (--webhook-url and --receive)"
    SECRET = "the webhook secret (--webhook-secret)"  # noqa: S105  # words, no secret


class NotTried(Exception):
    """The row says nothing about this target. The message says why, for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row. `word` is the word or the option in the last column of the closeness table.

    What it sees beyond `expected` is only reported, such as the words of messages, which are not published.
    `calls` and `seconds` are what it costs at most where all is as expected. A row that `is_alone` depends on
    what else the deployment does. With `is_unpublished`, Baseten's pages do not say what is expected.
    `settings` names the fact that each option of the emulator can be taken from.
    """

    name: str
    word: str
    proves: str
    expected: Facts
    calls: int
    seconds: float
    look: Look = field(repr=False)
    needs: frozenset[Need]
    is_alone: bool = False
    is_unpublished: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


def row(
    name: str,
    *,
    proves: str,
    expected: Facts,
    calls: int,
    word: str | None = None,
    seconds: float = 2.0,
    needs: tuple[Need, ...] = (Need.MODEL,),
    is_alone: bool = False,
    is_unpublished: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Callable[[Look], Row]:
    """Make a row of the function that looks. Its `word` is its name, unless another one is given."""

    def of(look: Look) -> Row:
        return Row(
            name=name,
            word=word or name,
            proves=proves,
            expected=expected,
            calls=calls,
            seconds=seconds,
            look=look,
            needs=frozenset(needs),
            is_alone=is_alone,
            is_unpublished=is_unpublished,
            settings=settings or {},
        )

    return of
