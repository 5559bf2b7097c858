"""A storage scheme: every fact about `s3://`, `gs://` and the others that code outside its folder needs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from truss_outputs.store import Store
from truss_outputs.stores.options import StoreOptions
from truss_outputs.stores.setting import Setting


def _no_defaults(environ: Mapping[str, str], settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


def _no_rules(urls: Sequence[str], settings: Mapping[str, Any]) -> None:
    return None


def _no_packages(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return ()


def _no_hosts(place: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """One storage scheme. To read it costs nothing: SDKs are imported by `open`, not before.

    A url of it is `name://place/path`. Settings are given by their names in `model_metadata.truss_outputs`.
    """

    name: str
    example: str
    """A url of it, as error messages show what is allowed."""

    check: Callable[[str, str], None]
    """Takes place and path. Raises ValueError saying what is wrong with one of them."""

    open: Callable[[str, str, Any], Store]
    """Takes place, path and an object of the class `options`. Asks nothing of the service yet.

    Raises ImportError where a package is not installed, ValueError for what an engine rejects.
    """

    options: type[StoreOptions] | None = None
    """The options that a store of it takes; None for a place that is no bucket and takes none."""

    sdk: str = ""
    """The service's own SDK, by its name in requirements."""

    access: tuple[Setting, ...] = ()
    """Its settings that say whose bucket it is, where, and what gives access to it."""

    objects: tuple[Setting, ...] = ()
    """Its settings that say how the bucket is addressed and how it keeps objects."""

    defaults: Callable[[Mapping[str, str], Mapping[str, Any]], Mapping[str, Any]] = _no_defaults
    """Takes environment variables and the settings. Returns the settings that the variables add."""

    check_settings: Callable[[Sequence[str], Mapping[str, Any]], None] = _no_rules
    """Takes all urls, of any scheme, and the settings. Raises ValueError where two contradict each other."""

    further_packages: Callable[[Mapping[str, Any]], tuple[str, ...]] = _no_packages
    """Takes the settings. Returns what these need in requirements beside an engine."""

    unfinished: str = ""
    """What becomes of an upload that a crash ended, for a store that cannot list such uploads."""

    hosts: Callable[[str, Mapping[str, Any]], tuple[str, ...]] = _no_hosts
    """Takes place and settings. Returns the hosts that a replica calls, as far as the settings tell."""

    @property
    def own_settings(self) -> tuple[Setting, ...]:
        """The settings that this scheme adds to those all buckets share."""
        return (*self.access, *self.objects)

    @property
    def known_settings(self) -> frozenset[str]:
        """The names of its own settings, and of its options: a shared setting has its option's name."""
        own = frozenset(setting.name for setting in self.own_settings)
        return own | (self.options.names() if self.options else frozenset())

    def requirements(self, settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
        """What an image needs for it: of each tuple one package, the first being the one to add."""
        if self.sdk:
            chosen = {"sdk": (self.sdk,), "obstore": ("obstore",)}
            yield chosen.get(settings["engine"], (self.sdk, "obstore"))
        for package in self.further_packages(settings):
            yield (package,)
