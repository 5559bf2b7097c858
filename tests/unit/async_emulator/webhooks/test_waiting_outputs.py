import os
import resource
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from async_emulator.webhooks.waiting_outputs import WaitingOutputs


@pytest.fixture
def outputs(tmp_path: Path) -> WaitingOutputs:
    return WaitingOutputs(tmp_path, most_in_memory=10, file_bytes=20)


def test_outputs_beyond_the_limit_wait_on_disk_and_come_back_whole(outputs):
    waiting = [outputs.put(b"%d" % each * 8) for each in range(8)]
    assert (outputs.bytes_in_memory, outputs.files) == (8, 4)
    assert [each.take() for each in waiting] == [b"%d" % each * 8 for each in range(8)]
    assert (outputs.bytes_in_memory, outputs.files) == (0, 0)


def test_an_output_of_any_size_has_a_file(outputs):
    large = os.urandom(100_000)
    assert outputs.put(large).take() == large


def test_a_file_is_used_again_only_while_outputs_wait_in_it(outputs):
    outputs.put(b"x" * 11).take()
    waiting = outputs.put(b"y" * 11)
    assert outputs.files == 1
    waiting.drop()
    waiting.drop()
    assert outputs.files == 0


def test_nobody_else_can_read_what_waits_and_no_name_is_left(outputs, tmp_path, monkeypatch):
    modes = []
    opened = tempfile.TemporaryFile

    def open_and_look(**options):
        file = opened(**options)
        modes.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        return file

    monkeypatch.setattr(tempfile, "TemporaryFile", open_and_look)
    waiting = outputs.put(b"x" * 11)
    assert (modes, list(tmp_path.iterdir())) == ([0o600], [])
    waiting.drop()


def test_a_killed_process_leaves_no_output_behind(tmp_path):
    program = """if True:
        import os, sys
        from pathlib import Path
        from async_emulator.webhooks.waiting_outputs import WaitingOutputs
        waiting = WaitingOutputs(Path(sys.argv[1]), most_in_memory=0).put(b"secret" * 100)
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert list(tmp_path.iterdir()) == []


def test_where_the_disk_is_full_outputs_wait_in_memory(outputs):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12, limits[1]))
    try:
        waiting = outputs.put(b"x" * 13)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (outputs.bytes_in_memory, outputs.files) == (13, 0)
    assert waiting.take() == b"x" * 13


def test_an_output_is_taken_once(outputs):
    for size in (1, 11):
        waiting = outputs.put(b"x" * size)
        waiting.take()
        with pytest.raises(RuntimeError):
            waiting.take()
