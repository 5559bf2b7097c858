"""A store in a folder of this machine.

An object is first written under a name that no key can have, in the folder where it will stand, and forced to
disk; then it gets its key in one step of the file system: a rename, or for `create` a hard link, which fails
if the name is taken. A crash leaves such a nameless file behind, never half an object.

No symbolic link below the store's own folder is followed, so no key leads outside it.
"""

import errno
import os
import re
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from truss_outputs.errors import AlreadyExists, InvalidKey, ObjectNotFound, StoreError
from truss_outputs.keys import check_key, content_type_of, is_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt, UnfinishedEntry
from truss_outputs.stores.scheme import Scheme
from truss_outputs.stores.transfer import CHUNK, Passing

# Errors that another try would meet again. All others may pass, above all those of a network file system.
_LASTING = {
    errno.EACCES: "permission denied",
    errno.EFBIG: "the file is larger than one may be here",
    errno.EDQUOT: "the disk quota is used up",
    errno.ENAMETOOLONG: "the path is too long",
    errno.ENOSPC: "the disk is full",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EEXIST: "a file stands where a folder is needed",
    errno.EISDIR: "a folder stands where a file is needed",
    errno.ELOOP: "a symbolic link stands there, and none is followed",
    errno.ENOTSUP: "the file system has no hard links, and so cannot create a result only once",
    errno.EPERM: "the operation is not permitted, or the file system has no hard links",
    errno.EROFS: "the file system is read-only",
}

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_UNFINISHED = re.compile(r"\.[0-9a-f]{32}")


