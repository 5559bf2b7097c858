"""Writes the JSON Schemas of format 1 from the classes that write and read it: `make schemas`.

python docs/schemas.py [FOLDER]
"""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from truss_outputs import StoredFailure, StoredResult

SCHEMAS: dict[str, tuple[type[BaseModel], str]] = {
    "result.schema.json": (StoredResult, "<url>/<request_id>/result.json"),
    "failure.schema.json": (StoredFailure, "<url>/<request_id>/errors/<attempt>.json"),
}


def main(folder: Path) -> None:
    """Write each schema into `folder`."""
    for name, (model, place) in SCHEMAS.items():
        schema = model.model_json_schema(mode="serialization")
        described = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "title": f"{model.__name__}, format 1: {place}",
        }
        (folder / name).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
