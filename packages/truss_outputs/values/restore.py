"""The functions that make a value again from a stored artifact, by the artifact's kind."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

Restorer: TypeAlias = Callable[[bytes], Any]
R = TypeVar("R", bound=Restorer)

_restorers: dict[str, Restorer] = {}


def restores(kind: str) -> Callable[[R], R]:
    """A decorator: the function makes the value again from the bytes of an artifact of this kind.

    The counterpart of `@represent.register(Type)`, whose `Artifact(…, kind=kind)` is what it reads. A kind
    that no function restores is read as an `Artifact`. Of two functions for one kind the later one counts.
    """

    def remember(function: R) -> R:
        _restorers[kind] = function
        return function

    return remember


def restorer_of(kind: str) -> Restorer | None:
    """Return the function that restores this kind, None where there is none."""
    return _restorers.get(kind)
