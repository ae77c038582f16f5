"""What is known of every address: when to visit it next, what it said last, how often it failed.

SQLite in WAL mode. A row is done only when the page is in a committed table (`committed`), so a crawl that dies forgets nothing:
what was in flight is simply due again. All times are aware UTC outside and seconds since the epoch inside.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from pipelines.records import PageRow

REVISITS = (timedelta(hours=1), timedelta(hours=24), timedelta(days=7))
"""After the first visit an article is looked at again, as GDELT does at +24 h and +7 d."""
REVISIT_UNTIL = timedelta(days=8)
"""An article older than this at its first visit is not looked at again: it came from a backfill."""
BACK_OFF = timedelta(hours=1)
MAX_BACK_OFF = timedelta(hours=24)
QUARANTINE_AFTER = 10
QUARANTINE = timedelta(days=7)
"""An address that failed ten times is asked once a week; it is never forgotten."""
GONE_AGAIN = timedelta(days=1)
"""404 and 410 are believed when they are said twice."""
LIST_FIRST = timedelta(minutes=10)
LIST_SHORTEST = timedelta(minutes=5)
LIST_LONGEST = timedelta(hours=24)

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS urls (
    key TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    publisher TEXT NOT NULL,
    slug TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,            -- due, parked (a copy of nothing known yet), done, gone, refused
    priority INTEGER NOT NULL DEFAULT 0,
    published REAL,
    found REAL NOT NULL,
    found_in TEXT NOT NULL DEFAULT '',
    next_visit REAL,
    visited REAL NOT NULL DEFAULT 0, -- when the last committed visit was
    visits INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    archive_file TEXT NOT NULL DEFAULT '',
    archive_offset INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    lease TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS urls_due ON urls (publisher, state, priority DESC, coalesce(published, found) DESC);
CREATE INDEX IF NOT EXISTS urls_url ON urls (url);
CREATE INDEX IF NOT EXISTS urls_slug ON urls (slug) WHERE slug != ''; -- used by queries that say so too, and by no other
CREATE TABLE IF NOT EXISTS lists (
    url TEXT PRIMARY KEY,
    publisher TEXT NOT NULL,
    waiting TEXT NOT NULL DEFAULT '', -- kind and depth while another list has led here and it was not asked yet
    next_visit REAL NOT NULL DEFAULT 0,
    every REAL NOT NULL DEFAULT 0,
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0,
    news INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS robots (
    origin TEXT PRIMARY KEY, fetched REAL NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (run_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Found:
    """An article's address as a list, a copy or a person gave it."""

    key: str
    url: str
    slug: str = ""
    published: datetime | None = None
    found_in: str = ""
    priority: int = 0
    """0 found in a list, 1 declared by a copy, 2 asked for by a person."""
    parked: bool = False
    """Wait until an original with the same slug is known."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An article's address whose time has come."""

    key: str
    url: str
    published: datetime | None
    visits: int
    etag: str = ""
    last_modified: str = ""
    archive_file: str = ""
    """Where the page that the validators belong to is archived; "" when it is not."""
    archive_offset: int = 0
    priority: int = 0
    found_in: str = ""
    failures: int = 0

    @property
    def why(self) -> str:
        """Why its time has come, for people."""
        if self.priority == 2 or self.found_in == "asked":
            return "asked for"
        if self.failures:
            return f"failed {self.failures} times before" if self.failures > 1 else "failed before"
        if self.visits:
            return (
                f"read {self.visits} times; looked at again for changes"
                if self.visits > 1
                else "looked at again for changes"
            )
        if self.priority == 1 or self.found_in == "declared":
            return "a copy names it as its source"
        return f"new in {self.found_in}" if self.found_in else "new"


@dataclass(frozen=True, slots=True)
class Listing:
    """What is known of a sitemap, feed, section or list API."""

    url: str
    due: bool
    etag: str = ""
    last_modified: str = ""
    body: str = ""
    """Hash of the last body: feeds reuse old ETags, so this decides what is new."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the frontier knows of an article's address."""

    url: str
    publisher: str
    state: str
    """`due`, `parked` (a copy of nothing known yet), `done`, `gone`, `refused`."""
    found: datetime
    found_in: str
    published: datetime | None
    next_visit: datetime | None
    visits: int
    failures: int
    outcome: str
    """How the last committed visit ended; "" when there was none."""


