"""References to inputs that are too large for a request, which the platform refuses over 256 KiB.

    {"url": "s3://bucket/prefix/…", "size": 9, "checksum": "sha256:…"}    an object of the model's store
    {"url": "https://files.example.com/film.mp4"}                         a host that the settings allow
    "https://files.example.com/film.mp4"                                  the same

A reference has the form of one in a stored result, so a result's artifact can be the next request's input. If
it has a `size` or `checksum`, the input is checked against them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from truss_outputs.errors import ObjectNotFound
from truss_outputs.inputs.https_source import Answer, HttpsSource, InputRefused
from truss_outputs.keys import is_key
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.settings.sections import InputSettings
from truss_outputs.store import Store


class InputReference(BaseModel):
    """Where an input is, and optionally its size in bytes and its checksum."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: str
    size: int | None = Field(default=None, ge=0)
    checksum: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")

    @classmethod
    def of(cls, value: object) -> Self:
        """Parse a part of a model's input: a url, or a mapping with one. Raises InputRefused."""
        fields = {"url": value} if isinstance(value, str) else value
        if not isinstance(fields, Mapping):
            raise InputRefused("", f"found {type(value).__name__}; allowed: a url, or a mapping with a url")
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            setting = ".".join(map(str, first["loc"]))
            refused = InputRefused(str(fields.get("url", "")), f"{setting}: {first['msg']}")
        raise refused  # alone, as pydantic keeps the url with its signature


class InputStream:
    """An input, read once, chunk by chunk, and checked while it is read.

    Use it in a `with`, or read it to its end. Reading raises InputRefused if the input is larger than allowed
    or differs from its reference, so trust it only once it was read to the end.
    """

    def __init__(self, answer: Answer, reference: InputReference, limit: int) -> None:
        self.content_type = answer.content_type
        self._close = answer.close
        self._chunks = _checked(answer.chunks, reference, limit)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def read(self) -> bytes:
        """Read the whole input into memory."""
        return b"".join(self._chunks)

    def save(self, path: Path) -> Path:
        """Read the whole input into a file, which is removed if reading fails. Return its path."""
        try:
            with path.open("wb") as file:
                file.writelines(self._chunks)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()


def open_input(value: Any, *, store: Store, settings: InputSettings, https: HttpsSource) -> InputStream:
    """Open the input that `value` refers to, an object of `store` or an https url.

    Raises InputRefused if it may not be read or does not exist, InputUnavailable or StoreError if it cannot
    be read this time.
    """
    reference = InputReference.of(value)
    key = _key_in(store, reference.url)
    answer = (
        https.open(reference.url, limit_bytes=settings.limit_bytes)
        if key is None
        else _stored(store, key, reference)
    )
    told = [size for size in (answer.size, reference.size) if size is not None]
    if any(size > settings.limit_bytes for size in told):
        answer.close()
        raise InputRefused(reference.url, _too_large(settings.limit_bytes))
    return InputStream(answer, reference, settings.limit_bytes)


def _key_in(store: Store, url: str) -> str | None:
    """Return the key of this store's object with this url, None if the url is not below the store's."""
    prefix = f"{store.url.rstrip('/')}/"
    if not url.startswith(prefix):
        return None
    rest = url.removeprefix(prefix)
    for key in (rest, unquote(rest)):
        if is_key(key) and store.url_of(key) == url:
            return key
    raise InputRefused(url, "it names no object of this store")


def _stored(store: Store, key: str, reference: InputReference) -> Answer:
    try:
        info = store.head(key)
        chunks = store.open(key)
    except ObjectNotFound:
        raise_alone(InputRefused(reference.url, "not found"))
    close: Callable[[], None] = getattr(chunks, "close", lambda: None)  # a generator has one
    return Answer(content_type=info.content_type, size=info.size, chunks=chunks, close=close)


def _checked(chunks: Iterator[bytes], reference: InputReference, limit: int) -> Iterator[bytes]:
    size, checksum = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise InputRefused(reference.url, _too_large(limit))
        checksum.update(chunk)
        yield chunk
    if reference.size is not None and reference.size != size:
        raise InputRefused(reference.url, f"{size} bytes, where its reference says {reference.size}")
    found = f"sha256:{checksum.hexdigest()}"
    if reference.checksum is not None and reference.checksum != found:
        raise InputRefused(reference.url, f"{found}, where its reference says {reference.checksum}")


def _too_large(limit: int) -> str:
    return f"it is larger than the {limit:,} bytes that inputs.limit_bytes allows"
