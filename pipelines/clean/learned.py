"""Lines that a host repeats are its template, not text: learned per host, kept in one SQLite file.

A line is template when it stands in articles of enough different *stories* of the host. Stories are counted, not pages: an aggregator shows
one story many times (languages, re-postings), and the lines of a story must not become template. The caller names the story of each
article: its story id, a slug, or the article id where nothing better is known.
"""

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import xxhash

STORIES = 3
"""Stories a line must stand in to be template: whichever of them is asked about, it recurs on two others."""
FORGET = 2_000
"""A line that stands in one story only is forgotten after so many further articles of its host; a template line after ten times that."""
MAX_LINES = 50_000
"""Lines kept for one host, about 3 MB. The ones of fewest stories, longest not seen, go first."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (host_id INTEGER PRIMARY KEY, host TEXT UNIQUE NOT NULL, articles INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS lines (
    host_id INTEGER NOT NULL, line INTEGER NOT NULL, stories INTEGER NOT NULL,
    first INTEGER NOT NULL, second INTEGER, seen INTEGER NOT NULL,
    PRIMARY KEY (host_id, line)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (commit_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
# `first` and `second` are hashes of the first two stories: enough to tell a third from them. `seen` is the host's article count when the
# line was last met.

_UPSERT = f"""
INSERT INTO lines VALUES (?, ?, 1, ?, NULL, ?) ON CONFLICT (host_id, line) DO UPDATE SET
    seen = excluded.seen,
    stories = stories + (stories < {STORIES} AND excluded.first IS NOT first AND excluded.first IS NOT second),
    second = CASE WHEN second IS NULL AND excluded.first IS NOT first THEN excluded.first ELSE second END
"""  # noqa: S608


def template_lines(stories: Mapping[int, int]) -> frozenset[int]:
    """Which line hashes are template, given in how many different stories of one host each stands."""
    return frozenset(line for line, count in stories.items() if count >= STORIES)


class HostLines:
    """What each host repeats. Any thread may ask for `template`; one writer adds, each `add` is one transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._cached: dict[str, frozenset[int]] = {}
        self._db = sqlite3.connect(folder / "lines.sqlite", check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
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
        """Ids of the commits learned from."""
        with self._lock:
            return {row[0] for row in self._db.execute("SELECT commit_id FROM applied")}

    def template(self, host: str) -> frozenset[int]:
        """Hashes (`pipelines.lines.line_hash`) of the lines that are template on this host."""
        with self._lock:
            if host not in self._cached:
                rows = self._db.execute(
                    "SELECT line, stories FROM lines JOIN hosts USING (host_id) WHERE host = ? AND stories >= ?",
                    (host, STORIES),
                )
                self._cached[host] = template_lines({line % 2**64: stories for line, stories in rows})
            return self._cached[host]

    def add(self, commit_id: str, articles: Iterable[tuple[str, str, Sequence[int]]]) -> None:
        """Learn a commit's articles, each as (host, story, line hashes of the whole page). Doing it again changes nothing."""
        with self._lock, self._db:
            if self._db.execute("INSERT OR IGNORE INTO applied VALUES (?)", (commit_id,)).rowcount == 0:
                return
            touched: dict[str, int] = {}
            for host, story, lines in articles:
                host_id, count = self._count(host)
                touched[host] = host_id
                told = _signed(xxhash.xxh3_64_intdigest(story.encode("utf-8", "surrogatepass")))
                self._db.executemany(_UPSERT, ((host_id, _signed(line), told, count) for line in set(lines) if line))
            for host, host_id in touched.items():
                self._forget(host_id)
                self._cached.pop(host, None)

    def remove(self, stories: Iterable[str]) -> None:
        """Forget what only these stories said, for take-down requests."""
        hashes = [(_signed(xxhash.xxh3_64_intdigest(story.encode("utf-8", "surrogatepass"))),) for story in stories]
        with self._lock, self._db:
            self._db.executemany("DELETE FROM lines WHERE stories = 1 AND first = ?", hashes)

    def _count(self, host: str) -> tuple[int, int]:
        row = self._db.execute(
            "INSERT INTO hosts (host, articles) VALUES (?, 1) "
            "ON CONFLICT (host) DO UPDATE SET articles = articles + 1 RETURNING host_id, articles",
            (host,),
        ).fetchone()
        return row[0], row[1]

    def _forget(self, host_id: int) -> None:
        self._db.execute(
            "DELETE FROM lines WHERE host_id = :host AND seen < "
            "(SELECT articles FROM hosts WHERE host_id = :host) - CASE WHEN stories = 1 THEN :once ELSE 10 * :once END",
            {"host": host_id, "once": FORGET},
        )
        kept = self._db.execute("SELECT count(*) FROM lines WHERE host_id = ?", (host_id,)).fetchone()[0]
        if kept > MAX_LINES:
            self._db.execute(
                "DELETE FROM lines WHERE host_id = :host AND line IN "
                "(SELECT line FROM lines WHERE host_id = :host ORDER BY stories, seen LIMIT :many)",
                {"host": host_id, "many": kept - MAX_LINES},
            )


def open_lines(folder: Path) -> HostLines:
    """Open or create the file under `folder`."""
    return HostLines(folder)


def _signed(number: int) -> int:
    """64 bits as SQLite keeps them."""
    return number - 2**64 if number >= 2**63 else number
