"""Find large files among the model's code: each push uploads them, and each new image holds them."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from async_inference.cli.checks import truss_ignore
from async_inference.cli.checks.finding import Finding

_SUBJECT = "model"
_LARGE = 10_000_000  # bytes; our choice, Baseten states none


def check_model_files(config: Mapping[str, Any], truss_dir: Path) -> Iterator[Finding]:
    """Find files above 10 MB, and folders that cannot be read. Links to folders are not followed."""
    folder = truss_dir / str(config.get("model_module_dir") or "model")
    unreadable: list[OSError] = []
    for place, _, names in os.walk(folder, onerror=unreadable.append):
        for name in sorted(names):
            path = Path(place, name)
            try:
                size = path.stat().st_size
            except OSError as error:
                unreadable.append(error)
                continue
            shown = (path.relative_to(truss_dir) if path.is_relative_to(truss_dir) else path).as_posix()
            if size > _LARGE and not truss_ignore.is_left_out(truss_dir, shown):
                note = (
                    f"{shown}: found {size / 1e6:,.0f} MB, which every push uploads and every image holds; "
                    f"write it under weights in config.yaml, or leave it out by {truss_ignore.NAME}"
                )
                yield Finding(subject=_SUBJECT, note=note)
    for each in unreadable:
        if each.filename == str(folder):
            continue  # the check of the code says so
        problem = f"{each.filename}: cannot be read, so a push fails: {each.strerror}"
        yield Finding(subject=_SUBJECT, problem=problem)
