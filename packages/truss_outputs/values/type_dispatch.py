"""`functools.singledispatch` for types of libraries that may be missing.

A type registered by its name, as "numpy.ndarray", is looked up in the modules that this process has imported.
No module is imported for it.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., object])


class TypeDispatch:
    """A function that calls the one registered for its first argument's type, or else `default`."""

    def __init__(self, default: Callable[..., object]) -> None:
        self._dispatch = functools.singledispatch(default)
        # By module and name: the functions for types whose modules are not imported yet.
        self._awaited: dict[tuple[str, str], Callable[..., object]] = {}
        functools.update_wrapper(self, default)

    def __call__(self, value: object, *rest: Any) -> Any:
        """Call the function for the value's type, or for its nearest base, with these arguments."""
        if self._awaited:
            self._meet()
        return self._dispatch.dispatch(type(value))(value, *rest)

    def register(self, *types: type | str) -> Callable[[F], F]:
        """A decorator: register the function for these types, each a class or its full name."""

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
        """Register the types whose modules have been imported since. Two threads may do this at once."""
        for (module, name), function in tuple(self._awaited.items()):
            if module not in sys.modules:
                continue
            kind = getattr(sys.modules[module], name, None)  # None too while the module is being imported
            if isinstance(kind, type):
                self._dispatch.register(kind, function)
                self._awaited.pop((module, name), None)
