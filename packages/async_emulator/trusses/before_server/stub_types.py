"""The types of a stub's `predict`, for the parameters of the model's own."""

import inspect
import typing

from _truss_async import stub

_hints = typing.get_type_hints(stub.predict)
_names = list(inspect.signature(stub.predict).parameters)

INPUT = _hints[_names[0]]
OUTPUT = _hints.get("return", inspect.Signature.empty)
