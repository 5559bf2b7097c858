"""Local folders at absolute places, in a process of its own: it leaves this machine's root as it is."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from async_emulator.trusses import before_server

RUN = """
import json, os, subprocess, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from _truss_async.mounts import mount
if sys.argv[4] == "busy":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
mount(json.loads(sys.argv[2]), Path(sys.argv[3]))
seen = {}
for place in json.loads(sys.argv[2]):
    seen[place] = Path(place) / "x" if Path(place).is_dir() else Path(place)
texts = {place: path.read_text() if path.exists() else None for place, path in seen.items()}
child = subprocess.run(["ls", *(place for place, text in texts.items() if text)], capture_output=True)
print(json.dumps([texts, child.returncode, os.getcwd(), Path(sys.argv[1]).exists(), os.getuid()]))
"""


def has_namespaces() -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CDLL(None).unshare(0x10020000) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


needs_namespaces = pytest.mark.skipif(
    sys.platform != "linux" or not has_namespaces(), reason="this machine allows no namespaces"
)


@pytest.fixture
def run(tmp_path):
    shutil.copytree(Path(before_server.__file__).parent, tmp_path / "app" / before_server.PACKAGE)
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "x").write_text("héavy")

    def run(places: dict[str, Path], how: str = "") -> subprocess.CompletedProcess[str]:
        root = tmp_path / f"root{len(list(tmp_path.iterdir()))}"
        root.mkdir()
        given = json.dumps({place: str(local) for place, local in places.items()})
        command = [
            sys.executable,
            "-I",
            "-X",
            "utf8",
            "-c",
            RUN,
            str(tmp_path / "app"),
            given,
            str(root),
            how,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)

    return run


@needs_namespaces
def test_folders_and_files_are_seen_at_any_place_by_the_process_and_its_children_alone(run, tmp_path):
    local = tmp_path / "local"
    places = {
        "/truss-async-a": local,
        "/truss-async-b/deep/er": local,
        "/truss-async-b/deep/x y/é": local,
        "/truss-async-b/file.bin": local / "x",
        "/usr/share/truss-async/llama": local,
        "/usr/share/truss-async/second": local,
        "/bin/truss-async": local,  # a link on most machines
        "/root/.cache/truss-async-hub": local,
        str(tmp_path / "over"): local,
    }
    (tmp_path / "over").mkdir()
    done = run(places)
    texts, of_child, cwd, is_app_there, user = json.loads(done.stdout)
    assert texts == dict.fromkeys(places, "héavy")
    assert (of_child, cwd, is_app_there, user) == (0, str(tmp_path), True, os.getuid())
    assert done.stderr == ""
    assert [place for place in places if Path(place).exists()] == [str(tmp_path / "over")]
    assert list((tmp_path / "over").iterdir()) == []


def test_a_place_that_is_there_already_needs_nothing(run, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "local")
    done = run({str(tmp_path / "link"): tmp_path / "local"}, "busy")
    assert json.loads(done.stdout)[0] == {str(tmp_path / "link"): "héavy"}
    assert done.stderr == ""


def test_where_the_machine_does_not_allow_it_the_link_to_make_is_named(run, tmp_path):
    done = run({"/truss-async-a/b": tmp_path / "local"}, "busy")  # no namespaces for who has threads
    assert json.loads(done.stdout)[0] == {"/truss-async-a/b": None}
    assert done.stderr.startswith(
        f"warning: {tmp_path / 'local'} cannot be shown at /truss-async-a/b on this"
    )
    assert done.stderr.endswith(
        f"sudo mkdir -p /truss-async-a && sudo ln -s {tmp_path / 'local'} /truss-async-a/b\n"
    )
    assert done.stderr.count("\n") == 1
