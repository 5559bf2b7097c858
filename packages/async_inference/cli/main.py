"""The command `truss-async`.

Its commands are found by the entry-point group `truss_async.commands` and imported when they are called, so
that the caller's side never imports the emulator. What goes wrong on purpose is one line on stderr; a
traceback is a bug.
"""

import sys
from typing import Any, NoReturn

import click

from async_inference.cli.plugins import plugins

_COMMANDS = "truss_async.commands"


class CommandLine(click.Group):
    """A group whose commands are entry points, and whose every failure is one line and an exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every command that is installed, by name."""
        return sorted(plugins(_COMMANDS).names)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, imported now."""
        for found in plugins(_COMMANDS).select(name=name):
            try:
                command: click.Command = found.load()
            except ImportError as error:
                return _unavailable(name, error)
            return command
        return None

    def main(self, *arguments: Any, **options: Any) -> NoReturn:
        """Run the command and end the process. What a command returns is its exit code; None is success."""
        try:
            sys.exit(super().main(*arguments, **{**options, "standalone_mode": False}))
        except click.ClickException as error:
            _end(error.format_message(), error.exit_code)
        except click.Abort:
            _end("interrupted", 130)
        except Exception as error:
            from async_inference.cli.exit_codes import exit_code  # here, so that nobody else waits for it

            code = exit_code(error)
            if code is None:
                raise
            _end(str(error), code)


@click.group(cls=CommandLine, invoke_without_command=True, context_settings={"max_content_width": 100})
@click.version_option(package_name="truss-outputs")
@click.pass_context
def main(context: click.Context) -> None:
    """Fire-and-forget inference on Baseten, or on this machine, with the results in your own bucket.

    \b
    In the folder of a Truss, in two terminals:
      truss-async serve
      truss-async submit --example --wait

    \b
    Exit codes:
      0    it worked
      1    the request failed, expired or was canceled; or the service refused, or did not answer
      2    the command cannot be run as given: an option, a setting, a key
      3    the time was up
      130  interrupted with Ctrl-C
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"truss-async: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _unavailable(name: str, error: ImportError) -> click.Command:
    """Stands for a command whose package is not installed, or not completely."""

    def refuse() -> NoReturn:
        raise click.ClickException(f"{name} is not available: {error}")

    any_arguments = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=refuse, context_settings=any_arguments, short_help="(not available)")
