"""Rows that name another place of the archive than they did: it was found again, or its file has another name."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.dataset as ds

from pipelines.store.errors import storage
from pipelines.store.parquet import CHECKED, copydesk_metadata, encode
from pipelines.store.store import Store

COLUMNS = ("url", "fetched_at", "archive_file", "archive_offset")


def relocate(store: Store, find: Callable[[str, datetime, str, int | None], tuple[str, int] | None]) -> int:
    """Give rows of `articles` and `pages` another archive file and offset, and return how many.

    `find` is asked for every row that names an archive, with its address, the time it was fetched (UTC), file and offset, and says
    the right place, or None to leave the row as it is. Files with such rows are replaced in one change, as `forget` does it.
    Raises `StorageError`; then nothing has changed, or the next change completes this one.
    """
    with store.changing():
        changed = []
        for table in ("articles", "pages"):
            for path in store.files.walk(table):
                with storage(store.files.address(path)):
                    file = ds.dataset(path, filesystem=store.files.fs, format=CHECKED)
                    rows = file.to_table(columns=list(COLUMNS)).to_pylist()
                right = [find(*row.values()) if row["archive_file"] is not None else None for row in rows]
                if any(right):
                    changed.append((table, path, right))

        def parts() -> Iterator[tuple[str, int, bytes]]:
            for i, (table, path, right) in enumerate(changed):
                with storage(store.files.address(path)):
                    rows = ds.dataset(path, filesystem=store.files.fs, format=CHECKED).to_table()
                for k, name in enumerate(COLUMNS[2:]):
                    at = rows.schema.get_field_index(name)
                    values = [
                        place[k] if place else old for place, old in zip(right, rows[name].to_pylist(), strict=True)
                    ]
                    rows = rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))
                folder = path.rpartition("/")[0]
                yield f"{folder}/{id_}-{i:04d}.parquet", len(rows), encode(rows, table, copydesk_metadata(rows.schema))

        id_ = f"repair-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        if changed:
            store.change(id_, "repair", "", parts(), removes=[path for _, path, _ in changed], erase=True)
        return sum(place is not None for _, _, right in changed for place in right)
