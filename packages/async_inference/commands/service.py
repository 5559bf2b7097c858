"""Whom a command calls."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from async_inference.client import AsyncInferenceClient

# Where `truss-async serve` listens unless told otherwise.
LOCAL_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A model on Baseten, or whatever answers at `base_url`; without either, the emulator on this machine."""

    api_key: str | None = field(repr=False)
    model_id: str | None
    base_url: str | None
    environment: str
    deployment_id: str | None

    def client(self) -> "AsyncInferenceClient":
        """A client, to be closed by the caller."""
        if not self.api_key:
            raise click.UsageError(
                "no API key: set BASETEN_API_KEY or give --api-key ('truss-async serve' prints its own)"
            )
        # Here, so that `--help` does not wait for an HTTP library.
        from async_inference.client import AsyncInferenceClient
        from async_inference.endpoint import Endpoint

        if self.model_id and not self.base_url:
            endpoint = Endpoint.of_model(
                self.model_id, environment=self.environment, deployment_id=self.deployment_id
            )
        else:
            endpoint = Endpoint(
                base_url=self.base_url or LOCAL_URL,
                environment=self.environment,
                deployment_id=self.deployment_id,
            )
        return AsyncInferenceClient(api_key=self.api_key, endpoint=endpoint)
