"""Urls that let anybody read: they are fetched over HTTP, by a client that knows no key."""

import hashlib
import json
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import SecretStr

from tests.contract.servers.sigv4 import signature_of
from tests.unit.truss_outputs.model_request import request as truss_request
from truss_outputs import LocalStore, MemoryStore, ModelOutputs, SettingsError, from_url
from truss_outputs.settings.sections import ResponseSettings
from truss_outputs.stores.azure.account import account_of
from truss_outputs.stores.azure.client import connect as connect_az
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.azure.store import AzureStore
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.options import Engine

WEEK = 604_800
KEYS = ["r1/result.json", "a+b/x.png", "with space/é.txt"]

engines = pytest.mark.parametrize("engine", ["sdk", "obstore"])


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize("service", ["s3", "azure"])
@engines
def test_a_model_answers_with_urls_that_can_be_fetched(
    request: pytest.FixtureRequest, service: str, engine: Engine
) -> None:
    store = getattr(request.getfixturevalue(f"{service}_server"), engine)("results", f"lent/{engine}")
    outputs = ModelOutputs.of_store(store, response=ResponseSettings(presign_seconds=60))
    answer = outputs.store({"image": b"\x89PNG", "text": "hé"}, truss_request())
    lent = answer["presigned"]
    assert fetched(lent["artifacts"]["image.bin"]) == b"\x89PNG"
    assert json.loads(fetched(lent["result"]))["data"]["text"] == "hé"
    assert lent["seconds"] == 60


@pytest.mark.parametrize("key", KEYS)
@engines
def test_s3_signs_as_it_would_itself(s3_server: Any, engine: Engine, key: str) -> None:
    store = getattr(s3_server, engine)("results", "a prefix")
    store.put(key, b"body", content_type="text/plain")
    url = store.presign(key, WEEK)
    assert fetched(url) == b"body"
    assert query_of(url)["X-Amz-Expires"] == str(WEEK)
    found, expected = signature_of(url, secret="test-secret")
    assert found == expected
    other = url.replace("a%20prefix", "another")
    found, expected = signature_of(other, secret="test-secret")
    assert found != expected


@engines
def test_azure_refuses_what_was_tampered_with(azure_server: Any, engine: Engine) -> None:
    store = getattr(azure_server, engine)("results", "tampered")
    for key in ("mine", "yours"):
        store.put(key, key.encode(), content_type="text/plain")
    url = store.presign("mine", 60)
    assert fetched(url) == b"mine"
    query = query_of(url)
    later = query["se"].replace("20", "21", 1)
    for tampered in (
        url.replace("/mine?", "/yours?"),
        url.replace(quote(query["se"], safe=""), quote(later, safe="")),
        url.replace("sp=r", "sp=rw"),
        url.partition("?")[0],
    ):
        assert tampered != url
        with pytest.raises(HTTPError) as caught:
            fetched(tampered)
        assert caught.value.code in (403, 404)
        caught.value.close()


@pytest.mark.parametrize("key", KEYS)
def test_azures_sdk_signs_any_key_until_its_time_is_up(azure_options: AzureOptions, key: str) -> None:
    account = account_of(azure_options, {})
    now = datetime(2035, 1, 1, tzinfo=UTC)
    store = AzureStore(
        container="results",
        prefix="a é",
        client=connect_az("results", account),
        account=account,
        now=lambda: now,
    )
    store.put(key, b"body", content_type="text/plain")
    url = store.presign(key, 90)
    assert query_of(url)["se"] == "2035-01-01T00:01:30Z"
    assert query_of(url)["sp"] == "r"
    assert fetched(url) == b"body"
    now = datetime.now(UTC) - timedelta(seconds=100)
    with pytest.raises(HTTPError) as caught:
        fetched(store.presign(key, 90))
    assert caught.value.code == 403
    caught.value.close()


