"""`truss-async` as a process: exit codes, Ctrl-C, and what it imports."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from truss_outputs import LocalStore, OutputWriter

COMMAND = Path(sys.executable).with_name("truss-async")


@pytest.fixture
def environ(api, tmp_path, api_key):
    OutputWriter(LocalStore(tmp_path / "results")).write({"answer": 42}, "r1")
    return {
        **os.environ,
        "BASETEN_API_KEY": api_key,
        "TRUSS_ASYNC_BASE_URL": api.url,
        "TRUSS_OUTPUTS_URL": (tmp_path / "results").as_uri(),
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["submit", "{}", "--wait", "--json"], 0),
        (["wait", "r2"], 1),
        (["wait", "r2", "--frob"], 2),
        (["wait", "r3", "--timeout", "0"], 3),
    ],
)
def test_exit_codes(api, environ, tmp_path, arguments, code):
    api.accept("r1")
    api.has_status("r2", "EXPIRED")
    ended = subprocess.run([COMMAND, *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert bool(ended.stdout) == (code == 0)


def test_ctrl_c_is_clean(api, environ, tmp_path):
    api.has_status("r2", "QUEUED")
    waiting = subprocess.Popen(
        [COMMAND, "wait", "r2"], cwd=tmp_path, env=environ, stdout=-1, stderr=-1, text=True
    )
    try:
        assert api.asked.wait(30)
        waiting.send_signal(signal.SIGINT)
        stdout, stderr = waiting.communicate(timeout=30)
    finally:
        waiting.kill()
    assert waiting.returncode == 130
    assert (stdout, stderr.strip()) == ("", "truss-async: interrupted")


SPY = """
import atexit, json, sys
from async_inference.cli.main import main
atexit.register(lambda: print(json.dumps(list(sys.modules)), file=sys.stderr))
main(sys.argv[1:])
"""

NOT_FOR_HELP = {"async_emulator", "truss", "httpx", "importlib.metadata", "pydantic", "rich", "yaml"}


@pytest.mark.parametrize(
    ("arguments", "code", "spared"),
    [
        (["submit", "{}", "--wait"], 0, {"async_emulator", "truss", "boto3", "botocore"}),
        (["fetch", "r1"], 0, {"async_emulator", "truss", "boto3", "botocore", "httpx"}),
        (["submit", "--help"], 0, NOT_FOR_HELP),
        (["submit"], 2, NOT_FOR_HELP),
    ],
)
def test_a_command_imports_only_what_it_uses(api, environ, tmp_path, arguments, code, spared):
    api.accept("r1")
    ended = subprocess.run(
        [sys.executable, "-c", SPY, *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert ended.returncode == code
    imported = set(json.loads(ended.stderr.splitlines()[-1]))
    assert spared & imported == set()
