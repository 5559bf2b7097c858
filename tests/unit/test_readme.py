"""The README is true of the code: its settings, its commands, its Python, its example."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from async_inference.cli.main import main
from truss_outputs.results.document import StoredResult
from truss_outputs.settings.outputs import OutputSettings

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("bash") for line in block.splitlines() if line]


def test_the_settings_table_is_the_codes():
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", README, flags=re.MULTILINE)
    settings = [(name, str(field.description)) for name, field in OutputSettings.model_fields.items()]
    assert rows == settings


@pytest.mark.parametrize("section", blocks("yaml"))
def test_the_settings_shown_are_settings(section):
    config = yaml.safe_load(section)
    settings = OutputSettings.from_config(config, {})
    options = settings.options_for(settings.url, dict.fromkeys(config["secrets"], "c2VjcmV0"))
    assert {"credentials", "account_key"} & options.given


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_every_make_target_is_there(command):
    target = command.split()[1]
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("command", [command for command in COMMANDS if "truss-async" in command])
def test_every_command_is_one_that_truss_async_understands(command):
    program, name, *arguments = command.replace('"', "").split()
    assert program == ".venv/bin/truss-async"
    with click.Context(main) as context:
        found = main.get_command(context, name)
    assert found is not None
    found.make_context(name, arguments)


def test_nothing_else_is_in_the_command_blocks():
    assert [line for line in COMMANDS if not line.startswith(("make ", ".venv/bin/truss-async "))] == []


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_parses_and_its_imports_exist(code):
    tree = ast.parse(code)
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(imports)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_example_is_a_stored_result():
    [example] = blocks("json")
    shown = json.loads(example)
    [artifact] = shown["truss_outputs"]["artifacts"]
    complete = {**shown["data"]["image"], **{key: value for key, value in artifact.items() if key != "…"}}
    shown["truss_outputs"]["artifacts"] = [complete]
    result = StoredResult.model_validate(shown)
    assert list(shown) == list(StoredResult.model_fields)
    assert result.data["image"] == result.truss_outputs.artifacts[0].reference.model_dump()  # type: ignore[index, call-overload]


def test_the_links_lead_somewhere():
    files = re.findall(r"^\| `([a-z./_]+)`", README, flags=re.MULTILINE)
    assert "packages/truss_outputs" in files
    assert [file for file in files if "/" in file and not (ROOT / file).exists()] == []
