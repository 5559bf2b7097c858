"""What the exit code of `truss-async` says. The one place where an error becomes a number."""

from async_inference.errors import InferenceError, InvalidSetting, WaitTimeout
from truss_outputs.errors import InvalidRequestId, OutputError, SettingsError

FAILURE = 1
USAGE = 2
TIMEOUT = 3

# The first that matches holds.
_CODES: tuple[tuple[type[Exception], int], ...] = (
    (WaitTimeout, TIMEOUT),
    (InvalidSetting, USAGE),
    (SettingsError, USAGE),
    (InvalidRequestId, USAGE),
    (InferenceError, FAILURE),
    (OutputError, FAILURE),
    (OSError, FAILURE),  # this machine's own: no permission, no space
)


def exit_code(error: Exception) -> int | None:
    """The code for an error raised on purpose, or None for one that nobody foresaw."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)
