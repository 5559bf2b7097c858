"""The locked versions of truss are those that pyproject.toml, the README and this environment speak of."""

import importlib.metadata
import re

import pytest
from packaging.version import Version

from tests.truss_matrix.locks import (
    NEWEST,
    OLDEST,
    PINNED,
    ROOT,
    differing,
    lock_of_this_environment,
    locked_version,
    oldest_supported,
)


def test_the_oldest_is_the_one_that_pyproject_allows_and_none_is_newer_than_the_newest():
    versions = [locked_version(lock) for lock in (OLDEST, PINNED, NEWEST)]
    assert versions[0] == oldest_supported()
    assert versions == sorted(versions, key=Version)


def test_the_readme_tells_of_the_locked_versions():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d[\d.]+), the (\w+)", readme, flags=re.MULTILINE)
    locks = {"oldest": OLDEST, "pinned": PINNED, "newest": NEWEST}
    assert rows == [(locked_version(lock), name) for name, lock in locks.items()]


def test_every_package_is_pinned_by_hashes():
    for lock in (OLDEST, NEWEST):
        pieces = re.split(r"^(?=\S)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert all("==" in piece and "--hash=sha256:" in piece for piece in pieces if piece)


@pytest.mark.truss
def test_the_truss_of_this_environment_is_the_locked_one():
    assert importlib.metadata.version("truss") == locked_version(lock_of_this_environment())


def test_a_lock_holds_truss_and_what_differs():
    pinned = (
        "a==1 \\\n    --hash=1\n    # via b\nb==1 ; x == 'y' \\\n    --hash=2\ntruss==3 \\\n    --hash=3\n"
    )
    changed = "a==1 \\\n    --hash=1\nb==2 ; x == 'y' \\\n    --hash=4\nc==1 \\\n    --hash=5\n"
    same_truss = "truss==3 \\\n    --hash=3\n"
    assert differing(changed + same_truss, pinned) == changed.partition("--hash=1\n")[2] + same_truss
