"""A Truss of a benchmark's own, with the plugin beside its model."""

import shutil
from pathlib import Path

_PACKAGES = Path(__file__).resolve().parent.parent / "packages"

_CONFIG = """
model_name: {name}
python_version: py311
requirements: [{requirements}]
secrets: {{id: an-id, key: a-key}}
model_metadata:
  truss_outputs:
    url: s3://bucket/prefix
    endpoint_url: {endpoint}
    region: us-east-1
    engine: {engine}
    access_key_id_secret: id
    secret_access_key_secret: key
"""


def write_truss(truss: Path, model: str, *, endpoint: str, engine: str) -> None:
    """Write a Truss whose results go to an S3 endpoint, by one engine and with what that engine needs."""
    (truss / "model").mkdir(parents=True)
    (truss / "model" / "model.py").write_text(model)
    requirements = "pydantic, " + ("boto3" if engine == "sdk" else "obstore")
    config = _CONFIG.format(name=truss.name, requirements=requirements, endpoint=endpoint, engine=engine)
    (truss / "config.yaml").write_text(config)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_PACKAGES / "truss_outputs", truss / "packages" / "truss_outputs", ignore=ignored)
