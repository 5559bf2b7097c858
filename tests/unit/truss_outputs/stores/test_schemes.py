"""A storage scheme is one folder and one line: everything else follows from its `SCHEME`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import async_inference
import truss_outputs
from truss_outputs import OutputSettings, SettingsError, from_url
from truss_outputs.stores.options import StoreOptions
from truss_outputs.stores.scheme import Scheme
from truss_outputs.stores.schemes import SCHEMES

PRETEND = """
from dataclasses import dataclass

from pydantic import SecretStr

from truss_outputs.stores.bucket_urls import check_bucket
from truss_outputs.stores.memory import MemoryStore
from truss_outputs.stores.options import StoreOptions
from truss_outputs.stores.scheme import Scheme
from truss_outputs.stores.setting import Setting, secret_setting


@dataclass(frozen=True, kw_only=True)
class PretendOptions(StoreOptions):
    drawer: str | None = None
    drawer_key: SecretStr | None = None


def check_settings(urls, settings):
    if settings["drawer_key_secret"] and not settings["drawer"]:
        raise ValueError("found drawer_key_secret without drawer; allowed: both")


def open_store(place, path, options):
    import pretend_sdk


SCHEME = Scheme(
    name="pretend",
    example="pretend://bucket/prefix",
    check=check_bucket,
    open=open_store,
    options=PretendOptions,
    sdk="pretend-sdk",
    access=(
        Setting(name="drawer", type=str | None, description="The drawer."),
        secret_setting("drawer_key_secret", "The name of the secret that holds its key."),
    ),
    defaults=lambda environ, settings: {"drawer": environ["PRETEND_DRAWER"]},
    check_settings=check_settings,
    further_packages=lambda settings: ("pretend-identity",),
)
"""

PROGRAM = """
from pathlib import Path

from async_inference.cli.checks.outputs import check_output_settings
from truss_outputs import OutputSettings, SettingsError, from_url


def settings(**section):
    config = {"model_metadata": {"truss_outputs": {"url": "pretend://bucket/x"} | section}}
    return OutputSettings.from_config(config, {"PRETEND_DRAWER": "top"})


def error(make):
    try:
        make()
    except SettingsError as error:
        return str(error)


print(error(lambda: from_url("nowhere")))
print(error(lambda: from_url("pretend://b")))
print(error(lambda: from_url("pretend://bucket")))
print(error(lambda: settings(region="eu-west-1")))
print(error(lambda: settings(drawer="", drawer_key_secret="k")))
loaded = settings(drawer_key_secret="key", engine="sdk")
options = loaded.options_for(loaded.url, {"key": "hidden"})
print(options.drawer, options.drawer_key.get_secret_value(), sorted(options.given))
print(sorted(loaded.secret_names), loaded.without_access().drawer_key_secret, loaded.drawer)
print(list(loaded.requirements(loaded.url)))
for line in check_output_settings(Path(), {"PRETEND_DRAWER": "top"}):
    print(line)
print("`pretend://bucket/prefix`" in OutputSettings.model_fields["url"].description)
"""

WRONG_URL = (
    "url: found {}; allowed: file:///absolute/folder, s3://bucket/prefix, gs://bucket/prefix, "
    "az://container/prefix, pretend://bucket/prefix, memory://name"
)


def test_a_further_scheme_is_a_folder_and_a_line(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    for package in (truss_outputs, async_inference):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, packages / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    stores = packages / "truss_outputs" / "stores"
    (stores / "pretend").mkdir()
    (stores / "pretend" / "__init__.py").touch()
    (stores / "pretend" / "scheme.py").write_text(PRETEND)
    registry = (stores / "schemes.py").read_text()
    line = "            memory,\n"
    assert registry.count(line) == 1
    added = "from truss_outputs.stores.pretend import scheme as pretend\n\nSCHEMES ="
    registry = registry.replace(line, f"            pretend,\n{line}").replace("\nSCHEMES =", added)
    (stores / "schemes.py").write_text(registry)
    (tmp_path / "config.yaml").write_text("model_metadata: {truss_outputs: {url: 'pretend://bucket/x'}}\n")

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        WRONG_URL.format("'nowhere'"),
        WRONG_URL.format("'pretend://b', but a bucket's name is 3 to 255 letters, digits, '.', '-' and '_'"),
        "url: found 'pretend://bucket', which needs pretend-sdk, which is not installed: "
        "add pretend-sdk to requirements",
        "model_metadata.truss_outputs: found region, which no store at 'pretend://bucket/x' takes; "
        "allowed: leave it out",
        "model_metadata.truss_outputs: found drawer_key_secret without drawer; allowed: both",
        "top hidden ['drawer', 'drawer_key', 'engine']",
        "['key'] None top",
        "[('pretend-sdk',), ('pretend-identity',)]",
        "requirements: pretend-sdk is missing, and pretend://bucket/x needs it: "
        "add pretend-sdk to config.yaml",
        "requirements: pretend-identity is missing, and pretend://bucket/x needs it: "
        "add pretend-identity to config.yaml",
        "True",
    ], done.stderr


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_every_fact_of_a_scheme_reaches_its_place(scheme: Scheme) -> None:
    assert scheme.example.startswith(f"{scheme.name}://")
    with pytest.raises(SettingsError, match=scheme.example):
        from_url("nowhere")
    assert scheme.example in str(OutputSettings.model_fields["url"].description)
    assert scheme.sdk in str(OutputSettings.model_fields["engine"].description)
    for setting in scheme.own_settings:
        field = OutputSettings.model_fields[setting.name]
        assert (field.description, field.default) == (setting.description, setting.default)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_every_setting_of_a_scheme_gives_one_of_its_options(scheme: Scheme) -> None:
    if scheme.options is None:
        assert scheme.own_settings == ()
        return
    shared = dict.fromkeys(StoreOptions.names())
    own = {setting.name: None for setting in scheme.own_settings}
    assert scheme.options.of_settings({**shared, **own}).given == frozenset()


def test_no_two_schemes_have_a_setting_of_one_name() -> None:
    names = [setting.name for scheme in SCHEMES.values() for setting in scheme.own_settings]
    assert len(names) == len(set(names))
