"""Writes the tables of docs/conformance.md, from the rows and from the closeness table: `make schemas`."""

import re
from collections.abc import Iterator
from pathlib import Path

from async_conformance.row import Need
from async_conformance.rows import ROWS

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "conformance.md"
CLOSENESS = DOCS.parent / "packages/async_emulator/README.md"

_ROWS = re.compile(r"(<!-- rows: [^\n]*-->\n).*(<!-- end of rows -->\n)", re.DOTALL)
_NEEDS = {Need.CHAIN: "a chain", Need.WEBHOOK: "a webhook url", Need.SECRET: "its secret"}


def closeness_words() -> list[str]:
    """Return the words and options in the last column of the closeness table, up to those for tests."""
    table = CLOSENESS.read_text(encoding="utf-8").partition("## For tests")[0]
    cells = [line.rstrip(" |").rpartition("|")[2].strip() for line in table.splitlines() if line[:2] == "| "]
    words = [cell.partition(" = ")[0].strip("`") for cell in cells]
    return [word for word in words if word not in ("by", "---", "") and "not emulated" not in word]


def tables() -> Iterator[str]:
    """The lines of the tables."""
    yield "| Row | Of the table | What it shows | Needs |"
    yield "| --- | --- | --- | --- |"
    for row in ROWS:
        name = f"{row.name} (unpublished)" if row.is_unpublished else row.name
        word = f"`{row.word}`" if row.word.startswith("--") else row.word
        needs = ", ".join(_NEEDS[need] for need in Need if need in row.needs & _NEEDS.keys())
        yield f"| {name} | {word} | {row.proves} | {needs} |"
    words = closeness_words()
    tried = {row.word for row in ROWS}
    left = [word for word in words if word not in tried]
    yield ""
    yield (
        f"These {len(ROWS)} rows try {len(words) - len(left)} of the {len(words)} rows of the table. "
        f"They leave out what cannot be seen from outside, or is the emulator's own: {', '.join(left)}."
    )


def page() -> str:
    """Return the page with its tables as the code has them."""
    found = PAGE.read_text(encoding="utf-8")
    written = "\n".join(tables())
    return _ROWS.sub(lambda match: f"{match[1]}{written}\n{match[2]}", found)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
