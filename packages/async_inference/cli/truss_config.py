"""A Truss's `config.yaml`, as a plain mapping."""

from pathlib import Path
from typing import Any

import click


def read_truss_config(truss_dir: Path) -> dict[str, Any] | None:
    """The content of `config.yaml` in this folder, or None where there is none.

    Where it has `model_metadata`, that is a mapping too.
    """
    import yaml  # only where a command reads a Truss

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
        raise click.UsageError(f"{path}: holds no settings by name")
    if not isinstance(content.get("model_metadata") or {}, dict):
        raise click.UsageError(f"{path}: model_metadata: holds no settings by name")
    return content
