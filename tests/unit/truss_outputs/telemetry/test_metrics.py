"""Prometheus: what a result adds to the process's own metrics."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import HTTPException
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest

from tests.unit.truss_outputs.faulty_store import Fault, FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST, request
from truss_outputs import MemoryStore, ModelOutputs, StoreError
from truss_outputs.telemetry import metrics
from truss_outputs.telemetry.metrics import ResultMetrics
from truss_outputs.telemetry.result_record import ResultOutcome, ResultRecord


def value(name: str, registry: CollectorRegistry = REGISTRY, **labels: str) -> float:
    return registry.get_sample_value(f"truss_outputs_{name}", labels) or 0.0


SERIES = ("results_total", "result_bytes_sum", "store_seconds_count", "store_tries_sum")


def test_each_result_is_counted_by_its_outcome():
    store = FaultyStore()
    outputs = ModelOutputs.of_store(store)

    def counted(outcome: str) -> list[float]:
        return [value(name, outcome=outcome) for name in SERIES]

    before = {outcome: counted(outcome) for outcome in ("won", "lost", "failed")}
    outputs.store({"a": b"12345"}, request())
    outputs.store({"a": b"12345"}, request())
    with pytest.raises(HTTPException):
        outputs.store(object(), request())
    size = 5 + len(store.get(f"{REQUEST}/result.json"))
    for outcome, added in {"won": [1, size, 1, 1], "lost": [1, 5, 1, 1], "failed": [1, 0, 1, 1]}.items():
        assert counted(outcome) == [a + b for a, b in zip(before[outcome], added, strict=True)]


def test_no_series_tells_one_request_and_all_are_there_before_the_first():
    registry = CollectorRegistry()
    ResultMetrics(registry)
    labels = {name for each in registry.collect() for one in each.samples for name in one.labels}
    assert labels == {"outcome", "le"}
    for outcome in ("won", "lost", "failed", "skipped"):
        assert registry.get_sample_value("truss_outputs_results_total", {"outcome": outcome}) == 0
    ModelOutputs.of_store(MemoryStore()).store(1, request("a-request-of-its-own"))
    assert b"a-request-of-its-own" not in generate_latest(REGISTRY)


def test_the_documented_metrics_are_the_codes():
    registry = CollectorRegistry()
    ResultMetrics(registry)
    made = {each.name + ("_total" if each.type == "counter" else "") for each in registry.collect()}
    page = (Path(__file__).parents[4] / "docs" / "observability.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(truss_outputs_\w+)` \|", page, flags=re.MULTILINE)) == made


def copy_of(module: ModuleType) -> ModuleType:
    spec = importlib.util.spec_from_file_location("a_copy_of_metrics", str(module.__file__))
    assert spec is not None and spec.loader is not None
    copied = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copied)
    return copied


def test_a_second_copy_of_the_package_counts_in_the_same_series():
    ModelOutputs.of_store(MemoryStore())
    record = ResultRecord(outcome=ResultOutcome.WON, request_id="r", attempt="a")
    before = value("results_total", outcome="won")
    copy_of(metrics).result_metrics().count(record)
    assert value("results_total", outcome="won") == before + 1


def test_a_metric_of_somebody_else_under_such_a_name_stays_theirs():
    registry = CollectorRegistry()
    Gauge("truss_outputs_store_seconds", "somebody else's", registry=registry)
    ResultMetrics(registry).count(ResultRecord(outcome=ResultOutcome.LOST, request_id="r", attempt="a"))
    assert value("results_total", registry, outcome="lost") == 1
    assert value("store_seconds", registry) == 0


def test_metrics_that_fail_cost_no_result(monkeypatch, caplog, store):
    outputs = ModelOutputs.of_store(store)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert copy_of(metrics).result_metrics() is None
    monkeypatch.setattr(ResultMetrics, "count", lambda self, record: 1 / 0)
    assert outputs.store(1, request())["request_id"] == REQUEST
    assert "not fully reported: ZeroDivisionError" in caplog.text


def test_a_store_error_counts_what_was_stored_and_tried():
    store = FaultyStore(faults=[Fault("put", "a.bin", lambda url: StoreError(url, "once"))])
    before = value("store_tries_sum", outcome="won")
    ModelOutputs.of_store(store).store({"a": b"1"}, request())
    assert value("store_tries_sum", outcome="won") == before + 2
