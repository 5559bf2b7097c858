"""What a decorator on a model's hook does: keep its failures, and store what it returns.

class Model:
    def __init__(self, config, secrets, **kwargs):
        self._outputs = ModelOutputs.from_truss(config, secrets)

    @stores_outputs
    def predict(self, model_input):
        ...

A hook stays what Truss takes it for: its parameters and their annotations are the hook's own, and an async
one stays async. Storing at the end of `predict` holds one of its places (`predict_concurrency`) while it
lasts, but it happens even where the caller has gone, when Truss skips `postprocess`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from truss_outputs.request_id import HasHeaders, request_among

_Hook = TypeVar("_Hook", bound=Callable[..., Any])


class StoresOutputs(Protocol):
    """What is asked of a `ModelOutputs`."""

    def store(self, output: object, request: HasHeaders | None = None) -> Any:
        """Store the output; see `ModelOutputs.store`."""

    def store_failure(self, error: BaseException, request: HasHeaders | None = None) -> str | None:
        """Store an error record; see `ModelOutputs.store_failure`."""


def stores_failures(hook: _Hook) -> _Hook:
    """Leave an error record where this hook of a model fails. What it raised goes on to Truss as it was."""
    return _wrapped(hook, lambda outputs, output, request: output)


def stores_outputs(hook: _Hook) -> _Hook:
    """Store what this hook of a model returns, and answer with its place; where it fails, leave a record."""
    return _wrapped(hook, lambda outputs, output, request: outputs.store(output, request))


def _wrapped(hook: _Hook, finish: Callable[[StoresOutputs, Any, HasHeaders | None], Any]) -> _Hook:
    if inspect.isgeneratorfunction(hook) or inspect.isasyncgenfunction(hook):
        raise TypeError(
            f"{hook.__qualname__} is a generator, and what it streams would go by unseen: "
            "return an iterator instead, which is stored while it is read"
        )
    if inspect.iscoroutinefunction(hook):
        import asyncio  # an async hook's server has it

        @functools.wraps(hook)
        async def wrapped_async(model: Any, *given: Any, **named: Any) -> Any:
            outputs, request = _outputs_of(model), request_among((*given, *named.values()))
            try:
                output = await hook(model, *given, **named)
                return await asyncio.to_thread(finish, outputs, output, request)
            except Exception as error:
                await asyncio.to_thread(outputs.store_failure, error, request)
                raise

        return wrapped_async  # type: ignore[return-value]  # it takes and returns what the hook does

    @functools.wraps(hook)
    def wrapped(model: Any, *given: Any, **named: Any) -> Any:
        outputs, request = _outputs_of(model), request_among((*given, *named.values()))
        try:
            return finish(outputs, hook(model, *given, **named), request)
        except Exception as error:
            outputs.store_failure(error, request)
            raise

    return wrapped  # type: ignore[return-value]  # it takes and returns what the hook does


def _outputs_of(model: object) -> StoresOutputs:
    """The model's own `ModelOutputs`, whatever it calls it."""
    from truss_outputs.model_outputs import ModelOutputs  # here: a model's outputs know their decorators too

    found = [value for value in vars(model).values() if isinstance(value, ModelOutputs)]
    if len(found) != 1:
        raise TypeError(
            f"{type(model).__qualname__} has {len(found)} attributes that are a ModelOutputs, "
            "where its decorated hooks need one: in __init__, set "
            "self._outputs = ModelOutputs.from_truss(config, secrets)"
        )
    return found[0]
