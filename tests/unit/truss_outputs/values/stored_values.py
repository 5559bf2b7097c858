"""What a test stores, and reads again."""

from typing import Any

from tests.unit.truss_outputs.model_request import REQUEST
from truss_outputs import MemoryStore, OutputReader, OutputWriter, StoredArtifact


def round_trip(output: object, **options: Any) -> tuple[Any, list[StoredArtifact]]:
    store = MemoryStore()
    OutputWriter(store, **options).write(output, REQUEST)
    reader = OutputReader(store)
    result = reader.load(REQUEST)
    return reader.value(result), result.truss_outputs.artifacts


def names(artifacts: list[StoredArtifact]) -> list[tuple[str, str]]:
    return [(artifact.name, artifact.content_type) for artifact in artifacts]
