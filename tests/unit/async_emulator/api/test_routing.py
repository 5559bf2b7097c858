"""Which deployment answers which host and path."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from starlette.types import ASGIApp

from async_emulator.api.errors import CallRefused
from async_emulator.api.routing import Targets
from async_emulator.deployments.target import Target
from async_emulator.paths import Address, address_of
from async_emulator.queue.request import AsyncRequest
from async_inference.codes import Kind

BOTH = (Kind.MODEL, Kind.CHAIN)


@dataclass(frozen=True)
class FakeTarget:
    """A deployment that is looked for and never called."""

    kind: Kind
    owner_id: str
    deployment_id: str
    environments: frozenset[str] | None
    is_ready: bool
    active_replicas: int = 1
    starting_replicas: int = 0

    def enqueue(self, request: AsyncRequest) -> None:
        raise NotImplementedError

    def predict(self, body: bytes, headers: Mapping[str, str], request_id: str) -> ASGIApp:
        raise NotImplementedError

    def wake(self) -> None:
        raise NotImplementedError


def target(
    kind: Kind, owner_id: str, deployment_id: str, *environments: str, is_ready: bool = True
) -> Target:
    return FakeTarget(kind, owner_id, deployment_id, frozenset(environments) or None, is_ready)


SERVED = [
    target(Kind.MODEL, "abc", "d1", "production"),
    target(Kind.MODEL, "abc", "d2", "staging", "eu-west"),
    target(Kind.MODEL, "abc-2", "d3", "production"),
    target(Kind.CHAIN, "xyz", "d4"),
]


def found(served: list[Target], host: str, path: str, kinds: tuple[Kind, ...] = BOTH) -> str:
    address = address_of(path)
    assert address is not None
    return Targets(served).find(host, address, kinds).deployment_id


@pytest.mark.closeness("hosts")
@pytest.mark.parametrize(
    ("host", "path", "deployment_id"),
    [
        ("model-abc.api.baseten.co", "/production/wake", "d1"),
        ("MODEL-ABC.api.baseten.co:443", "/production/wake", "d1"),
        ("model-abc.api.baseten.co", "/environments/staging/wake", "d2"),
        ("model-abc.api.baseten.co", "/deployment/d2/wake", "d2"),
        ("model-abc-staging.api.baseten.co", "/wake", "d2"),
        ("model-abc-eu-west.api.baseten.co", "/wake", "d2"),
        ("model-abc-2.api.baseten.co", "/production/wake", "d3"),
        ("chain-xyz.api.baseten.co", "/production/wake", "d4"),
        ("chain-xyz-anything.api.baseten.co", "/wake", "d4"),
        ("127.0.0.1:8080", "/deployment/d2/wake", "d2"),
    ],
)
def test_the_host_and_the_path_name_a_deployment(host, path, deployment_id):
    assert found(SERVED, host, path) == deployment_id


@pytest.mark.parametrize(
    ("host", "path", "problem"),
    [
        ("model-other.api.baseten.co", "/production/wake", "nothing at model-other.api.baseten.co"),
        ("model-xyz.api.baseten.co", "/production/wake", "nothing at model-xyz"),
        ("api.baseten.co", "/production/wake", "which of"),
        ("model-abc.api.baseten.co", "/wake", "has paths such as /production/"),
        ("model-abc-staging.api.baseten.co", "/production/wake", "has paths without"),
        ("model-abc-nowhere.api.baseten.co", "/wake", "there is no environment 'nowhere'"),
        ("model-abc.api.baseten.co", "/development/wake", "there is no environment 'development'"),
        ("model-abc.api.baseten.co", "/deployment/d4/wake", "there is no deployment 'd4'"),
        ("localhost", "/production/wake", "which of abc, abc-2, xyz is meant?"),
    ],
)
def test_what_names_none_is_refused(host, path, problem):
    with pytest.raises(CallRefused, match=problem) as refused:
        found(SERVED, host, path)
    assert refused.value.status == 404


@pytest.mark.closeness("own host")
@pytest.mark.parametrize("path", ["/wake", "/production/wake", "/environments/x/wake", "/deployment/d4/wake"])
def test_on_this_machines_own_host_what_alone_is_served_needs_no_name(path):
    assert found(SERVED[3:], "127.0.0.1:8080", path) == "d4"


def test_on_this_machines_own_host_the_operation_tells_a_model_from_a_chain():
    served = [SERVED[0], SERVED[3]]
    assert found(served, "localhost", "/production/predict", (Kind.MODEL,)) == "d1"
    assert found(served, "localhost", "/production/run_remote", (Kind.CHAIN,)) == "d4"


def test_what_is_not_served_is_named():
    with pytest.raises(CallRefused, match="there is no chain here"):
        Targets(SERVED[:1]).find("localhost", Address("run_remote", "production"), (Kind.CHAIN,))


def test_all_are_ready_when_each_is():
    ready, loading = target(Kind.MODEL, "a", "1"), target(Kind.MODEL, "a", "2", is_ready=False)
    assert Targets([ready]).are_ready
    assert not Targets([ready, loading]).are_ready
