"""Answers questions about Trusses with truss itself. Started by `truss_process`, never imported.

Each line of standard input is a question, each line of standard output the answer to one, both JSON.
"""

import io
import json
import os
import shutil
import sys
from pathlib import Path


def _main() -> None:
    answers = io.TextIOWrapper(os.fdopen(os.dup(sys.stdout.fileno()), "wb", 0), write_through=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what truss prints is no answer
    for line in sys.stdin:
        question = json.loads(line)
        problem = _problem_of(Path(question["write_context"]), Path(question["to"]))
        answers.write(json.dumps({"problem": problem}) + "\n")


def _problem_of(truss_dir: Path, context: Path) -> str | None:
    """Let truss write the context; one line that says why it refused."""
    import pydantic
    import yaml

    try:
        _write_context(truss_dir, context)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        return _one_line(f"{key}: {first['msg']} (found {repr(first['input'])[:80]})")
    except (ValueError, FileNotFoundError, yaml.YAMLError) as error:
        return _one_line(str(error))
    except Exception as error:
        return _one_line(f"{type(error).__name__}: {error}")
    return None


def _write_context(truss_dir: Path, context: Path) -> None:
    from truss.truss_handle.truss_handle import TrussHandle

    TrussHandle(truss_dir).build_docker_build_context(context)
    shutil.rmtree(context / "build_hash", ignore_errors=True)  # a second copy of everything, for Docker


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    _main()
