"""Check a chain's file without importing it: what its code says in so many words, and nothing else.

A chainlet's `remote_config` is read as the config of the Truss that it becomes, and the same rules apply.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from async_inference.cli.checks.config_keys import DISTRIBUTION, check_kinds, check_python
from async_inference.cli.checks.deploy import check_settings, has_plugin, plugin_folder
from async_inference.cli.checks.finding import Finding, or_fine
from async_inference.cli.checks.outputs import requirement_names
from async_inference.cli.checks.python_source import Unreadable, last_name, looks_too_late, parsed, stores

if TYPE_CHECKING:
    from truss_outputs.settings.outputs import OutputSettings

_ENTRYPOINT = "mark_entrypoint"
_PLUGIN = "truss_outputs"


class ChainFile:
    """A chain's file, parsed. Making one raises Unreadable."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self.subject = path.name
        self._module = parsed(path, subject=path.name, name=path.name, minor_version=None)
        self._values = {
            target.id: each.value
            for each in self._module.body
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }

    def entrypoints(self) -> list[ast.ClassDef]:
        """Return the classes that are marked as the chain's entrypoint."""
        return [
            each
            for each in self._module.body
            if isinstance(each, ast.ClassDef) and _ENTRYPOINT in map(last_name, each.decorator_list)
        ]

    def stores(self) -> bool:
        """Whether something in the file stores an output."""
        return stores(self._module)

    def storing_chainlets(self) -> list[ast.ClassDef]:
        """Return the classes in which an output is stored."""
        return [each for each in self._module.body if isinstance(each, ast.ClassDef) and stores(each)]

    def config_of(self, chainlet: ast.ClassDef) -> tuple[dict[str, Any], list[str]]:
        """Return the chainlet's `remote_config`, under the keys of a config.yaml.

        The list names the arguments that only running the code could tell; they are not in the config.
        """
        assigned = (each for each in chainlet.body if isinstance(each, ast.Assign))
        remote = next(
            (each.value for each in assigned if last_name(each.targets[0]) == "remote_config"), None
        )
        image, options = self._argument(remote, "docker_image"), self._argument(remote, "options")
        arguments = {
            "model_metadata": (self._argument(options, "metadata"), self._literal),
            "environment_variables": (self._argument(options, "env_variables"), self._literal),
            "requirements": (self._argument(image, "pip_requirements"), self._literal),
            "requirements_file": (self._argument(image, "requirements_file"), self._path),
            "external_package_dirs": (self._argument(image, "external_package_dirs"), self._paths),
            "secrets": (self._argument(self._argument(remote, "assets"), "secret_keys"), self._names),
        }
        config: dict[str, Any] = {}
        unread = []
        for key, (node, read) in arguments.items():
            if node is None:
                continue
            value = read(node)
            if value is None:
                unread.append(key)
            else:
                config[key] = value
        for node in (remote, image, options):
            if node is not None and not isinstance(node, ast.Call):
                unread.append(ast.unparse(node)[:40])
        base = self._argument(image, "base_image")
        if base is not None and last_name(base).startswith("PY3"):  # any other is an image of the user's own
            config["python_version"] = last_name(base).lower()
        return config, unread

    def _argument(self, call: ast.expr | None, name: str) -> ast.expr | None:
        call = self._resolved(call)
        keywords = call.keywords if isinstance(call, ast.Call) else []
        return next((self._resolved(each.value) for each in keywords if each.arg == name), None)

    def _resolved(self, node: ast.expr | None) -> ast.expr | None:
        """Return the value of a name that the file's top level assigns; any other node as it is."""
        seen = set[str]()
        while isinstance(node, ast.Name) and node.id in self._values and node.id not in seen:
            seen.add(node.id)
            node = self._values[node.id]
        return node

    def _literal(self, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, MemoryError, RecursionError):
            return None

    def _path(self, node: ast.expr) -> str | None:
        """Return the argument of `make_abs_path_here`, or text as it stands."""
        if isinstance(node, ast.Call) and len(node.args) == 1:
            node = self._resolved(node.args[0]) or node
        found = self._literal(node)
        return found if isinstance(found, str) else None

    def _paths(self, node: ast.expr) -> list[str] | None:
        if not isinstance(node, ast.List | ast.Tuple):
            return None
        paths = [self._path(self._resolved(each) or each) for each in node.elts]
        return None if None in paths else [path for path in paths if path is not None]

    def _names(self, node: ast.expr) -> dict[str, None] | None:
        found = self._literal(node)
        return dict.fromkeys(map(str, found)) if isinstance(found, list | tuple | set) else None


