"""Exceptions that keep no other exception, which may hold a signed request or a secret."""

from typing import NoReturn


def raise_alone(error: BaseException) -> NoReturn:
    """Raise `error` without a trace of the exception that is being handled.

    `raise error from None` only hides that exception: it stays in `__context__`, and reports of crashes show
    the variables in the frames of its traceback. What `error` already had as cause and context, it keeps.
    """
    cause, context = error.__cause__, error.__context__
    try:
        raise error from cause
    finally:
        error.__context__ = context
