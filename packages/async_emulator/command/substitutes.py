"""The options of `truss-async serve` for what this machine lacks, and which Truss each of them is for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import click

from async_emulator.errors import BadStub, DockerUnavailable
from async_emulator.settings.substitutes import Substitutes
from async_emulator.trusses.needs import IGNORABLE

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Pairs = tuple[tuple[str, Path], ...]


def _weights(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> _Pairs:
    """Parse `NAME=DIR`. The name may hold an equals sign, as a url does."""
    pairs = []
    for item in given:
        name, _is, folder = item.rpartition("=")
        if not name or not folder:
            raise click.BadParameter(f"{item}: write MOUNT_OR_INDEX=DIR")
        if not Path(folder).exists():
            raise click.BadParameter(f"{item}: there is no such folder")
        pairs.append((name, Path(folder).resolve()))
    return _each_once(pairs)


def _stubs(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> _Pairs:
    """Parse `FILE.py`, whose name is empty, or `NAME=FILE.py`."""
    pairs = []
    for item in given:
        name, is_named, file = item.partition("=")
        if not is_named or "/" in name:
            name, file = "", item
        if not file or (is_named and not name and file != item):
            raise click.BadParameter(f"{item}: write FILE.py, or NAME=FILE.py")
        pairs.append((name, Path(file).resolve()))
    return _each_once(pairs)


def _each_once(pairs: Sequence[tuple[str, Path]]) -> _Pairs:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"{name or 'the model'} is given twice")
    return tuple(pairs)


_OPTIONS = (
    click.option(
        "--stub",
        "stubs",
        multiple=True,
        metavar="[NAME=]FILE.py",
        callback=_stubs,
        help="A file whose predict(model_input), and load, stand in for the model's own; for a chain, or one "
        "of several Trusses, after the name of the chainlet or the folder. Repeatable.",
    ),
    click.option(
        "--weights",
        multiple=True,
        metavar="MOUNT_OR_INDEX=DIR",
        callback=_weights,
        help="A local folder for an entry of weights, model_cache or external_data, which is named by its "
        "place or its index. Repeatable.",
    ),
    click.option(
        "--ignore",
        "ignored",
        multiple=True,
        type=click.Choice(IGNORABLE),
        help="Serve without this setting of config.yaml. Repeatable.",
    ),
    click.option(
        "--docker",
        "with_docker",
        is_flag=True,
        help="Build the image that truss generates, and run the model in it, with Docker.",
    ),
    click.option(
        "--strict",
        "is_strict",
        is_flag=True,
        help="Refuse a Truss that asks for an accelerator, instead of serving it with a warning.",
    ),
)


def substitute_options(command: _Command) -> _Command:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenSubstitutes:
    """The values of these options."""

    stubs: Mapping[str, Path]
    weights: Mapping[str, Path]
    ignored: frozenset[str]
    is_strict: bool
    with_docker: bool = False

    @classmethod
    def take(cls, options: dict[str, Any]) -> Self:
        """Take the values out of all options of the command."""
        return cls(
            stubs=dict(options.pop("stubs")),
            weights=dict(options.pop("weights")),
            ignored=frozenset(options.pop("ignored")),
            is_strict=options.pop("is_strict"),
            with_docker=options.pop("with_docker"),
        )

    def check(self, trusses: Sequence[Path], chains: Sequence[Path]) -> None:
        """Raise BadStub where a stub is for nothing that is served, as far as that is known now.

        Raises DockerUnavailable where --docker does not go with the rest.
        """
        folders = [path.name for path in trusses]
        several = len(trusses) + len(chains) > 1
        if self.with_docker and self.stubs:
            raise DockerUnavailable("an image takes no --stub")
        for name, file in self.stubs.items():
            given = f"{name}={file}" if name else str(file)
            if not name and (chains or several):
                raise BadStub(given, "write NAME=FILE.py, with the name of a chainlet or a Truss's folder")
            if name and name not in folders and not chains:
                raise BadStub(given, f"nothing of this name is served, which is {', '.join(folders)}")
            if name and name not in folders and len(chains) > 1:
                raise BadStub(given, "stubs of chainlets need a chain that is served alone")

    def of_truss(self, path: Path, *, is_partial: bool) -> Substitutes:
        """Return those for the Truss in this folder."""
        stub = self.stubs.get(path.name, self.stubs.get(""))
        return self._with({} if stub is None else {"": stub}, is_partial=is_partial)

    def of_chain(self, trusses: Sequence[Path]) -> Substitutes:
        """Return those for a chain that is served beside these Trusses."""
        folders = {path.name for path in trusses}
        stubs = {name: file for name, file in self.stubs.items() if name not in folders}
        return self._with(stubs, is_partial=True)

    def _with(self, stubs: Mapping[str, Path], *, is_partial: bool) -> Substitutes:
        return Substitutes(
            is_strict=self.is_strict,
            with_docker=self.with_docker,
            ignored=self.ignored,
            weights=self.weights,
            stubs=stubs,
            is_partial=is_partial,
        )
