"""What is known of every article: its latest version and content, so that a page seen again adds nothing."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.records import Article

_SCHEMA = """
CREATE TABLE IF NOT EXISTS articles (
    article_id TEXT PRIMARY KEY, version INTEGER NOT NULL, content_hash TEXT NOT NULL,
    duplicate_of TEXT, duplicate_kind TEXT, story_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (commit_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Known:
    """The latest version of an article, and the decision its first version got, which never changes."""

    version: int
    content_hash: str
    duplicate_of: str | None
    duplicate_kind: str | None
    story_id: str


class Catalog:
    """Article id → `Known`, in one SQLite file. One writer; each `add` is one transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "catalog.sqlite", check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def applied(self) -> set[str]:
        """Ids of the commits this catalog has learned."""
        return {row[0] for row in self._db.execute("SELECT commit_id FROM applied")}

    def known(self, article_ids: Iterable[str]) -> Mapping[str, Known]:
        """The known ones among `article_ids`."""
        ids = list(article_ids)
        found: dict[str, Known] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(
                "SELECT article_id, version, content_hash, duplicate_of, duplicate_kind, story_id "  # noqa: S608  (only marks)
                f"FROM articles WHERE article_id IN ({marks})",
                part,
            )
            found.update((row[0], Known(*row[1:])) for row in rows)
        return found

    def add(self, commit_id: str, articles: Iterable[Article]) -> None:
        """Learn a commit's articles. Doing it again changes nothing."""
        with self._db:
            if self._db.execute("INSERT OR IGNORE INTO applied VALUES (?)", (commit_id,)).rowcount == 0:
                return
            self._db.executemany(
                "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (article_id) DO UPDATE SET "
                "version = excluded.version, content_hash = excluded.content_hash WHERE excluded.version > version",
                (
                    (a.article_id, a.version, a.content_hash, a.duplicate_of, a.duplicate_kind, a.story_id)
                    for a in articles
                ),
            )

    def remove(self, article_ids: Iterable[str]) -> None:
        """Forget articles, for take-down requests."""
        with self._db:
            self._db.executemany("DELETE FROM articles WHERE article_id = ?", ((i,) for i in article_ids))
