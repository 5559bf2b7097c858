"""The model's own `__init__` under a stub: run where it can be."""

import functools
import sys
from typing import Any


def tolerate(model_class: type) -> None:
    """Let an `__init__` that fails be a warning, and the model go on with what it had set until then."""
    own: Any = model_class.__init__  # type: ignore[misc]  # a class, whatever its parents
    if own is object.__init__:
        return

    @functools.wraps(own)
    def tolerant(model: object, *given: object, **named: object) -> None:
        try:
            own(model, *given, **named)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            print(f"warning: __init__ failed, and the stub goes on without it: {reason}", file=sys.stderr)

    model_class.__init__ = tolerant  # type: ignore[misc]
