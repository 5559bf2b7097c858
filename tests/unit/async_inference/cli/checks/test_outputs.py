from pathlib import Path

import pytest

from async_inference.cli.checks.outputs import check_output_settings

S3_WITH_SECRETS = """
requirements: [boto3==1.44.5]
secrets: {id: null, key: null}
model_metadata:
  truss_outputs:
    url: s3://bucket/prefix
    region: eu-west-1
    access_key_id_secret: id
    secret_access_key_secret: key
"""
SECRETS = {"TRUSS_SECRET_id": "AKIA", "TRUSS_SECRET_key": "hidden"}


def check(tmp_path: Path, config: str, **environ: str) -> list[str]:
    (tmp_path / "config.yaml").write_text(config)
    return check_output_settings(tmp_path, environ)


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ("model_name: another\n", {}),
        ("model_metadata: {tags: [a]}\n", {}),
        ("model_metadata: {truss_outputs: {url: file:///tmp/x}}\n", {}),
        (S3_WITH_SECRETS, SECRETS),
        (S3_WITH_SECRETS, {"TRUSS_OUTPUTS_URL": "file:///tmp/x"}),
        (S3_WITH_SECRETS.replace("boto3==1.44.5", "'Boto3[crt] >= 1.40'"), SECRETS),
    ],
)
def test_nothing_is_wrong_with_these(tmp_path, config, environ):
    assert check(tmp_path, config, **environ) == []


@pytest.mark.parametrize(
    ("config", "environ", "expected"),
    [
        (S3_WITH_SECRETS.replace("{id: null, key: null}", "7"), SECRETS, "secrets: found int; write names"),
        (S3_WITH_SECRETS + "environment_variables: [a]", SECRETS, "environment_variables: found list"),
        ("model_metadata: {truss_outputs: {url: ftp://x}}", {}, "model_metadata.truss_outputs.url: found"),
        ("model_metadata: {truss_outputs: {ur: s3://b}}", {}, "model_metadata.truss_outputs."),
        (S3_WITH_SECRETS, {"TRUSS_OUTPUTS_URL": "nowhere"}, "TRUSS_OUTPUTS_URL: found 'nowhere'"),
        (S3_WITH_SECRETS, {}, "the secret 'id' is missing"),
        (S3_WITH_SECRETS.replace("{id: null, key: null}", "{id: null}"), SECRETS, "secret 'key' is missing"),
        (S3_WITH_SECRETS.replace("boto3==1.44.5", "boto3-stubs"), SECRETS, "requirements: boto3 is missing"),
        (
            S3_WITH_SECRETS + "environment_variables: {TRUSS_OUTPUTS_URL: gopher://x}",
            SECRETS,
            "TRUSS_OUTPUTS_URL: found 'gopher://x'",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line_without_a_secret(tmp_path, config, environ, expected):
    [problem] = check(tmp_path, config, **environ)
    assert expected in problem
    assert "hidden" not in problem
    assert "\n" not in problem


def test_a_requirements_file_counts(tmp_path):
    (tmp_path / "requirements.txt").write_text("numpy\nboto3==1.44.5 \\\n    --hash=sha256:00\n")
    config = S3_WITH_SECRETS.replace("requirements: [boto3==1.44.5]", "requirements_file: requirements.txt")
    assert check(tmp_path, config, **SECRETS) == []


@pytest.mark.parametrize(
    ("lines", "requirements", "expected"),
    [
        ("", "obstore==0.8", []),
        ("engine: sdk", "obstore==0.8", ["boto3"]),
        ("engine: obstore", "boto3", ["obstore"]),
        ("destinations: {local: 'file:///tmp/x'}", "boto3", []),
    ],
)
def test_what_the_engine_needs_is_required(tmp_path, lines, requirements, expected):
    config = S3_WITH_SECRETS.replace("boto3==1.44.5", requirements) + f"    {lines}\n"
    problems = check(tmp_path, config, **SECRETS)
    assert [problem.split()[1] for problem in problems] == expected


@pytest.mark.parametrize(
    ("requirements", "lines", "expected"),
    [
        ("", "account_key_secret: key", ["azure-storage-blob"]),
        ("obstore", "account_key_secret: key", []),
        ("obstore", "engine: sdk, sas_token_secret: key", ["azure-storage-blob"]),
        ("azure-storage-blob", "", ["azure-identity"]),
        ("azure-storage-blob, azure-identity", "", []),
        ("", "engine: obstore", ["obstore", "azure-identity"]),
    ],
)
def test_what_azure_needs_is_required(tmp_path, requirements, lines, expected):
    config = f"""
requirements: [{requirements}]
secrets: {{key: null}}
model_metadata: {{truss_outputs: {{url: 'az://results/x', account_name: pictures, {lines}}}}}
"""
    problems = check(tmp_path, config, TRUSS_SECRET_key="hidden")
    assert [problem.split()[1] for problem in problems] == expected


def test_every_place_is_checked(tmp_path):
    config = S3_WITH_SECRETS.replace("s3://bucket/prefix", "file:///tmp/x").replace("[boto3==1.44.5]", "[]")
    config += "    destinations: {one: 's3://bucket', two: 's3://other'}\n"
    [problem] = check(tmp_path, config, **SECRETS)
    assert "requirements: boto3 is missing" in problem


def test_no_store_is_opened_as_its_keys_may_be_elsewhere(tmp_path):
    config = """
requirements: [google-cloud-storage]
secrets: {account: null}
model_metadata: {truss_outputs: {url: 'gs://bucket/prefix', service_account_secret: account}}
"""
    assert check(tmp_path, config, TRUSS_SECRET_account="not looked into") == []
    [problem] = check(tmp_path, config)
    assert "the secret 'account' is missing" in problem
