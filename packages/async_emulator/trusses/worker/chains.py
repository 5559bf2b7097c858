"""Generates chainlets as `truss chains push` does. Runs in the process of `worker.main`."""

import tempfile
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def write_chain(chain_file: Path, target: Path, entrypoint_name: str | None) -> dict[str, Any]:
    """Write the build context of each chainlet to `target`/NAME, and describe the chain.

    `entrypoint_name` is the class of the entrypoint; None: the one that is marked.

    Raises any exception of the chain's own code or of truss.
    """
    from truss_chains import framework
    from truss_chains.deployment import code_gen

    from async_emulator.trusses.worker.contexts import write_context

    target.mkdir(parents=True)
    tempfile.tempdir = str(target)  # the code generation writes there
    with framework.ChainletImporter.import_target(chain_file, entrypoint_name) as entrypoint:
        framework.raise_validation_errors()
        first = framework.get_descriptor(entrypoint)
        needed = _with_dependencies(first)
        descriptors = [each for each in framework.get_ordered_descriptors() if each in needed]
        names = [each.display_name for each in descriptors]
        if len(set(names)) < len(names):
            raise ValueError(f"two chainlets have the same name: {', '.join(sorted(names))}")
        chain_name = entrypoint.meta_data.chain_name or entrypoint.display_name
        for each in descriptors:
            truss_dir = code_gen.gen_truss_chainlet(
                chain_file.parent, chain_name, each, model_name=each.display_name
            )
            write_context(truss_dir, target / each.name, ())
        return {
            "name": chain_name,
            "chainlets": [
                {
                    "name": each.name,
                    "display_name": each.display_name,
                    "dependencies": [dependency.name for dependency in framework.get_dependencies(each)],
                    "is_entrypoint": each is first,
                }
                for each in descriptors
            ],
            "sources": sorted({str(folder) for each in descriptors for folder in _outside(each)}),
        }


def problem_of(chain_file: Path, error: Exception) -> str:
    """Describe the error in one line, with its place in the chain's own files."""
    root = chain_file.parent
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_below(frame.filename, root)]
    if isinstance(error, SyntaxError) and error.filename and _is_below(error.filename, root):
        place = f"{error.filename}:{error.lineno}"
    else:
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(chain_file)
    reason = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    return f"{place}: {type(error).__name__}: {reason}"


def _with_dependencies(descriptor: Any) -> set[Any]:
    from truss_chains import framework

    found, waiting = {descriptor}, [descriptor]
    while waiting:
        for dependency in framework.get_dependencies(waiting.pop()):
            if dependency not in found:
                found.add(dependency)
                waiting.append(dependency)
    return found


def _outside(descriptor: Any) -> Iterable[Path]:
    if descriptor.truss_dir is not None:
        yield Path(descriptor.truss_dir)
        return
    for folder in descriptor.chainlet_cls.remote_config.docker_image.external_package_dirs or []:
        yield Path(folder.abs_path)


def _is_below(filename: str, root: Path) -> bool:
    return Path(filename).resolve().is_relative_to(root)
