"""The command `truss-async clean`."""

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from async_emulator.command.leftovers import Leftover


@click.command(
    short_help="List or remove what truss-async serve has left on this machine.",
    epilog="Exit codes: 0 success, also where nothing was removed, 1 a folder cannot be removed.",
)
@click.option(
    "--unused-for",
    metavar="DAYS",
    default=0,
    show_default=True,
    type=click.IntRange(0, 36_500),
    help="Spare what was used in the last DAYS days.",
)
@click.option("--yes", is_flag=True, help="Remove without asking.")
def clean(unused_for: int, yes: bool) -> None:
    """List what `truss-async serve` has left on this machine, and remove it.

    That is the Python environments, build contexts and chains that it made, which the next start makes again,
    and the state of each Truss that was served without --data-dir. Nothing that a running emulator uses is
    removed, and no state with requests that have not ended. Without --yes it asks first; where nobody can
    answer, it only lists.

    \b
    Examples:
      truss-async clean
      truss-async clean --unused-for 30 --yes
    """
    from async_emulator.command.leftovers import Leftovers
    from async_emulator.command.settings import cache_dir, state_dir
    from async_emulator.trusses.build_cache import BuildCache

    leftovers = Leftovers(BuildCache(cache_dir()), state_dir())
    before = datetime.now(UTC) - timedelta(days=unused_for)
    found = [each for each in leftovers if not unused_for or each.last_used <= before]
    for each in found:
        _show(each)
    removable = [each for each in found if each.kept is None]
    summary = f"{len(removable):,} folders, {_in_megabytes(removable)}"
    if not removable:
        _note("nothing to remove")
    elif yes or (sys.stdin.isatty() and click.confirm(f"remove {summary}?", err=True)):
        removed = [each for each in removable if leftovers.remove(each)]
        _note(f"removed {len(removed):,} folders, {_in_megabytes(removed)}")
    else:
        _note(f"nothing removed (give --yes to remove {summary})")


def _show(leftover: "Leftover") -> None:
    used = leftover.last_used.astimezone().strftime("%Y-%m-%d %H:%M")
    kept = f"  (kept: {leftover.kept})" if leftover.kept else ""
    click.echo(f"{_in_megabytes([leftover]):>12}  {used}  {leftover.kind:<13}  {leftover.path}{kept}")


def _in_megabytes(leftovers: "list[Leftover]") -> str:
    return f"{sum(each.size for each in leftovers) / 1e6:,.1f} MB"


def _note(line: str) -> None:
    click.echo(line, err=True)
