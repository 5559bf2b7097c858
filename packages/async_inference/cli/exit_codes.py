"""The exit codes of `truss-async`: the one place where an error becomes a number."""

from async_inference.cli.error_records import RecordedFailure
from async_inference.errors import InferenceError, InvalidSetting, WaitTimeout
from truss_outputs.errors import InvalidRequestId, OutputError, SettingsError

FAILURE = 1
USAGE = 2
TIMEOUT = 3

# The first match decides.
_CODES: tuple[tuple[type[Exception], int], ...] = (
    (WaitTimeout, TIMEOUT),
    (InvalidSetting, USAGE),
    (SettingsError, USAGE),
    (InvalidRequestId, USAGE),
    (InferenceError, FAILURE),
    (OutputError, FAILURE),
    (OSError, FAILURE),  # of this machine: no permission, no space
)


def exit_code(error: Exception) -> int | None:
    """Return the exit code of an expected error, or None for any other."""
    if isinstance(error, RecordedFailure):
        error = error.error
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)
