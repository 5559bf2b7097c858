"""One request that is never answered: the write costs one retry, through every engine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.contract.stores.faults.stalling_proxy import StallingProxy
from truss_outputs import Backoff, OutputReader, OutputWriter, Store, StoreError, from_url
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.options import Engine, StoreOptions
from truss_outputs.stores.s3.options import S3Options

WRITE_SECONDS = 4.0  # so that a request has 1 s, and 1 s more for a body of up to 1 MiB


@pytest.fixture(params=["s3", *(pytest.param(each, marks=pytest.mark.prove) for each in ("gs", "az"))])
def options(request: pytest.FixtureRequest) -> StoreOptions:
    match request.param:
        case "s3":
            request.getfixturevalue("s3_client")
            return S3Options(endpoint_url=request.getfixturevalue("s3_endpoint"), region="us-east-1")
        case "gs":
            return GCSOptions(endpoint_url=request.getfixturevalue("gcs_endpoint"))
    azure: AzureOptions = request.getfixturevalue("azure_options")
    return azure


@contextmanager
def stalled(options: StoreOptions, engine: Engine) -> Iterator[tuple[Store, StallingProxy]]:
    scheme = {S3Options: "s3", GCSOptions: "gs", AzureOptions: "az"}[type(options)]
    assert options.endpoint_url is not None
    with StallingProxy.before(options.endpoint_url) as proxy:
        changed = replace(options, endpoint_url=proxy.url, engine=engine, write_timeout_seconds=WRITE_SECONDS)
        yield from_url(f"{scheme}://results/stalls-{engine}-{time.monotonic_ns()}", options=changed), proxy


@pytest.mark.parametrize("engine", ["sdk", "obstore"])
@pytest.mark.parametrize("output", [{"a": b"artifact"}, {"json": "alone"}], ids=["artifact", "json"])
def test_one_stall_costs_one_retry(options: StoreOptions, engine: Engine, output: dict[str, object]) -> None:
    with stalled(options, engine) as (store, proxy):
        proxy.stalls = 1
        started = time.monotonic()
        OutputWriter(store, backoff=Backoff(budget=WRITE_SECONDS)).write(output, "request")
        assert time.monotonic() - started < 0.75 * WRITE_SECONDS
        assert proxy.stalls == 0
        reader = OutputReader(store)
        assert reader.value(reader.load("request")) == output


@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_a_bucket_that_never_answers_ends_the_write_by_its_deadline(
    options: StoreOptions, engine: Engine
) -> None:
    with stalled(options, engine) as (store, proxy):
        proxy.stalls = 10**6
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"not stored within [12]\.\d s; the last answer: ") as caught:
            OutputWriter(store, backoff=Backoff(budget=1.5)).write(
                {f"a{number}": b"x" * 1000 for number in range(10)}, "request"
            )
        assert caught.value.is_transient
        assert time.monotonic() - started < 3


@pytest.mark.prove
@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_a_stall_in_the_middle_of_a_body_costs_one_retry(options: StoreOptions, engine: Engine) -> None:
    with stalled(options, engine) as (store, proxy):
        proxy.stalls_within = 200_000
        body = bytes(1_000_000)
        started = time.monotonic()
        OutputWriter(store, backoff=Backoff(budget=WRITE_SECONDS)).write({"a": body}, "request")
        assert time.monotonic() - started < WRITE_SECONDS
        assert proxy.stalls_within == 0
        reader = OutputReader(store)
        assert reader.value(reader.load("request")) == {"a": body}
