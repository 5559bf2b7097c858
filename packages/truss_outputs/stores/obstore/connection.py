"""What obstore needs to reach a bucket of any provider. The providers' folders make the connections."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from truss_outputs.errors import StoreError
from truss_outputs.stores.options import StoreOptions

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, ClientConfig, ObjectStore, RetryConfig

_BACKOFF: "BackoffConfig" = {
    "init_backoff": timedelta(milliseconds=100),
    "max_backoff": timedelta(seconds=2),
    "base": 2,
}
# A caller with bytes tries again itself; a part of a stream that has passed cannot be read again.
QUICK: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=5), "backoff": _BACKOFF}
PATIENT: "RetryConfig" = {"max_retries": 20, "retry_timeout": timedelta(seconds=30), "backoff": _BACKOFF}


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A bucket as obstore knows it, for all threads.

    `quick` leaves retries to the caller; `patient` outlives an outage of some seconds, as a part of a stream
    that has passed cannot be read again. `actions` names the permissions to put, get, list and delete as the
    service does; `answer` turns the service's error codes into the store's error. `credentials` is the
    provider that obstore asks, and its `failure` says why it has none. `cannot_sign` says why no url of a
    path can be signed.
    """

    quick: "ObjectStore"
    patient: "ObjectStore"
    actions: Mapping[str, str]
    answer: Callable[..., StoreError]
    credentials: Any = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    cannot_sign: Callable[[str], str | None] = lambda path: None


def attributes(options: StoreOptions) -> dict[str, str]:
    """The attributes that every put gives its object, by obstore's names."""
    storage_class = {"Storage-Class": options.storage_class} if options.storage_class else {}
    return {**options.metadata, **storage_class}


def client_config(*, is_plain: bool) -> "ClientConfig":
    """The settings of obstore's HTTP client. It speaks http only where the endpoint does."""
    return {
        "allow_http": is_plain,
        "connect_timeout": timedelta(seconds=5),
        "read_timeout": timedelta(seconds=30),
        "timeout": timedelta(hours=1),  # of a whole download
    }
