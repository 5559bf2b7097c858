"""One log record a result: its fields, its line, and what is never in it."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException

from tests.unit.truss_outputs.faulty_store import Clock, Fault, FaultyStore
from tests.unit.truss_outputs.model_request import MARKER, REQUEST, request
from truss_outputs import MemoryStore, ModelOutputs, OutputWriter, StoreError
from truss_outputs.destinations import Place, Places
from truss_outputs.settings.secrets import KnownSecrets
from truss_outputs.telemetry.telemetry import Telemetry

FIELDS = (
    "outcome",
    "request_id",
    "attempt",
    "bytes",
    "artifacts",
    "seconds",
    "tries",
    "url",
    "error",
    "reason",
)


@pytest.fixture(autouse=True)
def all_levels(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO, "truss_outputs"):
        yield


def only(caplog: pytest.LogCaptureFixture) -> Any:
    [record] = [each for each in caplog.records if each.name == "truss_outputs.results"]
    return record


def fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS}


def outputs_of(store: FaultyStore, clock: Clock, **settings: Any) -> ModelOutputs:
    """A `ModelOutputs` for which no time passes while it tries again."""
    place = Place(store=store, writer=OutputWriter(store, backoff=clock.backoff()))
    places = Places(lambda environment, destination: store.url, lambda url, destination: place)
    return ModelOutputs(places, **settings)


def failing(store: FaultyStore, key: str, times: int, reason: str = "SlowDown", **error: bool) -> None:
    store.faults.append(Fault("put", key, lambda url: StoreError(url, reason, **error), times=times))


def test_a_result_that_won_is_one_record_and_one_line(caplog, store):
    answer = ModelOutputs.of_store(store).store({"a": b"12345"}, request())
    record = only(caplog)
    seen = fields(record)
    seconds = seen.pop("seconds")
    assert 0 < seconds < 10
    size = 5 + len(store.get(MARKER))
    assert seen == {
        "outcome": "won",
        "request_id": REQUEST,
        "attempt": answer["attempt"],
        "bytes": size,
        "artifacts": 1,
        "tries": 1,
        "url": f"memory://faulty/{MARKER}",
        "error": None,
        "reason": None,
    }
    assert record.levelname == "INFO"
    assert record.getMessage() == (
        f"outcome=won request_id={REQUEST} attempt={answer['attempt']} bytes={size} artifacts=1 "
        f"seconds={seconds} tries=1 url=memory://faulty/{MARKER}"
    )


def test_the_documented_fields_are_those_of_a_record(caplog):
    ModelOutputs.of_store(MemoryStore()).store(1, request())
    page = (Path(__file__).parents[4] / "docs" / "observability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (?!counter|histogram)", page, flags=re.MULTILINE)
    documented = re.findall(r"\w+", " ".join(rows))
    assert sorted(documented) == sorted(FIELDS)
    assert set(FIELDS) <= set(vars(only(caplog)))


def test_each_request_that_is_sent_again_is_a_try(caplog, store, clock):
    failing(store, "a.bin", 2)
    failing(store, "b.bin", 1)
    failing(store, "result.json", 3)
    outputs_of(store, clock).store({"a": b"1", "b": b"2"}, request())
    assert fields(only(caplog)) | {"tries": 7, "outcome": "won"} == fields(only(caplog))


def test_a_later_attempt_has_lost(caplog, store):
    outputs = ModelOutputs.of_store(store)
    first = outputs.store({"a": b"1"}, request())
    caplog.clear()
    outputs.store({"a": b"1"}, request())
    record = only(caplog)
    assert (record.outcome, record.levelname, record.bytes, record.artifacts) == ("lost", "INFO", 1, 1)
    assert record.attempt != first["attempt"]


def test_a_store_that_refuses_is_an_error_whose_secrets_stay_unseen(caplog, store, clock):
    key = "AKIA" + "X" * 16
    failing(store, "result.json", 1, f"no\n\x1b[31m \u202e secret-of-mine {key}", is_transient=False)
    secrets = KnownSecrets(["mine"], {"mine": "secret-of-mine"})
    with pytest.raises(HTTPException):
        outputs_of(store, clock, secrets=secrets).store({"a": b"123"}, request())
    record = only(caplog)
    assert (record.levelname, record.outcome, record.error) == ("ERROR", "failed", "StoreError")
    assert (record.bytes, record.artifacts) == (3, 1)
    assert record.reason == r"no\n\x1b[31m \u202e [redacted] [redacted]"
    assert record.getMessage().isprintable()
    assert "reason=" + json.dumps(record.reason) in record.getMessage()


@pytest.mark.parametrize(
    ("output", "request_id", "error", "seen_id"),
    [
        ({"name of a patient": object()}, REQUEST, "UnstorableOutput", REQUEST),
        (1, None, "MissingRequestId", None),
        (1, 'a\r\nb="c" é', "InvalidRequestId", r'a\r\nb="c" Ã©'),
        (1, "x" * 100_000, "InvalidRequestId", "x" * 500 + "…"),
    ],
)
def test_a_refused_output_or_request_is_a_warning_without_the_output(
    caplog, output, request_id, error, seen_id
):
    with pytest.raises(HTTPException):
        ModelOutputs.of_store(MemoryStore()).store(output, request(request_id))
    record = only(caplog)
    assert (record.levelname, record.outcome, record.error) == ("WARNING", "failed", error)
    assert (record.request_id, record.attempt, record.reason) == (seen_id, None, None)
    assert record.getMessage().isprintable()
    assert "patient" not in record.getMessage()


def test_a_destination_that_does_not_exist_is_a_failure_too(caplog):
    config = {"model_metadata": {"truss_outputs": {"url": "memory://one"}}}
    with pytest.raises(HTTPException):
        ModelOutputs.from_truss(config, {}, environ={}).store(1, request(), destination="other")
    record = only(caplog)
    assert (record.outcome, record.error, record.levelname) == ("failed", "SettingsError", "WARNING")


def test_work_that_was_stored_already_is_skipped(caplog):
    Telemetry(KnownSecrets()).skipped(request(), REQUEST, attempt="a1", url="memory://x/r", seconds=0.25)
    assert only(caplog).getMessage() == (
        f"outcome=skipped request_id={REQUEST} attempt=a1 bytes=0 artifacts=0 seconds=0.25 tries=1 "
        "url=memory://x/r"
    )


def test_the_id_is_the_one_in_the_store(caplog):
    ModelOutputs.of_store(MemoryStore()).store(1, request(f"{REQUEST}:ray:user"))
    assert only(caplog).request_id == REQUEST


def test_a_result_that_cannot_be_read_is_an_error(caplog, store):
    store.put(MARKER, b"no result", content_type="application/json")
    with pytest.raises(HTTPException):
        ModelOutputs.of_store(store).store(1, request())
    assert (only(caplog).levelname, only(caplog).error) == ("ERROR", "CorruptResult")


def test_a_handler_that_fails_costs_no_result():
    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise OSError("disk full")

    handler = Broken()
    logging.getLogger("truss_outputs").addHandler(handler)
    try:
        assert ModelOutputs.of_store(MemoryStore()).store(1, request())["request_id"] == REQUEST
    finally:
        logging.getLogger("truss_outputs").removeHandler(handler)


def test_a_record_factory_with_such_a_field_keeps_its_own(caplog):
    former = logging.getLogRecordFactory()

    def factory(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = former(*arguments, **named)
        record.request_id = "its own"
        return record

    logging.setLogRecordFactory(factory)
    try:
        ModelOutputs.of_store(MemoryStore()).store(1, request())
    finally:
        logging.setLogRecordFactory(former)
    assert only(caplog).request_id == "its own"
    assert f"request_id={REQUEST}" in only(caplog).getMessage()


BARE = """
import logging, sys
sys.modules["opentelemetry"] = sys.modules["prometheus_client"] = None
from tests.unit.truss_outputs.model_request import request
from truss_outputs import MemoryStore, OutputReader
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
store = MemoryStore()
if "write" in sys.argv:
    from truss_outputs import ModelOutputs
    ModelOutputs.of_store(store).store(1, request())
print(any(name.startswith("truss_outputs.telemetry") for name in sys.modules))
"""


@pytest.mark.parametrize(("what", "lines"), [("read", ["False"]), ("write", ["outcome=won", "True"])])
def test_neither_library_is_needed_and_a_reader_imports_nothing_of_it(what, lines):
    done = subprocess.run(
        [sys.executable, "-c", BARE, what], capture_output=True, text=True, check=False, timeout=60
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == lines, done.stderr
