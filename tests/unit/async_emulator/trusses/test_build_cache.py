"""Several processes share a cache: none deletes what another uses, and what a killed one leaves goes."""

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from async_emulator.errors import DiskFull
from async_emulator.trusses.build_cache import BuildCache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> Iterator[BuildCache]:
    cache = BuildCache(folder)
    yield cache
    cache.close()


def in_a_process_that_is_killed(deed: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        deed()
        os._exit(9)
    assert os.waitpid(child, 0)[1] == 9 << 8


def build(cache: BuildCache, wanted: Path) -> Path:
    with cache.building(wanted) as building:
        (building / "built").mkdir()
        cache.put_in_place(building / "built", wanted)
    return wanted


def test_a_folder_is_built_whole_and_leaves_nothing_beside_it(cache):
    wanted = cache.contexts_dir / "a"
    assert not cache.use(wanted)
    assert build(cache, wanted).is_dir()
    assert cache.use(wanted)
    assert list(cache.contexts_dir.iterdir()) == cache.folders() == [wanted]


def test_whoever_is_second_takes_what_the_first_has_built(cache):
    wanted = build(cache, cache.contexts_dir / "a")
    (wanted / "first").touch()
    assert list(build(cache, wanted).iterdir()) == [wanted / "first"]


def test_what_a_living_process_uses_is_not_removed(cache, folder):
    wanted = build(cache, cache.contexts_dir / "a")
    cleaner = BuildCache(folder)
    assert cleaner.used() >= {wanted}
    assert not cleaner.remove(wanted)
    cache.close()
    assert cleaner.remove(wanted)
    assert cleaner.folders() == []


def test_what_only_a_killed_process_used_is_removed(cache, folder):
    wanted = build(cache, cache.contexts_dir / "a")
    cache.close()
    in_a_process_that_is_killed(lambda: BuildCache(folder).use(wanted))
    assert len(list((folder / "in-use").iterdir())) == 1
    assert cache.remove(wanted)
    assert list((folder / "in-use").iterdir()) == []


def test_the_next_start_deletes_what_a_killed_build_left_and_no_living_one(cache, folder):
    def begin() -> None:
        dying = BuildCache(folder)
        parents = (dying.environments_dir, dying.contexts_dir, dying.chains_dir)
        with contextlib.ExitStack() as builds:
            for parent in parents:
                builds.enter_context(dying.building(parent / "x"))
            os._exit(9)

    in_a_process_that_is_killed(begin)
    assert len(list(folder.glob("*/.building-*"))) == 3
    with cache.building(cache.contexts_dir / "a") as living:
        BuildCache(folder).remove_leftovers()
        assert list(folder.glob("*/.*")) == [living]


def test_the_rest_of_a_removal_that_was_killed_is_removed(cache, folder, monkeypatch):
    wanted = build(cache, cache.contexts_dir / "a")
    cache.close()
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        assert cache.remove(wanted)
    assert cache.folders() == []
    BuildCache(folder).remove_leftovers()
    assert list(cache.contexts_dir.iterdir()) == []


def test_a_cache_that_takes_no_more_is_used_as_it_is(cache, folder):
    wanted = build(cache, cache.contexts_dir / "a")
    cache.close()
    shutil.rmtree(folder / "in-use")
    (folder / "in-use").write_text("no folder can be made here")
    assert BuildCache(folder).use(wanted)


def test_a_full_disk_is_named_with_the_folder(cache, folder):
    with pytest.raises(DiskFull) as caught, cache.building(cache.contexts_dir / "a") as building:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    reason = f"nothing can be written to {folder / 'contexts'} (No space left on device)"
    assert str(caught.value).startswith(f"{reason}: make room on the disk at /")
    assert not building.exists()
