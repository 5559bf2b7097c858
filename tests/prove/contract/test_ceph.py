"""Ceph's gateway checks signatures, and its start leaves nothing behind, whatever becomes of it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.prove.contract import ceph
from tests.prove.contract.servers import BUCKET, KEYS
from truss_outputs import Credentials, StoreError, from_url
from truss_outputs.stores.options import Engine
from truss_outputs.stores.s3.options import S3Options


@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_a_wrong_secret_is_refused(endpoint_of: Callable[[str], str], engine: Engine) -> None:
    key = Credentials(access_key_id=SecretStr(KEYS[0]), secret_access_key=SecretStr("another"))
    options = S3Options(endpoint_url=endpoint_of("ceph"), region="us-east-1", credentials=key, engine=engine)
    with pytest.raises(StoreError, match="SignatureDoesNotMatch"):
        from_url(f"s3://{BUCKET}/wrong", options=options).put("a", b"x", content_type="text/plain")


def test_a_start_that_fails_shows_why_and_ends_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ceph.skip_without_programs()
    broken = tmp_path / "radosgw-admin"
    broken.write_text("#!/bin/sh\necho no user today; exit 1\n")
    broken.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        with pytest.raises(subprocess.CalledProcessError) as caught, ceph.gateway(tmp_path, *KEYS):
            pytest.fail("the gateway has started")
    assert "no user today" in caught.value.__notes__[0]
    assert running_in(tmp_path) == []


def test_all_that_was_started_ends_with_the_block(tmp_path: Path) -> None:
    with ceph.gateway(tmp_path, *KEYS):
        assert len(running_in(tmp_path)) == 3
    assert running_in(tmp_path) == []


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    skipped = pytest.raises(
        pytest.skip.Exception, match=r"radosgw, .* apt-get install radosgw ceph-mon ceph-osd"
    )
    with skipped, ceph.gateway(tmp_path, *KEYS):
        pytest.fail("the gateway has started")


def running_in(folder: Path) -> list[str]:
    """The commands of all processes that were told of this folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if str(folder) in command:
            found.append(command)
    return found
