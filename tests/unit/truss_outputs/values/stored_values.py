"""What a test stores, and reads again."""

from typing import Any

from truss_outputs import MemoryStore, OutputReader, OutputWriter, StoredArtifact

REQUEST = "35643965636d4c3da6f54b5c3b354aa0"


def round_trip(output: object, **options: Any) -> tuple[Any, list[StoredArtifact]]:
    store = MemoryStore()
    OutputWriter(store, **options).write(output, REQUEST)
    reader = OutputReader(store)
    result = reader.load(REQUEST)
    return reader.value(result), result.truss_outputs.artifacts


def names(artifacts: list[StoredArtifact]) -> list[tuple[str, str]]:
    return [(artifact.name, artifact.content_type) for artifact in artifacts]
