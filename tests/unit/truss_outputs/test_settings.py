import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from truss_outputs import LocalStore, OutputSettings, S3Store, SettingsError

KEYS = {
    "url": "s3://bucket/x",
    "region": "eu-west-1",
    "access_key_id_secret": "aws_id",
    "secret_access_key_secret": "aws_key",
}


def config(settings: object) -> dict[str, Any]:
    return {"model_metadata": {"truss_outputs": settings, "example_model_input": {}}}


def load(settings: object, environ: Mapping[str, str] | None = None) -> OutputSettings:
    return OutputSettings.from_config(config(settings), environ or {})


@pytest.fixture
def truss_secrets(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Truss's own class for secrets, with `aws_id` and `aws_key` declared and only the first one set.

    Loaded from its file, as `import truss` takes seconds.
    """
    truss = importlib.util.find_spec("truss")
    assert truss is not None
    assert truss.origin is not None
    path = Path(truss.origin).parent / "templates/shared/secrets_resolver.py"
    spec = importlib.util.spec_from_file_location("secrets_resolver", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("TRUSS_SECRET_aws_id", "KEYID\n")
    return module.SecretsResolver.get_secrets({"secrets": {"aws_id": None, "aws_key": None}})


def test_a_url_is_all_that_is_needed() -> None:
    settings = load({"url": "file:///tmp/x"})
    assert settings.url == "file:///tmp/x"
    assert isinstance(settings.open_store({}), LocalStore)


def test_the_environment_wins_over_the_url() -> None:
    assert load(KEYS, {"TRUSS_OUTPUTS_URL": "file:///tmp/mine"}).url == "file:///tmp/mine"
    assert load(None, {"TRUSS_OUTPUTS_URL": "file:///tmp/mine"}).url == "file:///tmp/mine"
    assert load(KEYS, {"TRUSS_OUTPUTS_URL": ""}).url == "s3://bucket/x"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (None, ".url: is missing; allowed: s3://bucket/prefix or file:///absolute/folder"),
        ({}, ".url: is missing"),
        ("hunter2", ": found str; allowed: settings by name, such as url"),
        ({"url": 5}, ".url: found int; allowed: text"),
        ({"url": "ftp://x"}, ".url: found 'ftp://x'; allowed: file:///absolute/folder, s3://"),
        (KEYS | {"bucket": "hunter2"}, ".bucket: there is no such setting; allowed: url, endpoint_url, "),
        (KEYS | {"region": "EU!"}, ".region: found 'EU!'; allowed: a region's name"),
        (KEYS | {"endpoint_url": "minio:9000"}, ".endpoint_url: found 'minio:9000'; allowed: https://host"),
        (KEYS | {"endpoint_url": "http://a:hunter2@b"}, ".endpoint_url: found a user name or password"),
        (KEYS | {"access_key_id_secret": "hunter2/+="}, ".access_key_id_secret: found no secret's name"),
        (KEYS | {"access_key_id_secret": None}, ": found one of access_key_id_secret and "),
        (KEYS | {"secret_access_key_secret": None}, ": found one of access_key_id_secret and "),
        ({"url": "s3://bucket", "session_token_secret": "t"}, ": found session_token_secret without "),
    ],
)
def test_a_wrong_setting_is_named_in_one_line_with_what_is_allowed(settings: object, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(settings)
    assert str(caught.value).startswith(f"model_metadata.truss_outputs{message}")
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_wrong_url_from_the_environment_is_named_as_such() -> None:
    with pytest.raises(SettingsError, match=r"^TRUSS_OUTPUTS_URL: found 'nowhere'; allowed: "):
        load(KEYS, {"TRUSS_OUTPUTS_URL": "nowhere"})


def test_without_named_secrets_the_sdks_own_chain_is_used(truss_secrets: Any) -> None:
    assert isinstance(load({"url": "s3://bucket", "region": "eu-west-1"}).open_store(truss_secrets), S3Store)


def test_a_missing_secret_is_named_with_its_setting_and_both_remedies(truss_secrets: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load(KEYS).open_store(truss_secrets)
    assert str(caught.value) == (
        "model_metadata.truss_outputs.secret_access_key_secret: the secret 'aws_key' is missing: "
        "declare it in config.yaml under secrets: as 'aws_key: null' and give it a value in Baseten "
        "(locally in the environment variable TRUSS_SECRET_aws_key)"
    )
    with pytest.raises(SettingsError, match="the secret 'undeclared' is missing"):
        load(KEYS | {"access_key_id_secret": "undeclared"}).open_store(truss_secrets)


def test_an_empty_secret_is_missing() -> None:
    with pytest.raises(SettingsError, match="the secret 'aws_id' is missing"):
        load(KEYS).open_store({"aws_id": "\n", "aws_key": "x"})


def test_a_secret_is_taken_without_the_newline_of_its_file(
    truss_secrets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSS_SECRET_aws_key", "hunter2\n")
    credentials = load(KEYS).credentials(truss_secrets)
    assert credentials is not None
    assert credentials.access_key_id.get_secret_value() == "KEYID"
    assert credentials.secret_access_key.get_secret_value() == "hunter2"
    assert credentials.session_token is None
    assert "hunter2" not in repr(credentials)


def test_a_folder_needs_no_secrets(truss_secrets: Any) -> None:
    settings = load(KEYS, {"TRUSS_OUTPUTS_URL": "file:///tmp/mine"})
    assert isinstance(settings.open_store(truss_secrets), LocalStore)


def test_every_setting_is_described() -> None:
    for name, field in OutputSettings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
