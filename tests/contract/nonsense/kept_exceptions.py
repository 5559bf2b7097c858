"""What an exception keeps: all that a report of a crash may show of it."""

from collections.abc import Iterator
from types import TracebackType


def kept_by(error: BaseException) -> Iterator[object]:
    """The exception, its causes, contexts, arguments, attributes, and the exceptions in its frames."""
    waiting: list[object] = [error]
    seen = set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseException):
            waiting += [each.__cause__, each.__context__, *each.args, *vars(each).values()]
            waiting += _exceptions_in(each.__traceback__)


def _exceptions_in(trace: TracebackType | None) -> Iterator[BaseException]:
    while trace is not None:
        if "/tests/" not in trace.tb_frame.f_code.co_filename:
            yield from (each for each in trace.tb_frame.f_locals.values() if isinstance(each, BaseException))
        trace = trace.tb_next
