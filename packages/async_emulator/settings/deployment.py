"""The settings of one deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from async_emulator.settings.substitutes import Substitutes

SCALE_DOWN_DELAY_SECONDS = 900.0
"""The platform's default (docs.baseten.co/deployment/autoscaling/overview)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Autoscaling:
    """The bounds. Replicas end after `scale_down_delay` seconds without need."""

    min_replicas: int = 1
    max_replicas: int = 1
    scale_down_delay: float = SCALE_DOWN_DELAY_SECONDS

    @property
    def is_fixed(self) -> bool:
        """Whether the number of replicas never changes."""
        return self.min_replicas == self.max_replicas

    def replicas_for(self, demand: int, slots: int) -> int:
        """Return how many replicas of `slots` slots serve `demand` predictions, within the bounds."""
        return min(max(-(-demand // slots), self.min_replicas), self.max_replicas)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentSettings:
    """`path` is a Truss's folder or a chain's file; its replicas run below `data_dir`.

    `environ` is added to the model's environment. `concurrency_target` is the number of predictions that a
    replica makes at once; None: the Truss's `predict_concurrency`. `retry_not_ready`: whether MODEL_NOT_READY
    is retried. `name` marks the lines of output of this deployment; an empty one marks none. `environment` is
    the name of the deployment's environment, if it has one. With `is_watched`, a change of the Truss's files
    is deployed at once. `entrypoint` is the class of a chain's entrypoint; None: the one that is marked.
    `substitutes` take the place of what this machine lacks.
    """

    path: Path
    data_dir: Path
    model_id: str
    deployment_id: str
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency_target: int | None = None
    retry_not_ready: bool = True
    name: str = ""
    environment: str | None = None
    is_watched: bool = False
    autoscaling: Autoscaling = field(default_factory=Autoscaling)
    entrypoint: str | None = None
    substitutes: Substitutes = field(default_factory=Substitutes)
