"""What is Azure's own, asked of Azurite; all else is in the contract suite."""

import hashlib
import re
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas
from pydantic import SecretStr
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from tests.contract.servers import azurite
from truss_outputs import AlreadyExists, Store, StoreError, from_url
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.azure.store import AzureStore
from truss_outputs.stores.options import Engine

engines = pytest.mark.parametrize("engine", ["sdk", "obstore"])
bodies = pytest.mark.parametrize("make", [lambda: b"small", lambda: iter([b"x" * 9_000_000])])
WRONG = azurite.KEY.replace("E", "F")


def opened(name: str, options: AzureOptions, engine: Engine = "sdk", **more: object) -> Store:
    return from_url(f"az://results/{name}", options=replace(options, engine=engine, **more))  # type: ignore[arg-type]


@engines
@bodies
def test_every_object_is_kept_as_the_settings_say(
    azure_options: AzureOptions, engine: Engine, make: Callable[[], bytes]
) -> None:
    store = opened(f"kept/{engine}", azure_options, engine, storage_class="Cool", metadata={"team": "vision"})
    store.put("x.bin", make(), content_type="image/png")
    reader = opened(f"kept/{engine}", azure_options)
    assert isinstance(reader, AzureStore)
    found = reader.blob("x.bin").get_blob_properties()
    assert (found.blob_tier, found.metadata) == ("Cool", {"team": "vision"})
    assert found.content_settings.content_type == "image/png"


class _Damaging(HTTPAdapter):
    """A network that turns one byte over."""

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        if isinstance(request.body, bytes):
            request.body = bytes([request.body[0] ^ 1]) + request.body[1:]
        return super().send(request, *args, **options)


@bodies
def test_damaged_bytes_are_refused_by_the_server(
    azure_options: AzureOptions, make: Callable[[], bytes]
) -> None:
    store = opened("damaged", azure_options)
    assert isinstance(store, AzureStore)
    transport: Any = store.client._pipeline._transport
    transport.session.mount("http://", _Damaging())
    with pytest.raises(StoreError, match=r"^az://results/damaged/x.bin: "):
        store.put("x.bin", make(), content_type="image/png")
    assert list(store.list()) == []


def test_streams_to_one_key_never_mix(azure_options: AzureOptions) -> None:
    """Of Azure's blocks, which any upload to a key may take by their names."""
    store = opened("mixed", azure_options)
    together = Barrier(2)

    def stream(byte: bytes) -> Iterator[bytes]:
        together.wait()
        yield from [byte * 1_000_000] * 9

    def create(byte: bytes) -> str | None:
        try:
            return store.put("key", stream(byte), content_type="image/png", create=True).sha256
        except AlreadyExists:
            return None

    with ThreadPoolExecutor(2) as threads:
        [winner] = [each for each in threads.map(create, [b"a", b"b"]) if each]
    assert hashlib.sha256(store.get("key")).hexdigest() == winner


@engines
def test_a_token_of_the_container_opens_it(azure_options: AzureOptions, engine: Engine) -> None:
    permission = ContainerSasPermissions(read=True, write=True, create=True, delete=True, list=True)
    soon = datetime.now(UTC) + timedelta(minutes=5)
    token = generate_container_sas(
        azurite.ACCOUNT, "results", azurite.KEY, permission=permission, expiry=soon
    )
    store = opened(f"sas/{engine}", azure_options, engine, account_key=None, sas_token=SecretStr(token))
    store.put("a é", b"x", content_type="text/plain", create=True)
    assert store.get("a é") == b"x"
    assert [entry.key for entry in store.list()] == ["a é"]
    store.delete("a é")
    assert list(store.list()) == []


@engines
def test_a_connection_string_opens_it(azure_endpoint: str, engine: Engine) -> None:
    text = f"AccountName={azurite.ACCOUNT};AccountKey={azurite.KEY};BlobEndpoint={azure_endpoint};"
    store = from_url(
        "az://results/string", options=AzureOptions(engine=engine, connection_string=SecretStr(text))
    )
    store.put("a", b"x", content_type="text/plain")
    assert store.get("a") == b"x"


@engines
def test_a_wrong_key_is_refused_at_once_and_not_shown(azure_options: AzureOptions, engine: Engine) -> None:
    store = opened("wrong", azure_options, engine, account_key=SecretStr(WRONG))
    for operation in (
        lambda: store.put("a", b"x", content_type="text/plain"),
        lambda: store.get("a"),
        lambda: list(store.list()),
        lambda: store.delete("a"),
    ):
        with pytest.raises(StoreError) as caught:
            operation()
        assert re.search(
            r"^az://results/wrong/a?: [a-z]+: (AuthorizationFailure: the key is wrong|403: )",
            str(caught.value),
        )
        assert not caught.value.is_transient
        error: BaseException | None = caught.value
        while error:
            assert WRONG not in repr(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@engines
def test_an_account_that_cannot_be_reached_is_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azure.storage.blob._shared.policies.StorageRetryPolicy.sleep", lambda *args: None)
    options = AzureOptions(
        engine=engine, endpoint_url="http://127.0.0.1:9/a", account_key=SecretStr(azurite.KEY)
    )
    with pytest.raises(StoreError, match=r"^az://results/x/a: .*the endpoint cannot be reached") as caught:
        from_url("az://results/x", options=options).put("a", b"x", content_type="text/plain")
    assert caught.value.is_transient
    token = replace(options, account_key=None, sas_token=SecretStr("sv=2024-11-04&sig=hunter2"))
    with pytest.raises(StoreError, match="the endpoint cannot be reached") as caught:
        from_url("az://results/x", options=token).put("a", b"x", content_type="text/plain")
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
