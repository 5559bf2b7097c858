"""Shows local folders at absolute paths such as /models, to this process and its children alone.

Linux lets any user do this in namespaces of its own (user_namespaces(7), mount_namespaces(7)), unless the
machine's owner forbids it. The root that the process then sees holds what was there before, and the places.
"""

import ctypes
import os
import sys
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000  # unshare(2)
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18  # mount(2)


def mount(places: "dict[str, str]", root: Path) -> None:
    """Show each local folder or file at its place; `root` is an empty folder to work in.

    Where the machine does not allow it, says so in one line for each place, and how to make it by hand.
    """
    wanted = {place: local for place, local in places.items() if not _is_there(place, local)}
    if not wanted:
        return
    try:
        _enter_namespaces()
        _build_root(root, wanted)
        folder = Path.cwd()
        os.chroot(root)
        os.chdir(folder)
    except (OSError, AttributeError, ImportError) as error:
        for place, local in wanted.items():
            print(
                f"warning: {local} cannot be shown at {place} on this machine ({error}): the model finds it "
                f"there after: sudo mkdir -p {Path(place).parent} && sudo ln -s {local} {place}",
                file=sys.stderr,
            )


def _is_there(place: str, local: str) -> bool:
    try:
        return Path(place).resolve(strict=True) == Path(local).resolve()
    except OSError:
        return False


def _enter_namespaces() -> None:
    user, group = os.getuid(), os.getgid()
    _check(ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)


def _build_root(root: Path, places: "dict[str, str]") -> None:
    """Fill a new root with all that is in the old one, and the places."""
    _mount("tmpfs", root, "tmpfs", 0)
    _mirror(Path("/"), root)
    for place, local in sorted(places.items()):
        _make(root, Path(place), Path(local))


def _mirror(old: Path, new: Path) -> None:
    """Show everything that is in the folder `old` in `new`, where more can be made beside it."""
    for entry in old.iterdir():
        shown = new / entry.name
        if entry.is_symlink():
            shown.symlink_to(entry.readlink())
        elif not shown.exists():
            _bind(entry, shown)


def _make(root: Path, place: Path, local: Path) -> None:
    """Show `local` at `place` below `root`; folders on the way that are not ours get a mirror first."""
    shown = root
    for name in place.parent.parts[1:]:
        shown /= name
        if shown.exists():
            if not os.access(shown, os.W_OK) or not _is_in_memory(shown, root):
                inside = root / ".mirrored"
                inside.mkdir(exist_ok=True)
                _mount(str(shown), inside, None, _MS_BIND | _MS_REC)
                _mount("tmpfs", shown, "tmpfs", 0)
                _mirror(inside, shown)
        else:
            shown.mkdir()
    _bind(local, shown / place.name)


def _is_in_memory(folder: Path, root: Path) -> bool:
    return folder.stat().st_dev == root.stat().st_dev


def _bind(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(exist_ok=True)
    elif not target.exists():
        target.touch()
    _mount(str(source), target, None, _MS_BIND | _MS_REC)


def _mount(source: "str | None", target: "str | Path", kind: "str | None", flags: int) -> None:
    encoded = [None if each is None else os.fsencode(each) for each in (source, target, kind)]
    done = ctypes.CDLL(None, use_errno=True).mount(*encoded, ctypes.c_ulong(flags), None)
    _check(done, f"mount at {target}")


def _check(returned: int, what: str) -> None:
    if returned != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
