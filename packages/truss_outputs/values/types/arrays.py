"""numpy: arrays as `.npy`, several as `.npz`, scalars as JSON.

An array of Python objects is refused: it could only be pickled, and reading a pickle runs code that is in it.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import NoRepresentation, represent
from truss_outputs.values.requirement import requirement
from truss_outputs.values.restore import restores

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@represent.register("numpy.ndarray")
def _(array: "npt.NDArray[Any]") -> object:
    file = io.BytesIO()
    _write(file, array)
    return Artifact(file.getvalue(), "application/x-npy", kind="array")


@represent.register("numpy.lib.npyio.NpzFile")
def npz(arrays: "Mapping[str, npt.NDArray[Any]]") -> Artifact:
    """Store several arrays as one artifact, which is read back as a dict of arrays."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # without a date: equal arrays make equal bytes
            with archive.open(member, "w", force_zip64=True) as part:
                _write(part, array)
    return Artifact(file.getvalue(), "application/x-npz", kind="arrays")


@represent.register("numpy.bool_")
def _(value: "np.bool_") -> object:
    return bool(value)


@represent.register("numpy.integer")
def _(value: "np.integer[Any]") -> object:
    return int(value)


@represent.register("numpy.floating")
def _(value: "np.floating[Any]") -> object:
    return float(value)


@represent.register("numpy.datetime64", "numpy.timedelta64")
def _(value: "np.datetime64 | np.timedelta64") -> object:
    import numpy as np

    if np.isnat(value):
        return None
    if isinstance(value, np.datetime64):
        return str(value)
    raise NoRepresentation("of no unit that JSON has")


@restores("array")
def array(data: bytes) -> "npt.NDArray[Any]":
    """Read the array in a `.npy` file."""
    with requirement("numpy"):
        import numpy as np
    read: npt.NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return read


@restores("arrays")
def arrays(data: bytes) -> "dict[str, npt.NDArray[Any]]":
    """Read the arrays in a `.npz` file, by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.removesuffix(".npy"): array(archive.read(name)) for name in archive.namelist()}


def _write(file: Any, array: "npt.NDArray[Any]") -> None:
    import numpy as np

    if isinstance(array, np.ma.MaskedArray):
        raise ValueError("it is masked, which .npy is not: fill it, or store its mask beside it")
    np.save(file, array, allow_pickle=False)
