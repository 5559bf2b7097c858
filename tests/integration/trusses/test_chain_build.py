"""Chains as truss itself generates them; what truss or Python says of those that are none, and of no Trusses.

All ask one process, as truss takes seconds to import.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from async_emulator.errors import NotAChain, NotATruss
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.build_context import build_context
from async_emulator.trusses.chain import build_chain
from async_emulator.trusses.worker.client import TrussProcess
from tests.acceptance.conftest import write_truss

pytestmark = pytest.mark.truss

HEAD = "import truss_chains as chains\n"
CHAINLET = "class {0}(chains.ChainletBase):\n    def run_remote(self) -> int:\n        return 1\n"
ENTRY = "@chains.mark_entrypoint\n" + CHAINLET
CALLER = """
class Caller(chains.ChainletBase):
    def __init__(self, {1}: {0} = chains.depends({0})) -> None: ...
    def run_remote(self) -> int:
        return 1
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def truss() -> AsyncIterator[TrussProcess]:
    process = TrussProcess()
    yield process
    await process.close()


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[BuildCache]:
    cache = BuildCache(tmp_path / "cache")
    yield cache
    cache.close()


class NoTruss(TrussProcess):
    """For what is known already."""

    async def write_chain(
        self, chain_file: Path, target: Path, entrypoint: str | None = None, *, has_stubs: bool = False
    ) -> dict[str, Any]:
        raise AssertionError("truss was asked")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("requirements: 3\n", "requirements: Input should be a valid list (found 3)"),
        ("python_version: py27\n", "python_version: "),
        ("resources: {cpu: many}\n", "resources.cpu: "),
    ],
)
async def test_every_truss_that_is_none_is_named_with_its_key(tmp_path, truss, config, expected, cache):
    (tmp_path / "config.yaml").write_text(config)
    with pytest.raises(NotATruss) as caught:
        await build_context(tmp_path, cache, truss)
    assert str(caught.value).startswith(f"{tmp_path}/config.yaml: {expected}"), caught.value


@pytest.mark.asyncio(loop_scope="module")
async def test_every_chain_that_is_none_is_named_with_its_place(tmp_path, truss, cache):
    folder = tmp_path / "chain"
    folder.mkdir()
    (folder / "beside.py").write_text("from around import A\nB = A\n")
    (folder / "around.py").write_text("from beside import B\nA = B\n")
    for code, place, reason in (
        ("import nothing_like_this\n", ":1", "ModuleNotFoundError: No module named 'nothing_like_this'"),
        ("\ndef broken(:\n", ":2", "SyntaxError: "),
        (HEAD + CHAINLET.format("A") + CHAINLET.format("B"), "", "tagged with `@chains.mark_entrypoint`"),
        (HEAD + ENTRY.format("A") + ENTRY.format("B"), "", "multiple Chainlets"),
        (HEAD + CALLER.format("Later", "later") + ENTRY.format("Later"), ":4", "NameError: name 'Later'"),
        ("x = 1\nraise SystemExit(3)\n", "", "it ends Python with 3"),
        ("import os\nos._exit(3)\n", "", "importing it ended the process"),
    ):
        chain = folder / "chain.py"
        chain.write_text(code)
        with pytest.raises(NotAChain) as caught:
            await build_chain(chain, cache, truss)
        assert str(caught.value).startswith(f"{chain}{place}: "), caught.value
        assert reason in str(caught.value)
    chain.write_text("import around\n")
    with pytest.raises(NotAChain, match=r"beside\.py:1: ImportError: .* circular import"):
        await build_chain(chain, cache, truss)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_chain_is_generated_once_for_the_same_files(tmp_path, truss, cache):
    folder = tmp_path / "chain"
    folder.mkdir()
    chain = folder / "chain.py"
    chain.write_text(
        HEAD
        + CHAINLET.format("Adder")
        + CALLER.format("Adder", "adder").replace(
            "class Caller", "@chains.mark_entrypoint('Sum')\nclass Caller"
        )
    )
    built = await build_chain(chain, cache, truss)
    assert built.name == "Sum"
    assert [chainlet.name for chainlet in built.chainlets] == ["Adder", "Caller"]
    assert (built.entrypoint.name, built.entrypoint.dependencies) == ("Caller", ("Adder",))
    assert (built.entrypoint.context / "model" / "model.py").is_file()
    assert await build_chain(chain, cache, NoTruss()) == built
    (folder / "beside.py").write_text("changed = True\n")
    again = await build_chain(chain, cache, truss)
    assert again.entrypoint.context != built.entrypoint.context


