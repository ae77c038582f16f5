"""The ways between Spark's rows and ours. Records travel as pickles, arrays as their bytes; only what is joined on is a column."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from pipelines.dedup.backends import Ragged

Rows = Iterable[Mapping[str, Any]]


def mapped(frame: DataFrame, function: Callable[[pa.Table], Rows], schema: str, *, whole: bool = False) -> DataFrame:
    """`function` over the rows of a frame, a batch at a time, or `whole` partitions at once. It gives rows as dictionaries."""
    columns = [part.split()[0] for part in schema.split(", ")]
    target = pa.schema([(name, TYPES[part.split()[1]]) for name, part in zip(columns, schema.split(", "), strict=True)])

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = _all(batches) if whole else (pa.Table.from_batches([batch]) for batch in batches)
        for table in tables:
            waiting: list[Mapping[str, Any]] = []
            for row in function(table):
                waiting.append(row)
                if len(waiting) == 1000:
                    yield pa.RecordBatch.from_pylist(waiting, target)
                    waiting = []
            if waiting:
                yield pa.RecordBatch.from_pylist(waiting, target)

    return frame.mapInArrow(run, schema)


def _all(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    several = [batch for batch in batches if len(batch)]
    if several:
        yield pa.Table.from_batches(several)


TYPES = {
    "int": pa.int32(),
    "long": pa.int64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "array<int>": pa.list_(pa.int32()),
    "array<string>": pa.list_(pa.string()),
    "double": pa.float64(),
}


def packed(record: object) -> bytes:
    return pickle.dumps(record, protocol=5)


def unpacked(column: pa.ChunkedArray) -> list[Any]:
    """The records of a column; None where there is none."""
    return [None if one is None else pickle.loads(one) for one in column.to_pylist()]  # noqa: S301  (from our own tasks)


def numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    values: NDArray[np.int64] = column.to_numpy().astype(np.int64)
    return values


def ragged(blobs: Sequence[bytes]) -> Ragged:
    """Lists of uint32 from their bytes."""
    offsets = np.zeros(len(blobs) + 1, np.int64)
    np.cumsum([len(blob) // 4 for blob in blobs], out=offsets[1:])
    return Ragged(np.frombuffer(b"".join(blobs), np.uint32), offsets)
