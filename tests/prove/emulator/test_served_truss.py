"""What is served is the truss that is installed: its server, its chainlets, and our decorators in them."""

import hashlib
import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from async_emulator.testing.emulator_process import EmulatorProcess
from tests.acceptance.conftest import ROOT, Caller, write_truss
from tests.truss_matrix.locks import lock_of_this_environment, locked_version
from truss_outputs import OutputReader, from_url, stored_failures

pytestmark = [pytest.mark.truss, pytest.mark.usefixtures("expected_truss")]

# Answers with the contents of files of the server that runs it.
DECORATED = """
import hashlib
from pathlib import Path

import truss_server
from truss_outputs import ModelOutputs, stores_outputs

SERVER = Path(truss_server.__file__).parent


class Model:
    def __init__(self, config, secrets, **kwargs):
        self._outputs = ModelOutputs.from_truss(config, secrets)

    @stores_outputs
    async def predict(self, model_input):
        return {name: hashlib.sha256((SERVER / name).read_bytes()).hexdigest() for name in model_input}
"""

CHAIN = """
import importlib.metadata

import truss_chains as chains

IMAGE = chains.DockerImage(base_image=chains.BasetenImage.PY311)


@chains.mark_entrypoint("Versions")
class Versions(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE)

    async def run_remote(self) -> str:
        return importlib.metadata.version("truss")
"""


@pytest.fixture(scope="module")
def expected_truss() -> str:
    """The version that this environment was made to have."""
    expected = locked_version(lock_of_this_environment())
    assert importlib.metadata.version("truss") == expected
    return expected


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served-truss")


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[EmulatorProcess]:
    outputs = f"model_metadata: {{truss_outputs: {{url: '{(folder / 'outputs').as_uri()}'}}}}\n"
    truss = write_truss(folder / "decorated", DECORATED, outputs)
    shutil.copytree(ROOT / "packages/truss_outputs", truss / "packages/truss_outputs")
    (folder / "chain").mkdir()
    (folder / "chain" / "versions.py").write_text(CHAIN)
    arguments = (folder / "chain" / "versions.py", "--data-dir", folder / "data", "--no-rate-limits")
    with EmulatorProcess(truss, *arguments) as emulator:
        emulator.wait_until_ready()
        yield emulator


@pytest.fixture
def caller(emulator: EmulatorProcess) -> Iterator[Caller]:
    with Caller(emulator) as caller:
        yield caller


def url_of(emulator: EmulatorProcess, operation: str) -> str:
    urls = [line.split()[1].rstrip(",") for line in emulator.lines if line.startswith("  POST ")]
    [url] = [url for url in urls if url.endswith(operation)]
    return url


def installed_server() -> dict[str, str]:
    """The checksum of each file of the model server in the installed truss."""
    truss = importlib.util.find_spec("truss")
    assert truss is not None
    assert truss.origin is not None
    server = Path(truss.origin).parent / "templates" / "server"
    files = [path for path in server.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(server)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run(caller: Caller, model_input: Any, status: str) -> str:
    body = {"model_input": model_input, "inference_retry_config": {"max_attempts": 1}}
    submitted = caller.http.post(url_of(caller.emulator, "/async_predict"), json=body)
    request_id = str(submitted.json()["request_id"])
    caller.wait(request_id, status)
    return request_id


def test_the_server_is_that_of_the_installed_truss_and_a_decorated_predict_stores(caller, folder):
    server = installed_server()
    assert {"truss_server.py", "model_wrapper.py", "requirements.txt"} <= set(server)
    reader = OutputReader(from_url((folder / "outputs").as_uri()))
    request_id = run(caller, list(server), "SUCCEEDED")
    assert reader.value(reader.load(request_id)) == server


def test_a_decorated_predict_that_fails_leaves_its_reason(caller, folder):
    request_id = run(caller, ["no-such-file"], "FAILED")
    [record] = stored_failures(from_url((folder / "outputs").as_uri()), request_id)
    assert "no-such-file" in record.errors[0].message


def test_a_chainlet_has_the_installed_truss(caller, emulator, expected_truss):
    url = url_of(emulator, "/async_run_remote").replace("/async_", "/")
    assert caller.http.post(url, json={}).json() == expected_truss
