import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest
from pydantic import SecretStr

from truss_outputs import Credentials, LocalStore, MemoryStore, S3Store, SettingsError, from_url
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.obstore.store import ObstoreStore
from truss_outputs.stores.options import StoreOptions

# Not a key: any that parses will do, as nothing is asked of Google.
SERVICE_ACCOUNT = json.dumps(
    {
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "hunter2",
        "refresh_token": "hunter2",
    }
)


@pytest.mark.parametrize(
    ("url", "kind", "normal"),
    [
        ("file:///tmp/outputs", LocalStore, "file:///tmp/outputs"),
        ("file:///tmp/a%20b/", LocalStore, "file:///tmp/a%20b"),
        ("file://localhost/tmp/x", LocalStore, "file:///tmp/x"),
        ("memory://results", MemoryStore, "memory://results"),
        ("s3://bucket", ObstoreStore, "s3://bucket"),
        ("s3://bucket/", ObstoreStore, "s3://bucket"),
        ("gs://bucket/x/", ObstoreStore, "gs://bucket/x"),
        ("s3://my.bucket-1/some/prefix/", ObstoreStore, "s3://my.bucket-1/some/prefix"),
    ],
)
def test_the_scheme_picks_the_store(
    url: str, kind: type, normal: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    google = tmp_path / "google.json"
    google.write_text(SERVICE_ACCOUNT)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google))
    store = from_url(url)
    assert isinstance(store, kind)
    assert store.url == normal


@pytest.mark.parametrize(("engine", "kind"), [("sdk", S3Store), ("obstore", ObstoreStore)])
def test_the_engine_may_be_chosen(engine: Any, kind: type) -> None:
    store = from_url("s3://bucket/x", region="us-east-1", options=StoreOptions(engine=engine))
    assert isinstance(store, kind)
    assert store.url == "s3://bucket/x"


def test_without_obstore_auto_is_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truss_outputs.stores.engines.find_spec", lambda name: None)
    assert isinstance(from_url("s3://bucket", region="us-east-1"), S3Store)


def test_a_missing_obstore_is_named_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(SettingsError, match=r"^url: found 's3://bucket', which needs obstore, "):
        from_url("s3://bucket", options=StoreOptions(engine="obstore"))


def test_an_option_of_another_kind_of_store_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^url: found 's3://bucket', which cannot take kms_key_name"):
        from_url("s3://bucket", options=GCSOptions(kms_key_name="k"))


def test_in_a_process_a_memory_has_one_store() -> None:
    assert from_url("memory://one") is from_url("memory://one")
    assert from_url("memory://one") is not from_url("memory://two")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bucket",
        "/tmp/outputs",
        "file://",
        "file:///",
        "file:/tmp/x",
        "file://tmp/outputs",
        "file:///tmp/x?y",
        "file:///tmp/x%00",
        "s3://",
        "s3:///prefix",
        "s3:bucket",
        "s3://b",
        "s3://bucket/../other",
        "s3://bucket/a//b",
        "s3://bucket?versionId=1",
        "S3://bucket",
        "memory://",
        "memory://a/b",
        "gopher://x",
        "http://bucket.s3.amazonaws.com",
        "s3://bucket/a\nb",
    ],
)
def test_a_wrong_url_is_refused_in_one_line_with_what_is_allowed(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_url(url, setting="the.key")
    message = str(caught.value)
    assert message.startswith("the.key: found ")
    assert "gs://bucket/prefix, az://container/prefix, memory://name" in message
    assert "\n" not in message


@pytest.mark.parametrize("url", ["s3://KEYID:hunter2@bucket", "file://KEYID:hunter2@/x"])
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_url(url)
    assert "hunter2" not in str(caught.value)
    assert "KEYID" not in str(caught.value)


def test_a_missing_sdk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SettingsError) as caught:
        from_url("s3://bucket/x", setting="model_metadata.truss_outputs.url")
    assert str(caught.value) == (
        "model_metadata.truss_outputs.url: found 's3://bucket/x', which needs boto3, which is not installed: "
        "add boto3 to requirements"
    )


def test_what_the_sdk_refuses_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_PROFILE", "absent")
    with pytest.raises(SettingsError, match="url: the SDK refused: ProfileNotFound"):
        from_url("s3://bucket")


def test_credentials_are_never_shown() -> None:
    credentials = Credentials.model_validate({"access_key_id": "KEYID", "secret_access_key": "hunter2"})
    store = from_url("s3://bucket", region="us-east-1", credentials=credentials)
    for shown in (repr(credentials), str(credentials), credentials.model_dump_json(), repr(store), store.url):
        assert "hunter2" not in shown
        assert "KEYID" not in shown


@pytest.mark.parametrize(
    ("account", "problem"),
    [("hunter2", "JSONDecodeError"), ("{}", "KeyError"), ('{"type": "service_account"}', "MalformedError")],
)
def test_a_service_account_that_is_none_is_named(account: str, problem: str) -> None:
    options = GCSOptions(engine="sdk", service_account=SecretStr(account))
    with pytest.raises(SettingsError, match=f"service_account_secret: {problem}") as caught:
        from_url("gs://bucket", options=options)
    assert "hunter2" not in str(caught.value)


BROKEN_KEYS = [
    "hunter2hunter2",
    "[]",
    '"hunter2hunter2"',
    '{"type": "service_account"}',
    '{"type": "service_account", "private_key": "hunter2hunter2", "client_email": "a"}',
    '{"type": "service_account", "private_key": 7, "client_email": "a@b", "private_key_id": "c"}',
    '{"type": "service_account", "client_email": "a@b", "private_key_id": "c", "token_uri": "https://t", '
    '"private_key": "-----BEGIN PRIVATE KEY-----\\nhunter2hunter2\\n-----END PRIVATE KEY-----\\n"}',
    '{"type": "external_account", "audience": "hunter2hunter2"}',
]


@pytest.mark.parametrize("account", BROKEN_KEYS)
@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_a_broken_service_account_is_a_wrong_setting(account: str, engine: Any) -> None:
    options = GCSOptions(engine=engine, service_account=SecretStr(account))
    with pytest.raises(
        SettingsError, match="no credentials could be had from service_account_secret: "
    ) as caught:
        from_url("gs://bucket", options=options)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert "hunter2" not in str(caught.value)


def test_obstore_cannot_send_a_cmek_key() -> None:
    options = GCSOptions(engine="obstore", kms_key_name="k")
    with pytest.raises(SettingsError, match="found kms_key_name with engine: obstore; allowed: engine: sdk"):
        from_url("gs://bucket", options=options)


def test_what_is_not_needed_is_not_imported() -> None:
    program = """
import sys
from truss_outputs import Credentials, from_url
key = Credentials(access_key_id="k", secret_access_key="s")
from_url("s3://bucket/x", region="eu-west-1", credentials=key)
heavy = {"boto3", "botocore", "google", "requests", "urllib3", "azure", "aiohttp"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
