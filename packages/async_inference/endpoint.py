"""The URLs of a deployment's API. Pure: nothing here uses the network.

Hosts and paths: Baseten's OpenAPI inference spec (baseten-go, 2026-07-01), "servers" and "paths".
"""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from async_inference.errors import InvalidSetting

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The address of one deployment of a model or of a chain.

    `base_url` is its host, or a server with the same paths, such as `truss-async serve`.
    `deployment_id` overrides `environment`, whose name may be `development`.
    Raises InvalidSetting for a value that cannot be part of a URL.
    """

    base_url: str
    environment: str = "production"
    deployment_id: str | None = None
    is_chain: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _web_url(self.base_url))
        _name("environment", self.environment)
        if self.deployment_id is not None:
            _name("deployment id", self.deployment_id)

    @classmethod
    def of_model(
        cls, model_id: str, *, environment: str = "production", deployment_id: str | None = None
    ) -> Self:
        """The endpoint of a model on Baseten."""
        return cls(
            base_url=f"https://model-{_name('model id', model_id)}.api.baseten.co",
            environment=environment,
            deployment_id=deployment_id,
        )

    @classmethod
    def of_chain(
        cls, chain_id: str, *, environment: str = "production", deployment_id: str | None = None
    ) -> Self:
        """The endpoint of a chain on Baseten."""
        return cls(
            base_url=f"https://chain-{_name('chain id', chain_id)}.api.baseten.co",
            environment=environment,
            deployment_id=deployment_id,
            is_chain=True,
        )

    @property
    def is_local(self) -> bool:
        """Whether `base_url` is on this machine."""
        return urlsplit(self.base_url).hostname in _LOOPBACK

    @property
    def submit(self) -> str:
        """The URL to submit to: of a model, or of a chain's entrypoint."""
        return f"{self._target}/{'async_run_remote' if self.is_chain else 'async_predict'}"

    @property
    def predict(self) -> str:
        """The URL to call and wait for the output: of a model, or of a chain's entrypoint."""
        return f"{self._target}/{'run_remote' if self.is_chain else 'predict'}"

    @property
    def wake(self) -> str:
        """The URL that starts a deployment without a replica."""
        return f"{self._target}/wake"

    @property
    def async_queue_status(self) -> str:
        """The URL that tells the length of the queue."""
        return f"{self._target}/async_queue_status"

    def async_request(self, request_id: str) -> str:
        """The URL to read or cancel one request. It names no target, as request ids are global."""
        return f"{self.base_url}/async_request/{_name('request id', request_id)}"

    @property
    def _target(self) -> str:
        if self.deployment_id is not None:
            return f"{self.base_url}/deployment/{self.deployment_id}"
        if self.environment in ("production", "development"):
            return f"{self.base_url}/{self.environment}"
        return f"{self.base_url}/environments/{self.environment}"


def _name(what: str, value: str) -> str:
    """Return `value` if it can be one segment of a path; anything else might lead elsewhere."""
    if not _NAME.fullmatch(value):
        raise InvalidSetting(what, f"{value[:40]!r} is not allowed: 1 to 128 letters, digits, '-' and '_'")
    return value


def _web_url(value: str) -> str:
    """Return `value` without trailing slashes, if it is a URL to which paths can be added."""
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if whole and parts.username is not None:
        raise InvalidSetting("base URL", "must not hold a user or password; the API key goes in a header")
    if not whole or parts.query or parts.fragment or re.search(r"\s", value):
        example = "http://127.0.0.1:8080 or https://model-abc123.api.baseten.co"
        raise InvalidSetting("base URL", f"{value[:80]!r} is not a web address such as {example}")
    return value.rstrip("/")
