"""Tables of pandas and pyarrow, as Parquet."""

import io
from typing import TYPE_CHECKING, Any

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent
from truss_outputs.values.requirement import requirement
from truss_outputs.values.restore import restores

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_CONTENT_TYPE = "application/vnd.apache.parquet"


@represent.register("pandas.DataFrame")
def _(frame: "pd.DataFrame") -> object:
    return _of_frame(frame, kind="frame")


@represent.register("pandas.Series")
def _(series: "pd.Series[Any]") -> object:
    if series.name is None:
        return _of_frame(series.to_frame("values"), kind="series-unnamed")
    return _of_frame(series.to_frame(), kind="series")


@represent.register("pyarrow.Table")
def _(table: "pa.Table") -> object:
    return Artifact(_file(table), _CONTENT_TYPE, kind="table")


@represent.register("pyarrow.RecordBatch")
def _(batch: "pa.RecordBatch") -> object:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


@represent.register("pandas.api.typing.NAType", "pandas.api.typing.NaTType")
def _(value: object) -> object:
    return None


@restores("table")
def table(data: bytes) -> "pa.Table":
    """Read the table in a Parquet file."""
    with requirement("pyarrow"):
        from pyarrow import parquet
    return parquet.read_table(io.BytesIO(data))


@restores("frame")
def frame(data: bytes) -> "pd.DataFrame":
    """Read the data frame in a Parquet file, with its index."""
    with requirement("pandas and pyarrow"):
        import pandas  # noqa: F401  # pyarrow would import it, and raise an error that names no requirement
    whole: pd.DataFrame = table(data).to_pandas()
    return whole


@restores("series")
def series(data: bytes) -> "pd.Series[Any]":
    """Read the only column of a stored frame."""
    return frame(data).iloc[:, 0]


@restores("series-unnamed")
def unnamed_series(data: bytes) -> "pd.Series[Any]":
    """Read the only column of a stored frame, without the name that it needed there."""
    return series(data).rename(None)


def _of_frame(frame: "pd.DataFrame", *, kind: str) -> Artifact:
    with requirement("pyarrow"):
        import pyarrow as pa
    return Artifact(_file(pa.Table.from_pandas(frame)), _CONTENT_TYPE, kind=kind)


def _file(table: "pa.Table") -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd" if pa.Codec.is_available("zstd") else "snappy")
    return file.getvalue()
