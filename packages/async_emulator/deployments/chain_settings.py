"""A chain that is to be served."""

from dataclasses import dataclass
from pathlib import Path

from async_emulator.deployments.platform import Surroundings
from async_emulator.deployments.served import ServedSettings
from async_emulator.deployments.served_chain import ServedChain
from async_emulator.trusses.chain import check_chain
from async_inference.codes import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainSettings(ServedSettings):
    """One chain with one deployment, whose path is the file that holds the entrypoint.

    `deployment` is the entrypoint's, its `model_id` the chain's id; the other chainlets are deployed alike.
    """

    kind = Kind.CHAIN
    submit_operation = "async_run_remote"

    @property
    def truss_dirs(self) -> list[Path]:
        """None: a chainlet becomes a Truss when it is generated."""
        return []

    def check(self) -> None:
        """Raise NotAChain where the file is plainly none."""
        check_chain(self.path)

    def open(self, surroundings: Surroundings) -> ServedChain:
        """What serves it."""
        return ServedChain(self.deployment, surroundings)
