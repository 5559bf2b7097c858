"""What is special about a folder; all else is in the contract suite."""

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from truss_outputs import InvalidKey, LocalStore, StoreError


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "out put")


def put(store: LocalStore, key: str, *, create: bool = False) -> None:
    store.put(key, b"body", content_type="application/json", create=create)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_object_is_a_file_and_nothing_else_is_left(store: LocalStore, tmp_path: Path) -> None:
    put(store, "r/a/x.json")
    put(store, "r/result.json", create=True)
    assert files(tmp_path) == ["out put/r/a/x.json", "out put/r/result.json"]


def test_a_file_may_be_read_by_whom_the_umask_lets(store: LocalStore, tmp_path: Path) -> None:
    put(store, "x.json")
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE((tmp_path / "out put/x.json").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_urls_are_valid(store: LocalStore, tmp_path: Path) -> None:
    assert store.url == f"file://{tmp_path}/out%20put"
    assert store.url_of("a b/é") == f"file://{tmp_path}/out%20put/a%20b/%C3%A9"


def test_what_is_being_written_is_never_listed(store: LocalStore, tmp_path: Path) -> None:
    put(store, "r/x.json")
    (tmp_path / "out put/r/.0f3a").write_bytes(b"half of result.js")
    assert [entry.key for entry in store.list()] == ["r/x.json"]


@pytest.mark.parametrize("failing", ["fsync", "link"])
def test_a_put_that_fails_leaves_nothing(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    put(store, "r/there.json")

    def fail(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(StoreError, match=r"r/x\.json: put: ENOSPC: the disk is full") as caught:
        put(store, "r/x.json", create=True)
    assert not caught.value.is_transient
    assert files(tmp_path) == ["out put/r/there.json"]


def test_a_put_that_may_not_last_is_in_doubt(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object has its name already, and the folder cannot be forced to disk: it may be there or not."""
    put(store, "r/there.json")
    fsync = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(StoreError) as caught:
        put(store, "r/x.json", create=True)
    assert caught.value.is_transient
    assert store.get("r/x.json") == b"body"


def test_a_file_in_place_of_a_folder_is_named(store: LocalStore) -> None:
    put(store, "r")
    for create in (False, True):
        with pytest.raises(StoreError, match="a file stands where a folder is needed") as caught:
            put(store, "r/below", create=create)
        assert not isinstance(caught.value, FileExistsError)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = LocalStore(tmp_path / "file" / "outputs")
    with pytest.raises(StoreError, match=f"file://{tmp_path}/file/outputs/x: "):
        put(store, "x")
    assert list(store.list()) == []


@pytest.fixture
def outside(tmp_path: Path, store: LocalStore) -> Path:
    """A folder beside the store, with links to it and to a file of it in the store."""
    put(store, "r/x.json")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (tmp_path / "out put/link").symlink_to(outside)
    (tmp_path / "out put/r/file").symlink_to(outside / "secret")
    return outside


@pytest.mark.parametrize("key", ["link/secret", "r/file"])
def test_no_link_is_followed_to_read(store: LocalStore, outside: Path, key: str) -> None:
    for read in (store.get, store.head, lambda key: b"".join(store.open(key))):
        with pytest.raises(StoreError):
            read(key)
    assert [entry.key for entry in store.list()] == ["r/x.json"]
    assert list(store.list("link/")) == []


def test_no_link_is_followed_to_write(store: LocalStore, outside: Path, tmp_path: Path) -> None:
    for create in (False, True):
        with pytest.raises(StoreError):
            put(store, "link/new", create=create)
        with pytest.raises(StoreError):
            put(store, "link/below/new", create=create)
    with pytest.raises(StoreError, match="already exists"):
        put(store, "r/file", create=True)
    put(store, "r/file")  # takes the link's place
    store.delete("link/secret")
    assert files(outside) == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"
    assert (tmp_path / "out put/r/file").read_bytes() == b"body"


def test_the_stores_own_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    put(LocalStore(tmp_path / "alias"), "r/x")
    assert files(tmp_path / "real") == ["r/x"]


def test_what_a_crash_left_is_found_and_can_be_deleted(store: LocalStore, tmp_path: Path) -> None:
    left = f"r/.{'a' * 32}"
    put(store, "r/x.json")
    for name in (left, "r/.hidden", f".{'b' * 32}"):
        (tmp_path / "out put" / name).write_bytes(b"half")
    assert sorted(entry.key for entry in store.unfinished()) == [f".{'b' * 32}", left]
    [entry] = [entry for entry in store.unfinished() if entry.key == left]
    store.delete_unfinished(entry)
    store.delete_unfinished(entry)
    for key in ("r/x.json", "r/.hidden"):
        with pytest.raises(InvalidKey):
            store.delete_unfinished(replace(entry, key=key))
    assert files(tmp_path) == [f"out put/.{'b' * 32}", "out put/r/.hidden", "out put/r/x.json"]


def test_no_descriptor_is_left_open(store: LocalStore) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    put(store, "a/b/c")
    store.get("a/b/c")
    next(store.open("a/b/c"))
    list(store.list("a/"))
    store.delete("a/b/c")
    with pytest.raises(StoreError):
        store.get("a/b/d/e")
    assert len([*Path("/proc/self/fd").iterdir()]) == before
