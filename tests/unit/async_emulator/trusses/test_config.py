from pathlib import Path

import pytest
import yaml

from async_emulator.errors import NotATruss, Unsupported
from async_emulator.trusses.config import TrussConfig

WRITTEN_BY_TRUSS = {
    "model_name": "mine",
    "python_version": "py311",
    "runtime": {"predict_concurrency": 4},
    "environment_variables": {"FLAG": True, "NUMBER": 3},
    "secrets": {"token": None},
    "model_module_dir": "model",
    "model_class_filename": "model.py",
    "data_dir": "data",
    "bundled_packages_dir": "packages",
    "resources": {"accelerator": None},
}


def write(tmp_path: Path, **changes: object) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.py").touch()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({**WRITTEN_BY_TRUSS, **changes}))
    return tmp_path


def test_what_the_emulator_needs_is_read(tmp_path):
    config = TrussConfig.read(write(tmp_path))
    assert config.python_version == "3.11"
    assert config.predict_concurrency == 4
    assert config.environment_variables == {"FLAG": "true", "NUMBER": "3"}
    assert config.secret_names == ("token",)
    assert not config.has_oidc_token


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(NotATruss, match=r"model/main\.py: config\.yaml names this file"):
        TrussConfig.read(write(tmp_path, model_class_filename="main.py"))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"base_image": {"image": "nvidia/cuda"}}, "base_image"),
        ({"system_packages": ["ffmpeg"]}, "system_packages"),
        ({"build_commands": ["make"]}, "build_commands"),
        ({"docker_server": {"start_command": "run"}}, "docker_server"),
        ({"trt_llm": {"build": {}}}, "trt_llm"),
        ({"resources": {"accelerator": "L4"}}, "resources.accelerator"),
        ({"bis_llm": {"engine": "x"}}, "bis_llm"),
        ({"external_data": [{"url": "https://x"}]}, "external_data"),
        ({"model_cache": [{"repo_id": "x"}]}, "model_cache"),
        ({"weights": [{"source": "hf://x"}]}, "weights"),
        ({"training_checkpoints": {"x": 1}}, "training_checkpoints"),
        ({"runtime": {"predict_concurrency": 1, "transport": {"kind": "grpc"}}}, "runtime.transport.kind"),
    ],
)
def test_what_one_machine_cannot_give_is_named(tmp_path, changes, key):
    with pytest.raises(Unsupported, match=f"config.yaml: {key}: .* cannot be emulated: "):
        TrussConfig.read(write(tmp_path, **changes))
