"""The caller's commands of `truss-async`, one file each."""

from async_inference.commands.cancel import cancel
from async_inference.commands.check import check
from async_inference.commands.fetch import fetch
from async_inference.commands.gc import gc
from async_inference.commands.status import status
from async_inference.commands.submit import submit
from async_inference.commands.wait import wait

__all__ = ["cancel", "check", "fetch", "gc", "status", "submit", "wait"]
