"""A request whose result an earlier attempt has stored, and the check that it is found in time."""

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from truss_outputs.destinations import Place
from truss_outputs.errors import MissingRequestId, SettingsError
from truss_outputs.request_id import HasHeaders, request_id_of
from truss_outputs.response import respond
from truss_outputs.settings.secrets import SECTION
from truss_outputs.settings.sections import ResponseSettings
from truss_outputs.telemetry.telemetry import Telemetry

_log = logging.getLogger(__name__)

LOOKS_UP = "looks_up_stored"
"""The attribute of a decorated hook that looks for a stored result before it is entered."""

_HOOKS = ("predict", "run_remote")
_MAKERS = ("__init__", "load")


@dataclass(frozen=True, kw_only=True)
class AlreadyStored:
    """Goes from `predict` to `postprocess` in place of an output. `answer` is what the caller gets.

    It is passed on as a value, as what one hook sets in a context variable does not reach the next one.
    """

    answer: Any


def find(
    place: Callable[[], Place],
    request: HasHeaders | None,
    settings: ResponseSettings,
    telemetry: Telemetry,
) -> AlreadyStored | None:
    """Return the answer about the request's stored result; see `ModelOutputs.find_stored`."""
    started = time.perf_counter()
    try:
        request_id = request_id_of(request)
        here = place()
        standing = here.writer.standing(request_id)
        if standing is None:
            return None
        answer = respond(standing, settings, here.store)
    except MissingRequestId:
        return None
    except Exception as trouble:  # whatever it is, the model can run
        _log.warning("not known whether a result is stored already, so the model runs: %s", trouble)
        return None
    found = standing.reference
    seconds = time.perf_counter() - started
    telemetry.skipped(request, found.request_id, attempt=found.attempt, url=found.url, seconds=seconds)
    return AlreadyStored(answer=answer)


def check_calling_model() -> None:
    """Raise SettingsError if the model or chainlet that is being made would look for a result too late.

    It is the object whose method, `__init__` or `load`, is under way. Nothing is known, and nothing raised,
    where no such method is.
    """
    frame = sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        code = frame.f_code
        is_maker = code.co_name in _MAKERS and code.co_argcount > 0
        maker = frame.f_locals.get(code.co_varnames[0]) if is_maker else None
        hook = next((name for name in _HOOKS if callable(getattr(type(maker), name, None))), None)
        if hook is not None:
            _check(type(maker), hook)
            return


def _check(model: type, hook: str) -> None:
    if not getattr(getattr(model, hook), LOOKS_UP, False):
        name = f"{model.__qualname__}.{hook}"
        raise SettingsError(
            f"{SECTION}.skip_stored",
            f"found true, but {name} is not decorated, so that it would run before anybody looks: write "
            f"@stores_failures above it, or @stores_outputs if {hook} itself is to store",
        )
