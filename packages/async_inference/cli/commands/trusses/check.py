"""`truss-async check`."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from async_inference.cli import display
from async_inference.cli.options import EXIT_CODES, json_option
from async_inference.cli.result_store import Outputs, open_as_caller
from async_inference.cli.truss_config import read_truss_config
from async_inference.printable import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from async_inference.cli.checks.finding import Finding
    from truss_outputs.store import Store

_REFUSED = 1
_WRONG = 2


@click.command(short_help="Check a Truss before it is pushed.", epilog=EXIT_CODES)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--offline", is_flag=True, help="Look at the files only; do not call the store.")
@click.option(
    "--for-push",
    is_flag=True,
    help="Refuse a url that is no bucket: results there go when the replica goes. Without this, a warning.",
)
@json_option
def check(path: Path, offline: bool, for_push: bool, as_json: bool) -> int:
    """Check a Truss or a chain before it is pushed: settings, secrets, requirements, code, store.

    PATH is the folder of the Truss, by default this one, or the file of a chain, whose entrypoint is checked
    as far as its code says it plainly. No code of yours is run. A probe is written to the store with your own
    access, or with the Truss's secrets if TRUSS_SECRET_<name> is set for them. To check the access that the
    model itself has, call `ModelOutputs.check()` in its `load`.

    \b
    Examples:
      truss-async check
      truss-async check path/to/truss --offline --json
      truss-async check chain/chain.py --for-push
    """
    findings, open_store = _chain(path, for_push) if path.suffix == ".py" else _truss(path, for_push)
    is_wrong = not all(finding.is_ok for finding in findings)
    if not (is_wrong or offline or open_store is None):
        from async_inference.cli.checks.deploy import check_store

        findings += check_store(open_store)
    _show(findings, as_json=as_json)
    if is_wrong:
        return _WRONG
    return 0 if all(finding.is_ok for finding in findings) else _REFUSED


def _truss(truss_dir: Path, for_push: bool) -> "tuple[list[Finding], Callable[[], Store] | None]":
    config = read_truss_config(truss_dir)
    if config is None:
        raise click.UsageError(f"{truss_dir / 'config.yaml'}: not found, so this folder is not a Truss")
    if not (config.get("model_metadata") or {}).get("truss_outputs"):
        raise click.UsageError(
            f"{truss_dir / 'config.yaml'}: has no model_metadata.truss_outputs, so no result would be "
            "stored: write model_metadata: {truss_outputs: {url: s3://bucket/prefix}} there, and three lines "
            "in the model, which the README shows under Deploy"
        )
    from async_inference.cli.checks.deploy import check_files

    findings = list(check_files(config, truss_dir, os.environ, for_push=for_push))
    return findings, Outputs(url=os.environ.get("TRUSS_OUTPUTS_URL"), truss_dir=truss_dir).store


def _chain(path: Path, for_push: bool) -> "tuple[list[Finding], Callable[[], Store] | None]":
    from async_inference.cli.checks.chain_code import check_chain, output_settings

    findings = list(check_chain(path, os.environ, for_push=for_push))
    settings = output_settings(path, os.environ)
    return findings, None if settings is None else partial(open_as_caller, settings)


def _show(findings: "Sequence[Finding]", *, as_json: bool) -> None:
    if as_json:
        display.show_json(
            {
                "ok": all(finding.is_ok for finding in findings),
                "checks": [
                    {"subject": each.subject, "ok": each.is_ok, "problem": each.problem, "note": each.note}
                    for each in findings
                ],
            }
        )
        return
    for each in findings:
        remark = each.problem or each.note
        label = "failed" if each.problem else "warning" if each.note else "ok"
        line = f"{label:<8}{each.subject}{f': {remark}' if remark else ''}"
        click.echo(one_line(line))
