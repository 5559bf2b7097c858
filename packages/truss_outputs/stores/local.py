"""A store in a folder of this machine.

An object is first written under a name that no key can have, in the folder where it will stand, and forced to
disk; then it gets its key in one step of the file system: a rename, or for `create` a hard link, which fails
if the name is taken. A crash leaves such a nameless file behind, never half an object.
"""

import errno
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from truss_outputs.errors import AlreadyExists, ObjectNotFound, StoreError
from truss_outputs.keys import check_key, content_type_of, is_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt
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
    errno.ENOTSUP: "the file system has no hard links, and so cannot create a result only once",
    errno.EPERM: "the operation is not permitted, or the file system has no hard links",
    errno.EROFS: "the file system is read-only",
}


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
        path = self._path(key)
        unfinished = path.with_name(f".{uuid.uuid4().hex}")
        passing = Passing(body)
        with self._errors(key, passing):
            _make_folder(path.parent)
            try:
                _write(unfinished, passing)
                if create:
                    self._link(unfinished, path, key)
                else:
                    unfinished.replace(path)
            finally:
                with suppress(OSError):  # a put that succeeded must not fail for its leftovers
                    unfinished.unlink()
        try:
            _force(path.parent)
        except OSError as error:  # the object stands, but perhaps not after a power cut
            raise StoreError(self.url_of(key), _reason(error)) from error
        return passing.receipt

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        path = self._path(key)
        with self._errors(key), self._absence(key):
            return path.read_bytes()

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`."""
        chunks = self._chunks(key)
        next(chunks)  # opens the file, which is closed even if the iterator is dropped
        return chunks

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        path = self._path(key)
        with self._errors(key), self._absence(key):
            if path.is_dir():
                raise ObjectNotFound(self.url_of(key))
            entry = _entry(key, path)
        return ObjectInfo(
            key=key,
            size=entry.size,
            modified=entry.modified,
            content_type=content_type_of(key),
            sha256=None,
        )

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        top = prefix.rpartition("/")[0]
        folder = self._path(top) if top else self._folder
        found = []
        with self._errors(prefix):
            for place, _, names in os.walk(folder, onerror=_raise_unless_absent):
                for path in (Path(place, name) for name in names):
                    key = path.relative_to(self._folder).as_posix()
                    if is_key(key) and key.startswith(prefix):
                        with suppress(FileNotFoundError):  # deleted meanwhile
                            found.append(_entry(key, path))
        yield from sorted(found, key=lambda entry: entry.key.encode())

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`. Folders stay, as another put may be about to use them."""
        path = self._path(key)
        with self._errors(key), suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
            _force(path.parent)

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._folder / key

    def _chunks(self, key: str) -> Iterator[bytes]:
        path = self._path(key)
        with self._errors(key), self._absence(key), path.open("rb") as file:
            yield b""
            while chunk := file.read(CHUNK):
                yield chunk

    def _link(self, unfinished: Path, path: Path, key: str) -> None:
        try:
            os.link(unfinished, path)
        except FileExistsError:
            raise AlreadyExists(self.url_of(key)) from None

    @contextmanager
    def _absence(self, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ObjectNotFound(self.url_of(key)) from None

    @contextmanager
    def _errors(self, key: str, passing: Passing | None = None) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            if passing and error is passing.error:
                raise
            is_transient = error.errno not in _LASTING
            raise StoreError(self.url_of(key), _reason(error), is_transient=is_transient) from error


def _entry(key: str, path: Path) -> ObjectEntry:
    status = path.stat()
    return ObjectEntry(key=key, size=status.st_size, modified=datetime.fromtimestamp(status.st_mtime, UTC))


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    with path.open("xb") as file:
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
