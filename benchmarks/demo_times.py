"""Where the seconds of `make demo` go, once everything is installed."""

import io

from rich.console import Console
from rich.table import Table

from examples.demo import Demonstration
from examples.demo import run as run_demo


def run(console: Console) -> None:
    """Print the seconds of a second demo, and their shares."""
    for _ in range(2):  # the first may have to install
        times = run_demo(Console(file=io.StringIO()), Demonstration.of_model())
    parts = {
        "server start": times.start,
        "queueing": times.queue,
        "predict": times.predict,
        "store": times.store,
    }
    parts["the rest (submit, read, stop)"] = times.total - sum(parts.values())
    table = Table("part", "seconds", "share", title=f"make demo, second run: {times.total:.2f} s")
    for name, seconds in parts.items():
        table.add_row(name, f"{seconds:.3f}", f"{seconds / times.total:.1%}")
    console.print(table)
    console.print()
