"""The files that CONTRIBUTING.md names exist, and its answers are short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ANSWERS = GUIDE.partition("## Where does a")[2].split("\n\n")[1:]


def test_every_file_it_names_exists():
    named = re.findall(r"`((?:packages|tests|examples)/[\w./]+)`", GUIDE)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: re.sub(r"\W+", "-", answer[2:20]))
def test_an_answer_has_at_most_five_lines(answer):
    assert answer.startswith("**")
    assert len(answer.strip().splitlines()) <= 5
