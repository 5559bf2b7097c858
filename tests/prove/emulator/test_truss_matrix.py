"""What depends on truss works with the oldest that is supported and with the newest that is locked."""

import os
import re
import subprocess

import pytest

from tests.truss_matrix.locks import ROOT


@pytest.mark.parametrize("version", ["oldest", "newest"])
def test_what_depends_on_truss_works_with(version):
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = ["make", "--no-print-directory", "truss-matrix", f"TRUSS={version}"]
    done = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    [passed] = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > 100
