import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.replicas.process_tree import Tree, is_alive


@pytest.fixture
async def tree(tmp_path: Path) -> AsyncIterator[Tree]:
    tree = Tree(tmp_path)
    yield tree
    for path in tree.app.glob("*.pid"):
        if is_alive(int(path.read_text())):
            os.kill(int(path.read_text()), signal.SIGKILL)
