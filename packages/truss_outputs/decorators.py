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
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from truss_outputs.request_id import HasHeaders, request_among

_Hook = TypeVar("_Hook", bound=Callable[..., Any])


class StoresOutputs(Protocol):
    """The part of a `ModelOutputs` that the decorators use."""

    def store(self, output: object, request: HasHeaders | None = None) -> Any:
        """Store the output; see `ModelOutputs.store`."""

    def store_failure(self, error: BaseException, request: HasHeaders | None = None) -> str | None:
        """Store an error record; see `ModelOutputs.store_failure`."""


def stores_failures(hook: _Hook) -> _Hook:
    """Store an error record if this hook of a model fails. Its exception goes on to Truss unchanged."""
    return _wrapped(hook, lambda outputs, output, request: output)


def stores_outputs(hook: _Hook) -> _Hook:
    """Store what this hook of a model returns, and answer with the reference; record its failures."""
    return _wrapped(hook, lambda outputs, output, request: outputs.store(output, request))


def _wrapped(hook: _Hook, finish: Callable[[StoresOutputs, Any, HasHeaders | None], Any]) -> _Hook:
    if inspect.isgeneratorfunction(hook) or inspect.isasyncgenfunction(hook):
        raise TypeError(
            f"{hook.__qualname__} is a generator, and what it streams would go by unseen: "
            "return an iterator instead, which is stored while it is read"
        )
    if inspect.iscoroutinefunction(hook):
        import asyncio  # an async hook's server has imported it

        @functools.wraps(hook)
        async def wrapped_async(model: Any, *given: Any, **named: Any) -> Any:
            outputs, request = _outputs_of(model), request_among((*given, *named.values()))
            try:
                output = await hook(model, *given, **named)
                return await asyncio.to_thread(finish, outputs, output, request)
            except Exception as error:
                await asyncio.to_thread(outputs.store_failure, error, request)
                raise

        return wrapped_async  # type: ignore[return-value]  # its signature is the hook's

    @functools.wraps(hook)
    def wrapped(model: Any, *given: Any, **named: Any) -> Any:
        outputs, request = _outputs_of(model), request_among((*given, *named.values()))
        try:
            return finish(outputs, hook(model, *given, **named), request)
        except Exception as error:
            outputs.store_failure(error, request)
            raise

    return wrapped  # type: ignore[return-value]  # its signature is the hook's


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
