"""`truss-async check`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from async_inference.cli import display
from async_inference.cli.options import EXIT_CODES, json_option
from async_inference.cli.result_store import Outputs
from async_inference.cli.truss_config import read_truss_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from async_inference.cli.checks.deploy import Finding

_REFUSED = 1
_WRONG = 2


@click.command(short_help="Check a Truss before it is pushed.", epilog=EXIT_CODES)
@click.argument("truss_dir", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--offline", is_flag=True, help="Look at the files only; do not call the store.")
@json_option
def check(truss_dir: Path, offline: bool, as_json: bool) -> int:
    """Check a Truss before it is pushed: its settings, its secrets, its requirements, its store.

    TRUSS_DIR is the folder of the Truss, by default this one. A probe is written to the store with your own
    access, or with the Truss's secrets if TRUSS_SECRET_<name> is set for them. To check the access that the
    model itself has, call `ModelOutputs.check()` in its `load`.

    \b
    Examples:
      truss-async check
      truss-async check path/to/truss --offline --json
    """
    config = read_truss_config(truss_dir)
    if config is None:
        raise click.UsageError(f"{truss_dir / 'config.yaml'}: not found, so this folder is not a Truss")
    if not (config.get("model_metadata") or {}).get("truss_outputs"):
        raise click.UsageError(
            f"{truss_dir / 'config.yaml'}: has no model_metadata.truss_outputs, so no result would be stored"
        )
    from async_inference.cli.checks.deploy import Finding, check_files, check_store

    findings = [Finding(subject="config.yaml"), *check_files(config, truss_dir, os.environ)]
    is_wrong = not all(finding.is_ok for finding in findings)
    if not (is_wrong or offline):
        url = os.environ.get("TRUSS_OUTPUTS_URL")
        findings += check_store(Outputs(url=url, truss_dir=truss_dir).store)
    _show(findings, as_json=as_json)
    if is_wrong:
        return _WRONG
    return 0 if all(finding.is_ok for finding in findings) else _REFUSED


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
        click.echo(f"{'ok    ' if each.is_ok else 'failed'}  {each.subject}{f': {remark}' if remark else ''}")
