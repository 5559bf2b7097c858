"""A chain as `truss chains push` would send it: each chainlet is a Truss of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from async_emulator.disk import refuse_full
from async_emulator.errors import NotAChain
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.watching.fingerprint import fingerprint
from async_emulator.trusses.worker.client import TrussProcess

_INDEX = "chain.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chainlet:
    """One chainlet and its build context. `dependencies` are the names of the chainlets that it calls."""

    name: str
    display_name: str
    dependencies: tuple[str, ...]
    is_entrypoint: bool
    context: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltChain:
    """A chain. Each chainlet comes after its dependencies; `sources` are folders outside the chain's own."""

    name: str
    chainlets: tuple[Chainlet, ...]
    sources: tuple[Path, ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the chain that was built into `folder`."""
        index: dict[str, Any] = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        return cls(
            name=index["name"],
            chainlets=tuple(_chainlet(folder, each) for each in index["chainlets"]),
            sources=tuple(map(Path, index["sources"])),
        )

    @property
    def entrypoint(self) -> Chainlet:
        """The chainlet that callers reach."""
        return next(chainlet for chainlet in self.chainlets if chainlet.is_entrypoint)


async def build_chain(
    chain_file: Path,
    cache: BuildCache,
    truss: TrussProcess,
    entrypoint: str | None = None,
    *,
    has_stubs: bool = False,
) -> BuiltChain:
    """Return the chain of the present files, built unless it is in the cache.

    `entrypoint` is the class of its entrypoint; None: the one that is marked. With `has_stubs`, what its own
    files import need not be installed.

    Raises NotAChain where its code fails, or truss refuses it, and DiskFull.
    """
    check_chain(chain_file)
    variant = "-".join(filter(None, (entrypoint, "stubs" if has_stubs else None)))
    known = cache.chains_dir / f"{_fingerprint(chain_file, variant)}.json"
    if (built := _built_before(known, chain_file, variant)) is not None and cache.use(built):
        return BuiltChain.read(built)
    with cache.building(known) as building:
        written = building / "chain"
        answer = await truss.write_chain(chain_file, written, entrypoint, has_stubs=has_stubs)
        if problem := answer.get("problem"):
            refuse_full(cache.chains_dir, str(problem))
            raise NotAChain(str(problem))
        sources = [Path(source) for source in answer["sources"]]
        (written / _INDEX).write_text(json.dumps(answer), encoding="utf-8")
        built = known.with_name(_fingerprint(chain_file, variant, *sources))
        cache.put_in_place(written, built)
        known.write_text(json.dumps(list(map(str, sources))), encoding="utf-8")
    return BuiltChain.read(built)


def check_chain(chain_file: Path) -> None:
    """Raise NotAChain where the file is plainly no chain: a quick check without truss."""
    if not chain_file.is_file():
        raise NotAChain(f"{chain_file}: there is no such file")
    if chain_file.suffix != ".py":
        raise NotAChain(f"{chain_file}: no chain: a chain is a Python file with an entrypoint")


def _built_before(known: Path, chain_file: Path, variant: str) -> Path | None:
    """Return the folder of an earlier build, if the files outside the chain's folder are the same too."""
    if not known.is_file():
        return None
    sources = [Path(source) for source in json.loads(known.read_text(encoding="utf-8"))]
    built = known.with_name(_fingerprint(chain_file, variant, *sources))
    return built if built.is_dir() else None


def _fingerprint(chain_file: Path, variant: str, *sources: Path) -> str:
    """Identify the chain that this file holds; another file of the folder may hold another chain."""
    parts = filter(None, (chain_file.stem, variant, fingerprint([chain_file.parent, *sources])))
    return "-".join(parts)


def _chainlet(folder: Path, index: Mapping[str, Any]) -> Chainlet:
    return Chainlet(
        name=index["name"],
        display_name=index["display_name"],
        dependencies=tuple(index["dependencies"]),
        is_entrypoint=index["is_entrypoint"],
        context=folder / index["name"],
    )
