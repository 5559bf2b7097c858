"""How a value is stored, by its type: here for Python's own types, in `types` for those of libraries.

The encoder knows JSON, dicts, lists and artifacts. It passes any other value to `represent`, and the outcome
again, until it knows the outcome.
"""

import dataclasses
import datetime
import decimal
import enum
import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.type_dispatch import TypeDispatch


class NoRepresentation(TypeError):
    """No function is registered for a value's type."""


@TypeDispatch
def represent(value: object) -> object:
    """Bring `value` one step closer to JSON. Raises NoRepresentation where its type is not known.

    For a new type, register a function with `@represent.register(Type)`. It may return JSON, an `Artifact`,
    or any other value of a known type. A type of a library that may be missing is registered by its name, as
    "numpy.ndarray". `@restores(kind)` reads such an `Artifact` back.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise NoRepresentation(f"{type(value)!r} has no representation")


@TypeDispatch
def represent_together(first: object, whole: Any) -> object | None:
    """Represent a dict, list or tuple as one value, by the type of its `first` member, or return None."""
    return None


@represent.register(BaseModel)
def _(value: BaseModel) -> object:
    # Not mode="json", which would convert values that are not JSON, bytes above all.
    return value.model_dump(warnings=False)


@represent.register(bytes, bytearray, memoryview)
def _(value: bytes | bytearray | memoryview) -> object:
    return Artifact(value, "application/octet-stream", kind="bytes")


@represent.register(Mapping)
def _(value: Mapping[Any, Any]) -> object:
    return dict(value)


@represent.register(datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, uuid.UUID)
def _(value: object) -> object:
    return to_jsonable_python(value)


@represent.register(set, frozenset)
def _(value: set[Any] | frozenset[Any]) -> object:
    try:
        return sorted(value)  # so that equal sets make equal results
    except TypeError:
        return list(value)


@represent.register(enum.Enum)
def _(value: enum.Enum) -> object:
    return value.value
