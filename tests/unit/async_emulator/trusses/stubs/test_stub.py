import pytest

from async_emulator.errors import BadStub
from async_emulator.trusses.stubs.stub import Stub


@pytest.fixture
def write(tmp_path):
    def stub(source: str | bytes) -> Stub:
        file = tmp_path / "stub.py"
        file.write_bytes(source.encode() if isinstance(source, str) else source)
        return Stub.read(file)

    return stub


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def predict(model_input):\n    return 1", (False, False)),
        ("async def predict(model_input):\n    return 1", (True, False)),
        ("def predict(model_input):\n    for i in range(3):\n        yield i", (False, True)),
        ("async def predict(model_input):\n    if model_input:\n        yield 1", (True, True)),
        ("def predict(model_input):\n    def inner():\n        yield 1\n    return inner()", (False, False)),
        ("def predict(model_input):\n    return (lambda: (yield))()", (False, False)),
    ],
)
def test_its_kind_is_read_without_running_it(write, source, kind):
    stub = write(f"raise SystemExit\n{source}\n")
    assert (stub.is_async, stub.is_generator) == kind
    assert not (stub.is_typed or stub.takes_request or stub.has_load)


def test_its_types_its_request_and_its_load_are_seen(write):
    stub = write("def load(): ...\ndef predict(model_input: dict, request): ...\n")
    assert stub.is_typed and stub.takes_request and stub.has_load


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def run(model_input): ...\n", "it has no function predict(model_input)"),
        ("class A:\n    def predict(self, model_input): ...\n", "it has no function predict(model_input)"),
        ("def predict(): ...\n", "its predict must take model_input"),
        ("def predict(a, b, c): ...\n", "its predict must take model_input"),
        ("\n\ndef predict(:\n", "line 3: "),
        (b"x = '\xff'\n", ""),
        (b"\x00", ""),
        ("", "it has no function predict(model_input)"),
    ],
)
def test_what_is_no_stub_is_said_in_one_line(write, tmp_path, source, problem):
    with pytest.raises(BadStub) as raised:
        write(source)
    assert str(raised.value).startswith(f"--stub {tmp_path / 'stub.py'}: {problem}")
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadStub, match="cannot be read: Is a directory"):
        Stub.read(tmp_path)
