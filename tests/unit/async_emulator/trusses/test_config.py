from pathlib import Path

import pytest
import yaml

from async_emulator.errors import NotATruss
from async_emulator.trusses.config import TrussConfig

WRITTEN_BY_TRUSS = {
    "model_name": "mine",
    "python_version": "py311",
    "runtime": {"predict_concurrency": 4},
    "environment_variables": {"FLAG": True, "NUMBER": 3},
    "secrets": {"token": None},
    "model_module_dir": "model",
    "model_class_filename": "model.py",
    "model_class_name": "Model",
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


def test_a_stub_needs_no_model(tmp_path):
    config = TrussConfig.read(write(tmp_path, model_class_filename="main.py"), has_stub=True)
    assert config.model_file == Path("model/main.py")


def test_secrets_without_a_value_are_told_apart(tmp_path):
    config = TrussConfig.read(write(tmp_path, secrets={"empty": None, "given": "here"}))
    assert config.unset_secrets == ("empty",)
