"""`truss-async check` finds what would fail only after a push."""

import json
import os
import sys

import pytest
from click.testing import CliRunner

from async_inference.cli.main import main
from tests.unit.async_inference.cli.commands.trusses.test_check import CONFIG, MODEL, S3

pytestmark = pytest.mark.truss

BUCKET = CONFIG % S3
NO_STORE = MODEL.replace("return self._outputs.store(output, request)", "return output")


@pytest.fixture
def findings(tmp_path):
    def findings(config: str = BUCKET, model: str | bytes = MODEL, *options: str) -> list[str]:
        """The problems and notes of a Truss, each after its subject."""
        folder = tmp_path / "trüss 日本"
        (folder / "packages/truss_outputs").mkdir(parents=True, exist_ok=True)
        (folder / "packages/truss_outputs/__init__.py").touch()
        (folder / "model").mkdir(exist_ok=True)
        content = model.encode() if isinstance(model, str) else model
        (folder / "model/model.py").write_bytes(content)
        (folder / "config.yaml").write_text(config)
        return run(folder, "--offline", *options)

    return findings


def run(path, *options: str) -> list[str]:
    result = CliRunner().invoke(main, ["check", str(path), "--json", *options])
    assert result.exit_code in (0, 1, 2), result.output
    checks = json.loads(result.stdout)["checks"]
    assert (result.exit_code == 0) == all(each["ok"] for each in checks)
    return [f"{each['subject']}: {each['problem'] or each['note']}" for each in checks if _remark(each)]


def _remark(check) -> bool:
    return bool(check["problem"] or check["note"])


def test_nothing_is_wrong(findings):
    assert findings() == []


@pytest.mark.parametrize(
    ("decorator", "expected"),
    [
        ("", "found skip_stored: true, and predict without a decorator, so that it would run before"),
        ("@stores_failures", None),
        ("@truss_outputs.stores_outputs", None),
        ("@traced", None),  # it may look itself
    ],
)
def test_what_is_stored_is_looked_for_in_time(findings, decorator, expected):
    model = MODEL.replace("    def predict(", f"    {decorator}\n    def predict(")
    found = findings(with_setting("skip_stored: true"), model)
    assert [each for each in found if "skip_stored" in each] == found
    assert len(found) == (expected is not None)
    assert expected is None or expected in found[0]
    assert findings(with_setting("skip_stored: false"), model) == []


def test_a_hook_that_is_decorated_later_is_not_judged(findings):
    model = MODEL.replace(
        "    def postprocess(", "    predict = stores_failures(predict)\n\n    def postprocess("
    )
    assert findings(with_setting("skip_stored: true"), model) == []


@pytest.mark.parametrize("url", ["file:///tmp/x", "memory://x"])
def test_a_place_that_goes_with_the_replica_is_refused_for_a_push(findings, url):
    for options in ((), ("--for-push",)):
        [found] = findings(CONFIG % url, MODEL, *options)
        assert found.startswith(f"settings: model_metadata.truss_outputs.url: found '{url}', which goes")
        assert "write s3://bucket/prefix or gs://" in found


def with_setting(setting: str) -> str:
    return BUCKET.replace("secret_access_key_secret: key}", f"secret_access_key_secret: key, {setting}}}")


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (with_setting("destinations: {eu: 'file:///x'}"), ".destinations.eu: found 'file:///x'"),
        (with_setting("environments: {dev: {url: 'file:///x'}}"), ".environments.dev.url: found"),
        (f"{BUCKET}environment_variables: {{TRUSS_OUTPUTS_URL: 'file:///x'}}\n", "TRUSS_OUTPUTS_URL: found"),
        (CONFIG % "file:///cache/org/results", "a cache of the platform, which keeps no results; write s3:"),
        (CONFIG % "file:///app/model_cache", "a cache of the platform"),
    ],
)
def test_every_place_is_named_by_its_key(findings, config, key):
    [found] = findings(config)
    assert key in found


