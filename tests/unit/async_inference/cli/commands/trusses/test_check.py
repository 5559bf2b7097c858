import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from async_inference.cli.main import main
from truss_outputs import LocalStore

pytestmark = pytest.mark.truss

CONFIG = """
requirements: [boto3]
secrets: {id: null, key: null}
model_metadata:
  truss_outputs: {url: %s}
"""
MODEL = """
from starlette.requests import Request
from truss_outputs import ModelOutputs

class Model:
    def __init__(self, config, secrets, **kwargs):
        self._outputs = ModelOutputs.from_truss(config, secrets)

    def predict(self, model_input):
        return model_input

    def postprocess(self, output, request: Request):
        return self._outputs.store(output, request)
"""
S3 = "s3://bucket/prefix, region: eu-west-1, access_key_id_secret: id, secret_access_key_secret: key"


@pytest.fixture
def truss(tmp_path):
    folder = tmp_path / "truss"
    folder.mkdir()

    def truss(config: str = CONFIG % (tmp_path / "results").as_uri()) -> str:
        (folder / "config.yaml").write_text(config)
        plugin = folder / "packages/truss_outputs/__init__.py"
        plugin.parent.mkdir(parents=True, exist_ok=True)
        plugin.touch()
        (folder / "model").mkdir(exist_ok=True)
        (folder / "model/model.py").write_text(MODEL)
        return str(folder)

    return truss


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(main, ["check", *arguments])


def problems(result: Result) -> dict[str, str]:
    checks = json.loads(result.stdout)["checks"]
    return {each["subject"]: each["problem"] for each in checks if not each["ok"]}


def test_a_truss_that_is_right(run, truss, tmp_path):
    result = run(truss())
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    url = (tmp_path / "results").as_uri()
    assert [line for line in lines if not line.startswith("ok      ")] == [
        f"warning settings: model_metadata.truss_outputs.url: found '{url}', which "
        "goes when the replica goes; before a push, write s3://bucket/prefix or gs://bucket/prefix or "
        "az://container/prefix"
    ]
    assert [line.split()[1].rstrip(":") for line in lines[:7]] == [
        "config.yaml",
        "secrets",
        "requirements",
        "settings",
        "packages",
        ".truss_ignore",
        "model",
    ]
    assert [line.split()[-1] for line in lines[7:]] == ["put", "create", "get", "list", "delete"]
    assert list(LocalStore(tmp_path / "results").list()) == []


def test_for_machines(run, truss):
    result = run(truss(), "--json")
    assert json.loads(result.stdout)["ok"] is True
    assert problems(result) == {}


def test_offline_the_store_is_not_asked(run, truss, tmp_path):
    assert run(truss(), "--offline").exit_code == 0
    assert not (tmp_path / "results").exists()


def test_a_store_that_refuses(run, truss, tmp_path):
    (tmp_path / "results").write_text("a file, where a folder is needed")
    result = run(truss(), "--json")
    assert result.exit_code == 1
    [(subject, problem)] = problems(result).items()
    assert subject.endswith("/results: put")
    assert "a file stands where a folder is needed" in problem
    assert "failed  file://" in run(truss()).stdout


@pytest.mark.parametrize(
    ("config", "subject", "problem"),
    [
        (CONFIG % "ftp://x", "settings", "model_metadata.truss_outputs.url: found 'ftp://x'"),
        ((CONFIG % S3).replace("[boto3]", "[]"), "requirements", "requirements: boto3 is missing"),
        ((CONFIG % S3).replace("key: null}", "}"), "settings", "the secret 'key' is missing"),
        ((CONFIG % S3).replace("id: null", "id: sesame"), "secrets", "the file holds a value for id: set it"),
    ],
)
def test_what_is_wrong_in_the_files_is_said_before_the_store_is_asked(run, truss, config, subject, problem):
    result = run(truss(config), "--json")
    assert result.exit_code == 2
    found = problems(result)
    assert list(found) == [subject]
    assert problem in found[subject]
    assert "sesame" not in result.output


@pytest.mark.parametrize(("runtime", "code"), [("", 2), ("runtime: {oidc: {enabled: true}}\n", 0)])
def test_a_role_needs_the_token(run, truss, runtime, code):
    role = "s3://bucket, region: eu-west-1, role_arn: 'arn:aws:iam::123456789012:role/x'"
    assert run(truss(CONFIG % role + runtime), "--offline").exit_code == code


def test_secrets_that_only_baseten_knows_are_no_problem(run, truss):
    assert run(truss(CONFIG % S3), "--offline").exit_code == 0


def test_the_plugin_must_ship(run, truss, tmp_path):
    folder = truss()
    (tmp_path / "truss/.truss_ignore").write_text(".git\n.venv\npackages\n")
    left_out = "a push would leave out packages/truss_outputs: allow it in .truss_ignore"
    assert problems(run(folder, "--offline", "--json")) == {"packages": left_out}
    (tmp_path / "truss/.truss_ignore").unlink()
    (tmp_path / "truss/packages").rename(tmp_path / "shared")
    missing = problems(run(folder, "--offline", "--json"))
    assert list(missing) == ["packages"]
    how = "truss_outputs is not in the image: copy it to packages/truss_outputs: mkdir -p packages && cp -r /"
    assert missing["packages"].startswith(how)
    shipped = Path(missing["packages"].split()[-2])
    assert (shipped / "model_outputs.py").is_file()
    config = (tmp_path / "truss/config.yaml").read_text()
    (tmp_path / "truss/config.yaml").write_text(config + "external_package_dirs: [../shared]\n")
    assert run(folder, "--offline").exit_code == 0


@pytest.mark.parametrize(
    ("rules", "there", "strays"),
    [
        (None, ["model"], None),
        (None, ["tests"], "tests"),
        ("*.log\n", ["model"], ".git, .venv"),
        (
            "/*\n!/model\n!/config.yaml\n!/packages\n/packages/async_*\n",
            ["tests", "packages/async_emulator", "model"],
            None,
        ),
        (
            ".git\n.venv/\n# tests\n",
            ["tests", "packages/async_emulator", "packages/async_inference"],
            "packages/async_emulator, packages/async_inference, tests",
        ),
    ],
)
def test_what_a_push_would_take_along(run, truss, tmp_path, rules, there, strays):
    folder = truss()
    for name in there:
        (tmp_path / "truss" / name).mkdir(parents=True, exist_ok=True)
    if rules is not None:
        (tmp_path / "truss/.truss_ignore").write_text(rules)
    result = run(folder, "--offline", "--json")
    expected = {".truss_ignore": f"a push would take {strays} into the image: name it in .truss_ignore"}
    assert problems(result) == (expected if strays else {})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("a: [", "config.yaml: is not YAML"),
        ("model_name: x", "config.yaml: has no model_metadata.truss_outputs"),
    ],
)
def test_a_config_that_cannot_be_checked(run, truss, config, message):
    result = run(truss(config))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_no_truss(run, tmp_path):
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert "config.yaml: not found, so this folder is not a Truss" in result.stderr


def test_this_repository_is_right(run, request):
    assert run(str(request.config.rootpath), "--offline").stdout.count("ok    ") == 6
