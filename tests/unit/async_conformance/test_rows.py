"""The rows and what is written about them agree: the closeness table, the docs, the options they set."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from async_conformance.report import Report, ReportedRow
from async_conformance.row import Need
from async_conformance.rows import ROWS
from async_conformance.target import TRUSS_VERSION
from async_conformance.verdict import Outcome
from async_emulator.command.like import TAKEN
from async_emulator.command.serve import serve
from docs import conformance_rows
from examples.conformance.model import model

ROOT = Path(__file__).resolve().parents[3]


def test_each_row_has_a_name_of_its_own_and_a_word_of_the_closeness_table():
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {row.word for row in ROWS} <= set(conformance_rows.closeness_words())


def test_the_truss_is_of_the_version_that_the_rows_rely_on():
    assert model.VERSION == TRUSS_VERSION


def test_the_docs_list_the_rows_that_there_are():
    assert conformance_rows.PAGE.read_text(encoding="utf-8") == conformance_rows.page(), "run make schemas"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_expects_something_and_costs_something(row):
    assert row.expected
    assert row.calls > 0
    assert row.needs & {Need.MODEL, Need.CHAIN}
    assert set(row.settings.values()) <= {*row.expected}


def test_serve_takes_every_setting_that_a_row_can_see():
    seen = {option for row in ROWS for option in row.settings}
    assert seen == TAKEN
    assert {option.name for option in serve.params} >= TAKEN


def test_every_row_of_a_module_is_tried():
    folder = ROOT / "packages/async_conformance/rows"
    made = [
        decorator.args[0].value
        for file in folder.glob("*.py")
        for function in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(function, ast.AsyncFunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and isinstance(decorator.args[0], ast.Constant)
    ]
    assert sorted(map(str, made)) == sorted(row.name for row in ROWS)


def test_the_settings_of_a_report_are_those_of_all_its_rows(tmp_path):
    rows = {
        "a": ReportedRow(word="a", outcome=Outcome.SAME, settings={"wrong_key_status": 403}),
        "b": ReportedRow(word="b", outcome=Outcome.DIFFERS, settings={"raw_run_remote": True}),
    }
    report = Report(
        target="http://x/production/async_predict", started_at=datetime(2026, 1, 1, tzinfo=UTC), rows=rows
    )
    assert report.settings == {"wrong_key_status": 403, "raw_run_remote": True}
