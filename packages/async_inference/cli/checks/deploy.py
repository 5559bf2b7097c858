"""Check a Truss before it is pushed: its files and its store, one finding for each thing checked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from async_inference.cli.checks import truss_ignore
from async_inference.cli.checks.outputs import check_output_settings, requirement_names
from truss_outputs.errors import OutputError
from truss_outputs.settings.store import TOKEN_VARIABLE
from truss_outputs.store import Store
from truss_outputs.stores.probe import probe

_PLUGIN = "truss_outputs"
_DISTRIBUTION = "truss-outputs"
_SECRET = "TRUSS_SECRET_"  # noqa: S105  # the start of a variable's name


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one check: `problem` is None if nothing is wrong with `subject`.

    A `note` is worth knowing, but no reason to refuse the Truss.
    """

    subject: str
    problem: str | None = None
    note: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def check_files(config: Mapping[str, Any], truss_dir: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check the Truss's files. `config` is the content of its config.yaml."""
    declared = config.get("secrets") or {}
    in_the_file = [str(name) for name, value in declared.items() if value]
    told = f"the file holds a value for {', '.join(in_the_file)}: set it in Baseten, and null here"
    yield Finding(subject="secrets", problem=told if in_the_file else None)
    # Only Baseten has the secrets' values; whether they are declared can be checked here.
    assumed = {f"{_SECRET}{name}": "declared" for name in declared}
    if ((config.get("runtime") or {}).get("oidc") or {}).get("enabled"):
        assumed[TOKEN_VARIABLE] = "enabled"
    problems = check_output_settings(truss_dir, {**environ, **assumed})
    for subject in ("requirements", "settings"):
        mine = [each for each in problems if each.startswith("requirements:") == (subject == "requirements")]
        yield Finding(subject=subject, problem="; ".join(mine) or None)
    yield Finding(subject="packages", problem=_missing_plugin(config, truss_dir))
    strays = truss_ignore.strays(truss_dir)
    would = f"a push would take {', '.join(strays)} into the image: name it in {truss_ignore.NAME}"
    yield Finding(subject=truss_ignore.NAME, problem=would if strays else None)


def _missing_plugin(config: Mapping[str, Any], truss_dir: Path) -> str | None:
    """Return why `import truss_outputs` would fail in the image, or None if it would work."""
    bundled = config.get("bundled_packages_dir") or "packages"
    if (truss_dir / bundled / _PLUGIN).is_dir():
        left_out = truss_ignore.is_left_out(truss_dir, f"{bundled}/{_PLUGIN}/__init__.py")
        return (
            f"a push would leave out {bundled}/{_PLUGIN}: allow it in {truss_ignore.NAME}"
            if left_out
            else None
        )
    elsewhere = config.get("external_package_dirs") or []
    if any((truss_dir / folder / _PLUGIN).is_dir() for folder in elsewhere):
        return None
    if _DISTRIBUTION in requirement_names(config, truss_dir):
        return None
    return f"{_PLUGIN} is not in the image: copy it to {bundled}/{_PLUGIN}"


def check_store(open_store: Callable[[], Store]) -> Iterator[Finding]:
    """Check the caller's access to the store with a probe object, which is deleted again."""
    try:
        store = open_store()
    except OutputError as error:
        yield Finding(subject="store", problem=str(error))
        return
    for step in probe(store):
        subject = f"{store.url}: {step.name}"
        if step.is_needed:
            yield Finding(subject=subject, problem=step.problem)
        else:
            yield Finding(subject=subject, note=step.problem)
