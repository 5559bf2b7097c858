"""What obstore needs to reach a bucket of any provider. The providers' folders make the connections."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from truss_outputs.deadline import MIN_RATE
from truss_outputs.errors import StoreError
from truss_outputs.stores.options import StoreOptions
from truss_outputs.stores.transfer import CONNECT_SECONDS, PART

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, ClientConfig, ObjectStore, RetryConfig

_Client = TypeVar("_Client", bound="ObjectStore")

_BACKOFF: "BackoffConfig" = {
    "init_backoff": timedelta(milliseconds=100),
    "max_backoff": timedelta(seconds=2),
    "base": 2,
}
# A caller with bytes tries again itself.
_QUICK: "RetryConfig" = {"max_retries": 1, "retry_timeout": timedelta(seconds=5), "backoff": _BACKOFF}


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A bucket as obstore knows it, for all threads.

    `actions` names the permissions to put, get, list and delete as the service does; `answer` turns the
    service's error codes into the store's error.
    `credentials` is the provider that obstore asks, and its `failure` says why it has none. `cannot_sign`
    says why no url of a path can be signed.
    """

    clients: "Clients[Any]"
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


class Clients(Generic[_Client]):
    """obstore's clients for one bucket, each with the time that the bodies which it sends may take.

    `quick` leaves retries to the caller; `patient` outlives an outage of some seconds, as a part of a stream
    that has passed cannot be read again.

    `open` takes the settings of the HTTP client and of retries. Where it is asked for parts, they are those
    of a longer body.
    """

    def __init__(
        self,
        open: "Callable[[ClientConfig, RetryConfig, bool], _Client]",
        options: StoreOptions,
        *,
        is_plain: bool,
    ) -> None:
        self._options = options
        self._is_plain = is_plain
        patient: RetryConfig = {
            "max_retries": 20,
            "retry_timeout": timedelta(seconds=options.write_timeout_seconds),
            "backoff": _BACKOFF,
        }
        self.patient = open(self._config(PART), patient, True)
        self._quick = lru_cache(lambda mebibytes: open(self._config(mebibytes << 20), _QUICK, False))
        self.quick = self.quick_for(0)

    def quick_for(self, size: int) -> _Client:
        """The client for a request whose body has `size` bytes; one for all sizes up to each power of 2."""
        return self._quick(1 << max(0, size - 1 >> 20).bit_length())

    def _config(self, size: int) -> "ClientConfig":
        """The settings of the HTTP client. It speaks http only where the endpoint does.

        Its `read_timeout` begins with the request, so the body's own way counts.
        """
        answer_timeout = self._options.answer_timeout
        return {
            "allow_http": self._is_plain,
            "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, answer_timeout)),
            "read_timeout": timedelta(seconds=answer_timeout + size / MIN_RATE),
            "timeout": timedelta(hours=1),  # of a whole download
        }
