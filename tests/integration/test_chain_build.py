"""Chains as truss itself generates them, and what truss or Python says of those that are none."""

from collections.abc import AsyncIterator

import pytest

from async_emulator.built_chain import build_chain
from async_emulator.errors import NotAChain
from async_emulator.truss_process import TrussProcess

HEAD = "import truss_chains as chains\n"
CHAINLET = "class {0}(chains.ChainletBase):\n    def run_remote(self) -> int:\n        return 1\n"
ENTRY = "@chains.mark_entrypoint\n" + CHAINLET
CALLER = """
class Caller(chains.ChainletBase):
    def __init__(self, {1}: {0} = chains.depends({0})) -> None: ...
    def run_remote(self) -> int:
        return 1
"""


@pytest.fixture
async def truss() -> AsyncIterator[TrussProcess]:
    process = TrussProcess()
    yield process
    await process.close()


async def test_every_chain_that_is_none_is_named_with_its_place(tmp_path, truss):
    """One test, as truss takes seconds to import."""
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
            await build_chain(chain, tmp_path / "cache", truss)
        assert str(caught.value).startswith(f"{chain}{place}: "), caught.value
        assert reason in str(caught.value)
    chain.write_text("import around\n")
    with pytest.raises(NotAChain, match=r"beside\.py:1: ImportError: .* circular import"):
        await build_chain(chain, tmp_path / "cache", truss)

    chain.write_text(
        HEAD
        + CHAINLET.format("Adder")
        + CALLER.format("Adder", "adder").replace(
            "class Caller", "@chains.mark_entrypoint('Sum')\nclass Caller"
        )
    )
    built = await build_chain(chain, tmp_path / "cache", truss)
    assert built.name == "Sum"
    assert [chainlet.name for chainlet in built.chainlets] == ["Adder", "Caller"]
    assert (built.entrypoint.name, built.entrypoint.dependencies) == ("Caller", ("Adder",))
    assert (built.entrypoint.context / "model" / "model.py").is_file()
    await truss.close()
    assert await build_chain(chain, tmp_path / "cache", truss) == built  # without truss
    (folder / "beside.py").write_text("changed = True\n")
    again = await build_chain(chain, tmp_path / "cache", truss)
    assert again.entrypoint.context != built.entrypoint.context


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere.py", "there is no such file"), ("chain.txt", "no chain: a chain is")],
)
async def test_what_is_plainly_no_chain_is_refused_at_once(tmp_path, name, reason):
    (tmp_path / "chain.txt").touch()
    with pytest.raises(NotAChain, match=f"{name}: {reason}"):
        await build_chain(tmp_path / name, tmp_path / "cache", TrussProcess())
