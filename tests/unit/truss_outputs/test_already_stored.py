"""With `skip_stored`, what an earlier attempt has stored is not made again."""

import functools
import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException
from starlette.requests import Request

from tests.unit.truss_outputs.faulty_store import Fault, FaultyStore
from tests.unit.truss_outputs.model_request import MARKER, REQUEST, request
from truss_outputs import (
    Backoff,
    ModelOutputs,
    OutputReader,
    OutputWriter,
    SettingsError,
    Store,
    StoreError,
    stored_failures,
    stores_failures,
    stores_outputs,
)
from truss_outputs.destinations import Place, Places
from truss_outputs.settings.sections import ResponseSettings

README = Path(__file__).parents[3] / "README.md"

Hook = Callable[..., Any]


class Skipping:
    """A model that counts how often its `predict` was entered."""

    def __init__(self, store: Store, **settings: Any) -> None:
        self.entered = 0
        self.outputs = ModelOutputs.of_store(store, skip_stored=True, **settings)

    def make(self, model_input: Any) -> dict[str, Any]:
        self.entered += 1
        return {"made": model_input, "blob": b"x"}


class InPostprocess(Skipping):
    """As the template stores: `predict` is decorated, `postprocess` stores."""

    @stores_failures
    def predict(self, model_input: Any, request: Request) -> Any:
        return self.make(model_input)

    def postprocess(self, output: Any, request: Request) -> Any:
        return self.outputs.store(output, request)

    def serve(self, model_input: Any, request: Request) -> Any:
        """As Truss calls the hooks."""
        return self.postprocess(self.predict(model_input, request), request)


class InDecoratedPostprocess(InPostprocess):
    @stores_outputs
    def postprocess(self, output: Any, request: Request) -> Any:
        return {**output, "more": 1}


class InPredict(Skipping):
    @stores_outputs
    def predict(self, model_input: Any, request: Request) -> Any:
        return self.make(model_input)

    def serve(self, model_input: Any, request: Request) -> Any:
        return self.predict(model_input, request)


class InPredictAndReferencePassedOn(InPredict):
    def postprocess(self, output: Any, request: Request) -> Any:
        return {"reference": output}

    def serve(self, model_input: Any, request: Request) -> Any:
        return self.postprocess(self.predict(model_input, request), request)


class ByHand(Skipping):
    @stores_failures
    def predict(self, model_input: Any, request: Request) -> Any:
        return self.outputs.store(self.make(model_input), request)

    def serve(self, model_input: Any, request: Request) -> Any:
        return self.predict(model_input, request)


class TakingAnIterator(InPredict):
    @stores_outputs
    def predict(self, model_input: Any, request: Request) -> Any:
        return iter([str(self.make(model_input))])


@pytest.mark.parametrize(
    "model_class",
    [
        InPostprocess,
        InDecoratedPostprocess,
        InPredict,
        InPredictAndReferencePassedOn,
        ByHand,
        TakingAnIterator,
    ],
)
def test_a_second_attempt_answers_the_same_after_one_read(model_class: Any) -> None:
    store = FaultyStore()
    model = model_class(store)
    first = model.serve("in", request())
    store.calls.clear()
    assert model.serve("in", request()) == first
    assert model.entered == 1
    assert store.calls == [("get", MARKER)]


def test_a_skipped_predict_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    model = InPostprocess(FaultyStore())
    answer = model.serve("in", request())
    with caplog.at_level(logging.INFO, "truss_outputs.results"):
        model.serve("in", request())
    [record] = [each for each in caplog.records if each.name == "truss_outputs.results"]
    assert f"outcome=skipped request_id={REQUEST} attempt={answer['attempt']}" in record.message


class Async(Skipping):
    @stores_failures
    async def predict(self, model_input: Any, request: Request) -> Any:
        return self.make(model_input)

    async def postprocess(self, output: Any, request: Request) -> Any:
        return await self.outputs.astore(output, request)


async def test_so_does_an_async_model() -> None:
    store = FaultyStore()
    model = Async(store)
    first = await model.postprocess(await model.predict("in", request()), request())
    store.calls.clear()
    assert await model.postprocess(await model.predict("in", request()), request()) == first
    assert model.entered == 1
    assert store.calls == [("get", MARKER)]


async def test_so_does_a_chainlet() -> None:
    class Chainlet(Skipping):
        @stores_failures
        async def run_remote(self, prompt: str, request: Request) -> Any:
            return await self.outputs.astore(self.make(prompt), request)

    model = Chainlet(FaultyStore())
    assert await model.run_remote("in", request()) == await model.run_remote("in", request())
    assert model.entered == 1


def test_the_answer_has_the_form_that_the_settings_say() -> None:
    model = InPostprocess(FaultyStore(), response=ResponseSettings(form="inline"))
    assert model.serve("in", request()) == model.serve("in", request())
    assert model.entered == 1


@pytest.mark.parametrize("artifacts", [0, 1, 10])
def test_requests_to_the_store_are_as_the_readme_says(artifacts: int) -> None:
    class Making(InPostprocess):
        def make(self, model_input: Any) -> dict[str, Any]:
            return {str(number): b"x" for number in range(artifacts)}

    store = FaultyStore()
    model = Making(store)
    model.serve("in", request())
    first = len(store.calls)
    model.serve("in", request())
    rows = re.findall(r"^\| (\d+) \| \d+ \| (\d+) \| (\d+) \|$", README.read_text(), flags=re.MULTILINE)
    assert (str(artifacts), str(first), str(len(store.calls) - first)) in rows


