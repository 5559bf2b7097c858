from datetime import UTC, datetime

import pytest
from fastapi import HTTPException

from tests.unit.truss_outputs.faulty_store import Fault, FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST, request
from tests.unit.truss_outputs.test_model_outputs import CONFIG
from truss_outputs import (
    InvalidRequestId,
    MemoryStore,
    ModelOutputs,
    ObjectNotFound,
    OutputReader,
    SettingsError,
    StoreError,
)
from truss_outputs.results.failures import failure_key, failure_of, stored_failures
from truss_outputs.settings.sections import FailureSettings

NOW = datetime(2026, 11, 21, 1, 2, 3, 45, tzinfo=UTC)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_a_record_is_the_platforms_result_and_ours_behind() -> None:
    failure = failure_of(ValueError("it broke"), f"{REQUEST}:ray:user", time=NOW, model_id="m")
    attempt = failure.truss_outputs.attempt
    assert failure.model_dump_json() == (
        f'{{"request_id":"{REQUEST}","model_id":"m","deployment_id":"","type":"async_request_completed",'
        '"time":"2026-11-21T01:02:03.000045Z","data":null,'
        '"errors":[{"code":"MODEL_PREDICT_ERROR","message":"it broke"}],'
        f'"truss_outputs":{{"format":1,"attempt":"{attempt}","request_id":"{REQUEST}",'
        '"exception":"ValueError","traceback":null,"traceparent":null}}'
    )
    assert failure_key(REQUEST, attempt) == f"{REQUEST}/errors/{attempt}.json"


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (HTTPException(422, "bad model_input"), "MODEL_INVALID_INPUT", "bad model_input"),
        (HTTPException(400, {"a": 1}), "MODEL_INVALID_INPUT", "{'a': 1}"),
        (HTTPException(503), "MODEL_UNAVAILABLE", "Service Unavailable"),
        (HTTPException(500), "MODEL_PREDICT_ERROR", "Internal Server Error"),
        (ValueError(), "MODEL_PREDICT_ERROR", "ValueError"),
        (Silent(), "MODEL_PREDICT_ERROR", "Silent"),
        (ValueError("\ud800"), "MODEL_PREDICT_ERROR", "?"),
        (ValueError("x" * 10_000), "MODEL_PREDICT_ERROR", "x" * 2_000),
    ],
)
def test_the_code_is_the_platforms_and_the_message_the_errors(error, code, message) -> None:
    [said] = failure_of(error, REQUEST, time=NOW).errors
    assert (said.code, said.message) == (code, message)


def test_no_secret_is_in_a_record_and_a_traceback_only_if_asked_for() -> None:
    error = raised(ValueError("sesame-street and whsec_0123456789"))
    secrets = frozenset({"sesame-street"})
    plain = failure_of(error, REQUEST, time=NOW, secrets=secrets)
    traced = failure_of(error, REQUEST, time=NOW, secrets=secrets, with_traceback=True)
    assert plain.truss_outputs.traceback is None
    assert "in raised" in str(traced.truss_outputs.traceback)
    for shown in (plain.model_dump_json(), traced.model_dump_json()):
        assert "sesame" not in shown
        assert "whsec" not in shown


def test_a_hostile_request_id_has_no_record() -> None:
    with pytest.raises(InvalidRequestId):
        failure_of(ValueError(), "../x", time=NOW)


def test_a_failure_is_stored_beside_where_the_result_would_be_and_masks_nothing() -> None:
    store = MemoryStore()
    outputs = ModelOutputs.of_store(store)
    url = outputs.store_failure(ValueError("first"), request())
    outputs.store_failure(HTTPException(422, "second"), request())
    store.put(f"{REQUEST}/errors/other.json", b"{}", content_type="application/json")
    found = stored_failures(store, REQUEST)
    assert [failure.errors[0].message for failure in found] == ["first", "second"]
    assert url == store.url_of(failure_key(REQUEST, found[0].truss_outputs.attempt))
    with pytest.raises(ObjectNotFound):
        OutputReader(store).load(REQUEST)
    outputs.store(3, request())
    assert OutputReader(store).load(REQUEST).data == 3
    assert len(stored_failures(store, REQUEST)) == 2


@pytest.mark.parametrize("request_id", [None, "", "../x"])
def test_without_a_place_nothing_is_stored_and_nothing_raised(request_id, caplog) -> None:
    store = MemoryStore()
    assert ModelOutputs.of_store(store).store_failure(ValueError(), request(request_id)) is None
    assert list(store.list()) == []
    assert "no error record of a failed attempt: " in caplog.text


def test_that_a_record_cannot_be_stored_is_only_logged(caplog) -> None:
    def denied(url: str) -> StoreError:
        return StoreError(url, "AccessDenied", is_transient=False)

    store = FaultyStore(faults=[Fault("put", ".json", denied)])
    assert ModelOutputs.of_store(store).store_failure(ValueError(), request()) is None
    assert "AccessDenied" in caplog.text


def test_records_can_be_left_out() -> None:
    store = MemoryStore()
    outputs = ModelOutputs.of_store(store, failures=FailureSettings(store=False))
    assert outputs.store_failure(ValueError(), request()) is None
    assert list(store.list()) == []


def test_the_declared_secrets_are_kept_out_of_records_whatever_they_are_now() -> None:
    section = {"url": "memory://failures", "failures": {"traceback": True}}
    config = {"secrets": {"a": None, "b": None}, "model_metadata": {"truss_outputs": section}}
    secrets = {"a": "before-rotation"}
    outputs = ModelOutputs.from_truss(config, secrets, environ={"BT_MODEL_ID": "m"})
    secrets["a"] = "after-rotation\n"
    outputs.store_failure(raised(ValueError("with after-rotation")), request())
    [failure] = stored_failures(MemoryStore.named("failures"), REQUEST)
    assert failure.model_id == "m"
    assert failure.errors[0].message == "with [redacted]"
    assert "rotation" not in str(failure.truss_outputs.traceback).split("ValueError")[1]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"failures": {"trace": True}}, "failures: there is no setting 'trace' in it; allowed: store, trace"),
        ({"failures": {"store": "yes"}}, "failures: store: allowed: a valid boolean"),
        ({"failures": "none"}, "failures: found str; allowed: settings by name: store, traceback"),
        ({"response": "all"}, "response: form: allowed: 'reference', 'inline' or 'both'"),
        ({"response": {"inline_limit_bytes": -1}}, "response: inline_limit_bytes: allowed: greater"),
        ({"signature": "whsec_" + "a" * 40}, "signature: secret: found no secret's name"),
        ({"inputs": {"allowed_hosts": ["https://x.y"]}}, "inputs: allowed_hosts.0: found 'https://x.y'; all"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(settings, problem) -> None:
    section = {**CONFIG["model_metadata"]["truss_outputs"], **settings}
    with pytest.raises(SettingsError) as caught:
        ModelOutputs.from_truss({"model_metadata": {"truss_outputs": section}}, {}, environ={})
    assert str(caught.value).startswith(f"model_metadata.truss_outputs.{problem}")
    assert "aaaa" not in str(caught.value)
