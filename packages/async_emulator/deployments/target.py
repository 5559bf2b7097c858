"""What the API reaches: one deployment of a model or of a chain."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from async_emulator.queue.request import AsyncRequest
from async_inference.codes import Kind

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Target(Protocol):
    """One deployment, as the API calls it."""

    @property
    def kind(self) -> Kind:
        """Whether it is a model's or a chain's."""
        ...

    @property
    def owner_id(self) -> str:
        """The id of the model or the chain."""
        ...

    @property
    def deployment_id(self) -> str:
        """The deployment's own id."""
        ...

    @property
    def environments(self) -> frozenset[str] | None:
        """The names of the environments that lead here; None: every name."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether it can predict: at once, or after a cold start where it has scaled to zero."""
        ...

    @property
    def active_replicas(self) -> int:
        """The number of replicas that are ready."""
        ...

    @property
    def starting_replicas(self) -> int:
        """The number of replicas that are being started."""
        ...

    def enqueue(self, request: AsyncRequest) -> None:
        """Queue a request, to be run when there is room."""
        ...

    def predict(self, body: bytes, headers: Mapping[str, str], request_id: str) -> "ASGIApp":
        """Return the answer to a sync call. Raises PredictionRefused, then or while it is awaited."""
        ...

    def wake(self) -> None:
        """Start a replica where there is none, without waiting for a request."""
        ...
