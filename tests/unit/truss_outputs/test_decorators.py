import contextvars
import inspect
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import HTTPException
from starlette.requests import Request

from tests.unit.truss_outputs.faulty_store import Fault, FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST, request
from truss_outputs import MemoryStore, ModelOutputs, OutputReader, Store, StoreError
from truss_outputs.decorators import stores_failures, stores_outputs
from truss_outputs.results.failures import stored_failures


class WithOutputs:
    def __init__(self, store: Store) -> None:
        self.outputs_of_any_name = ModelOutputs.of_store(store)


class Keeping(WithOutputs):
    @stores_failures
    def predict(self, model_input: Any, request: Request) -> Any:
        """Divide."""
        return 1 / model_input


class KeepingAsync(WithOutputs):
    @stores_failures
    async def predict(self, model_input: Any, request: Request) -> Any:
        return 1 / model_input


class Storing(WithOutputs):
    @stores_outputs
    def predict(self, model_input: Any) -> Any:
        return {"inverse": 1 / model_input}


class StoringAsync(WithOutputs):
    @stores_outputs
    async def predict(self, model_input: Any) -> Any:
        return {"inverse": 1 / model_input}


@pytest.fixture
def in_truss(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Truss server's word for which request is being served."""
    context: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
    context.set(REQUEST)
    monkeypatch.setitem(sys.modules, "_truss_shared.log_config", SimpleNamespace(request_id_context=context))


def test_a_hook_stays_what_truss_takes_it_for() -> None:
    def plain(self: Any, model_input: Any, request: Request) -> Any:
        """Divide."""

    store = MemoryStore()
    hook = Keeping(store).predict
    assert inspect.signature(hook) == inspect.signature(plain.__get__(object()))
    assert inspect.signature(hook).parameters["request"].annotation is Request
    assert (hook.__name__, hook.__doc__) == ("predict", "Divide.")
    assert not inspect.iscoroutinefunction(hook)
    assert inspect.iscoroutinefunction(KeepingAsync(store).predict)


def test_success_is_returned_untouched_and_leaves_nothing() -> None:
    store = MemoryStore()
    assert Keeping(store).predict(4, request()) == 0.25
    assert list(store.list()) == []


def test_a_failure_leaves_a_record_and_goes_on_as_it_was() -> None:
    store = MemoryStore()
    with pytest.raises(ZeroDivisionError) as caught:
        Keeping(store).predict(0, request())
    assert caught.value.__context__ is None
    [failure] = stored_failures(store, REQUEST)
    assert failure.truss_outputs.exception == "ZeroDivisionError"


async def test_so_does_a_failure_of_an_async_hook() -> None:
    store = MemoryStore()
    assert await KeepingAsync(store).predict(4, request=request()) == 0.25
    with pytest.raises(ZeroDivisionError):
        await KeepingAsync(store).predict(0, request=request())
    assert len(stored_failures(store, REQUEST)) == 1


@pytest.mark.usefixtures("in_truss")
def test_without_a_request_the_servers_word_counts() -> None:
    store = MemoryStore()
    answer = Storing(store).predict(4)
    assert answer["url"] == store.url_of(f"{REQUEST}/result.json")
    assert OutputReader(store).load(REQUEST).data == {"inverse": 0.25}
    with pytest.raises(ZeroDivisionError):
        Storing(store).predict(0)
    assert len(stored_failures(store, REQUEST)) == 1


def test_in_a_chainlet_it_is_the_chainlets_word(monkeypatch: pytest.MonkeyPatch) -> None:
    utils = SimpleNamespace(get_request_id=lambda: REQUEST)
    monkeypatch.setitem(sys.modules, "truss_chains.remote_chainlet.utils", utils)
    store = MemoryStore()
    Storing(store).predict(4)
    assert OutputReader(store).load(REQUEST).data == {"inverse": 0.25}


@pytest.mark.usefixtures("in_truss")
async def test_so_it_does_for_an_async_hook() -> None:
    store = MemoryStore()
    await StoringAsync(store).predict(4)
    assert OutputReader(store).load(REQUEST).data == {"inverse": 0.25}
    with pytest.raises(ZeroDivisionError):
        await StoringAsync(store).predict(0)
    assert len(stored_failures(store, REQUEST)) == 1


@pytest.mark.usefixtures("in_truss")
def test_an_input_that_looks_like_a_request_does_not_choose_the_place() -> None:
    class Input(SimpleNamespace):
        def __rtruediv__(self, other: int) -> float:
            return 1.0

    store = MemoryStore()
    Storing(store).predict(Input(headers={"x-baseten-request-id": "somebody-elses"}))
    assert [entry.key for entry in store.list()] == [f"{REQUEST}/result.json"]


def test_with_no_word_at_all_a_result_fails_loudly() -> None:
    with pytest.raises(HTTPException, match="x-baseten-request-id"):
        Storing(MemoryStore()).predict(4)


@pytest.mark.usefixtures("in_truss")
def test_what_cannot_be_stored_leaves_a_record_too() -> None:
    def denied(url: str) -> StoreError:
        return StoreError(url, "AccessDenied", is_transient=False)

    store = FaultyStore(faults=[Fault("put", "result.json", denied)])
    with pytest.raises(HTTPException):
        Storing(store).predict(4)
    [failure] = stored_failures(store, REQUEST)
    assert "AccessDenied" in failure.errors[0].message


def test_a_store_that_keeps_no_record_does_not_hide_the_failure() -> None:
    def denied(url: str) -> StoreError:
        return StoreError(url, "AccessDenied", is_transient=False)

    store = FaultyStore(faults=[Fault("put", ".json", denied)])
    with pytest.raises(ZeroDivisionError):
        Keeping(store).predict(0, request())
    assert store.keys == []


def test_a_generator_is_refused_where_the_model_is_defined() -> None:
    with pytest.raises(TypeError, match="predict is a generator"):

        @stores_outputs
        def predict(self: Any, model_input: Any) -> Iterator[bytes]:
            yield b""


def test_a_model_without_outputs_is_told_what_to_set() -> None:
    class Model:
        @stores_failures
        def predict(self, model_input: Any) -> Any:
            return model_input

    with pytest.raises(TypeError, match=r"has 0 attributes .* set self\._outputs = ModelOutputs"):
        Model().predict(1)
