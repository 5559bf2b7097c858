"""The command `truss-async`.

A command is imported when it is called. Built-in commands stand in a table; the entry-point group
`truss_async.commands` is for commands of other packages, such as the emulator's `serve`, which this package
never imports by itself. An expected error is one line on stderr; a traceback is a bug.
"""

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from async_inference.cli.commands import BUILT_IN
from async_inference.cli.plugins import plugins
from async_inference.printable import printable

_PLUGIN_GROUP = "truss_async.commands"
_JSON = "--json"


class CommandLine(click.Group):
    """A group of built-in and added commands, where every failure is one line and an exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*BUILT_IN, *plugins(_PLUGIN_GROUP).names})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import and return the command, or None if there is no command of this name."""
        try:
            return _load(name)
        except ImportError as error:
            return _unavailable(name, error)

    def main(self, *arguments: Any, **options: Any) -> NoReturn:
        """Run the command and end the process with the exit code that it returns; None is success."""
        given = options.get("args") or (arguments[0] if arguments else None)
        as_json = _JSON in (sys.argv[1:] if given is None else given)
        try:
            sys.exit(super().main(*arguments, **{**options, "standalone_mode": False}))
        except click.ClickException as error:
            _end(error, error.format_message(), error.exit_code, as_json=as_json)
        except click.Abort as error:
            _end(error, "interrupted", 130, as_json=as_json)
        except Exception as error:
            from async_inference.cli.exit_codes import exit_code  # here: only a failure pays for the import

            code = exit_code(error)
            if code is None:
                if as_json:
                    _show_error(error, str(error), 1)
                raise
            _end(error, str(error), code, as_json=as_json)


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
      0    success
      1    the request failed, expired or was canceled; or the service refused it, or did not answer
      2    the command cannot be run as given: an option, a setting, a key
      3    the time was up
      130  interrupted with Ctrl-C
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _end(error: Exception, message: str, code: int, *, as_json: bool) -> NoReturn:
    message = printable(" ".join(message.split()))  # it may quote a service, or what others have stored
    click.echo(f"truss-async: {message}", err=True)
    if as_json:
        _show_error(error, message, code)
    sys.exit(code)


def _show_error(error: Exception, message: str, code: int) -> None:
    """Print the failure as one JSON object; the help of `--json` states its keys."""
    from async_inference.cli.display import show_json
    from async_inference.cli.error_records import RecordedFailure

    records = [each.as_json() for each in error.records] if isinstance(error, RecordedFailure) else []
    if isinstance(error, RecordedFailure):
        error = error.error
    # click names its usage errors differently from version to version.
    kind = "UsageError" if isinstance(error, click.UsageError) else type(error).__name__
    of_status = getattr(getattr(error, "status", None), "request_id", None)
    show_json(
        {
            "error": {
                "type": kind,
                "message": message,
                "exit_code": code,
                "request_id": of_status or getattr(error, "request_id", None),
                "records": records,
            }
        }
    )


def _load(name: str) -> click.Command | None:
    if name in BUILT_IN:
        built_in: click.Command = getattr(import_module(BUILT_IN[name]), name)
        return built_in
    for plugin in plugins(_PLUGIN_GROUP).select(name=name):
        added: click.Command = plugin.load()
        return added
    return None


def _unavailable(name: str, error: ImportError) -> click.Command:
    """Return a stand-in for a command whose package is missing or incomplete."""

    def refuse() -> NoReturn:
        raise click.ClickException(f"{name} is not available: {error}")

    any_arguments = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=refuse, context_settings=any_arguments, short_help="(not available)")
