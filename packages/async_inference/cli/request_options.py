"""The options that describe a request."""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pydantic import JsonValue, ValidationError

    from async_inference.cli.options import Command
    from async_inference.wire import AsyncPredictRequest

_RETRIES = ("max_attempts", "initial_delay_ms", "max_delay_ms")


@dataclass(frozen=True, kw_only=True)
class RequestSettings:
    """The fields that the user gave, under their names; the platform has defaults for the rest."""

    fields: dict[str, Any]

    def request(self, model_input: "JsonValue") -> "AsyncPredictRequest":
        """Make the request with this input. The error for a value out of range names the option."""
        from pydantic import ValidationError

        from async_inference.wire import AsyncPredictRequest

        given = {name: value for name, value in self.fields.items() if value is not None}
        retries = {name: given.pop(name) for name in _RETRIES if name in given}
        if retries:
            given["inference_retry_config"] = retries
        try:
            return AsyncPredictRequest.model_validate({"model_input": model_input, **given})
        except ValidationError as error:
            raise click.UsageError(_in_words(error)) from error


def _in_words(error: "ValidationError") -> str:
    """The first of pydantic's complaints, under the option's name."""
    first = error.errors(include_url=False)[0]
    problem = first["msg"].removeprefix("Value error, ")
    if first["loc"][0] == "model_input":
        return f"INPUT: {problem}"
    options = {option.name: option.opts[0] for option in click.get_current_context().command.params}
    return f"{options[str(first['loc'][-1])]}: {problem}"


def request_options(command: "Command") -> "Command":
    """Add the options that say how a request is queued and run, passed on as `settings`.

    Each is named as the field that it fills.
    """

    @click.option("--webhook", "webhook_endpoint", metavar="URL", help="Send the result to this URL as well.")
    @click.option("--priority", type=int, metavar="0..2", help="0 is served first.")
    @click.option(
        "--max-time-in-queue",
        "max_time_in_queue_seconds",
        type=int,
        metavar="SECONDS",
        help="Expire the request after this time in the queue: 10 to 259200.",
    )
    @click.option(
        "--max-attempts", type=int, metavar="1..10", help="How many times to try, if the model fails."
    )
    @click.option(
        "--initial-delay-ms",
        type=int,
        metavar="MS",
        help="The pause before the second attempt; it doubles each time.",
    )
    @click.option("--max-delay-ms", type=int, metavar="MS", help="The longest pause between two attempts.")
    @functools.wraps(command)
    def taking(**given: Any) -> Any:
        fields = {
            name: given.pop(name)
            for name in ("webhook_endpoint", "priority", "max_time_in_queue_seconds", *_RETRIES)
        }
        return command(settings=RequestSettings(fields=fields), **given)

    return taking
