"""numpy: arrays as `.npy`, several as `.npz`, scalars as JSON.

An array of Python objects is refused: it could only be pickled, and who reads a pickle runs its code.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import NoRepresentation, represent
from truss_outputs.values.types.requirement import requirement

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
    """Several arrays as one artifact. The reader makes a dict of them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # of no date: equal arrays are equal bytes
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


def array(data: bytes) -> "npt.NDArray[Any]":
    """The array in a `.npy` file."""
    with requirement("numpy"):
        import numpy as np
    read: npt.NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return read


def arrays(data: bytes) -> "dict[str, npt.NDArray[Any]]":
    """The arrays in a `.npz` file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.removesuffix(".npy"): array(archive.read(name)) for name in archive.namelist()}


def _write(file: Any, array: "npt.NDArray[Any]") -> None:
    import numpy as np

    if isinstance(array, np.ma.MaskedArray):
        raise ValueError("it is masked, which .npy is not: fill it, or store its mask beside it")
    np.save(file, array, allow_pickle=False)
