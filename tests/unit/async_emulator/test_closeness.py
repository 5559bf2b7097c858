"""The table of what is emulated agrees with the code: its tests and options exist, its defaults hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from async_emulator.command.serve import serve
from async_emulator.settings.api import ApiSettings

ROOT = Path(__file__).resolve().parents[3]
TABLE = (ROOT / "packages/async_emulator/README.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
    for line in TABLE.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| Baseten |", "| Beyond Baseten |"))
]


def marks_of(file: Path) -> Iterator[str]:
    """The rows that the file's tests show, by their `pytest.mark.closeness`."""
    text = file.read_text(encoding="utf-8")
    if "closeness(" not in text:
        return
    for test in ast.parse(text).body:
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
            for decorator in test.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.closeness":
                    yield from map(ast.literal_eval, decorator.args)


SHOWN = {row for file in (ROOT / "tests").rglob("test_*.py") for row in marks_of(file)}
OPTIONS = {
    name: option for option in serve.params if isinstance(option, click.Option) for name in option.opts
}
# They say what is served and where, which is nothing that Baseten does differently.
NOT_IN_THE_TABLE = {
    *("--keep-going", "--like", "--port", "--data-dir", "--env", "--model-id", "--deployment-id", "--help"),
    "--api-key-file",  # another form of --api-key
}


def rows_that_are(kind: str) -> list[tuple[str, ...]]:
    return [row for row in ROWS if row[1] == kind]


def test_each_row_is_one_of_three_kinds():
    assert {row[1] for row in ROWS} == {"true", "setting", "not emulated"}
    assert {len(row) for row in ROWS} == {3}
    assert all(row[2] == "" for row in rows_that_are("not emulated"))


def test_what_is_true_is_shown_by_a_test_and_no_test_shows_another_row():
    rows = [row[2] for row in rows_that_are("true")]
    assert set(rows) == SHOWN
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("row", rows_that_are("setting"), ids=lambda row: row[2].strip("`")[:40])
def test_a_setting_is_an_option_with_that_default(row):
    name, _, default = row[2].partition(" = ")
    option = OPTIONS[name.strip("`")]
    if default:
        shown = option.default
        assert (str(shown).lower() if isinstance(shown, bool) else str(shown)) == default


def test_every_option_is_in_the_table():
    named = {row[2].partition(" = ")[0].strip("`") for row in rows_that_are("setting")}
    assert set(OPTIONS) - NOT_IN_THE_TABLE == named


def test_every_setting_of_the_api_has_an_option_with_its_default():
    defaults = ApiSettings()
    by_name = {option.name: option for option in OPTIONS.values()}
    context = click.Context(serve)
    for name in ApiSettings.__dataclass_fields__:
        option = by_name[name]
        assert option.process_value(context, option.get_default(context)) == getattr(defaults, name)


def test_the_readme_leads_here():
    assert "packages/async_emulator/README.md" in (ROOT / "README.md").read_text(encoding="utf-8")
