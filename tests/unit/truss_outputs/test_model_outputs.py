import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import HTTPException
from PIL import Image

from tests.unit.truss_outputs.faulty_store import Fault, FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST, request
from truss_outputs import (
    MemoryStore,
    ModelOutputs,
    ObjectNotFound,
    OutputReader,
    SettingsError,
    StoreError,
)

CONFIG = {"model_metadata": {"truss_outputs": {"url": "memory://truss-model"}}}


def test_an_output_is_stored_under_the_request_and_answered_with_its_place() -> None:
    environ = {"BT_MODEL_ID": "m", "BT_MODEL_DEPLOYMENT_ID": "d"}
    answer = ModelOutputs.from_truss(CONFIG, {}, environ=environ).store({"a": b"x"}, request())
    result = OutputReader(MemoryStore.named("truss-model")).load(REQUEST)
    assert (result.model_id, result.deployment_id) == ("m", "d")
    assert answer == {
        "request_id": REQUEST,
        "url": f"memory://truss-model/{REQUEST}/result.json",
        "attempt": result.truss_outputs.attempt,
        "artifacts": [result.truss_outputs.artifacts[0].reference.model_dump()],
    }


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSS_OUTPUTS_URL", "memory://from-environment")
    monkeypatch.delenv("BT_MODEL_ID", raising=False)
    monkeypatch.delenv("BT_MODEL_DEPLOYMENT_ID", raising=False)
    ModelOutputs.from_truss(CONFIG, {}).store(1, request())
    result = OutputReader(MemoryStore.named("from-environment")).load(REQUEST)
    assert (result.model_id, result.deployment_id) == ("", "")


def test_images_are_stored_in_the_format_of_the_settings() -> None:
    section = {"url": "memory://with-images", "images": "WEBP"}
    outputs = ModelOutputs.from_truss({"model_metadata": {"truss_outputs": section}}, {}, environ={})
    answer = outputs.store(Image.new("RGB", (2, 2)), request())
    assert [artifact["content_type"] for artifact in answer["artifacts"]] == ["image/webp"]


def test_a_wrong_setting_fails_before_the_first_request() -> None:
    with pytest.raises(SettingsError):
        ModelOutputs.from_truss({}, {}, environ={})


def test_a_refused_write_fails_the_request_and_says_why() -> None:
    store = FaultyStore(
        faults=[Fault("put", "result.json", lambda url: StoreError(url, "AccessDenied", is_transient=False))]
    )
    with pytest.raises(HTTPException) as caught:
        ModelOutputs.of_store(store).store({"a": 1}, request())
    assert caught.value.status_code == 500
    assert caught.value.detail == f"memory://faulty/{REQUEST}/result.json: AccessDenied"
    assert isinstance(caught.value.__cause__, StoreError)


def test_a_producer_that_raised_may_succeed_next_time() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise ConnectionResetError

    with pytest.raises(HTTPException) as caught:
        ModelOutputs.of_store(MemoryStore()).store(broken(), request())
    assert caught.value.status_code == 500
    assert "it raised ConnectionResetError while it was read" in caught.value.detail


@pytest.mark.parametrize(
    ("request_id", "output", "detail"),
    [
        (None, 1, "the call has no x-baseten-request-id header"),
        ("", 1, "the call has no x-baseten-request-id header"),
        ("../../x", 1, "request id '../../x' is not allowed"),
        (REQUEST, {"a": object()}, "output.a: <class 'object'> cannot be stored"),
        (REQUEST, {"n": 10**4300}, "output.n: <class 'int'> cannot be stored: it has more than 4,300 digits"),
        (REQUEST, [iter([b"a", "b"])], "output[0]: <class 'list_iterator'> cannot be stored: a chunk is"),
    ],
)
def test_whatever_cannot_be_stored_fails_the_request(
    request_id: str | None, output: object, detail: str
) -> None:
    store = MemoryStore()
    with pytest.raises(HTTPException) as caught:
        ModelOutputs.of_store(store).store(output, request(request_id))
    assert caught.value.status_code == 422  # each attempt would fail the same way
    assert caught.value.detail.startswith(detail)
    with pytest.raises(ObjectNotFound):
        OutputReader(store).load(REQUEST)


@pytest.mark.prove
def test_a_bucket_that_never_answers_keeps_a_failed_attempt_for_two_seconds_at_most() -> None:
    release = threading.Event()

    class Silent(FaultyStore):
        def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
            release.wait(20)
            return super().put(key, body, content_type=content_type, create=create)

    started = time.monotonic()
    assert ModelOutputs.of_store(Silent()).store_failure(ValueError("broke"), request()) is None
    assert time.monotonic() - started < 3
    release.set()
