"""The image of a Truss, which Docker builds from the context that truss generates."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from async_emulator.errors import DockerUnavailable, EnvironmentBuildFailed, MissingWeights
from async_emulator.settings.substitutes import Substitutes
from async_emulator.trusses.config import TrussConfig
from async_emulator.trusses.environment.commands import run
from async_emulator.trusses.weights import weights_of

CONTAINER = "container.json"
_MOUNTED = "/etc/b10_dynamic_config"
_ANSWER_SECONDS = 10.0
"""How long Docker may take to say that it is there. Our choice."""


async def check_docker() -> None:
    """Raise DockerUnavailable where Docker does not answer."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            answered = await run("docker", "version", "--format", "{{.Server.Version}}")
    except FileNotFoundError as error:
        raise DockerUnavailable("there is no docker on the PATH") from error
    except TimeoutError as error:
        raise DockerUnavailable(f"no answer in {_ANSWER_SECONDS:.0f} s") from error
    if answered.exit_code != 0:
        raise DockerUnavailable(" ".join(answered.stderr.split()) or f"exit code {answered.exit_code}")


async def build_image(context: Path) -> str:
    """Build the image, with Docker's own cache, and return its tag. Docker's progress goes to stderr.

    Raises EnvironmentBuildFailed.
    """
    tag = f"truss-async:{context.name}"
    built = await run("docker", "build", "--tag", tag, str(context), stdout=sys.stderr, stderr=None)
    if built.exit_code != 0:
        raise EnvironmentBuildFailed(built.exit_code, program="docker build")
    return tag


def lay_out_container(run_dir: Path, image: str, volumes: Mapping[str, Path], variables: list[str]) -> None:
    """Write what a replica needs to run the image; `volumes` are read-only, by their places in it."""
    mounted = {_MOUNTED: run_dir / "dynamic_config", **volumes}
    container = {
        "image": image,
        "variables": variables,
        "volumes": [f"{local}:{place}:ro" for place, local in mounted.items()],
    }
    (run_dir / CONTAINER).write_text(json.dumps(container), encoding="utf-8")


def volumes_of(config: TrussConfig, substitutes: Substitutes, place: str) -> dict[str, Path]:
    """Return the local folders that are given, by their places in the image.

    Only `weights` must be given, as the platform mounts them; an image loads the rest itself. Raises
    MissingWeights.
    """
    volumes = {}
    for each in weights_of(config.own):
        local = each.given(substitutes.weights)
        if local is not None and each.revision is None:
            volumes[str(each.place)] = local
        elif local is None and each.key == "weights":
            raise MissingWeights(place, each.key, each.names[0])
    return volumes


def environ_of_docker(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which Docker is started: what it needs itself, and the container's variables.

    Docker passes on the variables that it is told the names of. Its own, such as HOME, stay its own.
    """
    own = {name: value for name, value in os.environ.items() if is_dockers(name)}
    return {**variables, **own}


def is_dockers(name: str) -> bool:
    """Whether Docker itself reads the variable, so that a container cannot have another value of it."""
    return name in ("PATH", "HOME", "USER", "TMPDIR") or name.startswith(("DOCKER_", "BUILDKIT_"))
