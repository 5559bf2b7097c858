"""Runs the commands in this process."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from async_inference.cli.main import main
from truss_outputs import Artifact, LocalStore, OutputWriter

CONFIG = """
model_metadata:
  example_model_input: {prompt: hello}
  truss_outputs:
    url: %s
"""


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Hide the machine's settings, and work in a folder without a Truss."""
    monkeypatch.chdir(tmp_path)
    for name in ("BASETEN_API_KEY", "BASETEN_MODEL_ID", "TRUSS_ASYNC_BASE_URL", "TRUSS_OUTPUTS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(api, api_key):
    def run(*arguments: str, stdin: str | None = None, key: str | None = api_key) -> Result:
        environ = {"TRUSS_ASYNC_BASE_URL": api.url, "BASETEN_API_KEY": key}
        return CliRunner().invoke(main, arguments, input=stdin, env=environ)

    return run


@pytest.fixture
def outputs(tmp_path):
    """A store with one result in it."""
    store = LocalStore(tmp_path / "results")
    OutputWriter(store).write({"text": "hé", "image": Artifact(b"\x89PNG", "image/png")}, "r1")
    return store.url


@pytest.fixture
def truss(tmp_path, outputs):
    folder = tmp_path / "truss"
    folder.mkdir()
    (folder / "config.yaml").write_text(CONFIG % outputs)
    return folder


@pytest.fixture
def refused(run: Callable[..., Result]) -> Callable[..., Result]:
    def refused(code: int, message: str, *arguments: str, **given: str | None) -> Result:
        """Check that the command ends with `code` and one line on stderr that holds `message`."""
        result = run(*arguments, **given)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        assert result.stderr.startswith("truss-async: ")
        assert result.stderr.count("\n") == 1
        assert message in result.stderr
        return result

    return refused


@pytest.fixture
def secret_truss(tmp_path, api, monkeypatch):
    """A Truss whose bucket needs secrets; the server records who calls, and the caller has its own key."""
    bucket = "s3://bucket/prefix"
    others = {
        "endpoint_url": api.url,
        "region": "eu-west-1",
        "access_key_id_secret": "bucket_id",
        "secret_access_key_secret": "bucket_key",
    }
    settings = "".join(f"\n    {name}: {value}" for name, value in others.items())
    (tmp_path / "config.yaml").write_text(CONFIG % (bucket + settings))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "CALLER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    return tmp_path
