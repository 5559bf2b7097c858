"""The values that stored artifacts came from, by the kind that was recorded with them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from truss_outputs.values.types import arrays, audio, files, images, tables, tensors

# What is not here, a kind of tomorrow or of a model's own, is read as an `Artifact`.
RESTORERS: Mapping[str, Callable[[bytes], Any]] = MappingProxyType(
    {
        "array": arrays.array,
        "arrays": arrays.arrays,
        "audio-float-channels": audio.floats,
        "audio-float-mono": audio.mono_floats,
        "audio-int16-channels": audio.integers,
        "audio-int16-mono": audio.mono_integers,
        "bytes": bytes,
        "frame": tables.frame,
        "image": images.image,
        "series": tables.series,
        "series-unnamed": tables.unnamed_series,
        "table": tables.table,
        "tensor": tensors.tensor,
        "tensors": tensors.tensors,
        "text": files.text,
    }
)
