"""Answers questions about Trusses with truss itself. `worker.client` starts it; nothing imports it.

Each line of standard input is a question in JSON, and each line of standard output the answer. A chain is
imported in a child process, which ends with the answer: its modules must be read again each time.
"""

import contextlib
import importlib.metadata
import importlib.util
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from async_emulator.trusses.before_server import placeholders


def _main() -> None:
    answers = io.TextIOWrapper(os.fdopen(os.dup(sys.stdout.fileno()), "wb", 0), write_through=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of truss must not look like an answer
    for line in sys.stdin:
        question = json.loads(line)
        if "write_chain" in question:
            _in_a_process_of_its_own(question, answers)
        else:
            problem = _problem_of(Path(question["write_context"]), Path(question["to"]), question["left_out"])
            answers.write(json.dumps({"problem": problem}) + "\n")


def _problem_of(truss_dir: Path, context: Path, left_out: Sequence[str] | None) -> str | None:
    """Let truss write the context. Return the reason, in one line, if truss refuses it."""
    import pydantic
    import yaml

    try:
        with _without_the_remote_side():
            from async_emulator.trusses.worker import contexts
        contexts.write_context(truss_dir, context, left_out)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        return _one_line(f"{key}: {first['msg']} (found {repr(first['input'])[:80]})")
    except (ValueError, FileNotFoundError, yaml.YAMLError) as error:
        return _one_line(str(error))
    except Exception as error:
        return _one_line(f"{type(error).__name__}: {error}")
    return None


@contextlib.contextmanager
def _without_the_remote_side() -> Iterator[None]:
    """Import modules of truss without `truss/__init__.py`.

    It imports the client of Baseten's API, which takes half of the time and is not needed here.
    """
    found = importlib.util.find_spec("truss") if "truss" not in sys.modules else None
    if found is not None:
        package = importlib.util.module_from_spec(found)
        package.__dict__["__version__"] = importlib.metadata.version("truss")
        sys.modules["truss"] = package
    try:
        yield
    finally:
        if found is not None:
            del sys.modules["truss"]  # a later import of truss gets all of it


def _in_a_process_of_its_own(question: dict[str, Any], answers: io.TextIOWrapper) -> None:
    import truss_chains.deployment.code_gen  # noqa: F401  # here, so that it is imported only once

    child = os.fork()
    if child == 0:
        chain_file = Path(question["write_chain"])
        if question["has_stubs"]:
            placeholders.install([chain_file.parent])  # in this child alone, which ends with the answer
        answer = _chain_of(chain_file, Path(question["to"]), question["entrypoint"])
        answers.write(json.dumps(answer) + "\n")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        problem = f"{question['write_chain']}: importing it ended the process"
        answers.write(json.dumps({"problem": problem}) + "\n")


def _chain_of(chain_file: Path, target: Path, entrypoint: str | None) -> dict[str, Any]:
    from async_emulator.trusses.worker import chains as chain_worker

    try:
        return chain_worker.write_chain(chain_file, target, entrypoint)
    except Exception as error:
        return {"problem": chain_worker.problem_of(chain_file, error)}
    except SystemExit as error:
        return {"problem": f"{chain_file}: it ends Python with {error.code}"}


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    _main()
