"""What Truss takes of this repository into the image."""

import importlib.metadata
import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]

# What a developer's copy of the repository may hold besides. None of it has any business in an image.
LEFTOVERS = [
    ".cache/x",
    ".ci/run",
    ".git/config",
    ".hypothesis/x",
    ".venv/bin/python",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks/x.py",
    "chain/chain.py",
    "examples/demo.py",
    "model/.DS_Store",
    "model/__pycache__/model.cpython-311.pyc",
    "my-notes.txt",
    "outputs/request/result.json",
    "packages/async_emulator/__init__.py",
    "packages/async_inference/__init__.py",
    "packages/truss_outputs/.mypy_cache/x",
    "packages/truss_outputs/__pycache__/x.pyc",
    "packages/truss_outputs/stores/__pycache__/x.pyc",
    "pyproject.toml",
    "requirements/dev.txt",
    "tests/test_x.py",
]

# truss asks pathspec for a pattern class by its former name.
pytestmark = [
    pytest.mark.filterwarnings("ignore:GitWildMatchPattern:DeprecationWarning"),
    pytest.mark.truss,
]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context that truss makes of the repository, leftovers and all."""
    from truss.truss_handle.truss_handle import TrussHandle  # takes seconds to import

    repository = tmp_path_factory.mktemp("repository")
    for name in ("config.yaml", ".truss_ignore"):
        shutil.copy(ROOT / name, repository)
    for name in ("model", "packages"):
        shutil.copytree(
            ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__", "async_*")
        )
    for name in LEFTOVERS:
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left over")
    context = tmp_path_factory.mktemp("context")
    TrussHandle(repository).build_docker_build_context(context)
    return context


@pytest.fixture(scope="module")
def config(context: Path) -> Any:
    return yaml.safe_load((context / "config.yaml").read_text())


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_model_and_what_it_imports_are_in_the_image(context: Path) -> None:
    assert files(context / "model") == ["model.py"]
    shipped = [name for name in files(ROOT / "packages/truss_outputs") if "__pycache__" not in name]
    expected = ["dominant_colors.py", *(f"truss_outputs/{name}" for name in shipped)]
    assert files(context / "packages") == expected


def test_nothing_that_lies_about_is_in_the_image(context: Path) -> None:
    assert [name for name in LEFTOVERS if (context / name).exists()] == []
    written_by_truss = {"Dockerfile", "build_hash", "constraints.txt", "requirements.txt", "server"}
    written_by_truss |= {"shared", "system_packages.txt"}
    assert {path.name for path in context.iterdir()} - written_by_truss == {
        "config.yaml",
        "model",
        "packages",
    }


def test_no_secret_is_in_the_image(config: Any) -> None:
    assert config["secrets"] == {"aws_access_key_id": None, "aws_secret_access_key": None}


def test_the_model_gets_its_settings(config: Any) -> None:
    assert config["model_metadata"]["truss_outputs"] == {"url": "file:///tmp/truss-outputs"}


def test_requirements_are_pinned_to_what_is_tested_here(context: Path, config: Any) -> None:
    pins = [line.split("==") for line in config["requirements"]]
    assert pins == [[name, importlib.metadata.version(name)] for name, _ in pins]
    assert set(config["requirements"]) <= set((context / "requirements.txt").read_text().splitlines())


def test_every_used_key_is_explained() -> None:
    lines = (ROOT / "config.yaml").read_text().splitlines()
    assert lines[0].startswith(
        "# yaml-language-server: $schema=https://raw.githubusercontent.com/basetenlabs/"
    )
    for before, line in itertools.pairwise(lines):
        if line[:1].isalpha():
            assert before.startswith("#"), line


def test_the_settings_that_are_commented_out_are_right() -> None:
    """Who follows the comments in config.yaml gets a bucket."""
    from truss_outputs import OutputSettings

    text = (ROOT / "config.yaml").read_text().replace("file:///tmp/truss-outputs", "s3://your-bucket/prefix")
    for setting in ("region", "access_key_id_secret", "secret_access_key_secret"):
        text = text.replace(f"# {setting}: ", f"{setting}: ")
    config = yaml.safe_load(text)
    settings = OutputSettings.from_config(config, {})
    assert settings.region
    assert {settings.access_key_id_secret, settings.secret_access_key_secret} == set(config["secrets"])
