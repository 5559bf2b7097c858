"""Proofs: longer than a test, bounded in count and time, with a seed that is printed where it matters."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.prove)
            item.add_marker(pytest.mark.timeout(600))
