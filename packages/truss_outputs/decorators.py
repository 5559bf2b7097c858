"""Decorators for a model's hooks, which record their failures and store what they return.

class Model:
    def __init__(self, config, secrets, **kwargs):
        self._outputs = ModelOutputs.from_truss(config, secrets)

    @stores_outputs
    def predict(self, model_input):
        ...

A decorated hook keeps its parameters and annotations, by which Truss calls it, and an async hook stays async.
Storing at the end of `predict` occupies one of its slots (`predict_concurrency`) meanwhile. In return, it
happens even if the caller has disconnected, in which case Truss skips `postprocess`.

With the setting `skip_stored` a decorated `predict`, or `run_remote` of a chainlet, is not entered where an
earlier attempt at the request has stored its result.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from truss_outputs.already_stored import LOOKS_UP, AlreadyStored
from truss_outputs.request_id import HasHeaders, request_among

_Hook = TypeVar("_Hook", bound=Callable[..., Any])


class StoresOutputs(Protocol):
    """The part of a `ModelOutputs` that the decorators use."""

    def store(self, output: object, request: HasHeaders | None = None) -> Any:
        """Store the output; see `ModelOutputs.store`."""

    async def astore(self, output: object, request: HasHeaders | None = None) -> Any:
        """Store the output; see `ModelOutputs.astore`."""

    def find_stored(self, request: HasHeaders | None = None) -> AlreadyStored | None:
        """Look for a stored result; see `ModelOutputs.find_stored`."""

    async def afind_stored(self, request: HasHeaders | None = None) -> AlreadyStored | None:
        """Look for a stored result; see `ModelOutputs.afind_stored`."""

    def store_failure(self, error: BaseException, request: HasHeaders | None = None) -> str | None:
        """Store an error record; see `ModelOutputs.store_failure`."""

    async def astore_failure(self, error: BaseException, request: HasHeaders | None = None) -> str | None:
        """Store an error record; see `ModelOutputs.astore_failure`."""


def stores_failures(hook: _Hook) -> _Hook:
    """Store an error record if this hook of a model fails. Its exception goes on to Truss unchanged.

    With `skip_stored`, a `predict` that is skipped hands the stored answer on to `postprocess`, which must
    give it to `store` as it is; without a `postprocess` it answers itself.
    """
    return _wrapped(hook, stores=False)


def stores_outputs(hook: _Hook) -> _Hook:
    """Store what this hook of a model returns, and answer with the reference; record its failures."""
    return _wrapped(hook, stores=True)


def _wrapped(hook: _Hook, *, stores: bool) -> _Hook:
    if inspect.isgeneratorfunction(hook) or inspect.isasyncgenfunction(hook):
        raise TypeError(
            f"{hook.__qualname__} is a generator, and what it streams would go by unseen: "
            "return an iterator instead, which is stored while it is read"
        )
    looks_up = hook.__name__ not in ("preprocess", "postprocess")

    if inspect.iscoroutinefunction(hook):

        @functools.wraps(hook)
        async def wrapped_async(model: Any, *given: Any, **named: Any) -> Any:
            outputs, arguments = _outputs_of(model), (*given, *named.values())
            request = request_among(arguments)
            stored = _already_stored_among(arguments)
            if stored is None and looks_up:
                stored = await outputs.afind_stored(request)
            if stored is not None:
                return _handed_on(stored, model, hook, stores=stores)
            try:
                output = await hook(model, *given, **named)
                return await outputs.astore(output, request) if stores else output
            except Exception as error:
                await outputs.astore_failure(error, request)
                raise

        setattr(wrapped_async, LOOKS_UP, looks_up)
        return wrapped_async  # type: ignore[return-value]  # its signature is the hook's

    @functools.wraps(hook)
    def wrapped(model: Any, *given: Any, **named: Any) -> Any:
        outputs, arguments = _outputs_of(model), (*given, *named.values())
        request = request_among(arguments)
        stored = _already_stored_among(arguments)
        if stored is None and looks_up:
            stored = outputs.find_stored(request)
        if stored is not None:
            return _handed_on(stored, model, hook, stores=stores)
        try:
            output = hook(model, *given, **named)
            return outputs.store(output, request) if stores else output
        except Exception as error:
            outputs.store_failure(error, request)
            raise

    setattr(wrapped, LOOKS_UP, looks_up)
    return wrapped  # type: ignore[return-value]  # its signature is the hook's


def _already_stored_among(arguments: tuple[Any, ...]) -> AlreadyStored | None:
    return next((each for each in arguments if isinstance(each, AlreadyStored)), None)


def _handed_on(stored: AlreadyStored, model: object, hook: Callable[..., Any], *, stores: bool) -> Any:
    """Return what a hook that is skipped gives to the next one, or to the caller."""
    is_last = stores or hook.__name__ == "postprocess" or not hasattr(model, "postprocess")
    return stored.answer if is_last else stored


def _outputs_of(model: object) -> StoresOutputs:
    """Return the model's `ModelOutputs`, whichever attribute holds it."""
    from truss_outputs.model_outputs import ModelOutputs  # here, so that importing a decorator stays fast

    found = [value for value in vars(model).values() if isinstance(value, ModelOutputs)]
    if len(found) != 1:
        raise TypeError(
            f"{type(model).__qualname__} has {len(found)} attributes that are a ModelOutputs, "
            "where its decorated hooks need one: in __init__, set "
            "self._outputs = ModelOutputs.from_truss(config, secrets)"
        )
    return found[0]
