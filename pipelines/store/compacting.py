"""Few large files instead of many small ones, while others read.

The files of one table and day change places with their successor in one step (`renameat2` with RENAME_EXCHANGE), so that
whoever lists the folder sees either the old files or the new one. Whoever listed it before and opens a file after is told
that the file is gone, and repeats; no way of merging files is free of that without at times showing rows twice or not at
all, because a path that can be opened is also listed. Open files go on being read.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipelines.store.errors import storage
from pipelines.store.parquet import CHECKED, encode
from pipelines.store.schema import SCHEMAS, whole
from pipelines.store.store import Store

MAX_ROWS = 100_000
"""Rows of a compacted file: what is sorted in memory at once, some 400 MB of articles."""
GRACE = timedelta(hours=24)
"""How long replaced files stay readable under `state/replaced/`."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """One folder that now has fewer files."""

    folder: str
    files_before: int
    files_after: int
    rows: int


def compact(store: Store, before: date | None = None, *, grace: timedelta = GRACE) -> list[Compacted]:
    """Merge the files of each day before `before` (UTC, default today), and drop what was replaced longer ago than `grace`.

    Files that were made with other parameters or another schema version are not merged with each other, so that every row's
    file still says what made it. May be killed at any moment and repeated. Raises `StorageError`.
    """
    before = before or datetime.now(UTC).date()
    store.drop_replaced(grace)
    done: list[Compacted] = []
    for table in ("articles", "copies", "pages"):
        for name in store.files.names(table):
            day = name.removeprefix("date=")
            if name != day and day < before.isoformat():
                with store.changing():
                    done.extend(_merge(store, table, f"{table}/{name}"))
    with store.changing():
        done.extend(_merge(store, "runs", "runs", before))
    return done


def _merge(store: Store, table: str, folder: str, before: date | None = None) -> Iterator[Compacted]:
    """Merge what can be merged in one folder; of `runs`, what was written before `before`."""
    names = store.files.names(folder)
    last = f"{before:%Y%m%d}" if before else ""
    groups = list(_groups(store, folder, [n for n in names if not before or n < last or n.startswith("compact-")]))
    if not groups:
        return
    id_ = f"compact-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{folder.replace('/date=', '-')}"
    rows = 0

    def parts() -> Iterator[tuple[str, int, bytes]]:
        nonlocal rows
        for i, (metadata, paths) in enumerate(groups):
            with storage(store.files.address(paths[0])):
                merged = _together(store, table, paths)
            rows += len(merged)
            yield f"{folder}/{id_}-{i:04d}.parquet", len(merged), encode(merged, table, metadata)

    gone = [path for _, paths in groups for path in paths]
    store.change(id_, "compact", "", parts(), removes=gone)
    yield Compacted(folder, len(names), len(names) - len(gone) + len(groups), rows)


def _groups(store: Store, folder: str, names: list[str]) -> Iterator[tuple[Mapping[bytes, bytes], list[str]]]:
    """Two or more files each, to be merged: made alike, together no larger than `MAX_ROWS`."""
    alike: defaultdict[tuple[tuple[bytes, bytes], ...], list[tuple[str, int]]] = defaultdict(list)
    for name in names:
        path = f"{folder}/{name}"
        with storage(store.files.address(path)), store.files.fs.open_input_file(path) as f:
            footer = pq.ParquetFile(f).metadata
            said = {k: v for k, v in (footer.metadata or {}).items() if k.startswith(b"copydesk.")}
            alike[tuple(sorted(said.items()))].append((path, footer.num_rows))
    for metadata, files in alike.items():
        group: list[str] = []
        total = 0
        for path, rows in [*files, ("", MAX_ROWS)]:
            if group and total + rows > MAX_ROWS:
                if len(group) > 1:
                    yield dict(metadata), group
                group, total = [], 0
            group.append(path)
            total += rows


def _together(store: Store, table: str, paths: list[str]) -> pa.Table:
    """All rows of some files, with every column that any of them has: a newer version may know more than we do."""
    tables = [ds.dataset(path, filesystem=store.files.fs, format=CHECKED).to_table() for path in paths]
    schema = pa.unify_schemas([SCHEMAS[table], *(t.schema.remove_metadata() for t in tables)])
    return pa.concat_tables([whole(t, schema) for t in tables])
