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
_RETRY_SECONDS = 5
_QUICK: "RetryConfig" = {
    "max_retries": 1,
    "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
    "backoff": _BACKOFF,
}
_DOWNLOAD_SECONDS = 3_600.0


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A bucket as obstore knows it, for all threads.

    `actions` names the permissions to put, get, list and delete as the service does; `answer` turns the
    service's error codes into the store's error.
    `credentials` is the provider that obstore asks, and its `failure` says why it has none;
    `has_fixed_credentials` if it asks nobody in its turn. `cannot_sign` says why no url of a path can be
    signed.
    """

    clients: "Clients[Any]"
    actions: Mapping[str, str]
    answer: Callable[..., StoreError]
    credentials: Any = None
    has_fixed_credentials: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    cannot_sign: Callable[[str], str | None] = lambda path: None


def attributes(options: StoreOptions) -> dict[str, str]:
    """The attributes that every put gives its object, by obstore's names."""
    storage_class = {"Storage-Class": options.storage_class} if options.storage_class else {}
    return {**options.metadata, **storage_class}


class Clients(Generic[_Client]):
    """obstore's clients for one bucket, each with the time that the bodies which it sends may take.

    `quick` and those for one body leave retries to the caller; `patient` outlives an outage of some seconds,
    as a part of a stream that has passed cannot be read again.

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
        self.patient = open(self._config(PART, _DOWNLOAD_SECONDS), patient, True)
        self.quick = open(self._config(0, _DOWNLOAD_SECONDS), _QUICK, False)
        self._for_bodies = lru_cache(
            lambda size: open(self._config(size, self._request_seconds(size)), _QUICK, False)
        )

    def for_body(self, size: int) -> _Client:
        """The client for a request whose body has `size` bytes; one for all sizes up to each power of 2."""
        return self._for_bodies(_up_to_power(size))

    def put_seconds(self, size: int) -> float:
        """The most seconds that a put by `for_body(size)` takes, its own second try included."""
        return _RETRY_SECONDS + _BACKOFF["max_backoff"].total_seconds() + self._request_seconds(size)

    def _request_seconds(self, size: int) -> float:
        return self._connect_seconds + self._answer_seconds(_up_to_power(size))

    @property
    def _connect_seconds(self) -> float:
        return min(CONNECT_SECONDS, self._options.answer_timeout)

    def _answer_seconds(self, size: int) -> float:
        return self._options.answer_timeout + size / MIN_RATE

    def _config(self, size: int, seconds: float) -> "ClientConfig":
        """The settings of the HTTP client. It speaks http only where the endpoint does.

        `seconds` are those of a whole request. Its `read_timeout` begins with the request, so the body's own
        way counts.
        """
        return {
            "allow_http": self._is_plain,
            "connect_timeout": timedelta(seconds=self._connect_seconds),
            "read_timeout": timedelta(seconds=self._answer_seconds(size)),
            "timeout": timedelta(seconds=seconds),
        }


def _up_to_power(size: int) -> int:
    """The next power of 2 in MiB, in bytes, so that few clients serve all sizes."""
    return 1 << max(0, size - 1 >> 20).bit_length() << 20
