"""Carries out the plan that lies beside this file."""

import json
from pathlib import Path

from _truss_async import mounts, placeholders


def prepare() -> None:
    """Mount what stands in for weights, and find placeholders for what a stub does without.

    Called while this process has one thread, as a namespace of its own needs it.
    """
    plan = json.loads(Path(__file__).with_name("plan.json").read_text(encoding="utf-8"))
    mounts.mount(plan["mounts"], Path(plan["root"]))
    if plan["own_folders"]:
        placeholders.install([Path(folder) for folder in plan["own_folders"]])