def test_a_cache_is_refused_without_being_asked(findings, tmp_path):
    findings(CONFIG % "file:///cache/x")
    result = CliRunner().invoke(main, ["check", str(tmp_path / "trüss 日本"), "--offline"])
    assert result.exit_code == 2
    assert "failed  settings: model_metadata.truss_outputs.url: found 'file:///cache/x'" in result.stdout


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("python_version: py310", "config.yaml: python_version: found 'py310', and truss_outputs needs"),
        ("python_version: 3.10", "config.yaml: python_version: found '3.1', and"),
        (
            "requirement: [a]",
            "requirement: found a key that truss does not know, so a push is refused; did you mean",
        ),
        ("my_settings: 1", "move your own settings to model_metadata"),
    ],
)
def test_the_top_of_config_yaml(findings, lines, expected):
    [found] = findings(f"{BUCKET}{lines}\n")
    assert expected in found


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "boto3==1.20.1",
            "requirements: found 'boto3==1.20.1', and truss_outputs needs 1.40 or later; write",
        ),
        ("boto3<1.40", "write boto3>=1.40"),
        ("boto3~=1.39.0", "write boto3>=1.40"),
        ("boto3==1.39.*", "write boto3>=1.40"),
        ("'Boto3[crt]==1.44.5', pydantic==1.10.2", "found 'pydantic==1.10.2'"),
        ("boto3, -e ./lib", "found '-e ./lib', which is not there when the image is built"),
        ("boto3, 'x @ file:///x.whl'", "which is not there when the image is built"),
    ],
)
def test_requirements_that_cannot_work(findings, lines, expected):
    [found] = findings(BUCKET.replace("[boto3]", f"[{lines}]"))
    assert found.startswith("requirements: ")
    assert expected in found


@pytest.mark.parametrize(
    "requirements", ["boto3==1.44.5", "boto3>=1.30", "boto3~=1.39", "boto3<2", "boto3!=1.20", "boto3==1.*"]
)
def test_requirements_that_can_work(findings, requirements):
    assert findings(BUCKET.replace("[boto3]", f"['{requirements}']")) == []


def test_versions_in_a_requirements_file(findings, tmp_path):
    config = BUCKET.replace("requirements: [boto3]", "requirements_file: r.txt")
    findings(config)
    (tmp_path / "trüss 日本/r.txt").write_text("# old\nboto3==1.20.1 \\\n  --hash=sha256:00 # x\n-r other\n")
    [found] = findings(config)
    assert "found 'boto3==1.20.1'" in found


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("class Model:\n  def predict(", "model/model.py:2: does not parse: "),
        (b"x = 1\0", "model/model.py"),
        (MODEL.replace("class Model", "class Mine"), "write model_class_name: Mine in config.yaml"),
        ("import os\n", "found no class Model; write class Model, with a method predict"),
        (MODEL.replace("def predict", "def prodict"), "found no method predict"),
        (
            MODEL.replace("request: Request", "request"),
            "write request: Request, with from starlette.requests",
        ),
        (MODEL.replace("request: Request", "request: dict"), "without the annotation Request"),
        (MODEL.replace("request: Request", "request: 'Request'"), "as text, which Truss cannot read"),
        ("from __future__ import annotations\n" + MODEL, "no from __future__ import annotations"),
        (MODEL.replace("output, request: Request", "request: Request"), "found the request as its only"),
        (MODEL.replace("output, request: Request", "request: Request, output"), "found the request first"),
        (MODEL.replace("output, request", "output, more, request"), "found 3 parameters beside self"),
        (NO_STORE, "found nothing that stores: no postprocess that calls store, and no @stores_outputs"),
    ],
)
def test_a_model_that_would_not_start_or_not_store(findings, model, expected):
    [found] = findings(BUCKET, model)
    assert found.startswith("model: ")
    assert expected in found
    assert "\n" not in found


