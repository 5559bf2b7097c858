"""The service that a command calls."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from async_inference.client import AsyncInferenceClient

# The default address of `truss-async serve`.
LOCAL_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A model or chain on Baseten, or the server at `base_url`; by default the emulator on this machine."""

    api_key: str | None = field(repr=False)
    model_id: str | None
    chain_id: str | None
    base_url: str | None
    environment: str
    deployment_id: str | None

    def client(self) -> "AsyncInferenceClient":
        """Return a client of the service; the caller closes it."""
        if not self.api_key:
            raise click.UsageError(
                "no API key: set BASETEN_API_KEY or give --api-key ('truss-async serve' prints its own)"
            )
        # Here: `--help` does not pay for importing an HTTP library.
        from async_inference.client import AsyncInferenceClient
        from async_inference.endpoint import Endpoint

        if self.chain_id and self.model_id:
            raise click.UsageError("found a model id and a chain id: give one of them")
        target: Any = {"environment": self.environment, "deployment_id": self.deployment_id}
        if self.base_url or not (self.chain_id or self.model_id):
            base_url = self.base_url or LOCAL_URL
            endpoint = Endpoint(base_url=base_url, is_chain=self.chain_id is not None, **target)
        elif self.chain_id:
            endpoint = Endpoint.of_chain(self.chain_id, **target)
        else:
            endpoint = Endpoint.of_model(str(self.model_id), **target)
        return AsyncInferenceClient(api_key=self.api_key, endpoint=endpoint)
