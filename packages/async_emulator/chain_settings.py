"""A chain that is to be served."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from async_emulator.built_chain import check_chain
from async_emulator.deployment_settings import DeploymentSettings
from async_emulator.served_chain import ServedChain
from async_emulator.surroundings import Surroundings


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainSettings:
    """One chain with one deployment. See ServedSettings.

    `entrypoint` is the deployment of the entrypoint, its `model_id` the chain's id; the other chainlets are
    deployed alike.
    """

    entrypoint: DeploymentSettings

    submit_operation = "async_run_remote"

    @property
    def path(self) -> Path:
        """The file that holds the entrypoint."""
        return self.entrypoint.path

    @property
    def truss_dirs(self) -> list[Path]:
        """None: a chainlet becomes a Truss when it is generated."""
        return []

    @property
    def title(self) -> str:
        """The ids."""
        return f"chain {self.entrypoint.model_id}, deployment {self.entrypoint.deployment_id}"

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables for each chainlet."""
        return self.entrypoint.environ

    @property
    def environment(self) -> str | None:
        """The name of its environment."""
        return self.entrypoint.environment

    @property
    def deployment_id(self) -> str:
        """The deployment."""
        return self.entrypoint.deployment_id

    @property
    def is_watched(self) -> bool:
        """Whether it is built again when its files change."""
        return self.entrypoint.is_watched

    @property
    def host(self) -> str:
        """The platform's host for it."""
        return f"chain-{self.entrypoint.model_id}.api.baseten.co"

    def check(self) -> None:
        """Raise NotAChain where the file is plainly none."""
        check_chain(self.path)

    def open(self, surroundings: Surroundings) -> ServedChain:
        """What serves it."""
        return ServedChain(self.entrypoint, surroundings)
