import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from truss_outputs import LocalStore, OutputSettings, S3Store, SettingsError
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.s3.options import S3Options

KEYS = {
    "url": "s3://bucket/x",
    "region": "eu-west-1",
    "access_key_id_secret": "aws_id",
    "secret_access_key_secret": "aws_key",
}


AZURE = {"url": "az://results/x", "account_name": "pictures"}
ROLE = "arn:aws:iam::123456789012:role/writer"


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
        (KEYS | {"bucket": "hunter2"}, ".bucket: there is no such setting; allowed: url, environments, "),
        (KEYS | {"region": "EU!"}, ".region: found 'EU!'; allowed: a region's name"),
        (KEYS | {"endpoint_url": "minio:9000"}, ".endpoint_url: found 'minio:9000'; allowed: https://host"),
        (KEYS | {"endpoint_url": "http://a:hunter2@b"}, ".endpoint_url: found a user name or password"),
        (KEYS | {"access_key_id_secret": "hunter2/+="}, ".access_key_id_secret: found no secret's name"),
        (KEYS | {"access_key_id_secret": None}, ": found one of access_key_id_secret and "),
        (KEYS | {"secret_access_key_secret": None}, ": found one of access_key_id_secret and "),
        (KEYS | {"engine": "fast"}, ".engine: found 'fast'; allowed: 'auto', 'sdk' or 'obstore'"),
        (KEYS | {"images": "gif"}, ".images: found 'gif'; allowed: 'PNG', 'JPEG' or 'WEBP'"),
        (
            KEYS | {"write_timeout_seconds": 0},
            ".write_timeout_seconds: found 0; allowed: a number of seconds",
        ),
        (KEYS | {"write_timeout_seconds": "5"}, ".write_timeout_seconds: found str; allowed: a number of "),
        (KEYS | {"write_timeout_seconds": True}, ".write_timeout_seconds: found bool; allowed: a number of "),
        (KEYS | {"write_timeout_seconds": float("nan")}, ".write_timeout_seconds: found nan; allowed: a "),
        (KEYS | {"engine": 5}, ".engine: found int; allowed: 'auto', "),
        (KEYS | {"sse": "aes"}, ".sse: found 'aes'; allowed: 'AES256' or 'aws:kms'"),
        (KEYS | {"addressing_style": "x"}, ".addressing_style: found 'x'; allowed: 'auto', 'path' or "),
        (KEYS | {"kms_key_id": "k"}, ": found kms_key_id without sse; allowed: "),
        (KEYS | {"kms_key_name": "k"}, ".kms_key_name: found 'k'; allowed: projects/P/"),
        (KEYS | {"storage_class": "a b"}, ".storage_class: found 'a b'; allowed: one word"),
        (KEYS | {"metadata": {"a b": "x"}}, ".metadata: found the name 'a b'; allowed: "),
        (KEYS | {"metadata": {"a": "é"}}, ".metadata: found a: 'é'; allowed: printable ASCII"),
        (KEYS | {"metadata": "x"}, ".metadata: found str; allowed: settings by name"),
        (KEYS | {"tags": {str(i): "x" for i in range(11)}}, ".tags: found 11 tags; allowed: at most 10"),
        (KEYS | {"role_arn": "admin"}, ".role_arn: found 'admin'; allowed: a role, as arn:aws:iam::"),
        (KEYS | {"role_arn": ROLE}, ": found role_arn and access_key_id_secret; allowed: one of them"),
        ({"url": "s3://bucket", "role_arn": ROLE}, ": found role_arn without region; allowed: both"),
        ({"url": "s3://b{environment}"}, ".url: found 's3://b{environment}'; allowed: {environment}, "),
        (
            {"url": "s3://bucket/{env}"},
            ".url: found '{env}' in the url; allowed: {environment}, ",
        ),
        ({"url": "s3://bucket/{model_id"}, ".url: found 's3://bucket/{model_id'; allowed: {environment}, "),
        (KEYS | {"destinations": {"a/b": "s3://bucket"}}, ".destinations: found the name 'a/b'; allowed: "),
        (KEYS | {"destinations": {"a": "nowhere"}}, ".destinations.a: found 'nowhere'; allowed: "),
        (KEYS | {"environments": {"x": {"uri": "s3://b"}}}, ".environments.x."),
        (KEYS | {"environments": {"x": {"url": "s3://b/{y}"}}}, ".environments.x.url: found '{y}'"),
        ({"url": "s3://bucket", "session_token_secret": "t"}, ": found session_token_secret without "),
        ({"url": "s3://bucket", "account_name": "pictures"}, ": found account_name, which no store at "),
        (
            AZURE | {"account_name": "Pictures"},
            ".account_name: found 'Pictures'; allowed: 3 to 24 lower-case ",
        ),
        ({"url": "az://results"}, ": found no account_name for an az:// url; allowed: "),
        (AZURE | {"sas_token_secret": "t", "account_key_secret": "k"}, ": found account_key_secret and sas_"),
        (AZURE | {"connection_string_secret": "c"}, ": found account_name and connection_string_secret; "),
        (
            AZURE | {"role_arn": ROLE, "region": "eu-west-1"},
            ": found role_arn with an az:// url, but Baseten's OIDC reaches AWS and Google Cloud only",
        ),
        (AZURE | {"region": "eu-west-1"}, ": found region, which no store at 'az://results/x' takes"),
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
    settings = load({"url": "s3://bucket", "region": "eu-west-1", "engine": "sdk"})
    assert isinstance(settings.open_store(truss_secrets), S3Store)


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
    options = load(KEYS).options_for("s3://bucket/x", truss_secrets)
    assert isinstance(options, S3Options)
    credentials = options.credentials
    assert credentials is not None
    assert credentials.access_key_id.get_secret_value() == "KEYID"
    assert credentials.secret_access_key.get_secret_value() == "hunter2"
    assert credentials.session_token is None
    assert "hunter2" not in repr(credentials)


