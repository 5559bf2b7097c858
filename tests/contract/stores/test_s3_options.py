"""What a bucket is told of every object, and whose key opens it, with both engines."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from truss_outputs import Credentials, S3Store, Store, StoreError, from_url
from truss_outputs.settings.outputs import OutputSettings
from truss_outputs.stores.credentials import WebIdentity
from truss_outputs.stores.obstore.errors import NoCredentials
from truss_outputs.stores.options import Engine
from truss_outputs.stores.s3 import obstore_credentials
from truss_outputs.stores.s3.options import S3Options

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUCKET = "results"
ROLE = "arn:aws:iam::123456789012:role/writer"

engines = pytest.mark.parametrize("engine", ["sdk", "obstore"])
bodies = pytest.mark.parametrize("make", [lambda: b"small", lambda: iter([b"x" * 9_000_000])])


def opened(url: str, options: S3Options) -> Iterator[Store]:
    store = from_url(url, options=options)
    yield store
    if isinstance(store, S3Store):
        store.client.close()


@engines
@bodies
def test_every_object_is_kept_as_the_settings_say(
    s3_client: "S3Client", s3_endpoint: str, engine: Engine, make: Callable[[], bytes]
) -> None:
    options = S3Options(
        engine=engine,
        endpoint_url=s3_endpoint,
        region="us-east-1",
        sse="aws:kms",
        kms_key_id="alias/results",
        storage_class="STANDARD_IA",
        metadata={"team": "vision"},
        tags={"cost centre": "a+b=c"},
    )
    for store in opened(f"s3://{BUCKET}/options/{engine}", options):
        store.put("x.bin", make(), content_type="image/png")
    target = {"Bucket": BUCKET, "Key": f"options/{engine}/x.bin"}
    found = s3_client.head_object(**target)  # type: ignore[arg-type]
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", "alias/results")
    assert (found["StorageClass"], found["ContentType"]) == ("STANDARD_IA", "image/png")
    assert found["Metadata"] == {"team": "vision"}
    tags = s3_client.get_object_tagging(**target)["TagSet"]  # type: ignore[arg-type]
    assert tags == [{"Key": "cost centre", "Value": "a+b=c"}]


@engines
def test_a_role_is_lent_for_the_token(
    s3_client: "S3Client",
    s3_endpoint: str,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("header.payload.signature\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_endpoint)
    monkeypatch.setattr(obstore_credentials, "sts_url", lambda region: s3_endpoint)
    identity = WebIdentity(role_arn=ROLE, token_file=token_file)
    options = S3Options(engine=engine, endpoint_url=s3_endpoint, region="us-east-1", web_identity=identity)
    for store in opened(f"s3://{BUCKET}/role/{engine}", options):
        store.put("a", b"x", content_type="text/plain")
        assert store.get("a") == b"x"


def test_the_lent_key_is_a_temporary_one(s3_endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("header.payload.signature")
    identity = WebIdentity(role_arn=ROLE, token_file=tmp_path / "token")
    key = obstore_credentials.assumed_role(identity, url=s3_endpoint)()
    assert key["token"]
    assert key["expires_at"] is not None
    assert key["expires_at"].tzinfo is not None


def test_an_absent_token_is_named(tmp_path: Path) -> None:
    identity = WebIdentity(role_arn=ROLE, token_file=tmp_path / "absent")
    options = S3Options(engine="obstore", region="us-east-1", web_identity=identity)
    store = from_url("s3://bucket", options=options)
    with pytest.raises(StoreError, match=r"/a: get: the token file .*/absent cannot be read: ") as caught:
        store.get("a")
    assert not caught.value.is_transient


def test_who_lends_roles_may_be_away(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret.token")
    identity = WebIdentity(role_arn=ROLE, token_file=tmp_path / "token")
    with pytest.raises(NoCredentials, match="cannot be asked for the role") as caught:
        obstore_credentials.assumed_role(identity, url="http://127.0.0.1:9")()
    assert caught.value.is_transient
    assert "secret" not in str(caught.value)


@engines
def test_no_error_shows_the_key(s3_endpoint: str, engine: Engine) -> None:
    key = Credentials(access_key_id=SecretStr("KEYID"), secret_access_key=SecretStr("hunter2"))
    options = S3Options(engine=engine, endpoint_url=s3_endpoint, region="us-east-1", credentials=key)
    for store in opened("s3://absent/x", options):
        with pytest.raises(StoreError) as caught:
            store.put("a", b"x", content_type="text/plain")
        error: BaseException | None = caught.value
        while error:
            assert "hunter2" not in repr(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        assert "KEYID" not in str(caught.value)


@engines
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_the_endpoint_may_stand_in_awss_own_variable(
    s3_client: "S3Client", s3_endpoint: str, engine: Engine, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, s3_endpoint)
    for store in opened(f"s3://{BUCKET}/variable/{engine}", S3Options(engine=engine, region="us-east-1")):
        store.put("a", b"x", content_type="text/plain")
        assert store.get("a") == b"x"


@engines
def test_without_a_key_the_variables_that_would_give_one_are_named(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    section = {
        "url": "s3://bucket",
        "region": "us-east-1",
        "engine": engine,
        "access_key_id_secret": "id",
        "secret_access_key_secret": "key",
    }
    settings = OutputSettings.from_config({"model_metadata": {"truss_outputs": section}}, {})
    store = settings.without_access().open_store({})
    with pytest.raises(StoreError, match="set TRUSS_SECRET_id and TRUSS_SECRET_key, or log in") as caught:
        store.get("a")
    assert "the settings name none" not in str(caught.value)
    del section["access_key_id_secret"], section["secret_access_key_secret"]
    settings = OutputSettings.from_config({"model_metadata": {"truss_outputs": section}}, {})
    with pytest.raises(StoreError, match="no credentials: the settings name none, and"):
        settings.without_access().open_store({}).get("a")
