"""How one Truss is deployed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCALE_DOWN_DELAY_SECONDS = 900.0
"""Default of the platform (docs.baseten.co/deployment/autoscaling/overview)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Autoscaling:
    """The bounds. Replicas that have not been needed for `scale_down_delay` seconds end."""

    min_replicas: int = 1
    max_replicas: int = 1
    scale_down_delay: float = SCALE_DOWN_DELAY_SECONDS

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to decide."""
        return self.min_replicas == self.max_replicas

    def replicas_for(self, demand: int, slots: int) -> int:
        """How many replicas of so many slots serve a demand of so many predictions at once."""
        return min(max(-(-demand // slots), self.min_replicas), self.max_replicas)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentSettings:
    """What to deploy, a Truss's folder or a chain's file, and where it may write.

    `environ` is added to the model's environment.

    `concurrency_target` is how many predictions a replica makes at once. None: as many as the Truss's
    `predict_concurrency`. `retry_not_ready`: whether MODEL_NOT_READY is retried. `name` tells its lines from
    those of other deployments; without one they are not marked. `environment` is the one that it is deployed
    in, if any. With `is_watched`, a change of the Truss's files is deployed at once.
    """

    path: Path
    data_dir: Path
    cache_dir: Path
    model_id: str
    deployment_id: str
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency_target: int | None = None
    retry_not_ready: bool = True
    name: str = ""
    environment: str | None = None
    is_watched: bool = False
    autoscaling: Autoscaling = field(default_factory=Autoscaling)
