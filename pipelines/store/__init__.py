"""Tables of articles, copies, pages, runs and stories as plain Parquet that others read while it is written."""

from pipelines.store.compacting import Compacted, compact
from pipelines.store.errors import Locked, StorageError
from pipelines.store.forgetting import Forgotten, forget, tombstones
from pipelines.store.manifest import Added
from pipelines.store.relocating import relocate
from pipelines.store.sql import VIEWS, connect
from pipelines.store.store import Store, stage
from pipelines.store.verifying import Problem, verify

__all__ = [
    "VIEWS",
    "Added",
    "Compacted",
    "Forgotten",
    "Locked",
    "Problem",
    "StorageError",
    "Store",
    "compact",
    "connect",
    "forget",
    "relocate",
    "stage",
    "tombstones",
    "verify",
]
