"""The table of what is emulated is true of the code: its tests and its options exist, its defaults hold."""

import re
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
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}
OPTIONS = {
    name: option for option in serve.params if isinstance(option, click.Option) for name in option.opts
}
# What is served and where: nothing that Baseten would do otherwise.
NOT_IN_THE_TABLE = {"--port", "--data-dir", "--env", "--model-id", "--deployment-id", "--help"}


def rows_that_are(kind: str) -> list[tuple[str, ...]]:
    return [row for row in ROWS if row[1] == kind]


def test_each_row_is_one_of_three_kinds():
    assert {row[1] for row in ROWS} == {"true", "setting", "not emulated"}
    assert {len(row) for row in ROWS} == {3}
    assert all(row[2] == "" for row in rows_that_are("not emulated"))


@pytest.mark.parametrize("row", rows_that_are("true"), ids=lambda row: row[0][:40])
def test_what_is_true_is_shown_by_a_test(row):
    assert row[2].strip("`") in TESTS


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
