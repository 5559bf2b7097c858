"""What the control path can do to what is served."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_emulator.control.messages import KillReplica


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlledDeployment:
    """What can be done to one deployment. `chainlet` is the name of the one it runs, if it is a chain's."""

    deployment_id: str
    chainlet: str | None = None
    hold: Callable[[bool], None]
    kill_replica: Callable[[int], bool]
    active_replicas: Callable[[], int]
    starting_replicas: Callable[[], int]

    def is_meant_by(self, kill: "KillReplica") -> bool:
        """Whether a replica of it is to end."""
        return kill.deployment_id in (None, self.deployment_id) and kill.chainlet in (None, self.chainlet)
