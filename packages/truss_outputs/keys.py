"""Where things lie in the store.

    <request_id>/result.json          the commit marker
    <request_id>/<attempt>/<name>     an artifact

A key is built from checked parts only, so nothing a caller sends chooses a place outside its own folder.
"""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from truss_outputs.errors import InvalidKey, InvalidRequestId

MARKER = "result.json"

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,149}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_STEM = 100
_LONGEST_SUFFIX = 20

_LONGEST_KEY = 900  # S3 and GCS allow 1,024 bytes, the url's own prefix included
_LONGEST_SEGMENT = 255  # a file name on every common file system

# The table Python ships, not this machine's: the same output gets the same names everywhere.
_MEDIA_TYPES = mimetypes.MimeTypes()
for _media_type, _suffix in (  # which it does not know
    ("application/vnd.apache.parquet", ".parquet"),
    ("application/x-npy", ".npy"),
    ("application/x-npz", ".npz"),
    ("application/x-safetensors", ".safetensors"),
    ("image/webp", ".webp"),
):
    _MEDIA_TYPES.add_type(_media_type, _suffix)


def request_folder(request_id: str) -> str:
    """The folder of a request's result.

    Baseten's ids are opaque, 32 to 37 hex digits as far as seen. On some routes the header carries
    `<id>:<cf-ray>:<user>`: what counts ends at the first colon.
    """
    folder = request_id.partition(":")[0]
    if not _REQUEST_ID.fullmatch(folder):
        raise InvalidRequestId(request_id)
    return folder


def result_key(request_id: str) -> str:
    """The key of the request's one result."""
    return f"{request_folder(request_id)}/{MARKER}"


def artifact_key(request_id: str, attempt: str, name: str) -> str:
    """The key of an artifact. `attempt` and `name` may come from a stored document, so they are checked."""
    for part in (attempt, name):
        if not _NAME.fullmatch(part):
            raise InvalidKey(part, "an attempt and an artifact's name are letters, digits, '.', '-' and '_'")
    return f"{request_folder(request_id)}/{attempt}/{name}"


def artifact_name(path: Sequence[str | int], content_type: str) -> str:
    """The name an artifact asks for when the model gives none: its path in the output, as a file name."""
    media_type = content_type.partition(";")[0].strip()
    suffix = _MEDIA_TYPES.guess_extension(media_type, strict=False) or ".bin"
    return (".".join(map(str, path)) or "output") + suffix


def distinct_names(wanted: Iterable[str]) -> list[str]:
    """A safe file name for each wanted one, in order, no two of them equal.

    They differ even where letter case does not count, and none is taken for a commit marker.
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
    safe = PurePosixPath(_NOT_IN_A_NAME.sub("_", name).lstrip(".") or "output")
    return safe.stem[:_LONGEST_STEM], safe.suffix[:_LONGEST_SUFFIX]


def is_key(key: str) -> bool:
    """Whether `check_key` lets it pass: what else lies in a store is no object of ours."""
    try:
        check_key(key)
    except InvalidKey:
        return False
    return True


def content_type_of(key: str) -> str:
    """The content type a key's ending stands for."""
    media_type, compression = _MEDIA_TYPES.guess_type(PurePosixPath(key).name, strict=False)
    if compression:  # x.tar.gz is no tar file
        media_type = "application/gzip" if compression == "gzip" else None
    return media_type or "application/octet-stream"


def check_key(key: str) -> None:
    """Refuse a key that does not mean the same object, below the store's own url, in every store.

    Segments that begin with a dot are the stores' own: they hold what is still being written.
    """
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        raise InvalidKey(key, "it is not valid Unicode") from None
    if len(encoded) > _LONGEST_KEY:
        raise InvalidKey(key, f"it is longer than {_LONGEST_KEY} bytes")
    if not key.isprintable() or "\\" in key:
        raise InvalidKey(key, "it holds a backslash or a character that cannot be printed")
    for segment in key.split("/"):
        if not segment or segment.startswith("."):
            raise InvalidKey(key, "a part of it is empty or begins with a dot")
        if len(segment.encode()) > _LONGEST_SEGMENT:
            raise InvalidKey(key, f"a part of it is longer than {_LONGEST_SEGMENT} bytes")
