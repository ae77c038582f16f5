"""Tables of articles, copies, pages, runs and stories as plain Parquet that others read while it is written."""

from pipelines.store.errors import Locked, StorageError
from pipelines.store.sql import VIEWS, connect
from pipelines.store.store import Store

__all__ = ["VIEWS", "Locked", "StorageError", "Store", "connect"]