def known_of(path: Path, keys: Sequence[str]) -> list[Known]:
    """What the frontier in a file knows of addresses (or their keys), without changing it; nothing when there is none."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as db:
        wanted = json.dumps(list(keys))
        rows = db.execute(
            "SELECT url, publisher, state, found, found_in, published, next_visit, visits, failures, outcome FROM urls"
            " WHERE key IN (SELECT value FROM json_each(?)) OR url IN (SELECT value FROM json_each(?))",
            (wanted, wanted),
        ).fetchall()
    return [
        Known(url, publisher, state, datetime.fromtimestamp(found, UTC), found_in, _time(published), _time(next_visit), *rest)
        for url, publisher, state, found, found_in, published, next_visit, *rest in rows
    ]  # fmt: skip


class Frontier:
    """One file. Safe to use from several threads; one writer at a time, others wait."""

    def __init__(self, path: Path | str) -> None:
        """Open or create. `":memory:"` keeps nothing."""
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._lock = threading.RLock()
        self._db.executescript(SCHEMA)
        self._lease = f"{datetime.now(UTC).timestamp():.6f}"

    @classmethod
    def copy_of(cls, path: Path) -> Self:
        """A copy in memory of what stands in a file, for a dry run."""
        copy = cls(":memory:")
        if path.exists():
            source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            with copy._lock:
                source.backup(copy._db)
            source.close()
        return copy

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # -- articles -----------------------------------------------------------------------------------------------------------

    def add(self, publisher: str, found: Iterable[Found], *, now: datetime | None = None) -> int:
        """Take up addresses. Known ones keep their history; a higher priority makes one due at once. Returns how many are new.

        An original releases the parked copies with its slug, and a copy whose original is known is not parked. A known address
        without a date takes the one that is given.
        """
        at = (now or datetime.now(UTC)).timestamp()
        new = 0
        with self._transaction() as db:
            for one in found:
                published = one.published.timestamp() if one.published else None
                state = "due"
                if one.parked:
                    known = db.execute(
                        "SELECT 1 FROM urls WHERE slug = ? AND slug != '' AND publisher != ? AND state != 'parked' LIMIT 1",
                        (one.slug, publisher),
                    ).fetchone()
                    state = "due" if one.slug and known else "parked"
                before = db.execute("SELECT state, published FROM urls WHERE key = ?", (one.key,)).fetchone()
                if before is None:
                    new += state == "due"
                    db.execute(
                        "INSERT INTO urls (key, url, publisher, slug, state, priority, published, found, found_in, next_visit)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (one.key, one.url, publisher, one.slug, state, one.priority, published, at, one.found_in, at),
                    )
                elif one.priority == 2 or (before[0] == "parked" and state == "due"):
                    new += before[0] == "parked"
                    db.execute(
                        "UPDATE urls SET state = 'due', next_visit = ?, url = ?, priority = max(priority, ?), lease = ''"
                        " WHERE key = ?",
                        (at, one.url, one.priority, one.key),
                    )
                if before and before[1] is None and published is not None:  # a list without dates came first
                    db.execute("UPDATE urls SET published = ? WHERE key = ?", (published, one.key))
                if state == "due" and one.slug and not one.parked:
                    db.execute(
                        "UPDATE urls SET state = 'due', next_visit = ? WHERE slug = ? AND slug != '' AND state = 'parked'",
                        (at, one.slug),
                    )
        return new

    def take(self, publisher: str, n: int, *, now: datetime | None = None, again: bool = True) -> list[Visit]:
        """Up to `n` addresses whose time has come: what a person asked for, then what copies declare, then the newest.

        With `again=False` only such as were never visited.
        """
        at = (now or datetime.now(UTC)).timestamp()
        with self._transaction() as db:
            rows = db.execute(
                "SELECT key, url, published, visits, etag, last_modified, archive_file, archive_offset, priority, found_in, failures FROM urls"
                " WHERE publisher = ? AND state = 'due' AND next_visit <= ? AND lease != ? AND visits <= ?"
                " ORDER BY priority DESC, coalesce(published, found) DESC LIMIT ?",
                (publisher, at, self._lease, 1 << 30 if again else 0, n),
            ).fetchall()
            db.executemany("UPDATE urls SET lease = ? WHERE key = ?", [(self._lease, row[0]) for row in rows])
        return [Visit(key, url, _time(published), *rest) for key, url, published, *rest in rows]

    def declared(self, *, now: datetime | None = None) -> list[str]:
        """Originals that copies name, that nobody has read, and whose time has come; those found first before others."""
        at = (now or datetime.now(UTC)).timestamp()
        with self._lock:
            rows = self._db.execute(
                "SELECT url FROM urls WHERE found_in = 'declared' AND state = 'due' AND visits = 0 AND next_visit <= ?"
                " ORDER BY found",
                (at,),
            ).fetchall()
        return [url for (url,) in rows]

    def give_back(self, key: str) -> None:
        """Taken but not asked: due again in the next crawl."""
        with self._transaction() as db:
            db.execute("UPDATE urls SET lease = '' WHERE key = ?", (key,))

    def alias(self, publisher: str, key: str, url: str, *, now: datetime | None = None) -> None:
        """A redirect led here: the same page is not to be fetched again under this address by this crawl."""
        at = (now or datetime.now(UTC)).timestamp()
        with self._transaction() as db:
            db.execute(
                "INSERT INTO urls (key, url, publisher, state, found, next_visit, lease) VALUES (?, ?, ?, 'due', ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET lease = excluded.lease",
                (key, url, publisher, at, at, self._lease),
            )

    def learn(self, key: str, *, etag: str, last_modified: str, archive_file: str, archive_offset: int) -> None:
        """Remember an article's validators for the next visit, and where the page they belong to is archived."""
        with self._transaction() as db:
            db.execute(
                "UPDATE urls SET etag = ?, last_modified = ?, archive_file = ?, archive_offset = ? WHERE key = ?",
                (etag, last_modified, archive_file, archive_offset, key),
            )

    def committed(self, rows: Sequence[PageRow]) -> None:
        """These pages are in the tables: plan what comes next. Called from the writer's thread; again changes nothing."""
        with self._transaction() as db:
            for row in rows:
                for url in {row.url, row.requested_url or row.url}:
                    known = db.execute(
                        "SELECT key, visits, failures, published FROM urls WHERE url = ? AND visited < ?",
                        (url, row.fetched_at.timestamp()),
                    ).fetchall()
                    for key, been, failed, published in known:
                        state, wait, visits, failures = _plan(row, been, failed, _time(published))
                        next_visit = (row.fetched_at + wait).timestamp() if wait else None
                        end = f"{row.outcome}/{row.reason}".rstrip("/")
                        db.execute(
                            "UPDATE urls SET state = ?, next_visit = ?, visited = ?, visits = ?, failures = ?, outcome = ?,"
                            " priority = 0 WHERE key = ?",
                            (state, next_visit, row.fetched_at.timestamp(), visits, failures, end, key),
                        )

    def waiting(self, publisher: str, *, now: datetime | None = None) -> int:
        """How many addresses `take` would still give."""
        at = (now or datetime.now(UTC)).timestamp()
        with self._lock:
            row = self._db.execute(
                "SELECT count(*) FROM urls WHERE publisher = ? AND state = 'due' AND next_visit <= ? AND lease != ?",
                (publisher, at, self._lease),
            ).fetchone()
            return int(row[0])

    def counts(self, publisher: str) -> dict[str, int]:
        """State → addresses."""
        with self._lock:
            rows = self._db.execute("SELECT state, count(*) FROM urls WHERE publisher = ? GROUP BY 1", (publisher,))
            return dict(rows.fetchall())

    def outcome(self, url: str) -> str:
        """How the last committed visit ended; "" when there was none."""
        with self._lock:
            row = self._db.execute("SELECT outcome FROM urls WHERE url = ? OR key = ?", (url, url)).fetchone()
        return str(row[0]) if row else ""

    def unapplied(self, run_ids: Iterable[str]) -> list[str]:
        """Runs that may have committed pages which this file has not heard of: one that died, or an `ingest`."""
        with self._lock:
            applied = {row[0] for row in self._db.execute("SELECT run_id FROM applied")}
        return [run_id for run_id in run_ids if run_id not in applied]

    def apply(self, run_id: str, rows: Sequence[PageRow]) -> None:
        """`committed` for a run that is over, once."""
        self.committed(rows)
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO applied VALUES (?)", (run_id,))

    # -- lists ----------------------------------------------------------------------------------------------------------------

    def listing(self, publisher: str, url: str, *, now: datetime | None = None) -> Listing:
        """What is known of a list, and whether its time has come."""
        at = (now or datetime.now(UTC)).timestamp()
        with self._lock:
            row = self._db.execute(
                "SELECT next_visit, etag, last_modified, body FROM lists WHERE url = ?", (url,)
            ).fetchone()
            if row is None:
                self._db.execute("INSERT OR IGNORE INTO lists (url, publisher) VALUES (?, ?)", (url, publisher))
                return Listing(url, due=True)
        return Listing(url, row[0] <= at, *row[1:])

    def announce(self, publisher: str, lists: Iterable[tuple[str, str]], *, now: datetime | None = None) -> list[str]:
        """Other lists led here: (address, note). They wait, also across a crash, until they answer or fail.

        Returns the addresses whose time has come; the others do not wait.
        """
        at = (now or datetime.now(UTC)).timestamp()
        due = []
        with self._transaction() as db:
            for url, note in lists:
                row = db.execute(
                    "INSERT INTO lists (url, publisher, waiting) VALUES (?, ?, ?) ON CONFLICT (url) DO UPDATE"
                    " SET waiting = CASE WHEN next_visit <= ? THEN excluded.waiting ELSE '' END RETURNING waiting",
                    (url, publisher, note, at),
                ).fetchone()
                if row[0]:
                    due.append(url)
        return due

    def announced(self, publisher: str) -> list[tuple[str, str]]:
        """(address, note) of the lists that wait."""
        with self._lock:
            return self._db.execute(
                "SELECT url, waiting FROM lists WHERE publisher = ? AND waiting != ''", (publisher,)
            ).fetchall()

    def visited(
        self,
        url: str,
        *,
        news: int,
        etag: str = "",
        last_modified: str = "",
        body: str = "",
        now: datetime | None = None,
    ) -> None:
        """A list answered and brought so many new addresses: visit it twice as often, or half again as seldom."""
        at = (now or datetime.now(UTC)).timestamp()
        with self._transaction() as db:
            every = db.execute("SELECT every FROM lists WHERE url = ?", (url,)).fetchone()[0]
            if every:
                every *= 0.5 if news else 1.5
            every = min(
                max(every or LIST_FIRST.total_seconds(), LIST_SHORTEST.total_seconds()), LIST_LONGEST.total_seconds()
            )
            db.execute(
                "UPDATE lists SET waiting = '', next_visit = ?, every = ?, etag = ?, last_modified = ?, body = ?, failures = 0,"
                " news = news + ? WHERE url = ?",
                (at + every, every, etag, last_modified, body, news, url),
            )

    def list_failed(self, url: str, *, now: datetime | None = None) -> int:
        """A list did not answer. Returns how often in a row; the next crawl asks again."""
        with self._transaction() as db:
            db.execute("UPDATE lists SET waiting = '', failures = failures + 1, next_visit = ? WHERE url = ?",
                       ((now or datetime.now(UTC)).timestamp(), url))  # fmt: skip
            row = db.execute("SELECT failures FROM lists WHERE url = ?", (url,)).fetchone()
            return int(row[0]) if row else 0

    # -- robots.txt -----------------------------------------------------------------------------------------------------------

    def robots(self, origin: str) -> tuple[datetime, int, bytes] | None:
        """The last robots.txt of an origin: when, which status, what it said."""
        with self._lock:
            row = self._db.execute("SELECT fetched, status, body FROM robots WHERE origin = ?", (origin,)).fetchone()
        return (datetime.fromtimestamp(row[0], UTC), row[1], row[2]) if row else None

    def keep_robots(self, origin: str, at: datetime, status: int, body: bytes) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)", (origin, at.timestamp(), status, body))


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _plan(
    row: PageRow, visits: int, failures: int, published: datetime | None
) -> tuple[str, timedelta | None, int, int]:
    """What follows from how a page ended: state, wait until the next visit, visits and failures so far."""
    if row.outcome == "failed":
        failures += 1
        wait = min(BACK_OFF * 2 ** (failures - 1), MAX_BACK_OFF) if failures < QUARANTINE_AFTER else QUARANTINE
        return "due", wait, visits, failures
    visits += 1
    if row.reason == "gone":
        return ("due", GONE_AGAIN, visits, failures + 1) if failures == 0 else ("gone", None, visits, failures)
    if row.reason == "robots":
        return "due", timedelta(days=1), visits, 0
    if row.outcome == "rejected":
        return "refused", None, visits, 0
    young = published is None or row.fetched_at - published < REVISIT_UNTIL
    if young and visits <= len(REVISITS):
        return "due", REVISITS[visits - 1], visits, 0
    return "done", None, visits, 0
