"""What stands in for what this machine lacks: found unfit at once, in one line, before anything is built."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from async_emulator.command.substitutes import GivenSubstitutes
from async_emulator.errors import BadStub
from async_inference.cli.main import main
from tests.acceptance.conftest import write_truss

MODEL = "class Model:\n    def predict(self, i): ...\n"
WEIGHTS = "weights:\n- {source: 'hf://a/b@main', mount_location: /models/b}\n"
CACHE = "model_cache: [{repo_id: a/b, use_volume: false}]\n"
DATA = "external_data: [{url: 'https://x/y', local_data_path: y.bin}]\n"


def serve(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["serve", *map(str, arguments)], env={"BASETEN_API_KEY": "k"})


def assert_refused(result: Result, message: str) -> None:
    assert result.exit_code == 2, result.stderr
    assert result.stderr.splitlines()[-1].startswith("truss-async: ")
    assert message in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("config", "option"),
    [
        (WEIGHTS, "--weights /models/b=DIR"),
        (CACHE, "--weights a/b=DIR"),
        (DATA, "--weights y.bin=DIR"),
        ("base_image: {image: x}\n", "--ignore base_image"),
        ("system_packages: [x]\n", "--ignore system_packages"),
        ("build_commands: [x]\n", "--ignore build_commands"),
        ("docker_server: {start_command: x}\n", "--ignore docker_server"),
    ],
)
def test_what_this_machine_lacks_is_answered_with_the_option_and_the_truss(tmp_path, config, option):
    truss = write_truss(tmp_path / "truss", MODEL, config)
    result = serve(truss)
    assert_refused(result, option)
    assert f"{truss}/config.yaml: " in result.stderr


def test_strict_refuses_an_accelerator(tmp_path):
    truss = write_truss(tmp_path / "truss", MODEL, "resources: {accelerator: H100}\n")
    assert_refused(serve(truss, "--strict"), "resources.accelerator: 'H100' cannot be emulated")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "it cannot be read"),
        ("def predict(:\n", "line 1: "),
        ("x = 1\n", "it has no function predict(model_input)"),
    ],
)
def test_a_stub_that_is_none_is_named(tmp_path, content, problem):
    stub = tmp_path / "stub.py"
    if content is not None:
        stub.write_text(content)
    (tmp_path / "chain.py").touch()
    truss = write_truss(tmp_path / "truss", MODEL)
    for arguments in ((truss, "--stub", stub), (tmp_path / "chain.py", "--stub", f"A={stub}")):
        result = serve(*arguments)
        assert_refused(result, f"--stub {stub}: {problem}")
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--weights", "/models/b"), "write MOUNT_OR_INDEX=DIR"),
        (("--weights", "/models/b=/not/there"), "there is no such folder"),
        (("--weights", "0=/", "--weights", "0=/"), "0 is given twice"),
        (("--stub", "a="), "write FILE.py, or NAME=FILE.py"),
        (("--stub", "=a.py"), "write FILE.py, or NAME=FILE.py"),
        (("--stub", "a.py", "--stub", "b.py"), "the model is given twice"),
        (("--ignore", "weights"), "is not one of"),
    ],
)
def test_options_that_cannot_be_read_are_named(tmp_path, arguments, problem):
    assert_refused(serve(write_truss(tmp_path / "truss", MODEL), *arguments), problem)


def given(*names: str) -> GivenSubstitutes:
    stubs = {name: Path(f"/{name}.py") for name in names}
    return GivenSubstitutes(stubs=stubs, weights={}, ignored=frozenset(), is_strict=False)


TRUSS, OTHER = Path("/x/truss"), Path("/x/other")
CHAIN = Path("/x/chain.py")


def test_each_truss_and_each_chain_gets_its_own_stubs():
    for name in ("", "truss"):
        given(name).check([TRUSS], [])
        assert given(name).of_truss(TRUSS, is_partial=False).stubs == {"": Path(f"/{name}.py")}
    several = given("truss", "Chainlet")
    several.check([TRUSS, OTHER], [CHAIN])
    assert several.of_truss(TRUSS, is_partial=True).stubs == {"": Path("/truss.py")}
    assert several.of_truss(OTHER, is_partial=True).stubs == {}
    assert several.of_chain([TRUSS, OTHER]).stubs == {"Chainlet": Path("/Chainlet.py")}


@pytest.mark.parametrize(
    ("names", "trusses", "chains", "problem"),
    [
        (["trus"], [TRUSS], [], "--stub trus=/trus.py: nothing of this name is served, which is truss"),
        ([""], [TRUSS, OTHER], [], "--stub /.py: write NAME=FILE.py"),
        ([""], [], [CHAIN], "--stub /.py: write NAME=FILE.py"),
        (
            ["A"],
            [],
            [CHAIN, Path("/x/b.py")],
            "--stub A=/A.py: stubs of chainlets need a chain that is served alone",
        ),
    ],
)
def test_a_stub_for_nothing_that_is_served_is_named(names, trusses, chains, problem):
    with pytest.raises(BadStub) as raised:
        given(*names).check(trusses, chains)
    assert str(raised.value).startswith(problem)


def test_an_entrypoint_without_a_name_and_a_file_that_is_neither_are_named(tmp_path):
    (tmp_path / "chain.py").touch()
    (tmp_path / "notes.md").touch()
    assert_refused(serve(f"{tmp_path}/chain.py:"), "write the name of the entrypoint's class after the colon")
    assert_refused(serve(f"{tmp_path}/chain.py:a b"), "write the name of the entrypoint's class")
    assert_refused(serve(tmp_path / "notes.md"), "it is a file: give a Truss's folder, or the .py file")


def test_keep_going_with_nothing_left_is_the_last_one_s_error(tmp_path):
    result = serve(tmp_path / "one", tmp_path / "two", "--keep-going")
    assert_refused(result, f"{tmp_path / 'two'}: there is no such folder")
    assert f"{tmp_path / 'one'}: not served: {tmp_path / 'one'}: there is no such folder" in result.stderr
