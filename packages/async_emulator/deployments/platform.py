"""What everything that is served in one emulator shares."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from async_emulator.clock import Clock
from async_emulator.prediction.capacity import Capacity
from async_emulator.prediction.model import Model
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.queue.sweeper import Sweeper
from async_emulator.trusses.environment.environments import ModelEnvironments
from async_emulator.trusses.worker.client import TrussProcess

if TYPE_CHECKING:
    from async_emulator.prediction.model_client import ModelClient
    from async_inference.wire import AsyncPredictResult


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """The queue and what stands around it.

    `deliver` sends a result to a webhook and tells whether it was accepted; `connect` gives who calls the
    model server at a url, and `wrap_model` may put something around it. `announce` gets lines for a person,
    `log` the models' own. `base_url` is where the emulator listens, `api_key` what its callers send.
    `chainlets` are those that can be called, by their paths.
    """

    queue: RequestQueue
    sweeper: Sweeper
    clock: Clock
    deliver: Callable[[str, "AsyncPredictResult"], Awaitable[bool]]
    connect: Callable[[str], Awaitable["ModelClient"]]
    wrap_model: Callable[[Model], Model]
    announce: Callable[[str], None]
    log: Callable[[str], None]
    truss: TrussProcess
    environments: ModelEnvironments
    chainlets: dict[str, Capacity]
    base_url: str
    api_key: str
