"""A checksum beside each SQLite file while nobody writes to it.

SQLite notices a torn file, but a flipped bit in a row is a row like any other. Whoever holds the lock of a data folder opens its
files with `unsealed` and leaves them sealed. A run that is killed leaves no seal, and then only SQLite's own check is left.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import xxhash

from pipelines.store import StorageError

LARGEST = 1 << 30
"""Bytes of a file that is sealed: a run reads each twice for it, and must not take longer for every year of history."""
CHANGED = "damaged (its bytes have changed since the last run)"
REPAIR = "run `copydesk verify --repair`"


def damage(path: Path) -> str:
    """What is wrong with a SQLite file; "" when nothing is, or when it is not there."""
    if not path.exists():
        return ""
    if _seal(path).exists():
        return CHANGED if _changed(path) else ""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    return "" if said == "ok" else f"damaged ({said})"


@contextlib.contextmanager
def unsealed(paths: Iterable[Path]) -> Iterator[None]:
    """Files that may be written to inside; sealed again afterwards, unless an error ends it. Raises `StorageError`, `OSError`."""
    paths = tuple(paths)
    for path in paths:
        if _changed(path):
            raise StorageError(str(path), CHANGED, REPAIR)
    for path in paths:
        if _seal(path).exists():
            _seal(path).unlink()
            _sync(path.parent)
    yield
    for path in paths:
        _put(path)


def _changed(path: Path) -> bool:
    """Whether a sealed file is not the one that was sealed."""
    try:
        told = _seal(path).read_text("ascii", "replace")
        # Looked at again: a run may have begun in between.
        return told != _checksum(path) and _seal(path).read_text("ascii", "replace") == told
    except FileNotFoundError:
        return False


def _put(path: Path) -> None:
    if not path.exists() or path.stat().st_size > LARGEST:
        return
    with contextlib.closing(sqlite3.connect(path)) as db:
        (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if not busy:  # else somebody reads it: a part may still stand in the log
        draft = path.with_name(f".{path.name}.tmp")
        draft.write_text(_checksum(path), "ascii")
        draft.replace(_seal(path))


def _seal(path: Path) -> Path:
    return path.with_name(f"{path.name}.xxh3")


def _checksum(path: Path) -> str:
    made = xxhash.xxh3_128()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            made.update(part)
    return made.hexdigest()


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
