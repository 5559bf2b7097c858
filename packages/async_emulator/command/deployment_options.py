"""The options of `truss-async serve` that say how a Truss is deployed."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--environment", metavar="NAME", help="The environment to deploy in, such as staging."),
    click.option(
        "--watch",
        "is_watched",
        is_flag=True,
        help="Deploy each change of the files at once; what does not load changes nothing.",
    ),
    click.option(
        "--concurrency-target",
        type=click.IntRange(min=1),
        help="Predictions under way at once on a replica. Default: the Truss's runtime.predict_concurrency.",
    ),
    click.option(
        "--retry-not-ready/--no-retry-not-ready",
        default=True,
        show_default=True,
        help="Whether MODEL_NOT_READY is retried: the platform's pages say both.",
    ),
    click.option(
        "--replicas",
        "max_replicas",
        default=1,
        show_default=True,
        type=click.IntRange(1, 64),
        help="Model servers to run; with --min-replicas, the most of them.",
    ),
    click.option(
        "--min-replicas",
        type=click.IntRange(min=0),
        help="Model servers to keep without need; 0 scales to zero. Default: as many as --replicas.",
    ),
    click.option(
        "--scale-down-delay",
        default=900.0,
        show_default=True,
        type=click.FloatRange(0, 3_600),
        help="Seconds without need after which replicas above --min-replicas end.",
    ),
)


def deployment_options(command: _Command) -> _Command:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
