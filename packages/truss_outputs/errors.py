"""The errors of this package.

    OutputError
    ├── SettingsError (ValueError)           a setting is missing or wrong; names its key
    ├── MissingRequestId (LookupError)       no request id reached the model
    ├── InvalidRequestId (ValueError)        an id that cannot name a folder safely
    ├── InvalidKey (ValueError)              a key that could name a place outside the store
    ├── InputRefused (ValueError)            an input reference that may not be read, see `https_source`
    ├── InputUnavailable (OSError)           an input that cannot be read this time
    ├── UnstorableOutput (TypeError)         a value that cannot be stored; names its path
    ├── CorruptResult (ValueError)           stored bytes are not what the result says they are
    └── StoreError (OSError)                 the store refused or could not be reached
        ├── AlreadyExists (FileExistsError)  a create-only write met an object
        ├── CredentialsRefused               the store does not know, or no longer, who asks
        └── ObjectNotFound (FileNotFoundError)

No message ever holds a secret's value.
"""

from collections.abc import Sequence


class OutputError(Exception):
    """The base of every error that this package raises on purpose."""


class SettingsError(OutputError, ValueError):
    """A setting is missing or wrong."""

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        self.problem = problem
        super().__init__(f"{key}: {problem}")


class MissingRequestId(OutputError, LookupError):
    """No request id reached the model, so no caller could find the result."""

    def __init__(self) -> None:
        super().__init__(
            "the call has no x-baseten-request-id header, so its result would have no place; "
            "Baseten and truss-async serve set it, a direct call to the model server must too"
        )


class InvalidRequestId(OutputError, ValueError):
    """A request id that cannot name a folder safely."""

    def __init__(self, request_id: object) -> None:
        self.request_id = request_id
        is_long = isinstance(request_id, str) and len(request_id) > 40
        shown = repr(f"{str(request_id)[:40]}…" if is_long else request_id)[:60]
        super().__init__(
            f"request id {shown} is not allowed: 1 to 128 letters, digits, '-' and '_', "
            "as Baseten's own ids are, and neither 'inputs', 'keys' nor a device of Windows"
        )


class InvalidKey(OutputError, ValueError):
    """A key that could name a place outside the store, or that not every store can hold."""

    def __init__(self, key: object, problem: str) -> None:
        self.key = key
        self.problem = problem
        shown = key[:80] if isinstance(key, str) else type(key)
        super().__init__(f"key {shown!r} is not allowed: {problem}")


class UnstorableOutput(OutputError, TypeError):
    """A value in the output that cannot be stored: its type is not known, or it could not be read.

    `is_transient` is True where code of the model's raised while it made the value, so that another attempt
    may succeed. Otherwise the same output will be refused again.
    """

    def __init__(
        self,
        path: Sequence[str | int],
        value: object,
        reason: str | None = None,
        *,
        is_transient: bool = False,
    ) -> None:
        self.path = tuple(path)
        self.reason = reason
        self.is_transient = is_transient
        steps = "".join(map(_step, path))
        why = f": {reason}" if reason else ""
        super().__init__(f"output{steps}: {type(value)!r} cannot be stored{why}")


def _step(step: str | int) -> str:
    """Return one step of a path into an output, short and on one line whatever the key contains."""
    if isinstance(step, str) and step.isidentifier() and len(step) <= 80:
        return f".{step}"
    return f"[{step if isinstance(step, int) else step[:80]!r}]"


def is_refusal(error: BaseException) -> bool:
    """Whether the output or the request was refused, so that each attempt would fail the same way."""
    if isinstance(error, UnstorableOutput):
        return not error.is_transient
    return isinstance(error, InvalidRequestId | MissingRequestId)


class CorruptResult(OutputError, ValueError):
    """The stored bytes are not what the result says they are."""

    def __init__(self, url: str, problem: str) -> None:
        self.url = url
        self.problem = problem
        super().__init__(f"{url}: {problem}")


class StoreError(OutputError, OSError):
    """The store refused, or could not be reached.

    `url` names the bucket or folder and the object; `reason` is in the store's own words. `is_transient` is
    False where the store refused for good and wrote nothing. Where it is True, a retry may succeed, and a
    write may have arrived although its acknowledgement did not.
    """

    def __init__(self, url: str, reason: str, *, is_transient: bool = True) -> None:
        self.url = url
        self.reason = reason
        self.is_transient = is_transient
        super().__init__(f"{url}: {reason}")


class AlreadyExists(StoreError, FileExistsError):
    """A create-only write found an object under its key."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "already exists", is_transient=False)


class CredentialsRefused(StoreError):
    """The store does not know, or no longer, who asks; or nothing was found that says who does.

    With other credentials the same request may succeed. Nothing was written.
    """


class ObjectNotFound(StoreError, FileNotFoundError):
    """There is no object under this key."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "not found", is_transient=False)
