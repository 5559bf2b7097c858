"""The key that callers of the emulator must send, where one is given."""

import stat
from pathlib import Path

import click
from click.core import ParameterSource

from async_inference.api_key import check_api_key

_LONGEST = 65_536
"""The most bytes of a file that are read: more cannot be a key."""


def given_api_key(context: click.Context, api_key: str | None, file: Path | None) -> str | None:
    """Return the key in `file`, or `api_key`; None: neither is given.

    The file comes before the environment variable. Warns of a file that others can read. Raises UsageError or
    InvalidSetting, which never show the key.
    """
    if file is not None:
        if context.get_parameter_source("api_key") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--api-key and --api-key-file are both given: give one of them")
        return _read(file)
    if api_key is not None:
        check_api_key(api_key)
    return api_key


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LONGEST)
            mode = file.stat().st_mode
    except OSError as error:
        raise click.UsageError(f"--api-key-file: {file} cannot be read: {error.strerror}") from error
    if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        click.echo(f"warning: others can read the key in {file}: chmod 600 {file}", err=True)
    # An editor ends the line; bytes that are no ASCII become characters that no key may have.
    api_key = content.decode(errors="replace").removesuffix("\n").removesuffix("\r")
    check_api_key(api_key, f"the API key in {file}")
    return api_key
