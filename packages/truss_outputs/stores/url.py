"""A store's url: its parts, and the store that it names."""

from dataclasses import dataclass
from typing import Self

from truss_outputs.errors import SettingsError
from truss_outputs.store import Store
from truss_outputs.stores.credentials import Credentials
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
        allowed = "allowed: " + ", ".join(scheme.example for scheme in SCHEMES.values())
        name, _, rest = text.partition("://")
        place, _, path = rest.partition("/")
        if "@" in place:
            raise ValueError(f"found a user name or password in the url; {allowed}")
        if name not in SCHEMES or not rest:
            raise ValueError(f"found {text!r}; {allowed}")
        if {"?", "#"} & set(rest) or not rest.isprintable():
            raise ValueError(f"found {text!r}, with '?', '#' or a control character; {allowed}")
        url = cls(scheme=SCHEMES[name], place=place, path=path.strip("/"))
        try:
            url.scheme.check(url.place, url.path)
        except ValueError as error:
            raise ValueError(f"found {text!r}, but {error}; {allowed}") from error
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
            raise ValueError(f"found {url!r}, which cannot take {foreign[0]}")
        return scheme.open(parsed.place, parsed.path, scheme.options(**chosen))
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "obstore":
            needed = "obstore"
        problem = f"found {url!r}, which needs {needed}, which is not installed: add {needed} to requirements"
        raise SettingsError(setting, problem) from error
    except ValueError as error:
        raise SettingsError(setting, str(error)) from error
