"""The platform's own Python clients, both called alike."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from baseten.client import AsyncInferenceClient, InferenceClient
from baseten.client.inferenceapi import ApiClient, AsyncApiClient

from async_emulator.testing.emulator_process import EmulatorProcess

CLIENTS = ["synchronous", "asynchronous"]


class _Awaiting:
    """Waits for each answer of the asynchronous client, as if it were the other one."""

    def __init__(self, api: AsyncApiClient, runner: asyncio.Runner) -> None:
        self._api = api
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._api, name)
        return lambda **arguments: self._runner.run(method(**arguments))


def of_every_target(api: ApiClient, operation: str, deployment_id: str, **arguments: Any) -> list[Any]:
    """What the operation answers when it is called of each of the five kinds of target."""
    return [
        getattr(api, operation)(env_name="staging", **arguments),
        getattr(api, f"{operation}_deployment")(deployment_id=deployment_id, **arguments),
        getattr(api, f"{operation}_development")(**arguments),
        getattr(api, f"{operation}_production")(**arguments),
        getattr(api, f"{operation}_regional")(**arguments),
    ]


@contextmanager
def baseten_client(kind: str, emulator: EmulatorProcess, api_key: str | None = None) -> Iterator[ApiClient]:
    """One of CLIENTS, pointed at the emulator."""
    key, url = api_key or emulator.api_key, emulator.base_url
    if kind == "synchronous":
        with InferenceClient(api_key=key, base_url_override=url) as client:
            yield client.api
        return
    with asyncio.Runner() as runner:
        asynchronous = AsyncInferenceClient(api_key=key, base_url_override=url)
        runner.run(asynchronous.__aenter__())
        try:
            yield _Awaiting(asynchronous.api, runner)  # type: ignore[misc]  # it has every method
        finally:
            runner.run(asynchronous.__aexit__(None, None, None))
