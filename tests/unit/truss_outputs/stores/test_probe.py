import re

import pytest

from tests.unit.truss_outputs.faulty_store import Clock, Fault, FaultyStore
from truss_outputs import AlreadyExists, LocalStore, MemoryStore, ModelOutputs, PutReceipt, StoreError
from truss_outputs.keys import request_folder
from truss_outputs.stores.probe import FOLDER, probe, require


def denied(url: str) -> StoreError:
    return StoreError(url, "AccessDenied: may not", is_transient=False)


def busy(url: str) -> StoreError:
    return StoreError(url, "SlowDown")


def test_a_store_that_works_is_left_as_it_was(tmp_path) -> None:
    for store in (MemoryStore(), LocalStore(tmp_path)):
        assert [(step.name, step.problem) for step in probe(store)] == [
            ("put", None),
            ("create", None),
            ("get", None),
            ("list", None),
            ("delete", None),
        ]
        assert list(store.list()) == []


def test_the_name_is_none_a_request_can_have() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        request_folder(FOLDER)


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        ("put", "cannot put: AccessDenied: may not"),
        ("get", "cannot get: AccessDenied: may not"),
        ("head", "cannot get: AccessDenied: may not"),
        ("delete", "cannot delete: AccessDenied: may not"),
    ],
)
def test_the_permission_that_is_missing_is_named(method, problem) -> None:
    store = FaultyStore(faults=[Fault(method, "", denied)])
    with pytest.raises(StoreError) as caught:
        require(store)
    assert str(caught.value) == f"memory://faulty: {problem}"


def test_after_a_refused_put_nothing_else_is_tried() -> None:
    store = FaultyStore(faults=[Fault("put", "", denied)])
    assert [step.name for step in probe(store)] == ["put"]
    assert len(store.calls) == 1


def test_all_that_is_missing_is_said_at_once() -> None:
    store = FaultyStore(faults=[Fault("get", "", denied), Fault("delete", "", denied)])
    with pytest.raises(StoreError, match=r"cannot get: .*; cannot delete: "):
        require(store)


class Overwriting(MemoryStore):
    def put(self, key, body, *, content_type: str, create: bool = False) -> PutReceipt:
        return super().put(key, body, content_type=content_type)


def test_a_store_that_writes_over_what_is_there_is_refused() -> None:
    with pytest.raises(StoreError, match=r"cannot create: .* does not honour conditional writes"):
        require(Overwriting())


class Secretive(MemoryStore):
    """As S3 without s3:ListBucket: it does not say that an object is not there."""

    def get(self, key: str) -> bytes:
        try:
            return super().get(key)
        except FileNotFoundError:
            raise denied(self.url_of(key)) from None


def test_what_only_readers_need_is_a_warning(caplog) -> None:
    [warning] = require(Secretive("secretive"))
    assert re.search("memory://secretive: cannot list: .*AccessDenied.* s3:ListBucket missing", warning)
    ModelOutputs.of_store(Secretive("secretive")).check()
    assert warning in caplog.text


def test_the_check_of_a_model_raises() -> None:
    with pytest.raises(StoreError, match="memory://faulty: cannot put: AccessDenied"):
        ModelOutputs.of_store(FaultyStore(faults=[Fault("put", "", denied)])).check()


def test_an_outage_is_outlived_and_a_lost_answer_no_problem() -> None:
    clock = Clock()
    faults = [Fault("put", "", busy, times=2), Fault("get", "", busy), Fault("delete", "", busy)]
    assert require(FaultyStore(faults=faults), backoff=clock.backoff()) == []
    assert len(clock.slept) == 4
    lost = [Fault("put", "", AlreadyExists, after=True)]
    assert require(FaultyStore(faults=lost)) == []
