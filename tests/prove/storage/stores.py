"""Stores as a model opens them, and what must hold in them. Light, for writers that are started often."""

from truss_outputs.results.document import StoredResult
from truss_outputs.results.reader import OutputReader
from truss_outputs.settings.outputs import OutputSettings
from truss_outputs.store import Store

BUCKET = "proofs"
KEYS = {"id": "an-access-key-id", "key": "a-secret-access-key"}


def open_store(url: str, endpoint_url: str | None = None, engine: str = "sdk") -> Store:
    """A store as a model would open it."""
    section: dict[str, object] = {"url": url}
    if endpoint_url:
        names = {"access_key_id_secret": "id", "secret_access_key_secret": "key"}
        section |= {"endpoint_url": endpoint_url, "region": "us-east-1", "engine": engine, **names}
    return OutputSettings.from_config({"model_metadata": {"truss_outputs": section}}, {}).open_store(KEYS)


def audit(store: Store) -> dict[str, StoredResult]:
    """Every result of the store, its invariants checked; what is in no result's attempt is only an orphan."""
    reader = OutputReader(store)
    results: dict[str, StoredResult] = {}
    for entry in store.list():
        folder, _, rest = entry.key.partition("/")
        if rest != "result.json":
            assert rest.count("/") == 1, f"{entry.key} is no artifact of an attempt"
            continue
        result = reader.load(folder)
        for artifact in result.truss_outputs.artifacts:
            reader.read(result, artifact)  # raises unless it is whole
        results[folder] = result
    return results
