"""The stores' contract on servers that others wrote, each in its own way."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.prove.contract.known_misses import KNOWN_MISSES
from tests.prove.contract.servers import SERVERS, opened
from truss_outputs import Store
from truss_outputs.stores.options import Engine

PAIRS: tuple[tuple[str, Engine], ...] = (
    ("localbucket", "sdk"),
    ("localbucket", "obstore"),
    ("ceph", "sdk"),
    ("ceph", "obstore"),
    ("fake-gcs-server", "sdk"),
    ("storage-testbench", "sdk"),
    ("storage-testbench", "obstore"),
)
"""Every server, with the engines that it can be spoken to by."""


@pytest.fixture(scope="session")
def endpoint_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Starts a server when its first test runs. One that does not start fails the others at once."""
    endpoints: dict[str, str] = {}
    failures: dict[str, Exception] = {}
    with ExitStack() as started:

        def of(server: str) -> str:
            if server in failures:
                raise failures[server]
            if server not in endpoints:
                try:
                    endpoints[server] = started.enter_context(
                        SERVERS[server](tmp_path_factory.mktemp(server))
                    )
                except Exception as failure:
                    failures[server] = failure
                    raise
            return endpoints[server]

        yield of


@pytest.fixture(params=PAIRS, ids="-".join)
def store(request: pytest.FixtureRequest, endpoint_of: Callable[[str], str]) -> Iterator[Store]:
    server, engine = request.param
    if reason := KNOWN_MISSES.get(
        (server, engine, request.node.originalname, request.node.callspec.params.get("megabytes"))
    ):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    with opened(server, engine, endpoint_of(server)) as found:
        yield found
