"""A Truss that is to be served as a model."""

from dataclasses import dataclass
from pathlib import Path

from async_emulator.deployments.platform import Surroundings
from async_emulator.deployments.served import ServedSettings
from async_emulator.deployments.served_model import ServedModel
from async_emulator.trusses.build_context import check_truss
from async_inference.codes import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings(ServedSettings):
    """One model with one deployment, whose path is the folder of the Truss."""

    kind = Kind.MODEL
    submit_operation = "async_predict"

    @property
    def truss_dirs(self) -> list[Path]:
        """The Truss itself."""
        return [self.path]

    def check(self) -> None:
        """Raise NotATruss where the folder is plainly none."""
        check_truss(self.path)

    def open(self, surroundings: Surroundings) -> ServedModel:
        """What serves it."""
        return ServedModel(self.deployment, surroundings)
