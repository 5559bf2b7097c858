"""The caller's commands of `truss-async`, one file each."""

from async_inference.cli.commands.requests.cancel import cancel
from async_inference.cli.commands.requests.status import status
from async_inference.cli.commands.requests.submit import submit
from async_inference.cli.commands.results.fetch import fetch
from async_inference.cli.commands.results.gc import gc
from async_inference.cli.commands.results.wait import wait
from async_inference.cli.commands.trusses.check import check

__all__ = ["cancel", "check", "fetch", "gc", "status", "submit", "wait"]
