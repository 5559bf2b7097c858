"""A Truss's `config.yaml`, as a mapping."""

from pathlib import Path
from typing import Any

import click


def read_truss_config(truss_dir: Path) -> dict[str, Any] | None:
    """Read `config.yaml` in this folder; None if there is none.

    Raises UsageError for a file that cannot be read, and where it or its `model_metadata` is not a mapping.
    """
    import yaml  # here: only a command that reads a Truss pays for the import

    path = truss_dir / "config.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise click.UsageError(f"{path}: is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise click.UsageError(f"{path}: is not a mapping of settings")
    if not isinstance(content.get("model_metadata") or {}, dict):
        raise click.UsageError(f"{path}: model_metadata: is not a mapping of settings")
    return content
