"""The paths of the inference API, and their meaning. Pure.

/{production | development | environments/{name} | deployment/{id}}/{operation}     or bare /{operation}

Baseten's OpenAPI inference spec (baseten-go, 2026-07-01), "paths".
"""

from dataclasses import dataclass
from functools import lru_cache

PRODUCTION = "production"
_NAMED_ENVIRONMENTS = (PRODUCTION, "development")

TARGET_PATHS = (
    "",
    "/production",
    "/development",
    "/environments/{env_name}",
    "/deployment/{deployment_id}",
)
"""Every form of a path's part before the operation."""

CHAINLETS = "/chainlets/"


@dataclass(frozen=True, slots=True)
class Address:
    """The meaning of a path: an operation, and at most one of an environment and a deployment's id."""

    operation: str
    environment: str | None = None
    deployment_id: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether the path names no deployment; on a regional host, the host names it."""
        return self.environment is None and self.deployment_id is None


@lru_cache(maxsize=256)
def address_of(path: str) -> Address | None:
    """Return the meaning of an operation's path; None for any other path."""
    match path.split("/"):
        case ["", operation] if operation:
            return Address(operation)
        case ["", name, operation] if name in _NAMED_ENVIRONMENTS and operation:
            return Address(operation, environment=name)
        case ["", "environments", name, operation] if name and operation:
            return Address(operation, environment=name)
        case ["", "deployment", deployment_id, operation] if deployment_id and operation:
            return Address(operation, deployment_id=deployment_id)
    return None


def chainlet_path(chain_id: str, name: str) -> str:
    """Return the path under which the chain's other chainlets call this one."""
    return f"{CHAINLETS}{chain_id}/{name}/run_remote"
