"""What a socket said, found in the exception that an SDK made of it."""

import errno
import os
import ssl
from collections import deque
from collections.abc import Iterator

_MOST = 50  # exceptions looked at; SDKs nest a handful
_LONGEST = 100


def with_socket_error(reason: str, error: BaseException) -> str:
    """`reason`, and behind it in brackets the socket's own words, where an exception in `error` has any."""
    said = next((said for each in _nested(error) if (said := _said(each))), "")
    return f"{reason} ({said})" if said else reason


def _said(error: BaseException) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return error.verify_message[:_LONGEST]
        case ssl.SSLError():
            return str(error.reason or "")[:_LONGEST]
        case OSError(errno=int(number)) if number in errno.errorcode:
            return f"{errno.errorcode[number]}: {os.strerror(number)}"
        case OSError(errno=int(), strerror=str(text)):  # a host's name that does not resolve
            return " ".join(text.split())[:_LONGEST]
    return ""


def _nested(error: BaseException) -> Iterator[BaseException]:
    """The exception and all in it: SDKs keep them as causes, arguments and attributes."""
    waiting: deque[object] = deque([error])
    seen = set[int]()
    while waiting and len(seen) < _MOST:
        each = waiting.popleft()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        named = getattr(each, "kwargs", None)  # where botocore keeps what it wraps
        waiting += [each.__cause__, each.__context__, *each.args, *vars(each).values()]
        waiting += named.values() if isinstance(named, dict) else ()
