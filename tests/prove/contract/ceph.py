"""Ceph's gateway, on a cluster of one monitor and one storage daemon that keeps every object in memory."""

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which

import pytest

from tests.prove.contract.ports import free_port, wait_for

PROGRAMS = (
    "ceph",
    "ceph-authtool",
    "ceph-mon",
    "ceph-osd",
    "monmaptool",
    "radosgw",
    "radosgw-admin",
    "setpriv",
)
WAIT = 60.0  # seconds for each step of the start, which takes two to seven seconds in all
LAST_LINES = 15

# The daemons sign in with keys (cephx). Without keys (`auth_client_required = none`) about one start in four
# fails: a daemon sends a command before it knows the cluster's fsid, and the monitor refuses it. By default
# the monitor waits a second before each change of the cluster, and the first pools need about ten changes.
CONF = """\
[global]
mon_host = {monitor_address}
keyring = {folder}/keyring
mon_data = {folder}/mon
osd_data = {folder}/osd
admin_socket =
log_file =
log_to_stderr = true
paxos_propose_interval = 0.05
osd_objectstore = memstore
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_pg_num = 1
mon_allow_pool_size_one = true
[osd]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
"""


@contextmanager
def gateway(folder: Path, access_key_id: str, secret_access_key: str) -> Iterator[str]:
    """The url of a gateway that has one user, with this key. All its processes end with the block."""
    skip_without_programs()
    with ExitStack() as daemons:
        try:
            endpoint = started(folder, daemons, access_key_id, secret_access_key)
        except Exception as error:
            error.add_note(last_lines(folder))
            raise
        yield endpoint


def skip_without_programs() -> None:
    if missing := [each for each in PROGRAMS if which(each) is None]:
        pytest.skip(
            f"Ceph's gateway is not tried: {', '.join(missing)} not found;"
            " apt-get install radosgw ceph-mon ceph-osd"
        )


def started(folder: Path, daemons: ExitStack, access_key_id: str, secret_access_key: str) -> str:
    address = f"v2:127.0.0.1:{free_port()}"
    conf = folder / "ceph.conf"
    conf.write_text(CONF.format(monitor_address=address, folder=folder), encoding="utf-8")
    (folder / "mon").mkdir()
    (folder / "osd").mkdir()
    monmap = str(folder / "monmap")
    run(folder, "monmaptool", "--create", "--addv", "a", f"[{address}]", monmap)
    keyring = str(folder / "keyring")
    run(folder, "ceph-authtool", keyring, "--create-keyring")
    for name in ("mon.", "osd.0", "client.admin"):
        caps = ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
        run(folder, "ceph-authtool", keyring, "--gen-key", "-n", name, *caps)
    monitor = ("ceph-mon", "-c", str(conf), "-i", "a")
    run(folder, *monitor, "--mkfs", "--monmap", monmap, "--keyring", keyring)
    daemons.enter_context(daemon(folder, *monitor, "-f"))
    osd_uuid = str(uuid.uuid4())
    run(folder, "ceph", "-c", str(conf), "osd", "new", osd_uuid)
    osd = ("ceph-osd", "-c", str(conf), "-i", "0", "--osd-uuid", osd_uuid)
    run(folder, *osd, "--mkfs")
    daemons.enter_context(daemon(folder, *osd, "-f"))
    user = ("user", "create", "--uid", "prove", "--display-name", "prove")
    key = ("--access-key", access_key_id, "--secret-key", secret_access_key)
    run(folder, "radosgw-admin", "-c", str(conf), *user, *key)
    place = f"127.0.0.1:{free_port()}"
    rgw = ("radosgw", "-c", str(conf), "-n", "client.admin", "-f")
    daemons.enter_context(daemon(folder, *rgw, "--rgw_frontends", f"beast endpoint={place}"))
    wait_for(f"http://{place}", WAIT)
    return f"http://{place}"


def run(folder: Path, *command: str) -> None:
    """Raises CalledProcessError or TimeoutExpired."""
    with log(folder, command).open("ab") as output:
        subprocess.run(
            tied(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=WAIT, check=True
        )


@contextmanager
def daemon(folder: Path, *command: str) -> Iterator[None]:
    with (
        log(folder, command).open("ab") as output,
        subprocess.Popen(tied(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process,
    ):
        try:
            yield
        finally:
            process.kill()  # it has nothing to save


def tied(command: tuple[str, ...]) -> list[str]:
    """The command, which ends with the process that runs the tests, even where that is killed."""
    return ["setpriv", "--pdeathsig", "KILL", *command]


def log(folder: Path, command: tuple[str, ...]) -> Path:
    return folder / f"{command[0]}.log"


def last_lines(folder: Path) -> str:
    """The end of what each program printed."""
    ends = []
    for each in sorted(folder.glob("*.log")):
        lines = each.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
        ends.append("\n".join([f"--- {each}", *lines]))
    return "\n".join(ends)
