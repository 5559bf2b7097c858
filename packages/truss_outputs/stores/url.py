"""A store's url: what it means, and the store it names."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import unquote

from truss_outputs.errors import InvalidKey, SettingsError
from truss_outputs.keys import check_key
from truss_outputs.store import Store
from truss_outputs.stores import engines as buckets
from truss_outputs.stores.credentials import Credentials
from truss_outputs.stores.local import LocalStore
from truss_outputs.stores.memory import MemoryStore
from truss_outputs.stores.options import StoreOptions

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_CONTAINER = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_MEMORY_NAME = re.compile(r"[A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class StoreUrl:
    """A url taken apart: `place` is what follows the two slashes, `path` what follows the third."""

    scheme: str
    place: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError saying what was found and what is allowed. It never repeats a password."""
        allowed = "allowed: " + ", ".join(scheme.example for scheme in _SCHEMES.values())
        name, _, rest = text.partition("://")
        place, _, path = rest.partition("/")
        if "@" in place:
            raise ValueError(f"found a user name or password in the url; {allowed}")
        if name not in _SCHEMES or not rest:
            raise ValueError(f"found {text!r}; {allowed}")
        if {"?", "#"} & set(rest) or not rest.isprintable():
            raise ValueError(f"found {text!r}, with '?', '#' or a control character; {allowed}")
        url = cls(scheme=name, place=place, path=path.strip("/"))
        try:
            _SCHEMES[name].check(url)
        except ValueError as error:
            raise ValueError(f"found {text!r}, but {error}; {allowed}") from error
        return url

    @property
    def options(self) -> frozenset[str] | None:
        """The names of the `StoreOptions` that mean something for it, or None where none ever do."""
        return _SCHEMES[self.scheme].options


@dataclass(frozen=True, kw_only=True)
class _Scheme:
    example: str
    options: frozenset[str] | None = None
    packages: str = ""
    check: Callable[[StoreUrl], None]
    open: Callable[[StoreUrl, StoreOptions], Store]


def _check_file(url: StoreUrl) -> None:
    if url.place not in ("", "localhost"):
        raise ValueError("a folder's url has three slashes, as it lies on this machine")
    if not url.path or not unquote(url.path).isprintable():
        raise ValueError("it names no folder")


def _open_file(url: StoreUrl, options: StoreOptions) -> Store:
    return LocalStore(Path("/", unquote(url.path)))


def _check_bucket(url: StoreUrl) -> None:
    if not _BUCKET.fullmatch(url.place):
        raise ValueError("a bucket's name is 3 to 255 letters, digits, '.', '-' and '_'")
    _check_prefix(url)


def _check_container(url: StoreUrl) -> None:
    if not _CONTAINER.fullmatch(url.place):
        raise ValueError(
            "a container's name is 3 to 63 small letters, digits and single '-'; the account is a setting"
        )
    _check_prefix(url)


def _check_prefix(url: StoreUrl) -> None:
    try:
        check_key(url.path or "no-prefix")
    except InvalidKey as error:
        raise ValueError(f"of the prefix, {error.problem}") from error


def _open_s3(url: StoreUrl, options: StoreOptions) -> Store:
    return buckets.open_s3(url.place, url.path, options)


def _open_gs(url: StoreUrl, options: StoreOptions) -> Store:
    return buckets.open_gs(url.place, url.path, options)


def _open_az(url: StoreUrl, options: StoreOptions) -> Store:
    return buckets.open_az(url.place, url.path, options)


def _check_memory(url: StoreUrl) -> None:
    if url.path or not _MEMORY_NAME.fullmatch(url.place):
        raise ValueError("a memory has a name and no more")


def _open_memory(url: StoreUrl, options: StoreOptions) -> Store:
    return MemoryStore.named(url.place)


_COMMON = frozenset({"engine", "endpoint_url", "storage_class", "metadata"})

# A further scheme is one more entry.
_SCHEMES = MappingProxyType(
    {
        "file": _Scheme(example="file:///absolute/folder", check=_check_file, open=_open_file),
        "s3": _Scheme(
            example="s3://bucket/prefix",
            options=_COMMON
            | {"region", "credentials", "web_identity", "addressing_style", "sse", "kms_key_id", "tags"},
            packages="boto3",
            check=_check_bucket,
            open=_open_s3,
        ),
        "gs": _Scheme(
            example="gs://bucket/prefix",
            options=_COMMON | {"service_account", "kms_key_name"},
            packages="google-cloud-storage",
            check=_check_bucket,
            open=_open_gs,
        ),
        "az": _Scheme(
            example="az://container/prefix",
            options=_COMMON | {"account_name", "account_key", "sas_token", "connection_string"},
            packages="azure-storage-blob",
            check=_check_container,
            open=_open_az,
        ),
        "memory": _Scheme(example="memory://name", check=_check_memory, open=_open_memory),
    }
)


def from_url(
    url: str,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    credentials: Credentials | None = None,
    options: StoreOptions | None = None,
    setting: str = "url",
) -> Store:
    """The store that `url` names. Nothing is asked of it yet.

    `endpoint_url`, `region`, `credentials` and the further `options` are for buckets alone; the first three
    win over those in `options`. A `memory://` store is one for each name and process, so that a model and a
    reader beside it meet. Raises SettingsError under the key `setting`.
    """
    chosen = options or StoreOptions()
    chosen = replace(
        chosen,
        endpoint_url=endpoint_url or chosen.endpoint_url,
        region=region or chosen.region,
        credentials=credentials or chosen.credentials,
    )
    try:
        parsed = StoreUrl.parse(url)
        scheme = _SCHEMES[parsed.scheme]
        if scheme.options is not None and (foreign := sorted(chosen.given - scheme.options)):
            raise ValueError(f"found {url!r}, which cannot take {foreign[0]}")
        return scheme.open(parsed, chosen)
    except ImportError as error:
        is_obstore = (error.name or "").partition(".")[0] == "obstore"
        needed = "obstore" if is_obstore else scheme.packages
        problem = f"found {url!r}, which needs {needed}, which is not installed: add {needed} to requirements"
        raise SettingsError(setting, problem) from error
    except ValueError as error:
        raise SettingsError(setting, str(error)) from error
