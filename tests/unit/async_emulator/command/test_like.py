"""`truss-async serve --like`: the settings of a report, under those that are given."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from async_emulator.command.serve import serve
from async_inference.cli.main import main


def report(path: Path, **settings: Any) -> Path:
    row = {"word": "w", "outcome": "differs", "settings": settings}
    content = {"format": 1, "target": "http://t", "started_at": "2026-01-01T00:00:00Z", "rows": {"r": row}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def options(*arguments: str | Path) -> dict[str, Any]:
    """The options with which `serve` would run."""
    with serve.make_context("serve", [str(each) for each in arguments]) as context:
        return context.params


def test_what_was_seen_is_the_default(tmp_path, capsys):
    seen = {
        "wrong_key_status": 403,
        "retry_not_ready": False,
        "raw_run_remote": True,
        "status_calls_per_second": 100,
        "webhook_attempts": 3,
    }
    given = options("--like", report(tmp_path / "é.json", **seen))
    assert {name: given[name] for name in seen} == seen
    assert given["cancels_per_second"] == 20
    assert "wrong_key_status 403" in capsys.readouterr().err


def test_an_option_that_is_given_wins_wherever_it_stands(tmp_path):
    like = ("--like", report(tmp_path / "r.json", webhook_attempts=3, wrong_key_status=403))
    for arguments in (("--webhook-attempts", "5", *like), (*like, "--webhook-attempts", "5")):
        given = options(*arguments)
        assert (given["webhook_attempts"], given["wrong_key_status"]) == (5, 403)


def test_a_value_out_of_range_is_refused_by_the_option(tmp_path):
    with pytest.raises(click.BadParameter, match="99 is not in the range"):
        options("--like", report(tmp_path / "r.json", webhook_attempts=99))


@pytest.mark.parametrize("name", ["control", "port", "frob"])
def test_a_report_sets_nothing_but_what_a_platform_does(tmp_path, name):
    with pytest.raises(click.UsageError, match=f"has the setting '{name}', which this version lacks"):
        options("--like", report(tmp_path / "r.json", **{name: 1}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ('{"format": 7}', "has format 7, and this version reads 1"),
        ('{"format": 1}', "is broken: target: Field required"),
    ],
)
def test_a_report_that_cannot_be_read_is_one_line(tmp_path, content, message):
    path = tmp_path / "r.json"
    if content is not None:
        path.write_text(content)
    result = CliRunner().invoke(main, ["serve", "--like", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
