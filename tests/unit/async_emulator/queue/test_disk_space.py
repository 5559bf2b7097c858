"""A disk that gets short of space is named once, before it is full."""

from async_emulator.clock import ManualClock
from async_emulator.queue.disk_space import DiskSpace
from tests.integration.conftest import Lines

EVERYTHING = 1 << 62


def test_one_line_for_a_disk_however_many_folders_it_holds_and_however_often_one_looks(tmp_path):
    folders = [tmp_path / "not made yet" / "data", tmp_path / "cache"]
    lines = Lines()
    space = DiskSpace(folders, clock=ManualClock(), console=lines, warn_below_bytes=EVERYTHING)
    for _ in range(3):
        space.look()
    [line] = lines.lines
    assert line.startswith(f"warning: the disk of {tmp_path} has ")
    assert line.endswith(" MB left; once it is full, requests are refused until there is room")


def test_no_word_where_there_is_room(tmp_path):
    lines = Lines()
    DiskSpace([tmp_path], clock=ManualClock(), console=lines, warn_below_bytes=0).look()
    assert lines.lines == []
