"""The tables in DuckDB."""

from importlib.resources import files as resources
from pathlib import Path

import duckdb
import pyarrow.dataset as ds

from pipelines.store.errors import StorageError
from pipelines.store.schema import SCHEMAS

VIEWS = (
    "articles",
    "copies",
    "pages",
    "runs",
    "stories",
    "articles_latest",
    "clean",
    "copies_with_titles",
    "syndication",
    "languages",
)


def connect(data: str | Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB database in memory with the views of `views.sql` over a data folder or bucket; times are shown in UTC.

    Nothing is locked and nothing in the folder is written. Raises `StorageError` when there is no such folder.
    """
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    views = resources("pipelines.store").joinpath("views.sql").read_text(encoding="utf-8")
    if str(data).startswith("s3://"):
        # DuckDB would have to download an extension for s3; Arrow has it built in.
        from pipelines.store.store import Store  # noqa: PLC0415

        with Store.open(data, lock=False) as store:
            for name, schema in SCHEMAS.items():
                database.register(name, store.dataset(name) or ds.dataset(schema.empty_table()))
        views = views[views.index("-- Derived") :]
    elif not Path(data).is_dir():
        raise StorageError(str(data), "no such data folder", "name the folder with --data, or crawl first")
    else:
        database.execute("SET VARIABLE data = $data", {"data": str(data)})
    database.execute(views)
    return database
