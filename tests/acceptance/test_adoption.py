"""A Truss that knows nothing of this repository stores its results, by the README's three lines."""

import json
import re
import shutil

import pytest
import yaml

from tests.acceptance.conftest import ROOT, truss_async, write_truss

pytestmark = [pytest.mark.timeout(300), pytest.mark.truss]

# As Truss's own examples are written: typed, async, with a preprocess of its own.
MODEL = """
import asyncio
from collections import Counter

from pydantic import BaseModel


class Text(BaseModel):
    text: str
    top: int = 3


class Model:
    def __init__(self, **kwargs):
        self._counter = None

    def load(self):
        self._counter = Counter

    def preprocess(self, model_input: Text):
        return model_input.model_copy(update={"text": model_input.text.lower()})

    async def predict(self, model_input):
        await asyncio.sleep(0)
        if not model_input.text:
            raise ValueError("there is no text")
        counted = self._counter(model_input.text.split())
        return {"words": dict(counted.most_common(model_input.top)), "raw": model_input.text.encode()}
"""


README_MODEL = re.compile(
    r"```python\n(?P<imports>from starlette.*?ModelOutputs\n)"
    r".*?(?P<init>        self\._outputs = [^\n]*\n)"
    r".*?(?P<postprocess>    def postprocess.*?)```",
    re.DOTALL,
)


def adopted(model: str) -> str:
    """The model with what the README tells to add to it."""
    added = README_MODEL.search((ROOT / "README.md").read_text())
    assert added is not None
    signature = "def __init__(self, config, secrets, **kwargs):\n"
    body = model.replace("def __init__(self, **kwargs):\n", signature + added["init"])
    return f"{added['imports']}{body}\n{added['postprocess']}"


def test_three_lines_make_a_foreign_truss_store_its_results_and_show_no_secret(serve, s3, tmp_path):
    section = {
        "url": "s3://results/{deployment_id}",
        "endpoint_url": s3["AWS_ENDPOINT_URL"],
        "region": "us-east-1",
        "access_key_id_secret": "id",
        "secret_access_key_secret": "key",
    }
    config = {
        "requirements": yaml.safe_load((ROOT / "config.yaml").read_text())["requirements"],
        "secrets": {"id": None, "key": None},
        "model_metadata": {"truss_outputs": section},
    }
    truss = write_truss(tmp_path / "theirs", adopted(MODEL), yaml.safe_dump(config))
    shutil.copytree(ROOT / "packages/truss_outputs", truss / "packages/truss_outputs")
    environ = {"TRUSS_SECRET_id": s3["AWS_ACCESS_KEY_ID"], "TRUSS_SECRET_key": s3["AWS_SECRET_ACCESS_KEY"]}
    caller = serve(truss, "--data-dir", tmp_path / "data", "--deployment-id", "theirs1", environ=environ)

    outputs = {**s3, "TRUSS_OUTPUTS_URL": "s3://results/theirs1"}
    model_input = '{"text": "A rose is a Rose"}'
    submitted = truss_async(caller.emulator, "submit", model_input, "--wait", "--json", **outputs)
    assert submitted.returncode == 0, submitted.stderr
    result = json.loads(submitted.stdout)
    [artifact] = result["truss_outputs"]["artifacts"]
    assert artifact["url"].startswith(f"s3://results/theirs1/{result['request_id']}/")
    assert result["data"]["words"] == {"a": 2, "rose": 2, "is": 1}
    fetched = truss_async(
        caller.emulator, "fetch", result["request_id"], "--to", tmp_path / "fetched", **outputs
    )
    assert fetched.returncode == 0, fetched.stderr
    folder = tmp_path / "fetched" / result["request_id"]
    assert (folder / artifact["name"]).read_bytes() == b"a rose is a rose"

    failed = caller.submit({"text": ""}, inference_retry_config={"max_attempts": 1})
    caller.wait(failed, "FAILED")
    caller.emulator.stop()
    for secret in environ.values():
        shown = submitted.stdout + submitted.stderr + fetched.stdout + fetched.stderr
        assert secret not in caller.emulator.output + shown
        assert secret not in (folder / "result.json").read_text()
