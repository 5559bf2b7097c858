"""Check the versions in a Truss's requirements, and that the build can fetch them."""

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import TYPE_CHECKING, Any

from async_inference.cli.checks.config_keys import DISTRIBUTION
from async_inference.cli.checks.finding import Finding
from async_inference.cli.checks.outputs import all_urls

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import Specifier
    from packaging.version import Version

    from truss_outputs.settings.outputs import OutputSettings

_SUBJECT = "requirements"
_ALWAYS = "pydantic"  # needed whatever the store is; others follow from the urls
_ON_THIS_MACHINE = ("-e ", "--editable", "./", "../", "/", "file:")


def check_versions(
    config: Mapping[str, Any], truss_dir: Path, settings: "OutputSettings | None"
) -> Iterator[Finding]:
    """Find requirements that allow only versions too old for `truss_outputs`, and those of this machine.

    `settings` is None where they are wrong; then only the package that every store needs is looked at.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    lowest = _lowest_versions()
    needed = {_ALWAYS, *_packages(settings)}
    for line in _lines(config, truss_dir):
        if line.startswith(_ON_THIS_MACHINE) or "@ file:" in line:
            problem = (
                f"requirements: found {line[:80]!r}, which is not there when the image is built; "
                "copy the package to packages/"
            )
            yield Finding(subject=_SUBJECT, problem=problem)
            continue
        try:
            found = Requirement(line)
        except InvalidRequirement:  # an option of pip, or a format of its own
            continue
        name = found.name.lower().replace("_", "-")
        if name in needed and name in lowest and _is_below(found, lowest[name]):
            problem = (
                f"requirements: found {str(found)[:80]!r}, and truss_outputs needs {lowest[name]} or later; "
                f"write {name}>={lowest[name]}"
            )
            yield Finding(subject=_SUBJECT, problem=problem)


def _packages(settings: "OutputSettings | None") -> Iterator[str]:
    if settings is None:
        return
    for url in all_urls(settings):
        for names in settings.requirements(url):
            yield from names


def _lines(config: Mapping[str, Any], truss_dir: Path) -> Iterator[str]:
    """Yield the requirements in pip's format; a pyproject.toml or a uv.lock has none."""
    lines = config.get("requirements") or []
    if file := config.get("requirements_file"):
        path = truss_dir / str(file)
        if path.suffix == ".txt" and path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in lines if isinstance(lines, list) else []:
        text = str(line).partition(" #")[0].partition(" --")[0].rstrip("\\ \t").strip()
        if text and not text.startswith("#"):
            yield text


def _lowest_versions() -> dict[str, "Version"]:
    """Read the lower bounds of pyproject.toml, as they were installed."""
    from packaging.requirements import Requirement
    from packaging.version import Version

    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:  # a copy of the packages, not an installation
        return {}
    return {
        found.name.lower(): Version(bound.version)
        for found in map(Requirement, lines)
        for bound in found.specifier
        if bound.operator == ">="
    }


def _is_below(requirement: "Requirement", lowest: "Version") -> bool:
    return any(_allows_only_below(each, lowest) for each in requirement.specifier)


def _allows_only_below(bound: "Specifier", lowest: "Version") -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        version = Version(bound.version.removesuffix(".*"))
    except InvalidVersion:  # `===` takes any text
        return False
    is_prefix = bound.operator == "~=" or bound.version.endswith(".*")
    if bound.operator in ("==", "===", "<=", "~=") and is_prefix:
        kept = version.release[:-1] if bound.operator == "~=" else version.release
        return (*kept[:-1], kept[-1] + 1) <= lowest.release
    if bound.operator == "<":
        return version <= lowest
    return bound.operator in ("==", "===", "<=") and version < lowest
