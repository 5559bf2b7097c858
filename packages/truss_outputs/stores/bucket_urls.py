"""Where the objects of a store in a bucket lie."""


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
