"""Trusses of every kind: whatever hooks take and give, whatever config.yaml asks for."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import uv

from tests.acceptance.conftest import ROOT, write_truss

HOOKS = """
from starlette.requests import Request

class Model:
    def preprocess(self, model_input):
        return [model_input, "preprocessed"]

    async def predict(self, model_input):
        return [*model_input, "predicted"]

    def postprocess(self, output, request: Request):
        return {"steps": output, "request_id": request.headers["x-baseten-request-id"]}
"""

TYPED = """
import pydantic

class Input(pydantic.BaseModel):
    prompt: str
    steps: int = 2

class Output(pydantic.BaseModel):
    text: str

class Model:
    def predict(self, model_input: Input) -> Output:
        return Output(text=model_input.prompt * model_input.steps)
"""

REQUEST_ONLY = """
from starlette.requests import Request
from starlette.responses import Response

class Model:
    async def predict(self, request: Request) -> Response:
        body = await request.body()
        return Response(b"<b>" + body + b"</b>", 203, {"x-mine": "kept"}, media_type="text/html")
"""

STREAMING = """
class Model:
    def predict(self, model_input):
        def chunks():
            for number in range(3):
                yield f"{number};"
        return chunks()
"""

PLACE = """
import os, pathlib

import beside  # of external_package_dirs

class Model:
    def __init__(self, config, data_dir, secrets, environment):
        self._place = {
            "metadata": config["model_metadata"],
            "data": (pathlib.Path(data_dir) / "weights.txt").read_text(),
            "secret": secrets["token"],
            "environment": environment,
        }

    def setup_environment(self, environment):
        self._place["set_up_for"] = environment

    def predict(self, model_input):
        token = pathlib.Path(os.environ["B10_OIDC_TOKEN_PATH"]).read_text()
        environ = {"flag": os.environ["FLAG"], "port": os.environ["INFERENCE_SERVER_PORT"]}
        return {**self._place, **environ, "beside": beside.VALUE, "token": token}
"""

PLACE_CONFIG = """
model_metadata: {mine: [1, 2]}
environment_variables: {FLAG: 3}
secrets: {token: null}
data_dir: assets
external_package_dirs: [../shared]
runtime: {oidc: {enabled: true}}
"""

# Its first answer is lost: the attempt fails after its commit.
SKIPPING = """
from fastapi import HTTPException
from starlette.requests import Request
from truss_outputs import ModelOutputs, stores_failures

class Model:
    def __init__(self, config, secrets, **kwargs):
        self._outputs = ModelOutputs.from_truss(config, secrets)
        self._entered = self._answered = 0

    @stores_failures
    def predict(self, model_input):
        self._entered += 1
        return {"entered": self._entered, "blob": b"not JSON"}

    def postprocess(self, output, request: Request):
        answer = self._outputs.store(output, request)
        self._answered += 1
        if self._answered == 1:
            raise HTTPException(503, "the answer is lost")
        return answer
"""

SKIPPING_CONFIG = """
model_metadata: {truss_outputs: {url: 'file://%s', skip_stored: true, response: inline}}
"""

# What a large model looks like. Its engine is not installed here, and its __init__ wants a GPU.
LARGE = """
import functools

import pydantic
import engine_for_gpus
from engine_for_gpus import nn

class Input(pydantic.BaseModel):
    prompt: str

class Net(nn.Module):
    pass

def shouted(hook):
    @functools.wraps(hook)
    async def wrapped(self, model_input):
        return (await hook(self, model_input)).upper()
    return wrapped

class Model:
    def __init__(self, config):
        self.name = config["model_name"]
        self.memory = engine_for_gpus.memory() // 2

    def load(self):
        raise MemoryError("70 B")

    @shouted
    @engine_for_gpus.inference_mode()
    def predict(self, model_input: Input):
        return self.engine(model_input)

    def postprocess(self, output):
        return {"name": self.name, "output": output}
"""

LARGE_CONFIG = """
base_image: {image: nvidia/cuda:12}
system_packages: [ffmpeg]
requirments: [typed-wrong]
resources: {accelerator: H100}
secrets: {hf_access_token: null}
weights: [{source: "hf://meta/llama@main", mount_location: /truss-async-models/deep/llama}]
"""

STUB = """
from pathlib import Path

READ = []

def load():
    READ.append(Path("/truss-async-models/deep/llama/weights.txt").read_text())

async def predict(model_input):
    return f"{model_input.prompt} {READ[0]}"
"""

FAILS_TO_LOAD = """
class Model:
    def load(self):
        raise OSError("no GPU")

    def predict(self, model_input): ...
"""

USES_TINY = "import tiny\n\nclass Model:\n    def predict(self, i):\n        return tiny.VALUE\n"


def write_wheel(folder: Path) -> str:
    """A package with one module, as a requirement that needs no index."""
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "VALUE = 'from a wheel'\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"tiny @ {wheel.as_uri()}"


def pyproject(requirement: str) -> str:
    head = '[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.11"\n'
    return f'{head}dependencies = ["{requirement}"]\n'


def write_all(folder: Path) -> list[Path]:
    plain = {"hooks": HOOKS, "typed": TYPED, "request_only": REQUEST_ONLY, "streaming": STREAMING}
    trusses = [write_truss(folder / name, model) for name, model in plain.items()]
    place = write_truss(folder / "place", PLACE, PLACE_CONFIG)
    (place / "assets").mkdir()
    (place / "assets" / "weights.txt").write_text("heavy")
    skipping = write_truss(folder / "skipping", SKIPPING, SKIPPING_CONFIG % (folder / "stored"))
    shutil.copytree(ROOT / "packages/truss_outputs", skipping / "packages/truss_outputs")
    (folder / "shared").mkdir()
    (folder / "shared" / "beside.py").write_text("VALUE = 'beside'\n")

    requirement = write_wheel(folder)
    listed = write_truss(folder / "listed", USES_TINY, f"requirements: ['{requirement}']\n")
    in_text = write_truss(folder / "in_text", USES_TINY, "requirements_file: requirements.txt\n")
    (in_text / "requirements.txt").write_text(f"{requirement}\n")
    in_project = write_truss(folder / "in_project", USES_TINY, "requirements_file: pyproject.toml\n")
    (in_project / "pyproject.toml").write_text(pyproject(requirement))
    locked = write_truss(folder / "locked", USES_TINY, "requirements_file: uv.lock\n")
    (locked / "pyproject.toml").write_text(pyproject(requirement))
    lock = [uv.find_uv_bin(), "lock", "--quiet", "--offline", "--project", str(locked)]
    subprocess.run(lock, check=True)
    large = write_truss(folder / "large", LARGE, LARGE_CONFIG)
    (folder / "stub.py").write_text(STUB)
    (folder / "llama").mkdir()
    (folder / "llama" / "weights.txt").write_text("weights")
    broken = write_truss(folder / "broken", FAILS_TO_LOAD, "resources: {accelerator: A100}\n")
    return [*trusses, place, skipping, listed, in_text, in_project, locked, large, broken]
