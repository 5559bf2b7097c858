"""The spec that a deployment's replicas start from: a folder, a Python, an environment."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from async_emulator.trusses.config import TrussConfig
from async_emulator.trusses.preparation import lay_out_preparation, lay_out_stub
from async_emulator.trusses.stubs.stub import Stub
from async_emulator.trusses.weights import Weights, lay_out_weights

_OF_SECRETS = "TRUSS_SECRET_"
_PASSED_ON = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
"""The variables that every process needs. The rest of the shell's environment does not exist on Baseten."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaSpec:
    """All that a replica needs to start.

    `lay_out` fills `run_dir`. `slots` is the number of predictions at once. `name` precedes each line of the
    replica's log. With `is_container`, the server runs in the Truss's image.
    """

    python: Path
    run_dir: Path
    packages_dir: Path
    slots: int
    name: str
    environ: Mapping[str, str] = field(repr=False)
    is_container: bool = False


def is_secret(variable: str) -> bool:
    """Whether the shell's variable holds a secret of some Truss."""
    return variable.startswith(_OF_SECRETS)


def app_dir(run_dir: Path) -> Path:
    """Return the folder in the place of the image's /app."""
    return run_dir / "app"


def dynamic_config_dir(run_dir: Path) -> Path:
    """Return the folder in the place of the image's /etc/b10_dynamic_config."""
    return run_dir / "dynamic_config"


def hub_dir(run_dir: Path) -> Path:
    """Return the folder in the place of the image's cache of Hugging Face's hub."""
    return run_dir / "hub"


def lay_out(
    context: Path,
    config: TrussConfig,
    run_dir: Path,
    dynamic_config: Mapping[str, str],
    weights: Mapping[Weights, Path],
    stub: Stub | None,
    *,
    has_placeholders: bool,
) -> None:
    """Write the files of the image's /app (server, model, data, config) and the mounted files.

    `dynamic_config` holds the text of each file that the platform mounts, `weights` the local folders and
    files in the place of those that it would load. With `has_placeholders`, what its own files import need
    not be installed. Raises BadStub, and NotATruss where a stub does not fit.
    """
    app = app_dir(run_dir)
    shutil.copytree(context / "server", app)
    for source, target in ((config.model_module_dir, config.model_module_dir), (config.data_dir, "data")):
        if (context / source).is_dir():
            shutil.copytree(context / source, app / target)
    shutil.copy2(context / "config.yaml", app)
    lay_out_mounted(run_dir, dynamic_config)
    places = lay_out_weights(weights, app, hub_dir(run_dir))
    if places or has_placeholders:
        folders = [app / config.model_module_dir, context / config.bundled_packages_dir]
        own = folders if has_placeholders else []
        package = lay_out_preparation(app, own_folders=own, places=places, root=run_dir / "root")
        if stub:
            lay_out_stub(stub, config, app, package)


def lay_out_mounted(run_dir: Path, dynamic_config: Mapping[str, str]) -> None:
    """Write the files that the platform mounts, with the text of each by its name."""
    mounted = dynamic_config_dir(run_dir)
    mounted.mkdir()
    for name, text in dynamic_config.items():
        (mounted / name).write_text(text, encoding="utf-8")


def replica_environ(
    config: TrussConfig,
    shell: Mapping[str, str],
    *,
    model_id: str,
    deployment_id: str,
    hub: Path,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """Return the server's environment: the machine's variables, the Truss's own, its secrets, and `extra`.

    Where weights were laid out in the folder `hub`, Hugging Face's library looks there alone.
    """
    environ = {name: shell[name] for name in _PASSED_ON if name in shell}
    environ |= config.environment_variables
    for name in config.secret_names:
        if (variable := f"{_OF_SECRETS}{name}") in shell:
            environ[variable] = shell[variable]
    if hub.is_dir():
        environ |= {"HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"}
    return {
        **environ,
        "BT_MODEL_ID": model_id,
        "BT_MODEL_DEPLOYMENT_ID": deployment_id,
        "PYTHONUNBUFFERED": "1",
        **extra,
    }
