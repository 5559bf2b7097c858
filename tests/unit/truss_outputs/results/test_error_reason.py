"""One readable line for any exception, those that truss_chains raises for a remote chainlet included."""

from datetime import UTC, datetime

import httpx
import pytest
from fastapi import HTTPException
from truss_chains.public_types import GenericRemoteException, RemoteErrorDetail
from truss_chains.remote_chainlet.utils import response_raise_errors

from async_emulator.prediction.chainlet_error import root_reason as root_reason_of_the_emulator
from truss_outputs import error_reason
from truss_outputs.results.failures import failure_of

pytestmark = pytest.mark.truss

FRAME = RemoteErrorDetail.StackFrame(
    filename="/packages/chain.py", lineno=42, name="run_remote", line="raise problem"
)


def detail(error: BaseException, frames: int = 1) -> RemoteErrorDetail:
    """What a chainlet answers whose run_remote raised this."""
    kind = type(error)
    return RemoteErrorDetail(
        exception_cls_name=kind.__name__,
        exception_module_name=None if kind.__module__ == "builtins" else kind.__module__,
        exception_message=str(error),
        user_stack_trace=[FRAME] * frames,
    )


def passed_on(error: BaseException, frames: int = 1) -> Exception:
    """What calling a chainlet that raised `error` raises, made by truss_chains itself."""
    status = getattr(error, "status_code", 500)
    response = httpx.Response(status, json={"error": detail(error, frames).model_dump()})
    try:
        response_raise_errors(response, "Reader")
    except Exception as raised:
        return raised
    raise AssertionError("the chainlet's error was not raised")


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


ROOTS = [
    (ValueError("no room"), "ValueError: no room"),
    (KeyError("a"), "KeyError: 'a'"),
    (ValueError(), "ValueError"),
    (ValueError("two:\n\n  lines"), "ValueError: two: lines"),
    (HTTPException(422, "bad image: x"), "HTTPException: 422: bad image: x"),
]


@pytest.mark.parametrize(("error", "reason"), ROOTS)
def test_an_exception_is_its_class_and_its_message(error, reason) -> None:
    assert error_reason(error) == reason


@pytest.mark.parametrize("frames", [0, 1, 3])
@pytest.mark.parametrize(("error", "reason"), ROOTS)
def test_a_remote_exception_reads_as_it_would_here(error, reason, frames) -> None:
    once = passed_on(error, frames)
    assert "│" in str(once)
    for remote in (once, passed_on(once), passed_on(passed_on(once))):
        assert error_reason(remote) == reason
        assert root_reason_of_the_emulator(detail(remote).model_dump()) == reason


def test_a_class_that_is_not_known_here_keeps_its_name() -> None:
    answer = detail(ValueError("x")).model_copy(update={"exception_cls_name": "Unheard"})
    remote = passed_on(ValueError("x"))
    with pytest.raises(GenericRemoteException) as caught:
        response_raise_errors(httpx.Response(500, json={"error": answer.model_dump()}), "Reader")
    assert error_reason(remote) == "ValueError: x"
    assert error_reason(caught.value) == "Unheard: x"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Silent(), "Silent"),
        (ValueError("\ud800"), "ValueError: ?"),
        (ValueError("'Chainlet-Traceback (most recent call last):\n' + unclosed('"), "+ unclosed('"),
        (
            ValueError("Chainlet-Traceback (most recent call last):\n"),
            "ValueError: Chainlet-Traceback (most recent call last)",
        ),
        (
            ValueError("cut off\nChainlet-Traceback (most recent call last):\n  File"),
            "ValueError: cut off Chainlet-Traceback (most recent call last): File",
        ),
    ],
)
def test_what_cannot_be_shown_is_one_line_all_the_same(error, reason) -> None:
    assert error_reason(error) == reason


@pytest.mark.parametrize(("error", "reason"), ROOTS)
def test_the_record_of_a_chains_failure_has_the_root_as_its_message(error, reason) -> None:
    failure = failure_of(passed_on(passed_on(error)), "request", time=datetime.now(UTC))
    [said] = failure.errors
    assert said.message == reason