@pytest.mark.asyncio(loop_scope="module")
async def test_an_entrypoint_that_is_not_marked_is_named_by_its_class(tmp_path, truss, cache):
    (tmp_path / "chain").mkdir()
    chain = tmp_path / "chain" / "chain.py"
    chain.write_text(HEAD + CHAINLET.format("A") + CHAINLET.format("B"))
    for name in ("A", "B"):
        built = await build_chain(chain, cache, truss, name)
        assert [chainlet.name for chainlet in built.chainlets] == [name]
        assert await build_chain(chain, cache, NoTruss(), name) == built
    with pytest.raises(NotAChain, match="Target class `C` not found"):
        await build_chain(chain, cache, truss, "C")


@pytest.mark.asyncio(loop_scope="module")
async def test_with_stubs_a_chain_s_imports_need_not_be_installed(tmp_path, truss, cache):
    (tmp_path / "chain").mkdir()
    chain = tmp_path / "chain" / "chain.py"
    chain.write_text("import engine_for_gpus\nfrom engine_for_gpus import nn\n" + HEAD + ENTRY.format("A"))
    assert (await build_chain(chain, cache, truss, has_stubs=True)).entrypoint.name == "A"
    with pytest.raises(NotAChain, match="No module named 'engine_for_gpus'"):
        await build_chain(chain, cache, truss)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_file_without_chainlets_is_named(tmp_path, truss, cache):
    (tmp_path / "chain").mkdir()
    chain = tmp_path / "chain" / "notes.py"
    chain.write_text("x = 1\n")
    with pytest.raises(NotAChain, match=r"^[^\n]*notes\.py: [^\n]*no Chainlet in[^\n]*$"):
        await build_chain(chain, cache, truss)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("is_volume", [True, False])
async def test_nobody_is_asked_for_the_files_of_a_model_cache(tmp_path, truss, cache, is_volume):
    model_cache = {
        "repo_id": "not/anywhere",
        "revision": "main",
        "use_volume": is_volume,
        "volume_folder": "x",
    }
    write_truss(tmp_path / "truss", "class Model: ...\n", f"model_cache: [{model_cache}]\n".lower())
    context = await build_context(tmp_path / "truss", cache, truss)
    config = yaml.safe_load((context / "config.yaml").read_text())
    assert config["model_cache"][0]["repo_id"] == "not/anywhere"


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_left_out_is_not_in_the_context(tmp_path, truss, cache):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "beside.py").touch()
    folder = write_truss(
        tmp_path / "truss",
        "class Model: ...\n",
        "docker_server: {start_command: x, server_port: 1, predict_endpoint: /, readiness_endpoint: /, "
        "liveness_endpoint: /}\nbase_image: {image: x}\nexternal_package_dirs: [../shared]\n",
    )
    context = await build_context(folder, cache, truss, ["base_image", "docker_server"])
    config = yaml.safe_load((context / "config.yaml").read_text())
    assert (config["base_image"], config["docker_server"]) == (None, None)
    assert "fastapi" in (context / "requirements.txt").read_text()
    assert (context / "packages" / "beside.py").is_file()
    assert await build_context(folder, cache, truss, ["base_image"]) != context


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere.py", "there is no such file"), ("chain.txt", "no chain: a chain is")],
)
async def test_what_is_plainly_no_chain_is_refused_at_once(tmp_path, name, reason, cache):
    (tmp_path / "chain.txt").touch()
    with pytest.raises(NotAChain, match=f"{name}: {reason}"):
        await build_chain(tmp_path / name, cache, TrussProcess())
