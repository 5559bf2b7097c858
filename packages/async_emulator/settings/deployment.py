"""How one Truss is deployed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from async_emulator.replicas.autoscaler import Autoscaling


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
