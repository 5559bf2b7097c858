from pathlib import Path

import pytest

from async_inference.cli.checks.truss_ignore import strays


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("", [".git", ".venv"]),
        ("# .git\n.venv\n", [".git"]),
        (".git/\n.venv/\n", []),
        ("/*\n!/model\n", []),
        ("/*\n!/.git\n", [".git"]),
    ],
)
def test_what_holds_secrets_or_gigabytes_is_looked_at_on_every_machine(tmp_path: Path, rules, found) -> None:
    (tmp_path / ".truss_ignore").write_text(rules)
    assert strays(tmp_path) == found


def test_the_rest_where_it_is(tmp_path: Path) -> None:
    (tmp_path / ".truss_ignore").write_text(".git\n.venv\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / ".env").write_text("KEY=x")
    assert strays(tmp_path) == ["tests", ".env"]


def test_without_a_file_truss_has_a_list_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY=x")
    assert strays(tmp_path) == []
