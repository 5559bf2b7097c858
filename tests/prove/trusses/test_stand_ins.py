"""Stubs of every kind, and local weights in their places, around the real Truss server."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from async_emulator.testing.emulator_process import EmulatorProcess
from tests.acceptance.conftest import Caller, write_truss

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]

MODEL = """
import torch

class Model:
    def __init__(self, config, **kwargs):
        self.engine = torch.load("x").cuda()

    def preprocess(self, model_input):
        return {"seen": model_input}

    @torch.inference_mode()
    def predict(self, model_input):
        raise MemoryError

    def postprocess(self, output):
        return output
"""
STUBS = {
    "sync": "def predict(i):\n    return i",
    "coroutine": "async def predict(i):\n    return i",
    "generator": "import json\ndef predict(i):\n    yield json.dumps(i)",
    "stream": "import json\nasync def predict(i):\n    yield json.dumps(i)",
    "typed": "def predict(i: dict) -> dict:\n    return i",
}
READS = """
import os
from pathlib import Path

class Model:
    def load(self):
        # As huggingface_hub finds it, which is not installed here.
        hub = Path(os.environ["HF_HUB_CACHE"]) / "models--org--name"
        snapshot = hub / "snapshots" / (hub / "refs" / "main").read_text()
        self.read = [(snapshot / "x").read_text(), Path("data/y.bin").read_text()]
        self.read += [Path("/app/data/y.bin").read_text(), os.environ["HF_HUB_OFFLINE"]]

    def predict(self, model_input):
        return self.read
"""
CONFIG = """
model_cache: [{repo_id: org/name, use_volume: false}]
external_data: [{url: "https://x/y", local_data_path: y.bin}]
"""
NO_MODEL = """
model_name: other
python_version: py311
base_image: {image: own/server}
docker_server: {start_command: run, server_port: 8000, predict_endpoint: /, readiness_endpoint: /,
  liveness_endpoint: /}
"""
CHAIN = """
import torch
import truss_chains as chains

HERE = chains.RemoteConfig(docker_image=chains.DockerImage(base_image=chains.BasetenImage.PY311))


class Large(chains.ChainletBase):
    remote_config = HERE

    def __init__(self):
        raise MemoryError

    async def run_remote(self, text: str) -> str:
        raise MemoryError


class Top(chains.ChainletBase):
    remote_config = HERE

    def __init__(self, large: Large = chains.depends(Large)):
        self._large = large

    async def run_remote(self, text: str) -> str:
        return "top " + await self._large.run_remote(text)
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    folder = tmp_path_factory.mktemp("stand_ins")
    arguments: list[str | Path] = ["--data-dir", folder / "data"]
    trusses = []
    for name, source in STUBS.items():
        # Truss refuses a generator before a postprocess, whoever wrote it.
        model = MODEL.partition("    def postprocess")[0] if "yield" in source else MODEL
        trusses.append(write_truss(folder / name, model, "requirements: [torch, vllm]\n"))
        (folder / f"{name}.py").write_text(source)
        arguments += ["--stub", f"{name}={folder / name}.py"]
    trusses.append(write_truss(folder / "reads", READS, CONFIG))
    (folder / "local").mkdir()
    (folder / "local" / "x").write_text("heavy")
    arguments += ["--weights", f"org/name={folder / 'local'}", "--weights", f"y.bin={folder / 'local' / 'x'}"]
    (folder / "none").mkdir()
    (folder / "none" / "config.yaml").write_text(NO_MODEL)
    arguments += ["--stub", f"none={folder / 'sync'}.py"]
    (folder / "chain").mkdir()
    (folder / "chain" / "chain.py").write_text(CHAIN)
    (folder / "large.py").write_text("def predict(arguments):\n    return arguments['text'].upper()\n")
    arguments += ["--stub", f"Large={folder / 'large'}.py"]
    paths = [*trusses, folder / "none", f"{folder / 'chain' / 'chain.py'}:Top"]
    with EmulatorProcess(*map(str, paths), *arguments) as emulator:
        emulator.wait_until_ready()
        yield emulator


def ask(emulator: EmulatorProcess, name: str, operation: str, body: object) -> httpx.Response:
    names = emulator.lines[0].removeprefix("serving ").partition(" on ")[0].split(", ")
    urls = [line.split()[1].rstrip(",") for line in emulator.lines if line.startswith("  POST ")]
    [url] = [
        url for path, url in zip(names, urls, strict=True) if f"/{name}" in path.removesuffix(".py")[-30:]
    ]
    with Caller(emulator) as caller:
        return caller.http.post(f"{url.rpartition('/')[0]}/{operation}", json=body)


@pytest.mark.parametrize("name", STUBS)
def test_a_stub_of_any_kind_predicts_without_the_model_s_engine(emulator, name):
    answer = ask(emulator, name, "predict", {"a": 1})
    assert json.loads(answer.text) == {"seen": {"a": 1}}, answer.text


def test_a_server_of_its_own_has_a_stub_in_its_place(emulator):
    assert ask(emulator, "none", "predict", {"a": 1}).json() == {"a": 1}


def test_weights_are_where_the_image_has_them(emulator):
    assert ask(emulator, "reads", "predict", {}).json() == ["heavy", "heavy", "heavy", "1"]


def test_a_chainlet_s_stub_answers_the_entrypoint_that_was_named(emulator):
    assert ask(emulator, "chain", "run_remote", {"text": "hi"}).json() == "top HI"