def test_obstore_signs_no_key_that_azure_would_read_otherwise(azure_options: AzureOptions) -> None:
    options = replace(azure_options, engine="obstore")
    with pytest.raises(ValueError, match="obstore engine signs no urls of keys with other than ASCII"):
        from_url("az://results/x", options=options).presign("a é", 60)  # type: ignore[attr-defined]
    store = from_url("az://results/a é", options=options)
    with pytest.raises(SettingsError, match="presign_seconds: az://results/a é: the obstore engine signs no"):
        ModelOutputs.of_store(store, response=ResponseSettings(presign_seconds=60))


@engines
def test_a_token_of_azure_signs_nothing(azure_options: AzureOptions, engine: Engine) -> None:
    options = replace(azure_options, engine=engine, account_key=None, sas_token=SecretStr("sv=1&sig=x"))
    store = from_url("az://results/x", options=options)
    with pytest.raises(SettingsError, match="only an account's key signs urls: set account_key_secret"):
        ModelOutputs.of_store(store, response=ResponseSettings(presign_seconds=60))


class _ServiceAccount:
    """One with a key of its own, to see that it was this key that signed."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.json = json.dumps(
            {
                "type": "service_account",
                "private_key_id": "id",
                "private_key": pem.decode(),
                "client_email": "writer@project.iam.gserviceaccount.com",
                "client_id": "1",
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        )

    def check(self, url: str) -> None:
        """Raises InvalidSignature. See cloud.google.com/storage/docs/authentication/signatures."""
        parts = urlsplit(url)
        query = query_of(url)
        signature = bytes.fromhex(query.pop("X-Goog-Signature"))
        canonical = "&".join(f"{name}={quote(query[name], safe='')}" for name in sorted(query))
        asked = f"GET\n{parts.path}\n{canonical}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
        scope = query["X-Goog-Credential"].partition("/")[2]
        digest = hashlib.sha256(asked.encode()).hexdigest()
        text = f"GOOG4-RSA-SHA256\n{query['X-Goog-Date']}\n{scope}\n{digest}"
        self.key.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture(scope="module")
def service_account() -> _ServiceAccount:
    return _ServiceAccount()


@pytest.mark.parametrize("key", KEYS)
@engines
def test_gcs_urls_are_signed_by_the_service_accounts_key(
    service_account: _ServiceAccount, gcs_server: Any, gcs_endpoint: str, engine: Engine, key: str
) -> None:
    account = service_account
    options = GCSOptions(engine=engine, service_account=SecretStr(account.json))
    url = from_url("gs://results/signed", options=options).presign(key, 60)  # type: ignore[attr-defined]
    assert url.startswith("https://storage.googleapis.com/results/signed/")
    assert query_of(url)["X-Goog-Expires"] == "60"
    account.check(url)
    with pytest.raises(InvalidSignature):
        account.check(url.replace("/signed/", "/others/"))
    gcs_server.sdk("results", "signed").put(key, b"body", content_type="text/plain")
    assert fetched(url.replace("https://storage.googleapis.com", gcs_endpoint)) == b"body"


@engines
def test_without_a_key_gcs_signs_nothing(gcs_server: Any, engine: Engine) -> None:
    store = getattr(gcs_server, engine)("results", "unsigned")
    with pytest.raises(SettingsError, match="these credentials have no key to sign urls with"):
        ModelOutputs.of_store(store, response=ResponseSettings(presign_seconds=60))


@pytest.mark.parametrize("service", ["s3", "azure"])
@engines
def test_no_url_lives_longer_than_a_week(
    request: pytest.FixtureRequest, service: str, engine: Engine
) -> None:
    store = getattr(request.getfixturevalue(f"{service}_server"), engine)("results", "long")
    for seconds in (0, WEEK + 1):
        with pytest.raises(
            ValueError, match=f"found {seconds} seconds; allowed: 1 to {WEEK}, which is a week"
        ):
            store.presign("a", seconds)


@pytest.mark.parametrize("make", [lambda path: LocalStore(path), lambda path: MemoryStore()])
def test_a_folder_and_a_memory_offer_none(make: Callable[[Any], Any], tmp_path: Any) -> None:
    with pytest.raises(SettingsError, match="offers no presigned urls"):
        ModelOutputs.of_store(make(tmp_path), response=ResponseSettings(presign_seconds=60))