@pytest.mark.parametrize(
    ("setting", "option"),
    [
        ("account_key_secret", "account_key"),
        ("sas_token_secret", "sas_token"),
        ("connection_string_secret", "connection_string"),
    ],
)
def test_what_opens_an_azure_account_is_a_named_secret(setting: str, option: str) -> None:
    name = {} if option == "connection_string" else {"account_name": "pictures"}
    settings = load({"url": "az://results/x", **name, setting: "azure"})
    options = settings.options_for("az://results/x", {"azure": "hunter2\n"})
    assert getattr(options, option).get_secret_value() == "hunter2"
    assert isinstance(options, AzureOptions)
    assert options.account_name == name.get("account_name")
    with pytest.raises(SettingsError, match=rf"truss_outputs.{setting}: the secret 'azure' is missing"):
        settings.options_for("az://results/x", {})


def test_azures_own_variables_name_the_account_where_the_settings_do_not() -> None:
    environ = {"AZURE_STORAGE_ACCOUNT": "mine"}
    assert load({"url": "az://results"}, environ).account_name == "mine"
    assert load(AZURE, environ).account_name == "pictures"
    assert load({"url": "az://results", "endpoint_url": "https://a"}, environ).account_name is None
    assert load({"url": "s3://bucket"}, environ).account_name is None
    assert load(AZURE, {"AZURE_STORAGE_CONNECTION_STRING": "hunter2"}).account_name == "pictures"


def test_a_folder_needs_no_secrets(truss_secrets: Any) -> None:
    settings = load(KEYS, {"TRUSS_OUTPUTS_URL": "file:///tmp/mine"})
    assert isinstance(settings.open_store(truss_secrets), LocalStore)


def test_every_setting_is_described() -> None:
    for name, field in OutputSettings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_every_description_fits_a_row_of_the_readmes_table() -> None:
    for field in OutputSettings.model_fields.values():
        assert not {"|", "\n"} & set(field.description or "")


