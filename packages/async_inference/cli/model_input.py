"""The model's input as the user gives it: JSON text, a file, stdin, or the Truss's own example."""

from pathlib import Path
from typing import Any

import click

from async_inference.cli.truss_config import read_truss_config


def read_model_input(argument: str | None, *, file: str | None, example_of: Path | None) -> Any:
    """Read the input from the one source that is given; `-` is stdin, as an argument and as a file."""
    if sum(source is not None for source in (argument, file, example_of)) != 1:
        raise click.UsageError("give one of INPUT, --file and --example")
    if example_of is not None:
        return _example(example_of)
    if argument is not None and argument.startswith("@"):
        file = argument[1:]
    elif argument == "-":
        file = argument
    if file is None:
        return _parse(argument or "", "INPUT", "; quote it, or give a file as @file.json")
    try:
        with click.open_file(file, "rb") as stream:
            text = stream.read()
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}") from error
    return _parse(text, "stdin" if file == "-" else file)


def _example(truss_dir: Path) -> Any:
    config = read_truss_config(truss_dir)
    if config is None:
        raise click.UsageError(f"{truss_dir}: no config.yaml here; --example needs one (see --truss-dir)")
    metadata = config.get("model_metadata") or {}
    if "example_model_input" not in metadata:
        raise click.UsageError(f"{truss_dir / 'config.yaml'}: has no model_metadata.example_model_input")
    return metadata["example_model_input"]


def _parse(text: str | bytes, name: str, advice: str = "") -> Any:
    from pydantic_core import from_json  # stricter than json: it refuses NaN and lone surrogates

    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise click.UsageError(f"{name} is not JSON: {error}{advice}") from error