def test_without_the_setting_nothing_is_read_and_predict_runs_again() -> None:
    store = FaultyStore()
    model = InPostprocess(store)
    model.outputs = ModelOutputs.of_store(store)
    assert model.serve("in", request()) == model.serve("in", request())
    assert model.entered == 2
    assert store.calls[0][0] == "put"


def test_an_attempt_that_failed_is_made_again() -> None:
    store = FaultyStore([Fault("put", MARKER, lambda url: StoreError(url, "denied", is_transient=False))])
    model = InPostprocess(store)
    with pytest.raises(HTTPException, match="denied"):
        model.serve("in", request())
    model.serve("in", request())
    assert model.entered == 2


def test_a_commit_whose_answer_was_lost_is_found() -> None:
    def stop(url: str) -> BaseException:
        return KeyboardInterrupt()

    store = FaultyStore([Fault("put", MARKER, stop, after=True)])
    model = InPostprocess(store)
    with pytest.raises(KeyboardInterrupt):
        model.serve("in", request())
    answer = model.serve("in", request())
    assert (model.entered, answer["attempt"]) == (1, OutputReader(store).load(REQUEST).truss_outputs.attempt)


@pytest.mark.parametrize("request_id", [None, "", "../up"])
def test_a_call_without_an_id_that_could_have_a_result_runs_the_model(request_id: str | None) -> None:
    store = FaultyStore()
    model = InPostprocess(store)
    with pytest.raises(HTTPException):  # as a result without an id has no place
        model.serve("in", request(request_id))
    assert model.entered == 1
    assert store.calls == []


def down(url: str) -> StoreError:
    return StoreError(url, "the endpoint cannot be reached")


def bug(url: str) -> Exception:
    return ZeroDivisionError()


@pytest.mark.parametrize("error", [down, bug])
def test_a_store_that_cannot_be_asked_costs_the_request_nothing(
    error: Callable[[str], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    store = FaultyStore([Fault("get", MARKER, error)])
    model = InPostprocess(store)
    assert model.serve("in", request())["request_id"] == REQUEST
    assert model.entered == 1
    assert "so the model runs" in caplog.text
    assert stored_failures(store, REQUEST) == []


def test_a_result_that_cannot_be_read_runs_the_model() -> None:
    store = FaultyStore()
    store.inner.put(MARKER, b"no result", content_type="application/json")
    model = InPostprocess(store)
    with pytest.raises(HTTPException, match="no result of format 1"):
        model.serve("in", request())
    assert model.entered == 1


def test_a_store_that_never_answers_holds_up_the_model_for_a_tenth_of_a_writes_time() -> None:
    release = threading.Event()

    class Silent(FaultyStore):
        def get(self, key: str) -> bytes:
            release.wait(20)
            return super().get(key)

    store = Silent()
    writer = OutputWriter(store, backoff=Backoff(budget=1.0))
    place = Place(store=store, writer=writer)
    model = InPostprocess(store)
    places = Places(lambda environment, destination: store.url, lambda url, destination: place)
    model.outputs = ModelOutputs(places, skip_stored=True)
    started = time.monotonic()
    model.serve("in", request())
    assert 0.1 <= time.monotonic() - started < 0.5
    assert model.entered == 1
    release.set()


CONFIG = {"model_metadata": {"truss_outputs": {"url": "memory://skipping", "skip_stored": True}}}


class Bare:
    def __init__(self) -> None:
        self.outputs = ModelOutputs.from_truss(CONFIG, {}, environ={})

    def predict(self, model_input: Any) -> Any:
        return model_input


class OnlyPostprocess(Bare):
    @stores_outputs
    def postprocess(self, output: Any) -> Any:
        return output


class InLoad(Bare):
    def __init__(self) -> None:
        pass

    def load(self) -> None:
        self.opened = [ModelOutputs.from_truss(CONFIG, {}, environ={}) for _ in range(1)]


class BareChainlet:
    def __init__(self) -> None:
        self.outputs = ModelOutputs.from_truss(CONFIG, {}, environ={})

    async def run_remote(self) -> None: ...


@pytest.mark.parametrize("start", [Bare, OnlyPostprocess, BareChainlet, lambda: InLoad().load()])
def test_asked_for_without_a_decorated_predict_it_ends_the_start(start: Callable[[], Any]) -> None:
    with pytest.raises(
        SettingsError, match=r"skip_stored: found true, but \w+\.\w+ is not decorated"
    ) as caught:
        start()
    assert "write @stores_failures above it" in str(caught.value)


def test_a_decorator_may_be_inherited_or_below_another(caplog: pytest.LogCaptureFixture) -> None:
    def traced(hook: Hook) -> Hook:
        @functools.wraps(hook)
        def wrapped(*given: Any, **named: Any) -> Any:
            return hook(*given, **named)

        return wrapped

    class Traced(Bare):
        @traced
        @stores_failures
        def predict(self, model_input: Any) -> Any:
            return model_input

    class Inheriting(Traced): ...

    with caplog.at_level(logging.WARNING):
        Traced()
        Inheriting()
    assert caplog.records == []


def test_the_setting_is_true_or_false() -> None:
    section = {"url": "memory://skipping", "skip_stored": "yes"}
    with pytest.raises(SettingsError, match="skip_stored"):
        ModelOutputs.from_truss({"model_metadata": {"truss_outputs": section}}, {}, environ={})
