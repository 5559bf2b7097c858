"""A function of a value's type, where a type may also be known by its name alone.

`functools.singledispatch`, but for libraries that need not be there: a type registered as "numpy.ndarray"
is looked for in the modules this process has imported, and imports none.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., object])


class TypeDispatch:
    """Called with a value, it calls what is registered for the value's type, or else `default`."""

    def __init__(self, default: Callable[..., object]) -> None:
        self._dispatch = functools.singledispatch(default)
        # By module and name: of types whose modules are not imported yet.
        self._awaited: dict[tuple[str, str], Callable[..., object]] = {}
        functools.update_wrapper(self, default)

    def __call__(self, value: object, *rest: Any) -> Any:
        """What the function for the value's type, or for its nearest base, makes of the arguments."""
        if self._awaited:
            self._meet()
        return self._dispatch.dispatch(type(value))(value, *rest)

    def register(self, *types: type | str) -> Callable[[F], F]:
        """A decorator: the function is for these types, each a class or the name it is imported by."""

        def remember(function: F) -> F:
            for kind in types:
                if isinstance(kind, str):
                    module, _, name = kind.rpartition(".")
                    self._awaited[module, name] = function
                else:
                    self._dispatch.register(kind, function)
            return function

        return remember

    def _meet(self) -> None:
        """Register the types whose modules have been imported meanwhile. Two threads may do it at once."""
        for (module, name), function in tuple(self._awaited.items()):
            if module not in sys.modules:
                continue
            kind = getattr(sys.modules[module], name, None)  # None too while it is being imported
            if isinstance(kind, type):
                self._dispatch.register(kind, function)
                self._awaited.pop((module, name), None)
