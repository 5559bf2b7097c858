"""Check that results still exist once the replica that stored them is gone."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from async_inference.cli.checks.finding import Finding

if TYPE_CHECKING:
    from truss_outputs.settings.outputs import OutputSettings

_SUBJECT = "settings"
# docs.baseten.co/development/model/b10cache and development/volumes: a cache, and no object storage. A url
# there can only be meant for the platform.
_CACHES = (PurePosixPath("/cache"), PurePosixPath("/app/model_cache"))


def check_places(settings: "OutputSettings", *, key: str, for_push: bool) -> Iterator[Finding]:
    """Find urls that are no bucket: a warning, or with `for_push` a problem. `key` is where `url` stands."""
    from truss_outputs.secrecy.urls import shown_url
    from truss_outputs.settings.secrets import SECTION

    places = {
        key: settings.url_for(),
        **{
            f"{SECTION}.environments.{name}.url": settings.url_for(environment=name)
            for name in settings.environments
        },
        **{
            f"{SECTION}.destinations.{name}": settings.url_for(destination=name)
            for name in settings.destinations
        },
    }
    for place, url in places.items():
        if is_bucket(url):
            continue
        write = f"write {' or '.join(_bucket_examples())}"
        if _is_in_a_cache(url):
            text = (
                f"{place}: found {shown_url(url)!r}, a cache of the platform, which keeps no results; {write}"
            )
            yield Finding(subject=_SUBJECT, problem=text)
        else:
            text = (
                f"{place}: found {shown_url(url)!r}, which goes when the replica goes; before a push, {write}"
            )
            yield Finding(subject=_SUBJECT, **{"problem" if for_push else "note": text})


def is_bucket(url: str) -> bool:
    """Whether the url names a bucket, whose objects outlive the replica."""
    from truss_outputs.stores.url import StoreUrl

    return StoreUrl.parse(url).scheme.options is not None


def _bucket_examples() -> list[str]:
    from truss_outputs.stores.schemes import SCHEMES

    return [scheme.example for scheme in SCHEMES.values() if scheme.options is not None]


def _is_in_a_cache(url: str) -> bool:
    from truss_outputs.stores.url import StoreUrl

    parsed = StoreUrl.parse(url)
    folder = PurePosixPath("/", parsed.path)
    return parsed.place == "" and any(folder.is_relative_to(cache) for cache in _CACHES)
