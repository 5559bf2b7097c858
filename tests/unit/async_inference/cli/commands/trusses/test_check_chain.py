"""`truss-async check chain.py`: a chain is checked without being imported."""

import pytest
from click.testing import CliRunner

from async_inference.cli.main import main
from tests.unit.async_inference.cli.commands.trusses.test_check_before_push import run

pytestmark = pytest.mark.truss

CHAIN = """
import truss_chains as chains
from truss_outputs import ModelOutputs

KEYS = ["id", "key"]
IMAGE = chains.DockerImage(
    base_image=chains.BasetenImage.PY311,
    pip_requirements=["boto3"],
    external_package_dirs=[chains.make_abs_path_here("../packages")],
)
METADATA = {"truss_outputs": {"url": "s3://bucket", "region": "eu-west-1", "access_key_id_secret": "id",
            "secret_access_key_secret": "key"}}


@chains.mark_entrypoint("All")
class All(chains.ChainletBase):
    remote_config = chains.RemoteConfig(
        docker_image=IMAGE,
        options=chains.ChainletOptions(metadata=METADATA),
        assets=chains.Assets(secret_keys=KEYS),
    )

    def __init__(self, context=chains.depends_context()):
        self._outputs = ModelOutputs.from_chainlet(self.remote_config, context)

    async def run_remote(self, text: str) -> dict:
        return await self._outputs.astore({"text": text})
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", None),
        ("class All(", "class All((", "chain.py: chain.py:16: does not parse"),
        ("PY311", "PY310", "chain.py: python_version: found 'py310'"),
        ('KEYS = ["id", "key"]', 'KEYS = ["id"]', "settings: model_metadata.truss_outputs.secret_access"),
        ('["boto3"]', "[]", "requirements: requirements: boto3 is missing"),
        ('["boto3"]', '["boto3==1.20"]', "write boto3>=1.40"),
        ('@chains.mark_entrypoint("All")', "", "chain.py: entrypoint: found none; write @chains.mark"),
        ("metadata=METADATA", "", "settings: All: found no settings; write remote_config"),
        (
            "metadata=METADATA",
            "metadata=made()",
            "settings: All: model_metadata: found code, which is not run",
        ),
        ("METADATA = {", "METADATA = METADATA or {", "found code, which is not run here"),
        ("run_remote(self", "run_locally(self", "found no method run_remote"),
        ("await self._outputs.astore({", "dict({", "found nothing that stores; in run_remote, return"),
        (
            '"secret_access_key_secret"',
            '"skip_stored": True, "secret_access_key_secret"',
            "All: found skip_stored: true, and run_remote without a decorator",
        ),
        ("../packages", "../elsewhere", "packages: truss_outputs is not in the image: name its folder in"),
    ],
)
def test_a_chain(tmp_path, old, new, expected):
    (tmp_path / "packages/truss_outputs").mkdir(parents=True)
    (tmp_path / "chain").mkdir()
    (tmp_path / "chain/chain.py").write_text(CHAIN.replace(old, new) if old else CHAIN)
    found = run(tmp_path / "chain/chain.py", "--offline")
    assert len(found) == (expected is not None), found
    assert expected is None or expected in found[0]


INNER = """
class Inner(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE, options=chains.ChainletOptions(metadata=INNER))

    async def run_remote(self, text: str) -> dict:
        return self._outputs.store({"text": text})
"""


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ('{"truss_outputs": {"url": "s3://bucket", "region": "eu-west-1"}}', None),
        (
            '{"truss_outputs": {"url": "ftp://x"}}',
            "settings of Inner: model_metadata.truss_outputs.url: found 'ftp",
        ),
        ("{}", "settings of Inner: Inner: found no settings; write remote_config"),
    ],
)
def test_every_chainlet_that_stores_is_checked(tmp_path, inner, expected):
    (tmp_path / "packages/truss_outputs").mkdir(parents=True)
    (tmp_path / "chain").mkdir()
    (tmp_path / "chain/chain.py").write_text(f"{CHAIN}\nINNER = {inner}\n{INNER}")
    found = run(tmp_path / "chain/chain.py", "--offline")
    assert len(found) == (expected is not None), found
    assert expected is None or expected in found[0]


def test_a_chains_store_is_asked(tmp_path, request):
    chain = request.config.rootpath / "chain/chain.py"
    code = chain.read_text().replace("file:///tmp/truss-outputs", (tmp_path / "results").as_uri())
    (tmp_path / "chain.py").write_text(code)
    (tmp_path / "truss_outputs").mkdir()
    shown = CliRunner().invoke(main, ["check", str(tmp_path / "chain.py")])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[-1].startswith("ok      file://")
    assert [each.split(":")[0] for each in run(chain, "--offline")] == ["settings"]


def test_no_such_chain(tmp_path):
    [found] = run(tmp_path / "none.py")
    assert found == "none.py: none.py: not found; write the file"
