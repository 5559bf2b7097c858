import textwrap

import pytest

from async_emulator.prediction.chainlet_error import root_reason

FRAME = '  File "/packages/chain.py", line 42, in run_remote\n    raise problem\n'
HEAD = "Chainlet-Traceback (most recent call last):"


def error(name: str, message: str) -> dict[str, object]:
    """What a chainlet answers."""
    frame = {"filename": "/packages/chain.py", "lineno": 42, "name": "run_remote", "line": "raise problem"}
    return {
        "exception_cls_name": name,
        "exception_module_name": None,
        "exception_message": message,
        "user_stack_trace": [frame],
    }


def passed_on(name: str, message: str, note: str = "", frames: int = 1) -> str:
    """The message of the chainlet that had called the one which raised this, as truss_chains writes it."""
    text = f"Chainlet-Traceback (most recent call last):\n{FRAME * frames}{name}: {message}{note}"
    *lines, last = textwrap.indent(text, "│   ").splitlines()
    tree = "\n".join([*lines, f"╰{last[1:]}" if last.startswith("│") else last])
    head = "(showing chained remote errors, root error at the bottom)\n"
    return f"{head}├─ Error calling dependency Chainlet `Reader`, HTTP status=500, trace ID=``.\n{tree}"


NOTE = "\n(Exception class defined in `fastapi.exceptions`.)"


@pytest.mark.closeness("chain errors")
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("no room", "ValueError: no room"),
        ("", "ValueError"),
        ("two\n  lines", "ValueError: two lines"),
        (passed_on("KeyError", "'a'"), "KeyError: 'a'"),
        (passed_on("KeyError", "'a'", frames=0), "KeyError: 'a'"),
        (passed_on("KeyError", "'a'", frames=3), "KeyError: 'a'"),
        (passed_on("KeyError", ""), "KeyError"),
        (passed_on("KeyError", "one\n\ntwo", NOTE), "KeyError: one two"),
        ("422: " + passed_on("HTTPException", "422: bad: x", NOTE), "HTTPException: 422: bad: x"),
        (passed_on("OSError", passed_on("KeyError", "'a'")), "KeyError: 'a'"),
        (passed_on("OSError", passed_on("KeyError", "'a'"), NOTE), "KeyError: 'a'"),
        (passed_on("OSError", passed_on("KeyError", "'a'", NOTE), NOTE), "KeyError: 'a'"),
        (repr(passed_on("KeyError", "'a'")), "KeyError: 'a'"),
        (repr(passed_on("KeyError", repr(passed_on("OSError", "no room")))), "OSError: no room"),
        ("cut off\nChainlet-Traceback (most recent call last):\n  File", f"ValueError: cut off {HEAD} File"),
        (f"'{HEAD}\n' + unclosed('", "+ unclosed('"),
    ],
)
def test_the_root_of_a_chain_of_errors_is_one_line(message, expected):
    assert root_reason(error("ValueError", message)) == expected


@pytest.mark.parametrize(
    "detail",
    [{}, {"exception_cls_name": "A"}, {"exception_message": "a"}, error("A", "") | {"exception_cls_name": 1}],
)
def test_what_is_no_error_of_a_chainlet_has_no_root(detail):
    assert root_reason(detail) is None