class LocalStore:
    """A `Store` in a folder, which the first put makes.

    A folder keeps no content type, so `head` returns the type that the key's ending stands for, and no
    checksum (`result.json` has both). A key cannot be the folder of another: `a` excludes `a/b`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def url(self) -> str:
        """The url that names this store."""
        return self._folder.as_uri()

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""
        return f"{self.url}/{quote(key)}"

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`."""
        check_key(key)
        unfinished = f".{uuid.uuid4().hex}"
        passing = Passing(body)
        with self._errors("put", key, passing), self._parent(key, make=True) as (folder, name):
            try:
                _write(folder, unfinished, passing)
                if create:
                    self._link(folder, unfinished, name, key)
                else:
                    os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
            finally:
                with suppress(OSError):  # a put that succeeded must not fail for its leftovers
                    os.unlink(unfinished, dir_fd=folder)
            try:
                os.fsync(folder)
            except OSError as error:  # the object stands, but perhaps not after a power cut
                raise StoreError(self.url_of(key), f"put: {_reason(error)}") from error
        return passing.receipt

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        return b"".join(self._chunks(key))

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`."""
        chunks = self._chunks(key)
        next(chunks)  # opens the file, which is closed even if the iterator is dropped
        return chunks

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        check_key(key)
        with self._errors("head", key), self._absence(key), self._parent(key) as (folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                raise OSError(errno.ELOOP, "")
            if not stat.S_ISREG(status.st_mode):
                raise ObjectNotFound(self.url_of(key))
            entry = _entry(key, status)
        return ObjectInfo(
            key=key,
            size=entry.size,
            modified=entry.modified,
            content_type=content_type_of(key),
            sha256=None,
        )

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        found = [entry for entry in self._files(prefix) if is_key(entry.key)]
        yield from sorted(found, key=lambda entry: entry.key.encode())

    def unfinished(self) -> Iterator[UnfinishedEntry]:
        """The files of puts that have not ended, or that a crash ended; see `KeepsUnfinished`."""
        for entry in self._files(""):
            if _UNFINISHED.fullmatch(entry.key.rpartition("/")[2]):
                yield UnfinishedEntry(key=entry.key, size=entry.size, modified=entry.modified)

    def delete_unfinished(self, entry: UnfinishedEntry) -> None:
        """Remove such a file; see `KeepsUnfinished`."""
        if not _UNFINISHED.fullmatch(entry.key.rpartition("/")[2]):
            raise InvalidKey(entry.key, "it is no unfinished file")
        self._unlink(entry.key)

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`. Folders stay, as another put may be about to use them."""
        check_key(key)
        self._unlink(key)

    def _unlink(self, key: str) -> None:
        absent = suppress(FileNotFoundError, NotADirectoryError)
        with self._errors("delete", key), absent, self._parent(key) as (folder, name):
            os.unlink(name, dir_fd=folder)
            os.fsync(folder)

    @contextmanager
    def _parent(self, key: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """Open the folder that `key` stands in; with `make`, make it. Return its descriptor and the name."""
        *folders, name = key.split("/")
        if make:
            _make_folder(self._folder)
        descriptor = os.open(self._folder, _FOLDER)
        try:
            for folder in folders:
                inner = _inner(descriptor, folder, make=make)
                os.close(descriptor)
                descriptor = inner
            yield descriptor, name
        finally:
            os.close(descriptor)

    def _files(self, prefix: str) -> Iterator[ObjectEntry]:
        """All regular files whose path begins with `prefix`, in no order."""
        top = prefix.rpartition("/")[0]
        if top:
            check_key(top)
        inside = f"{top}/" if top else ""
        absent = suppress(FileNotFoundError, NotADirectoryError)
        with self._errors("list", prefix), absent, self._parent(f"{inside}-") as (top_folder, _):
            walk = os.fwalk(".", onerror=_raise_unless_absent, dir_fd=top_folder)
            for place, _, names, folder in walk:
                for name in names:
                    key = inside + Path(place, name).as_posix()
                    if not key.startswith(prefix):
                        continue
                    with suppress(FileNotFoundError):  # deleted meanwhile
                        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode):
                            yield _entry(key, status)

    def _chunks(self, key: str) -> Iterator[bytes]:
        check_key(key)
        with self._errors("get", key), self._absence(key):
            with self._parent(key) as (folder, name):
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            with os.fdopen(descriptor, "rb") as file:
                yield b""
                while chunk := file.read(CHUNK):
                    yield chunk

    def _link(self, folder: int, unfinished: str, name: str, key: str) -> None:
        try:
            os.link(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            raise AlreadyExists(self.url_of(key)) from None

    @contextmanager
    def _absence(self, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ObjectNotFound(self.url_of(key)) from None

    @contextmanager
    def _errors(self, operation: str, key: str, passing: Passing | None = None) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            if passing and error is passing.error:
                raise
            is_transient = error.errno not in _LASTING
            reason = f"{operation}: {_reason(error)}"
            raise StoreError(self.url_of(key), reason, is_transient=is_transient) from error


def _entry(key: str, status: os.stat_result) -> ObjectEntry:
    return ObjectEntry(key=key, size=status.st_size, modified=datetime.fromtimestamp(status.st_mtime, UTC))


def _inner(descriptor: int, folder: str, *, make: bool) -> int:
    """Open a folder in an open folder, unless it is a symbolic link."""
    flags = _FOLDER | os.O_NOFOLLOW
    try:
        return os.open(folder, flags, dir_fd=descriptor)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):  # another put made it
        os.mkdir(folder, dir_fd=descriptor)
    os.fsync(descriptor)
    return os.open(folder, flags, dir_fd=descriptor)


def _write(folder: int, name: str, chunks: Iterable[bytes]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o666, dir_fd=folder), "wb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


def _make_folder(folder: Path) -> None:
    """Make `folder` and those above it, so that each survives a power cut."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _force(folder.parent)


def _force(folder: Path) -> None:
    """Force the names in `folder` to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise_unless_absent(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def _reason(error: OSError) -> str:
    code = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return f"{code}: {_LASTING.get(error.errno or 0, error.strerror or 'the file system refused')}"


def _check(place: str, path: str) -> None:
    if place not in ("", "localhost"):
        raise ValueError("a folder's url has three slashes, as it lies on this machine")
    if not path or not unquote(path).isprintable():
        raise ValueError("it names no folder")


def _open(place: str, path: str, options: None) -> LocalStore:
    return LocalStore(Path("/", unquote(path)))


SCHEME = Scheme(name="file", example="file:///absolute/folder", check=_check, open=_open)
