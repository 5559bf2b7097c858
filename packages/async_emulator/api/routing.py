"""Which deployment answers a host and a path: what the API knows of whatever is served.

model-{id}.api.baseten.co and chain-{id}.api.baseten.co take paths that name an environment or a deployment;
model-{id}-{env}.api.baseten.co and chain-{id}-{env}.api.baseten.co, the regional hosts, take bare paths alone
(Baseten's OpenAPI inference spec, "servers"). Any other host, such as this machine's own, takes both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from async_emulator.api import errors as api_errors
from async_emulator.paths import PRODUCTION, Address
from async_inference.codes import Kind

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_PLATFORM_HOST = ".api.baseten.co"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One deployment of a model or a chain, as the API reaches it.

    `owner_id` is the model's or the chain's id. `environments` are the names that lead here, None for every
    name. `queued` is called with the deadline of each request that was queued; `predict` answers a sync call,
    given its body, its headers and its request id, and raises ApiError where nothing can.
    """

    kind: Kind
    owner_id: str
    deployment_id: str
    queued: Callable[[datetime], None]
    predict: "Callable[[bytes, Mapping[str, str], str], ASGIApp]"
    wake: Callable[[], None]
    is_ready: Callable[[], bool]
    environments: frozenset[str] | None = None

    def answers_for(self, environment: str) -> bool:
        """Whether the environment is one of this deployment's."""
        return self.environments is None or environment in self.environments


class Targets:
    """Everything that is served. `served` may grow and shrink meanwhile."""

    def __init__(self, served: Sequence[Target]) -> None:
        self._served = served

    @property
    def are_ready(self) -> bool:
        """Whether each deployment can predict."""
        return all(target.is_ready() for target in self._served)

    def find(self, host: str, address: Address, kinds: Sequence[Kind]) -> Target:
        """The deployment that is meant, of one of these kinds. Raises ApiError where there is none."""
        host = host.partition(":")[0].lower()
        candidates = [target for target in self._served if target.kind in kinds]
        if host.endswith(_PLATFORM_HOST):
            candidates, address = _of_host(host, candidates, address)
        if address.deployment_id is not None:
            for target in candidates:
                if target.deployment_id == address.deployment_id:
                    return target
            raise api_errors.no_deployment(address.deployment_id)
        if len({target.owner_id for target in candidates}) > 1:
            raise api_errors.ambiguous_host([target.owner_id for target in candidates])
        environment = address.environment or PRODUCTION
        for target in candidates:
            if target.answers_for(environment):
                return target
        if candidates:
            raise api_errors.no_environment(environment)
        raise api_errors.not_served_here(" or ".join(kinds))


def _of_host(host: str, candidates: Sequence[Target], address: Address) -> tuple[list[Target], Address]:
    """What is left of the candidates, and the address with what the host says of it."""
    label = host.removesuffix(_PLATFORM_HOST)
    names = {f"{target.kind}-{target.owner_id}".lower(): target.owner_id for target in candidates}
    known = [name for name in names if label == name or label.startswith(f"{name}-")]
    if not known:
        raise api_errors.unknown_host(host)
    name = max(known, key=len)  # of the models abc and abc-2, abc-2 is meant by model-abc-2
    environment = label.removeprefix(name).removeprefix("-")
    if address.is_bare != bool(environment):
        raise api_errors.wrong_paths_for_host(host, is_regional=bool(environment))
    if environment:
        address = Address(address.operation, environment=environment)
    return [target for target in candidates if target.owner_id == names[name]], address
