"""The key that callers must send: from an option, a variable or a file, and never shown."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from async_inference.cli.main import main


def serve(folder: Path, *arguments: str | Path, key: str | None = None) -> Result:
    """Serve a folder that is no Truss: which is said once the key has been accepted."""
    given = ["serve", str(folder), *map(str, arguments)]
    return CliRunner().invoke(main, given, env={"BASETEN_API_KEY": key})


def assert_refused(result: Result, message: str) -> None:
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert "hidden" not in result.stderr


UNFIT = [
    "",
    " hidden",
    "hidden ",
    "a hidden",
    "hidden\n",
    "\thidden",
    "hidden\0",
    "hidden-\xe9",
    "hidden-\u1234",
]


@pytest.mark.parametrize("key", [*UNFIT, "hidden" * 1_000])
def test_a_key_that_no_header_can_carry_is_refused(tmp_path, key):
    assert_refused(serve(tmp_path, "--api-key", key), "API key: ")


@pytest.mark.parametrize("key", [each for each in UNFIT if each and "\0" not in each])
def test_so_it_is_in_the_environment(tmp_path, key):
    assert_refused(serve(tmp_path, key=key), "API key: ")


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b" hidden\n", b"hidden \n", b"hidden\nhidden\n", b"hidden\xff"],
    ids=bytes.hex,
)
def test_so_it_is_in_a_file(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)
    file = tmp_path / "key"
    assert_refused(serve(tmp_path, "--api-key-file", file), f"the API key in {file}: ")


@pytest.mark.parametrize("content", [b"hidden", b"hidden\n", b"hidden\r\n"])
def test_a_key_in_a_file_comes_before_the_environment(tmp_path, content):
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    assert_refused(serve(tmp_path, "--api-key-file", file, key="a hidden"), "no Truss")


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_file_that_others_can_read_is_named(tmp_path, mode):
    file = tmp_path / "key"
    file.write_text("hidden\n")
    file.chmod(mode)
    result = serve(tmp_path, "--api-key-file", file)
    first, last = result.stderr.splitlines()
    assert first == f"warning: others can read the key in {file}: chmod 600 {file}"
    assert "no Truss" in last


def test_a_pipe_is_no_file_that_others_can_read(tmp_path):
    read_end, write_end = os.pipe()
    os.write(write_end, b"hidden\n")
    os.close(write_end)
    os.fchmod(read_end, 0o666)
    assert_refused(serve(tmp_path, "--api-key-file", f"/dev/fd/{read_end}"), "no Truss")
    os.close(read_end)


def test_a_file_that_is_not_there_or_one_too_many_is_named(tmp_path):
    assert_refused(serve(tmp_path, "--api-key-file", tmp_path / "none"), "No such file or directory")
    both = ("--api-key", "k", "--api-key-file", tmp_path / "none")
    assert_refused(serve(tmp_path, *both), "--api-key and --api-key-file are both given")
