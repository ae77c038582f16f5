"""The index in one SQLite file: the plainest backend there is, for comparison and for small collections."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import DOCUMENT, Documents, IndexDamaged, Ragged

SCHEMA = """
CREATE TABLE IF NOT EXISTS parameters (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits (commit_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (number INTEGER PRIMARY KEY, id BLOB NOT NULL, document BLOB NOT NULL, shingles BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS documents_by_id ON documents (id);
CREATE TABLE IF NOT EXISTS keys (key INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number)) WITHOUT ROWID;
"""


class SqliteBackend:
    """A `Backend`; see there for the promises."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "index.sqlite"
        self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        try:
            self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + SCHEMA)
            (newest,) = self._db.execute("SELECT max(number) FROM documents").fetchone()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise IndexDamaged(f"{self._path}: {error}; rebuild it with: copydesk verify --repair") from error
        self._count = 0 if newest is None else int(newest) + 1

    def parameters(self) -> Mapping[str, str] | None:
        return dict(self._db.execute("SELECT name, value FROM parameters")) or None

    def initialize(self, parameters: Mapping[str, str]) -> None:
        with self._db:
            self._db.executemany("INSERT INTO parameters VALUES (?, ?)", parameters.items())

    def applied(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT commit_id FROM commits")}

    def __len__(self) -> int:
        return self._count

    def add(self, commit_id: str, documents: Documents, shingles: Ragged, keys: Ragged) -> None:
        db, first = self._db, self._count
        db.execute("BEGIN IMMEDIATE")
        with db:
            db.execute("INSERT INTO commits VALUES (?)", (commit_id,))
            self._bury([document["id"].tobytes() for document in documents])
            for i, document in enumerate(documents):
                row = (first + i, document["id"].tobytes(), document.tobytes(), shingles[i].tobytes())
                db.execute("INSERT INTO documents VALUES (?, ?, ?, ?)", row)
                db.executemany(
                    "INSERT OR IGNORE INTO keys VALUES (?, ?)", [(key, first + i) for key in keys[i].tolist()]
                )
        self._count += len(documents)

    def _bury(self, ids: Iterable[bytes], shingles: bool = False) -> int:
        """Older versions stay, so that numbers keep their meaning, but nothing finds them any more."""
        n = 0
        for id_ in ids:
            for number, raw in self._db.execute(
                "SELECT number, document FROM documents WHERE id = ?", (id_,)
            ).fetchall():
                document = np.frombuffer(raw, DOCUMENT).copy()
                document["alive"] = False
                self._db.execute("DELETE FROM keys WHERE number = ?", (number,))
                self._db.execute("UPDATE documents SET document = ? WHERE number = ?", (document.tobytes(), number))
                if shingles:
                    self._db.execute("UPDATE documents SET shingles = x'', id = x'' WHERE number = ?", (number,))
                n += 1
        return n

    def lookup(self, keys: NDArray[np.uint32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        query = "SELECT number FROM keys WHERE key = ? ORDER BY number LIMIT ?"
        rows = [(i, n) for i, key in enumerate(keys.tolist()) for (n,) in self._db.execute(query, (key, limit))]
        found = np.array(rows, np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def documents(self, numbers: NDArray[np.int64]) -> Documents:
        raw = [self._row("document", n) for n in numbers.tolist()]
        return np.frombuffer(b"".join(raw), DOCUMENT)

    def sizes(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        different, at = np.unique(numbers, return_inverse=True)
        sizes: NDArray[np.int64] = self.documents(different)["size"].astype(np.int64)[at]
        return sizes

    def shingles(self, numbers: NDArray[np.int64]) -> Ragged:
        return Ragged.of([np.frombuffer(self._row("shingles", n), np.uint32) for n in numbers.tolist()])

    def _row(self, column: str, number: int) -> bytes:
        row = self._db.execute(f"SELECT {column} FROM documents WHERE number = ?", (number,)).fetchone()  # noqa: S608  (ours)
        return bytes(row[0])

    def numbers(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        query = "SELECT max(number) FROM documents WHERE id = ?"
        found = {id_: self._db.execute(query, (id_,)).fetchone()[0] for id_ in ids}
        return {id_: int(number) for id_, number in found.items() if number is not None}

    def remove(self, ids: Iterable[bytes]) -> int:
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            return self._bury(ids, shingles=True)

    def verify(self) -> None:
        (answer,) = self._db.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise IndexDamaged(f"{self._path}: {answer}; rebuild it with: copydesk verify --repair")

    def close(self) -> None:
        self._db.close()
