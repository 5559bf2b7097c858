"""A Truss that is to be served as a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from async_emulator.build_context import check_truss
from async_emulator.deployment_settings import DeploymentSettings
from async_emulator.served_model import ServedModel
from async_emulator.surroundings import Surroundings


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings:
    """One model with one deployment. See ServedSettings."""

    deployment: DeploymentSettings

    submit_operation = "async_predict"

    @property
    def path(self) -> Path:
        """The folder of the Truss."""
        return self.deployment.path

    @property
    def truss_dirs(self) -> list[Path]:
        """The same."""
        return [self.path]

    @property
    def title(self) -> str:
        """The ids."""
        return f"model {self.deployment.model_id}, deployment {self.deployment.deployment_id}"

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables for the model."""
        return self.deployment.environ

    @property
    def environment(self) -> str | None:
        """The name of its environment."""
        return self.deployment.environment

    @property
    def deployment_id(self) -> str:
        """The deployment."""
        return self.deployment.deployment_id

    @property
    def is_watched(self) -> bool:
        """Whether it is built again when its files change."""
        return self.deployment.is_watched

    @property
    def host(self) -> str:
        """The platform's host for it."""
        return f"model-{self.deployment.model_id}.api.baseten.co"

    def check(self) -> None:
        """Raise NotATruss where the folder is plainly none."""
        check_truss(self.path)

    def open(self, surroundings: Surroundings) -> ServedModel:
        """What serves it."""
        return ServedModel(self.deployment, surroundings)
