"""Check a Truss before it is pushed: its files and its store, one finding for each thing checked."""

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from async_inference.cli.checks import truss_ignore
from async_inference.cli.checks.config_keys import DISTRIBUTION, check_keys, check_kinds, check_python
from async_inference.cli.checks.egress import check_egress
from async_inference.cli.checks.finding import Finding, or_fine
from async_inference.cli.checks.model_code import check_model
from async_inference.cli.checks.model_files import check_model_files
from async_inference.cli.checks.outputs import output_problems, requirement_names, variables
from async_inference.cli.checks.places import check_places
from async_inference.cli.checks.requirements import check_versions
from truss_outputs.errors import OutputError, SettingsError
from truss_outputs.settings.store import TOKEN_VARIABLE
from truss_outputs.store import Store
from truss_outputs.stores.probe import probe

if TYPE_CHECKING:
    from truss_outputs.settings.outputs import OutputSettings

_PLUGIN = "truss_outputs"
_SECRET = "TRUSS_SECRET_"  # noqa: S105  # the start of a variable's name


def check_files(
    config: Mapping[str, Any], truss_dir: Path, environ: Mapping[str, str], *, for_push: bool = False
) -> Iterator[Finding]:
    """Check the Truss's files. `config` is the content of its config.yaml."""
    if kinds := list(check_kinds(config)):
        yield from kinds
        return
    yield from or_fine("config.yaml", chain(check_keys(config), check_python(config)))
    declared = config.get("secrets") or {}
    in_the_file = [str(name) for name, value in declared.items() if value]
    told = f"the file holds a value for {', '.join(in_the_file)}: set it in Baseten, and null here"
    yield Finding(subject="secrets", problem=told if in_the_file else None)
    yield from check_settings(config, truss_dir, environ, for_push=for_push)
    missing = _missing_plugin(config, truss_dir)
    yield Finding(subject="packages", problem=missing)
    strays = truss_ignore.strays(truss_dir)
    would = f"a push would take {', '.join(strays)} into the image: name it in {truss_ignore.NAME}"
    yield Finding(subject=truss_ignore.NAME, problem=would if strays else None)
    yield from or_fine("model", chain(check_model(config, truss_dir), check_model_files(config, truss_dir)))


def check_settings(
    config: Mapping[str, Any], truss_dir: Path, environ: Mapping[str, str], *, for_push: bool
) -> Iterator[Finding]:
    """Check the requirements and the settings in `config`, a Truss's or one made from a chainlet."""
    # Only Baseten has the secrets' values; whether they are declared can be checked here.
    assumed = {f"{_SECRET}{name}": "declared" for name in config.get("secrets") or {}}
    if ((config.get("runtime") or {}).get("oidc") or {}).get("enabled"):
        assumed[TOKEN_VARIABLE] = "enabled"
    problems = output_problems(config, truss_dir, {**environ, **assumed})
    settings = _pushed_settings(config)
    found = [
        Finding(subject="requirements" if each.startswith("requirements:") else "settings", problem=each)
        for each in problems
    ]
    found += check_versions(config, truss_dir, settings)
    if settings is not None:
        found += check_places(settings, key=_key_of_url(config), for_push=for_push)
        found += check_egress(config, settings)
    for subject in ("requirements", "settings"):
        yield from or_fine(subject, (each for each in found if each.subject == subject))


def _pushed_settings(config: Mapping[str, Any]) -> "OutputSettings | None":
    """Return the settings as a pushed model will read them, without this shell's variables.

    None where they are wrong.
    """
    from truss_outputs.settings.outputs import OutputSettings

    try:
        return OutputSettings.from_config(config, variables(config))
    except SettingsError:
        return None


def _key_of_url(config: Mapping[str, Any]) -> str:
    from truss_outputs.settings.outputs import SECTION, URL_VARIABLE

    is_overridden = bool(variables(config).get(URL_VARIABLE))
    return f"environment_variables.{URL_VARIABLE}" if is_overridden else f"{SECTION}.url"


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
    if has_plugin(config.get("external_package_dirs") or [], truss_dir):
        return None
    if DISTRIBUTION in requirement_names(config, truss_dir):
        return None
    return (
        f"{_PLUGIN} is not in the image: copy it to {bundled}/{_PLUGIN}: "
        f"mkdir -p {bundled} && cp -r {plugin_folder()} {bundled}/"
    )


def has_plugin(folders: list[str], base: Path) -> bool:
    """Whether one of these folders of packages, named relative to `base`, holds `truss_outputs`."""
    return any((base / str(folder) / _PLUGIN).is_dir() for folder in folders)


def plugin_folder() -> str:
    """Return the folder of the installed `truss_outputs`, which can be copied into a Truss."""
    found = find_spec(_PLUGIN)
    return next(iter((found.submodule_search_locations or []) if found else []), f"…/{_PLUGIN}")


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
