"""The keys of objects in the store.

    <request_id>/result.json          the commit marker
    <request_id>/<attempt>/<name>     an artifact

A key is built from checked parts only, so no input of a caller leads outside the request's own folder.
"""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from truss_outputs.errors import InvalidKey, InvalidRequestId

MARKER = "result.json"

# Folders of a store that belong to no request: uploaded inputs, and records of callers' keys.
NO_REQUESTS = frozenset({"inputs", "keys"})

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,149}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_STEM = 100
# Windows has no files of these names, whatever their suffix, and a result may be downloaded there
# (learn.microsoft.com/windows/win32/fileio/naming-a-file).
_DEVICES = frozenset(
    (
        *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
        *(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"),
    )
)
_LONGEST_SUFFIX = 20

_LONGEST_KEY = 900  # S3 and GCS allow 1,024 bytes, the url's own prefix included
_LONGEST_SEGMENT = 255  # a file name on every common file system

# The table in Python itself, not this machine's, so that the same output gets the same names everywhere.
_MEDIA_TYPES = mimetypes.MimeTypes()
for _media_type, _suffix in (  # which the table lacks
    ("application/vnd.apache.parquet", ".parquet"),
    ("application/x-npy", ".npy"),
    ("application/x-npz", ".npz"),
    ("application/x-safetensors", ".safetensors"),
    ("image/webp", ".webp"),
):
    _MEDIA_TYPES.add_type(_media_type, _suffix)


def request_folder(request_id: object) -> str:
    """Return the folder of a request's result. Raises InvalidRequestId.

    Baseten's ids are opaque; those observed have 32 to 37 hex digits. On some routes the header is
    `<id>:<cf-ray>:<user>`: the id ends at the first colon.
    """
    folder = request_id.partition(":")[0] if isinstance(request_id, str) else ""
    if not _REQUEST_ID.fullmatch(folder) or folder in NO_REQUESTS or _is_device(folder):
        raise InvalidRequestId(request_id)
    return folder


def result_key(request_id: str) -> str:
    """Return the key of the request's result."""
    return f"{request_folder(request_id)}/{MARKER}"


def artifact_key(request_id: str, attempt: str, name: str) -> str:
    """Return an artifact's key. `attempt` and `name` may come from a stored document, so they are checked."""
    for part in (attempt, name):
        if not _NAME.fullmatch(part):
            raise InvalidKey(part, "an attempt and an artifact's name are letters, digits, '.', '-' and '_'")
    return f"{request_folder(request_id)}/{attempt}/{name}"


def artifact_name(path: Sequence[str | int], content_type: str) -> str:
    """Return the default name of an artifact: its path in the output, as a file name."""
    media_type = content_type.partition(";")[0].strip()
    suffix = _MEDIA_TYPES.guess_extension(media_type, strict=False) or ".bin"
    return (".".join(map(str, path)) or "output") + suffix


def distinct_names(wanted: Iterable[str]) -> list[str]:
    """Return a safe file name for each wanted name, in order, no two of them equal.

    They differ even where case is ignored, and none is the commit marker's.
    """
    taken = {MARKER}
    numbers: dict[tuple[str, str], int] = {}
    names = []
    for stem, suffix in map(_sanitised, wanted):
        name = stem + suffix
        while name.casefold() in taken:
            number = numbers[stem, suffix] = numbers.get((stem, suffix), 1) + 1
            name = f"{stem}-{number}{suffix}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _sanitised(name: str) -> tuple[str, str]:
    safe = PurePosixPath(_NOT_IN_A_NAME.sub("_", name).strip(".") or "output")
    if _is_device(safe.name):
        safe = PurePosixPath(f"_{safe}")
    return safe.stem[:_LONGEST_STEM], safe.suffix[:_LONGEST_SUFFIX]


def is_key(key: str) -> bool:
    """Whether `check_key` accepts it. Any other object in a store is not ours."""
    try:
        check_key(key)
    except InvalidKey:
        return False
    return True


def content_type_of(key: str) -> str:
    """Return the content type for a key's suffix."""
    media_type, compression = _MEDIA_TYPES.guess_type(PurePosixPath(key).name, strict=False)
    if compression:  # x.tar.gz is not a tar file
        media_type = "application/gzip" if compression == "gzip" else None
    return media_type or "application/octet-stream"


def check_key(key: str) -> None:
    """Raise InvalidKey unless the key means the same object, below the store's url, in every store.

    Segments that begin with a dot are reserved: stores keep unfinished objects there. Names that Windows has
    no files of are refused, as it also drops a last dot or space, and a colon names a stream of a file.
    """
    check_key_prefix(key)
    for segment in key.split("/"):
        if segment.endswith((".", " ")) or ":" in segment or _is_device(segment):
            raise InvalidKey(key, "a part of it is no name of a file on Windows")


def check_key_prefix(prefix: str) -> None:
    """Raise InvalidKey unless keys may begin with this prefix, which whoever owns the bucket has chosen."""
    if not isinstance(prefix, str):
        raise InvalidKey(prefix, "it is no text")
    try:
        encoded = prefix.encode()
    except UnicodeEncodeError:
        raise InvalidKey(prefix, "it is not valid Unicode") from None
    if len(encoded) > _LONGEST_KEY:
        raise InvalidKey(prefix, f"it is longer than {_LONGEST_KEY} bytes")
    if not prefix.isprintable() or "\\" in prefix:
        raise InvalidKey(prefix, "it holds a backslash or a character that cannot be printed")
    for segment in prefix.split("/"):
        if not segment or segment.startswith("."):
            raise InvalidKey(prefix, "a part of it is empty or begins with a dot")
        if len(segment.encode()) > _LONGEST_SEGMENT:
            raise InvalidKey(prefix, f"a part of it is longer than {_LONGEST_SEGMENT} bytes")


def _is_device(name: str) -> bool:
    return name.partition(".")[0].rstrip().upper() in _DEVICES