def check_chain(path: Path, environ: Mapping[str, str], *, for_push: bool) -> Iterator[Finding]:
    """Check the entrypoint, which stores the chain's result, and every other chainlet that stores."""
    try:
        chain = ChainFile(path)
    except Unreadable as unreadable:
        yield unreadable.finding
        return
    entrypoints = chain.entrypoints()
    if len(entrypoints) != 1:
        names = ", ".join(each.name for each in entrypoints) or "none"
        write = "write @chains.mark_entrypoint above the one class that callers call"
        yield Finding(subject=chain.subject, problem=f"entrypoint: found {names}; {write}")
        return
    [entrypoint] = entrypoints
    config, _ = chain.config_of(entrypoint)
    yield from or_fine(
        chain.subject, (*_code(chain, entrypoint, config), *check_python(config, subject=chain.subject))
    )
    yield from _stored_by(chain, entrypoint, environ, for_push=for_push)
    for chainlet in chain.storing_chainlets():
        if chainlet is not entrypoint:
            for finding in _stored_by(chain, chainlet, environ, for_push=for_push):
                yield replace(finding, subject=f"{finding.subject} of {chainlet.name}")


def _stored_by(
    chain: ChainFile, chainlet: ast.ClassDef, environ: Mapping[str, str], *, for_push: bool
) -> Iterator[Finding]:
    """Check what a chainlet needs to store an output."""
    config, unread = chain.config_of(chainlet)
    if unread:
        note = (
            f"{chainlet.name}: {', '.join(unread)}: found code, which is not run here, so it is not checked"
        )
        yield Finding(subject="settings", note=note)
        return
    metadata = config.get("model_metadata")
    if not isinstance(metadata, dict) or not metadata.get("truss_outputs"):
        problem = (
            f"{chainlet.name}: found no settings; write remote_config = chains.RemoteConfig(options="
            'chains.ChainletOptions(metadata={"truss_outputs": {"url": "s3://bucket/prefix"}}))'
        )
        yield Finding(subject="settings", problem=problem)
        return
    if kinds := list(check_kinds(config)):
        yield from kinds
        return
    yield from check_settings(config, chain.folder, environ, for_push=for_push)
    yield Finding(subject="packages", problem=_missing_plugin(config, chain.folder))


def _code(chain: ChainFile, entrypoint: ast.ClassDef, config: Mapping[str, Any]) -> Iterator[Finding]:
    place = f"{chain.subject}:{entrypoint.lineno}: {entrypoint.name}"
    methods = {
        each.name: each
        for each in ast.walk(entrypoint)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    is_all_here = all(last_name(base) == "ChainletBase" for base in entrypoint.bases)
    if is_all_here and "run_remote" not in methods:
        yield Finding(subject=chain.subject, problem=f"{place}: found no method run_remote; write one")
    if is_all_here and not chain.stores():
        problem = (
            f"{place}: found nothing that stores; in run_remote, return await self._outputs.astore(output)"
        )
        yield Finding(subject=chain.subject, problem=problem)
    run_remote = methods.get("run_remote")
    if run_remote is not None and (late := looks_too_late(run_remote, config)):
        yield Finding(subject=chain.subject, problem=f"{place}: {late}")


def _missing_plugin(config: Mapping[str, Any], folder: Path) -> str | None:
    """Return why `import truss_outputs` would fail in the image, or None if it would work."""
    if has_plugin([".", *config.get("external_package_dirs", [])], folder):
        return None  # everything beside a chain's file is copied
    if DISTRIBUTION in requirement_names(config, folder):
        return None
    return (
        f"{_PLUGIN} is not in the image: name its folder in external_package_dirs, or copy it here: "
        f"cp -r {plugin_folder()} {folder}/"
    )


def output_settings(path: Path, environ: Mapping[str, str]) -> "OutputSettings | None":
    """Return the settings of the chain's entrypoint, or None where its code does not say them plainly."""
    from truss_outputs.settings.outputs import OutputSettings

    try:
        chain = ChainFile(path)
        [entrypoint] = chain.entrypoints()
        config, unread = chain.config_of(entrypoint)
        return None if unread else OutputSettings.from_config(config, environ)
    except (Unreadable, ValueError):  # a SettingsError too; the findings say what is wrong
        return None
