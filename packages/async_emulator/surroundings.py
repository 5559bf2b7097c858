"""What everything that is served in one emulator shares."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from async_emulator.chainlet_calls import ChainletCalls
from async_emulator.clock import Clock
from async_emulator.model_client import Model
from async_emulator.model_environment import ModelEnvironments
from async_emulator.queue import RequestQueue
from async_emulator.sweeper import Sweeper
from async_emulator.truss_process import TrussProcess
from async_inference.wire import AsyncPredictResult


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """The queue and what stands around it.

    `deliver` sends a result to a webhook and tells whether it was accepted; `wrap_model` may put something
    around each replica's model; `announce` gets lines for a person, `log` the models' own. `base_url` is
    where the emulator listens, `api_key` what its callers send.
    """

    queue: RequestQueue
    sweeper: Sweeper
    clock: Clock
    deliver: Callable[[str, AsyncPredictResult], Awaitable[bool]]
    wrap_model: Callable[[Model], Model]
    announce: Callable[[str], None]
    log: Callable[[str], None]
    truss: TrussProcess
    environments: ModelEnvironments
    chainlets: ChainletCalls
    base_url: str
    api_key: str
