import errno
import os
import shutil
from pathlib import Path

import pytest

from async_emulator.disk import disk_of, refuse_full, writing_to
from async_emulator.errors import DiskFull

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/file")


@pytest.mark.parametrize("error", [FULL, shutil.Error([("a", "b", str(FULL))])])
def test_a_full_disk_is_named_with_the_folder(tmp_path, error):
    with pytest.raises(DiskFull) as caught, writing_to(tmp_path):
        raise error
    assert str(caught.value) == (
        f"nothing can be written to {tmp_path} (No space left on device): "
        f"make room on the disk at {disk_of(tmp_path)}"
    )


def test_any_other_trouble_is_as_it_was(tmp_path):
    with pytest.raises(PermissionError), writing_to(tmp_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_another_program_s_words_say_that_the_disk_is_full(tmp_path):
    refuse_full(tmp_path, "uv: something else")
    with pytest.raises(DiskFull):
        refuse_full(tmp_path, f"OSError: {FULL}")


def test_the_disk_of_a_folder_is_where_it_is_mounted():
    assert disk_of(Path("/not/there")) == Path("/")
