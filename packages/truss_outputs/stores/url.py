"""A store's url: its parts, and the store that it names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from truss_outputs.errors import SettingsError
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.secrecy.forms import SHORTEST_SECRET, pattern_of
from truss_outputs.secrecy.urls import shown_url
from truss_outputs.store import Store
from truss_outputs.stores.credentials import Credentials, NoAccess, to_set
from truss_outputs.stores.options import StoreOptions
from truss_outputs.stores.scheme import Scheme
from truss_outputs.stores.schemes import SCHEMES


@dataclass(frozen=True, kw_only=True)
class StoreUrl:
    """A url taken apart: `place` is what follows the two slashes, `path` what follows the third."""

    scheme: Scheme
    place: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError saying what was found and what is allowed. It never repeats a password."""
        found = f"found {shown_url(text)!r}"
        allowed = "allowed: " + ", ".join(scheme.example for scheme in SCHEMES.values())
        name, _, rest = text.partition("://")
        place, _, path = rest.partition("/")
        if "@" in place:
            raise ValueError(f"found a user name or password in the url; {allowed}")
        if name not in SCHEMES or not rest:
            raise ValueError(f"{found}; {allowed}")
        if {"?", "#"} & set(rest) or not rest.isprintable():
            raise ValueError(f"{found}, with '?', '#' or a control character; {allowed}")
        url = cls(scheme=SCHEMES[name], place=place, path=path.strip("/"))
        try:
            url.scheme.check(url.place, url.path)
        except ValueError as error:
            raise_alone(ValueError(f"{found}, but {error}; {allowed}"))
        return url


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
    win over those in `options`. In one process, equal `memory://` urls name the same store, so a model and a
    reader beside it share it. Raises SettingsError under the key `setting`.
    """
    chosen = options.values if options else {}
    named = {"endpoint_url": endpoint_url, "region": region, "credentials": credentials}
    chosen |= {name: value for name, value in named.items() if value}
    needed = ""
    try:
        parsed = StoreUrl.parse(url)
        scheme, needed = parsed.scheme, parsed.scheme.sdk
        if scheme.options is None:
            return scheme.open(parsed.place, parsed.path, None)
        if foreign := sorted(chosen.keys() - scheme.options.names()):
            raise ValueError(f"found {shown_url(url)!r}, which cannot take {foreign[0]}")
        if "endpoint_url" in chosen:
            check_endpoint(chosen["endpoint_url"])
        return scheme.open(parsed.place, parsed.path, scheme.options(**chosen))
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "obstore":
            needed = "obstore"
        missing = f"which needs {needed}, which is not installed: add {needed} to requirements"
        problem = f"found {shown_url(url)!r}, {missing}"
    except NoAccess as error:
        unset = chosen.get("unset_secrets", ())
        problem = f"{error}; {to_set(unset)}" if unset else str(error)
    except ValueError as error:
        problem = _without_secrets(str(error), chosen.values())
    except Exception as error:  # an SDK's own: its text may repeat a key that it could not read
        problem = f"found {shown_url(url)!r}, and the SDK refused its options: {type(error).__name__}"
    raise SettingsError(setting, problem)  # without the SDK's exception, which may hold a key


def check_endpoint(url: str) -> None:
    """Raises ValueError where `url` is no address of a server, or holds what may be a password or a token."""
    shown = shown_url(url)
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its host or its port is none
        is_address = False
    if "@" in shown:
        raise ValueError("found a user name or password in the url; allowed: https://host")
    if shown != url or not is_address:
        raise ValueError(f"found {shown!r}; allowed: https://host or http://host:port, and no parameters")


def _without_secrets(text: str, options: Iterable[object]) -> str:
    for option in options:
        values = vars(option).values() if isinstance(option, Credentials) else (option,)
        for value in values:
            if isinstance(value, SecretStr) and len(value) >= SHORTEST_SECRET:
                text = pattern_of(value.get_secret_value()).sub("…", text)
    return text