@pytest.mark.parametrize(
    "model",
    [
        MODEL.replace("import Request", "import Request as R").replace(": Request", ": R"),
        MODEL.replace("from starlette.requests import Request", "import fastapi").replace(
            ": Request", ": fastapi.Request"
        ),
        MODEL.replace("output, request: Request", "output").replace("(output, request)", "(output)"),
        NO_STORE.replace("    def predict", "    @stores_outputs\n    def predict"),
        "from ours import Model\n",
        "from ours import Base\nclass Model(Base): ...\n",
        "def build(): ...\nModel = build()\n",
        "try:\n    from ours import Model\nexcept ImportError:\n    pass\n",
        MODEL + 'PATTERN = "\\d"\n',
        b"# -*- coding: latin-1 -*-\n" + MODEL.encode() + b"NAME = '\xe9'\n",
    ],
)
def test_a_model_of_which_nothing_wrong_can_be_told(findings, model):
    assert findings(BUCKET, model) == []


def test_newer_syntax_is_not_taken_for_a_mistake(findings):
    newer = f"python_version: py3{sys.version_info.minor + 1}\n"
    [found] = findings(BUCKET + newer, "class Model")
    assert f"does not parse with Python 3.{sys.version_info.minor}, which looks at it here" in found


def test_a_model_is_never_run(findings, tmp_path):
    mark = tmp_path / "ran"
    findings(BUCKET, f"open({str(mark)!r}, 'w')\n" + MODEL)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (b"x = 1\n" * 1_000_000, "found 6.0 MB of Python, too much to be checked"),
        ("x = " + "(" * 5_000 + ")" * 5_000, "model/model.py"),
        ("x = " + "-" * 50_000 + "1", "model/model.py"),
    ],
)
def test_hostile_code(findings, model, expected):
    [found] = findings(BUCKET, model)
    assert expected in found


def test_large_files_loops_and_dead_links_in_the_models_folder(findings, tmp_path):
    folder = tmp_path / "trüss 日本/model"
    findings()
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to(folder / "self")
    (folder / "dead").symlink_to(tmp_path / "nowhere")
    with (folder / "wéights.bin").open("wb") as file:
        file.truncate(25_000_000)
    found = findings()
    assert len(found) == 3
    assert found[0].startswith("model: model/wéights.bin: found 25 MB, which every push uploads")
    assert all("cannot be read, so a push fails" in each for each in found[1:])
    (folder.parent / ".truss_ignore").write_text(".git\n.venv\n*.bin\n")
    assert not any("wéights" in each for each in findings())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(findings, tmp_path):
    findings()
    (tmp_path / "trüss 日本/model/model.py").chmod(0)
    assert "model: model/model.py: cannot be read: Permission denied" in run(
        tmp_path / "trüss 日本", "--offline"
    )


@pytest.mark.parametrize("config", ["- a\n- b\n", "just text", "model_metadata: [a]"])
def test_a_config_that_is_no_mapping(findings, tmp_path, config):
    findings()
    folder = tmp_path / "trüss 日本"
    (folder / "config.yaml").write_text(config)
    result = CliRunner().invoke(main, ["check", str(folder)])
    assert result.exit_code == 2
    assert "not a mapping" in result.stderr


@pytest.mark.parametrize("key", ["secrets", "runtime", "environment_variables", "requirements"])
def test_a_section_of_another_kind(findings, tmp_path, key):
    lines = [line for line in BUCKET.splitlines() if not line.startswith(f"{key}:")]
    config = "\n".join([*lines, f"{key}: 7"])
    assert any(key in each and "found int" in each for each in findings(config)), findings(config)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("regoin: x", ".regoin: there is no such setting; did you mean region? allowed: url, "),
        ("frobnicate: x", ".frobnicate: there is no such setting; allowed: url, "),
    ],
)
def test_a_setting_that_is_misspelt(findings, setting, expected):
    [found] = findings(with_setting(setting))
    assert expected in found
