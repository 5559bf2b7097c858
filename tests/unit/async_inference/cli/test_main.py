import re
import socket
import sys
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import click
import pytest

from async_inference.cli import commands, main
from async_inference.cli.commands import BUILT_IN


@pytest.mark.parametrize("arguments", [["submit", "{}"], ["status", "r1"], ["cancel", "r1"]])
def test_without_a_key_nothing_is_called(refused, api, arguments):
    refused(2, "no API key: set BASETEN_API_KEY or give --api-key", *arguments, key=None)
    assert api.calls == []


def test_a_refused_key_is_not_shown(refused, api, api_key):
    api.answer("POST", "/production/async_predict", 401, {"error": "please check the api-key you provided"})
    result = refused(1, "answered 401: please check the api-key you provided", "submit", "{}")
    assert api_key not in result.output


def test_nobody_at_home(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    refused(
        1, f"nothing answers at {url}: start it with 'truss-async serve'", "status", "r1", "--base-url", url
    )


def test_every_module_of_a_command_is_in_the_table():
    folder = Path(commands.__file__).parent
    files = [file.relative_to(folder).with_suffix("") for file in folder.glob("*/[a-z]*.py")]
    assert sorted(BUILT_IN.values()) == sorted(
        f"{commands.__name__}.{'.'.join(file.parts)}" for file in files
    )
    for name, module in BUILT_IN.items():
        assert getattr(import_module(module), name).name == name


def test_another_package_adds_a_command_and_replaces_none(run, monkeypatch):
    def added(group: str) -> EntryPoints:
        names = ("frob", "status")
        return EntryPoints(EntryPoint(name=name, value=f"{__name__}:frob", group=group) for name in names)

    monkeypatch.setattr(main, "plugins", added)
    assert "\n  frob  " in run("--help").stdout
    assert run("frob").stdout == "frobbed\n"
    assert "truss-async status" in run("status", "--help").stdout


@click.command
def frob() -> None:
    """Do what another package can do."""
    click.echo("frobbed")


def test_every_command_is_listed_with_what_it_does(run):
    result = run()
    assert result.exit_code == 0
    for command in ("serve", *BUILT_IN):
        assert f"\n  {command} " in result.stdout


@pytest.mark.parametrize("command", BUILT_IN)
def test_every_help_has_an_example_and_the_exit_codes_and_no_key(run, command, api_key):
    shown = run(command, "--help").stdout
    assert "Example" in shown
    assert f"truss-async {command} " in shown.split("Example")[1]
    assert "Exit codes: 0 " in shown
    assert api_key not in shown


def test_no_such_command(refused):
    refused(2, "No such command 'frob'", "frob")


def test_a_command_that_is_not_installed_hinders_no_other(run, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "async_emulator.command.serve", None)
    assert re.search(r"serve +\(not available\)", run("--help").stdout)
    refused(1, "serve is not available: ", "serve", ".", "--port", "1")
