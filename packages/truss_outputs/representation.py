"""Python's own values, each brought one step closer to JSON.

This is the one place where a type is recognised. The encoder knows JSON, mappings, lists and artifacts; all
else it hands to `represent`, again and again until it knows the outcome.
"""

import dataclasses
import datetime
import decimal
import enum
import functools
import uuid
from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from truss_outputs.artifact import Artifact


@functools.singledispatch
def represent(value: object) -> object:
    """`value` one step closer to JSON; TypeError where nothing is known of its type.

    A new type is one function under `@represent.register`.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value)!r} has no representation")


@represent.register
def _(value: BaseModel) -> object:
    # What is no JSON, bytes above all, must come through untouched, so not mode="json".
    return value.model_dump(warnings=False)


@represent.register(bytes)
@represent.register(bytearray)
@represent.register(memoryview)
def _(value: bytes | bytearray | memoryview) -> object:
    return Artifact(value, "application/octet-stream")


@represent.register
def _(value: Mapping) -> object:  # type: ignore[type-arg]  # singledispatch takes a class, not Mapping[…]
    return dict(value)


@represent.register(datetime.date)
@represent.register(datetime.time)
@represent.register(datetime.timedelta)
@represent.register(decimal.Decimal)
@represent.register(uuid.UUID)
def _(value: object) -> object:
    return to_jsonable_python(value)


@represent.register
def _(value: enum.Enum) -> object:
    return value.value
