import pathlib
import sys

import pytest

from truss_outputs import Credentials, LocalStore, MemoryStore, S3Store, SettingsError, from_url


@pytest.mark.parametrize(
    ("url", "kind", "normal"),
    [
        ("file:///tmp/outputs", LocalStore, "file:///tmp/outputs"),
        ("file:///tmp/a%20b/", LocalStore, "file:///tmp/a%20b"),
        ("file://localhost/tmp/x", LocalStore, "file:///tmp/x"),
        ("memory://results", MemoryStore, "memory://results"),
        ("s3://bucket", S3Store, "s3://bucket"),
        ("s3://bucket/", S3Store, "s3://bucket"),
        ("s3://my.bucket-1/some/prefix/", S3Store, "s3://my.bucket-1/some/prefix"),
    ],
)
def test_the_scheme_picks_the_store(url: str, kind: type, normal: str) -> None:
    store = from_url(url, region="us-east-1")
    assert isinstance(store, kind)
    assert store.url == normal


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
    assert "allowed: file:///absolute/folder, s3://bucket/prefix, memory://name" in message
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
