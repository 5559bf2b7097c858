"""What a strict GCS keeps: buckets of objects, with a generation each, and uploads that are under way."""

import base64
import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

import google_crc32c


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Kept:
    body: bytes
    generation: int
    meta: dict[str, str]
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def crc32c(self) -> str:
        return crc32c(self.body)

    @property
    def md5(self) -> str:
        return base64.b64encode(hashlib.md5(self.body).digest()).decode()


@dataclass
class Upload:
    name: str
    meta: dict[str, str]
    condition: str | None
    body: bytearray = field(default_factory=bytearray)
    parts: dict[int, bytes] = field(default_factory=dict)


def crc32c(body: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(body).digest()).decode()  # type: ignore[no-untyped-call]


class Objects:
    """One bucket, `results`. A condition is `ifGenerationMatch`'s value."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.kept: dict[str, Kept] = {}
        self.uploads: dict[str, Upload] = {}
        self._numbers = itertools.count(1)

    def number(self) -> int:
        return next(self._numbers)

    def check_bucket(self, name: str) -> None:
        if name != "results":
            raise Refused(404, "NoSuchBucket")

    def put(
        self, name: str, body: bytes, *, meta: dict[str, str], condition: str | None, hashes: dict[str, str]
    ) -> Kept:
        """Keep it, if the condition holds and what came is what was sent."""
        kept = Kept(body=body, generation=self.number(), meta=meta)
        if hashes.get("crc32c", kept.crc32c) != kept.crc32c or hashes.get("md5", kept.md5) != kept.md5:
            raise Refused(400, "BadDigest")
        with self.lock:
            there = self.kept[name].generation if name in self.kept else 0
            if condition is not None and int(condition) != there:
                raise Refused(412, "PreconditionFailed")
            self.kept[name] = kept
        return kept

    def get(self, name: str) -> Kept:
        try:
            return self.kept[name]
        except KeyError:
            raise Refused(404, "NoSuchKey") from None

    def delete(self, name: str) -> None:
        with self.lock:
            if self.kept.pop(name, None) is None:
                raise Refused(404, "NoSuchKey")

    def page(self, prefix: str, after: str, size: int) -> tuple[list[tuple[str, Kept]], str]:
        """Some objects in the order of their names' bytes, and the name after which there are more."""
        with self.lock:
            names = sorted((name for name in self.kept if name.startswith(prefix)), key=str.encode)
            names = [name for name in names if name.encode() > after.encode()]
            found = [(name, self.kept[name]) for name in names[:size]]
        return found, names[size - 1] if len(names) > size else ""

    def begin(self, name: str, meta: dict[str, str], condition: str | None) -> str:
        identity = f"upload-{self.number()}"
        self.uploads[identity] = Upload(name=name, meta=meta, condition=condition)
        return identity

    def upload(self, identity: str) -> Upload:
        try:
            return self.uploads[identity]
        except KeyError:
            raise Refused(404, "NoSuchUpload") from None
