"""Which deployment a host and a path lead to.

model-{id}.api.baseten.co and chain-{id}.api.baseten.co take paths that name an environment or a deployment;
model-{id}-{env}.api.baseten.co and chain-{id}-{env}.api.baseten.co, the regional hosts, take bare paths alone
(Baseten's OpenAPI inference spec, "servers"). Any other host, such as this machine's own, takes both.
"""

from collections.abc import Sequence

from async_emulator.api import errors as api_errors
from async_emulator.deployments.target import Target
from async_emulator.paths import PRODUCTION, Address
from async_inference.codes import Kind

_PLATFORM_HOST = ".api.baseten.co"


class Targets:
    """The deployments that callers reach."""

    def __init__(self, served: Sequence[Target]) -> None:
        self._served = served

    @property
    def are_ready(self) -> bool:
        """Whether each deployment can predict."""
        return all(target.is_ready for target in self._served)

    def find(self, host: str, address: Address, kinds: Sequence[Kind]) -> Target:
        """Return the deployment of one of these kinds that is called. Raises CallRefused if there is none."""
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
            if target.environments is None or environment in target.environments:
                return target
        if candidates:
            raise api_errors.no_environment(environment)
        raise api_errors.not_served_here(" or ".join(kinds))


def _of_host(host: str, candidates: Sequence[Target], address: Address) -> tuple[list[Target], Address]:
    """Return the candidates that the host allows, and the address with the environment it names."""
    label = host.removesuffix(_PLATFORM_HOST)
    names = {f"{target.kind}-{target.owner_id}".lower(): target.owner_id for target in candidates}
    known = [name for name in names if label == name or label.startswith(f"{name}-")]
    if not known:
        raise api_errors.unknown_host(host)
    name = max(known, key=len)  # model-abc-2 is the model abc-2, even if there is a model abc
    environment = label.removeprefix(name).removeprefix("-")
    if address.is_bare != bool(environment):
        raise api_errors.wrong_paths_for_host(host, is_regional=bool(environment))
    if environment:
        address = Address(address.operation, environment=environment)
    return [target for target in candidates if target.owner_id == names[name]], address
