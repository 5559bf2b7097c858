"""`truss-async gc`."""

import re
from datetime import UTC, datetime, timedelta

import click

from async_inference.cli import display
from async_inference.cli.options import (
    EXIT_CODES,
    deployment_options,
    json_option,
    outputs_options,
)
from async_inference.cli.result_store import Outputs
from async_inference.printable import printable

_AGE = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}

_YOUNGEST = timedelta(hours=1)

# An attempt that is younger may still commit: a prediction that streams its output may write for an hour
# (docs.baseten.co/inference/async: 3,600 s), and the clocks of a writer and a store may differ.
_LONGEST_WRITE = timedelta(hours=2)


def _age(context: click.Context, parameter: click.Parameter, value: str) -> timedelta:
    match = _AGE.fullmatch(value)
    age = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    if age is None or age < _YOUNGEST:
        raise click.BadParameter(f"{value!r} is not allowed: 1h or more, in h, d or w, such as 7d")
    return age


@click.command(short_help="List or delete stored objects that belong to no result.", epilog=EXIT_CODES)
@click.option(
    "--older-than",
    callback=_age,
    metavar="AGE",
    default="7d",
    show_default=True,
    help="Spare objects that are younger: 12h, 7d, 4w.",
)
@click.option("--delete", is_flag=True, help="Delete the objects, instead of only listing them.")
@click.option(
    "--yes",
    is_flag=True,
    help="Delete objects younger than 2h too. Stop all writers first: their results would lose artifacts.",
)
@outputs_options
@deployment_options
@json_option
def gc(older_than: timedelta, delete: bool, yes: bool, outputs: Outputs, as_json: bool) -> None:
    """List or delete leftovers: objects in the store that belong to no result.

    These are artifacts of attempts that never committed, because they ended early or another attempt was
    first, error records of requests that have a result after all, and what interrupted writes left: files in
    a folder, or in S3 open multipart uploads, which --delete aborts. The artifacts of a result are never
    touched, nor are uploaded inputs, nor is anything that truss_outputs did not write. Google and Azure drop
    interrupted uploads after a week, and list none. The whole store is listed, so run this seldom.

    \b
    Examples:
      truss-async gc
      truss-async gc --older-than 30d --delete
    """
    if delete and older_than < _LONGEST_WRITE and not yes:
        raise click.UsageError(
            "writes that are under way may be younger than 2h, and would lose their artifacts: "
            "stop all writers and add --yes, or give --older-than 2h or more"
        )
    from truss_outputs.results import orphans
    from truss_outputs.store import KeepsUnfinished
    from truss_outputs.stores.url import StoreUrl

    store = outputs.store(prefers_sdk=True)
    objects, number, size = [], 0, 0
    for orphan in orphans.orphans(store, before=datetime.now(UTC) - older_than):
        if delete:
            orphans.delete(store, orphan)
        number, size = number + 1, size + orphan.entry.size
        url = store.url_of(orphan.entry.key)
        if as_json:
            objects.append({"url": url, "size": orphan.entry.size, "reason": orphan.reason})
        else:
            click.echo(f"{printable(url)}  {orphan.entry.size:,} bytes, {orphan.reason}")
    if as_json:
        display.show_json({"deleted": delete, "size": size, "objects": objects})
    else:
        what = "deleted" if delete else "found, and nothing deleted (give --delete for that)"
        display.note(f"{number:,} objects of {size:,} bytes {what}")
        if not isinstance(store, KeepsUnfinished) and (told := StoreUrl.parse(store.url).scheme.unfinished):
            display.note(told)