PLACES = {
    "url": "s3://bucket/{environment}/{model_id}/{deployment_id}",
    "environments": {"production": {"url": "s3://production/{model_id}"}},
    "destinations": {"eu": "s3://europe/{environment}"},
}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "s3://bucket/none/none/none"),
        ({"environment": "staging", "model_id": "m1", "deployment_id": "d1"}, "s3://bucket/staging/m1/d1"),
        ({"environment": "production", "model_id": "m1"}, "s3://production/m1"),
        ({"environment": "production", "destination": "eu"}, "s3://europe/production"),
        ({"environment": "", "model_id": ""}, "s3://bucket/none/none/none"),
    ],
)
def test_the_url_is_that_of_the_destination_or_the_environment(given: dict[str, str], url: str) -> None:
    assert load(PLACES).url_for(**given) == url


@pytest.mark.parametrize("value", ["../x", "..", ".x", "a/b", "a b", "x" * 101, "a\n", "é"])
def test_a_hostile_value_leads_nowhere(value: str) -> None:
    with pytest.raises(SettingsError, match=r"truss_outputs\.url: found the environment ") as caught:
        load(PLACES).url_for(environment=value)
    assert "\n" not in str(caught.value)


def test_a_destination_is_one_of_those_named() -> None:
    with pytest.raises(SettingsError, match=r"destinations: there is no destination 's3://x'; allowed: eu$"):
        load(PLACES).url_for(destination="s3://x")
    with pytest.raises(SettingsError, match="allowed: none"):
        load({"url": "s3://bucket"}).url_for(destination="eu")


def test_the_variable_wins_over_every_place() -> None:
    settings = load(PLACES, {"TRUSS_OUTPUTS_URL": "file:///tmp/mine"})
    assert settings.url_for(environment="production") == "file:///tmp/mine"
    assert settings.url_for(destination="eu") == "file:///tmp/mine"
    with pytest.raises(SettingsError):
        settings.url_for(destination="unknown")


def test_a_store_is_opened_where_the_url_leads() -> None:
    assert load(PLACES | {"region": "eu-west-1"}).open_store({}).url == "s3://bucket/none/none/none"
    settings = load({"url": "file:///tmp/{environment}"})
    assert settings.open_store({}, url=settings.url_for(environment="x")).url == "file:///tmp/x"


def test_a_role_needs_the_token_of_baseten() -> None:
    settings = {"url": "s3://bucket", "region": "eu-west-1", "role_arn": ROLE}
    with pytest.raises(SettingsError, match=r"role_arn: B10_OIDC_TOKEN_PATH is not set: add runtime: "):
        load(settings).open_store({})
    options = load(settings, {"B10_OIDC_TOKEN_PATH": "/t"}).options_for("s3://bucket", {})
    assert isinstance(options, S3Options)
    assert options.web_identity is not None
    assert (options.web_identity.role_arn, options.web_identity.token_file) == (ROLE, Path("/t"))


def test_a_request_gets_a_quarter_of_the_writes_time() -> None:
    secrets = {"aws_id": "i", "aws_key": "k"}
    for given, seconds in (({}, 7.5), ({"write_timeout_seconds": 60}, 15.0)):
        assert load(KEYS | given).options_for("s3://bucket/x", secrets).answer_timeout == seconds


def test_the_options_of_a_bucket_reach_it_and_a_folder_takes_none() -> None:
    given = {"sse": "aws:kms", "kms_key_id": "k", "storage_class": "STANDARD_IA", "tags": {"a": "b"}}
    settings = load(KEYS | given | {"metadata": {"team": "x"}, "addressing_style": "virtual"})
    options = settings.options_for("s3://bucket/x", {"aws_id": "i", "aws_key": "k"})
    assert isinstance(options, S3Options)
    assert (options.sse, options.kms_key_id, options.storage_class) == ("aws:kms", "k", "STANDARD_IA")
    assert (options.tags, options.metadata) == ({"a": "b"}, {"team": "x"})
    assert options.addressing_style == "virtual"
    assert settings.options_for("file:///tmp/x", {}).given == frozenset()
