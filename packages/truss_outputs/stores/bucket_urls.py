"""The urls of stores in a bucket, and of the objects in them."""

import re

from truss_outputs.errors import InvalidKey
from truss_outputs.keys import check_key_prefix

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")


class BucketUrls:
    """The urls of a store in a bucket or container, below an optional prefix."""

    def __init__(self, scheme: str, bucket: str, prefix: str) -> None:
        self._base = f"{scheme}://{bucket}/"
        self._prefix = f"{prefix}/" if prefix else ""

    @property
    def url(self) -> str:
        """The url that names this store."""
        return f"{self._base}{self._prefix}".rstrip("/")

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""
        return f"{self._base}{self._prefix}{key}"

    def put_seconds(self, size: int) -> float | None:
        """None: an SDK sends again by itself, and waits as long as a server sends; see `EndsInTime`."""
        return None


def check_bucket(place: str, path: str) -> None:
    """Raises ValueError where `place` is no name of a bucket in S3 or GCS, or `path` is no prefix of keys."""
    if not _BUCKET.fullmatch(place):
        raise ValueError("a bucket's name is 3 to 255 letters, digits, '.', '-' and '_'")
    check_prefix(path)


def check_prefix(path: str) -> None:
    """Raises ValueError where `path` is no prefix of keys. An empty one is."""
    try:
        check_key_prefix(path or "no-prefix")
    except InvalidKey as error:
        raise ValueError(f"of the prefix, {error.problem}") from None
