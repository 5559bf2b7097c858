"""Python's own values, each brought one step closer to JSON.

This is where a type is recognised; the libraries' types are in `representations`. The encoder knows JSON,
dicts, lists and artifacts; all else it hands to `represent`, again and again until it knows the outcome.
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
    """Nothing is known of a value's type."""


@TypeDispatch
def represent(value: object) -> object:
    """`value` one step closer to JSON; NoRepresentation where nothing is known of its type.

    A new type is one function under `@represent.register(Type)`, which may return JSON, an `Artifact`, or any
    other value that is known. A type that need not be there is registered by its name, as "numpy.ndarray".
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise NoRepresentation(f"{type(value)!r} has no representation")


@TypeDispatch
def represent_together(first: object, whole: Any) -> object | None:
    """A dict, list or tuple as one value, by the type of its `first` member; None where it is not one."""
    return None


@represent.register(BaseModel)
def _(value: BaseModel) -> object:
    # What is no JSON, bytes above all, must come through untouched, so not mode="json".
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


@represent.register(enum.Enum)
def _(value: enum.Enum) -> object:
    return value.value
