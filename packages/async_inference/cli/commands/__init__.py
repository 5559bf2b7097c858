"""The built-in commands of `truss-async`, one module each."""

BUILT_IN = {
    "cancel": "async_inference.cli.commands.requests.cancel",
    "check": "async_inference.cli.commands.trusses.check",
    "fetch": "async_inference.cli.commands.results.fetch",
    "gc": "async_inference.cli.commands.results.gc",
    "status": "async_inference.cli.commands.requests.status",
    "submit": "async_inference.cli.commands.requests.submit",
    "wait": "async_inference.cli.commands.results.wait",
}
"""The module of each command, which defines it under the same name. It is imported on first use."""
