"""What the emulator lends to every deployment."""

from dataclasses import dataclass

from async_emulator.clock import Clock
from async_emulator.console import Console
from async_emulator.deployments.chainlet_routes import ChainletRoutes
from async_emulator.prediction.connections import Connections
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.environment.environments import ModelEnvironments
from async_emulator.trusses.worker.client import TrussProcess


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """The parts that all deployments of one emulator share."""

    queue: RequestQueue
    clock: Clock
    connections: Connections
    console: Console
    cache: BuildCache
    truss: TrussProcess
    environments: ModelEnvironments
    chainlets: ChainletRoutes
