"""`truss-async serve` with several Trusses and chains, and with files that change."""

import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import Caller, write_truss

pytestmark = pytest.mark.timeout(240)


def model_saying(word: str) -> str:
    return f"class Model:\n    def predict(self, model_input):\n        return {word!r}\n"


def until_printed(caller: Caller, line: str, times: int = 1) -> None:
    deadline = time.monotonic() + 30
    while sum(line in printed for printed in caller.emulator.lines) < times:
        assert time.monotonic() < deadline, caller.emulator.output
        time.sleep(0.02)


@pytest.mark.closeness("several models")
def test_each_of_several_trusses_is_called_by_host_or_by_deployment(tmp_path, serve):
    one, two = (write_truss(tmp_path / name, model_saying(name)) for name in ("one", "two"))
    caller = serve(one, two, "--data-dir", tmp_path / "data")
    ids = [line.split()[1].rstrip(",") for line in caller.emulator.lines if line.startswith("model ")][:2]
    urls = [line.split()[1].rstrip(",") for line in caller.emulator.lines if line.startswith("  POST ")]
    for word, model_id, url in zip(("one", "two"), ids, urls, strict=True):
        host = {"Host": f"model-{model_id}.api.baseten.co"}
        assert caller.http.post("/production/predict", json={}, headers=host).json() == word
        request_id = caller.http.post(url, json={"model_input": {}}).json()["request_id"]
        assert caller.wait(request_id, "SUCCEEDED")["model_id"] == model_id
    response = caller.http.post("/production/predict", json={})
    assert (response.status_code, sorted(ids)[0] in response.text) == (404, True)
    assert "two: replica 1 is ready" in caller.emulator.output


CHAIN = """
import truss_chains as chains


@chains.mark_entrypoint
class Greeter(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=chains.DockerImage(base_image=chains.BasetenImage.PY311))

    def run_remote(self, name: str) -> str:
        return f"Hello {name}"
"""


def test_a_truss_and_a_chain_are_told_apart(tmp_path, serve):
    truss, chain = write_truss(tmp_path / "truss", model_saying("yes")), tmp_path / "chain.py"
    chain.write_text(CHAIN)
    caller = serve(truss, chain, "--data-dir", tmp_path / "data")
    model_url, chain_url = (
        line.split()[1].rstrip(",") for line in caller.emulator.lines if "  POST " in line
    )
    for url, kind, body in ((model_url, "model", {}), (chain_url, "chain", {"name": "you"})):
        request_id = caller.http.post(url, json={"model_input": body}).json()["request_id"]
        host = f"{kind}-{caller.wait(request_id, 'SUCCEEDED')[f'{kind}_id']}.api.baseten.co"
        assert f"{url}, or any path with Host: {host}" in caller.emulator.output
    assert caller.http.post("/production/predict", json={}).json() == "yes"
    assert caller.http.post("/production/run_remote", json={"name": "you"}).json() == "Hello you"
    refused = caller.http.post("/run_remote", json={}, headers={"Host": host.replace("chain", "model")})
    assert refused.status_code == 404


@pytest.mark.truss
def test_a_change_is_deployed_at_once_and_a_broken_one_changes_nothing(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", model_saying("before"))
    caller = serve(truss, "--data-dir", tmp_path / "data", "--watch")

    def answer() -> object:
        return caller.http.post("/production/predict", json={}).json()

    def change(path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    change(truss / "model" / "model.py", "raise ValueError('no such thing')\n")
    until_printed(
        caller, "not reloaded, what ran before goes on: the model failed to load: ValueError: no such"
    )
    assert answer() == "before"

    change(truss / "config.yaml", "model_name: tested\npython_version: py27\n")
    until_printed(caller, "not reloaded, what ran before goes on: ", times=2)
    assert "config.yaml: python_version" in caller.emulator.output

    change(truss / "packages" / "word.py", "WORD = 'after'\n")
    change(truss / "config.yaml", "model_name: tested\npython_version: py311\n")
    change(
        truss / "model" / "model.py",
        "import word\nclass Model:\n    def predict(self, model_input):\n        return word.WORD\n",
    )
    until_printed(caller, "reloaded")
    deadline = time.monotonic() + 30
    while answer() != "after":  # the three changes may have come one by one
        assert time.monotonic() < deadline, caller.emulator.output
        time.sleep(0.05)
    before = caller.emulator.output.count("reloaded")
    change(truss / "packages" / "word.py", "WORD = 'last'\n")
    request_ids = [caller.submit({}) for _ in range(20)]
    until_printed(caller, "reloaded", times=before + 1)
    assert answer() == "last"
    for request_id in request_ids:
        caller.wait(request_id, "SUCCEEDED")
