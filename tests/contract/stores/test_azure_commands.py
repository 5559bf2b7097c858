"""The commands that read a store, with one in Azure and a key of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from async_inference.cli.main import main
from tests.contract.servers import azurite
from truss_outputs import Artifact, OutputWriter, from_url
from truss_outputs.stores.azure.options import AzureOptions

CONFIG = """
requirements: [%(package)s]
secrets: {azure: null}
model_metadata:
  truss_outputs:
    url: az://results/commands/%(engine)s
    endpoint_url: %(endpoint)s
    engine: %(engine)s
    account_key_secret: azure
"""

Run = Callable[..., Result]


MODEL = """
from starlette.requests import Request
from truss_outputs import ModelOutputs


class Model:
    def __init__(self, config, secrets):
        self._outputs = ModelOutputs.from_truss(config, secrets)

    def predict(self, model_input):
        return model_input

    def postprocess(self, output, request: Request):
        return self._outputs.store(output, request)
"""


@pytest.fixture(params=["sdk", "obstore"])
def run(
    request: pytest.FixtureRequest,
    azure_options: AzureOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    monkeypatch.chdir(tmp_path)
    package = {"sdk": "azure-storage-blob", "obstore": "obstore"}[request.param]
    told = {"package": package, "engine": request.param, "endpoint": azure_options.endpoint_url}
    Path("config.yaml").write_text(CONFIG % told)
    Path(".truss_ignore").write_text("/*\n!/config.yaml\n!/model\n!/packages\n")
    Path("packages/truss_outputs").mkdir(parents=True)
    Path("model").mkdir()
    Path("model/model.py").write_text(MODEL)
    store = from_url(f"az://results/commands/{request.param}", options=azure_options)
    OutputWriter(store).write({"text": "hé", "image": Artifact(b"\x89PNG", "image/png")}, "r1")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"TRUSS_SECRET_azure": azurite.KEY})

    return run


def test_a_truss_is_checked_to_its_store(run: Run) -> None:
    result = run("check", "--json")
    assert result.exit_code == 0, result.output
    checks = json.loads(result.stdout)["checks"]
    assert [each["subject"].rpartition(" ")[2] for each in checks[-5:]] == [
        "put",
        "create",
        "get",
        "list",
        "delete",
    ]
    assert all(each["ok"] and not each["note"] for each in checks)


def test_a_result_is_fetched_and_no_orphan(run: Run, tmp_path: Path) -> None:
    result = run("fetch", "r1", "--to", "got")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "got/r1/image.png").read_bytes() == b"\x89PNG"
    result = run("gc", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["objects"] == []


def test_a_result_is_waited_for(run: Run) -> None:
    result = run("wait", "r1", "--timeout", "5", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["data"]["text"] == "hé"
