"""Where the records of the pages stand in the archive: whether the tables still say it, and how to find it again.

The archive is what counts: a record says itself which address it answers and when that was asked, and a row of `pages` or
`articles` says the same of its page. So a place that a row has wrong (an offset that was lost, a file that was renamed) can be told.
"""

import contextlib
import re
import sqlite3
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pyarrow.compute as pc
from warcio.archiveiterator import ArchiveIterator

from crawler.archive import INDEX, NOT_MODIFIED, Place, whole_length
from pipelines import store, urls
from pipelines.seal import unsealed
from pipelines.store import Problem, Store
from pipelines.store.relocating import COLUMNS

REPAIR = "copydesk verify --repair"
BACKUP = "put it back from a backup"
HEAD = 64 * 1024
"""Bytes in which the header of a record ends."""
PIECE = 1 << 14
"""Bytes read at once: about a record, for the next one is read from its beginning."""
OUTPUT = 1 << 20
"""Bytes unpacked at once, however many a record holds."""
MEMBER = re.compile(rb"\x1f\x8b\x08")
"""How a gzip member begins (RFC 1952, 2.3.1)."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an archive that can be read to its end."""

    kind: str
    """`response`, `revisit`, `request` …"""
    offset: int
    length: int
    fields: Mapping[str, str]
    """The WARC header; names in lower case."""

    @property
    def url(self) -> str:
        return self.fields.get("warc-target-uri", "").strip("<>")


def records(path: Path) -> Iterator[Record]:
    """Every whole record of a gzipped archive in its order, also behind damaged ones. Raises `OSError`."""
    with path.open("rb") as file:
        at: int | None = 0
        while at is not None:
            length, head = _member(file, at)
            if head.startswith(b"WARC/"):
                yield _record(head, at, length)
            at = _next_member(file, at + (length or 1))


def _member(file: IO[bytes], at: int) -> tuple[int, bytes]:
    """Length of the gzip member that begins here, and its first bytes; 0 when none does, or its checksum says that it is damaged."""
    file.seek(at)
    member, length, head = zlib.decompressobj(zlib.MAX_WBITS | 16), 0, b""
    try:
        while not member.eof:
            data = member.unconsumed_tail or file.read(PIECE)
            if not data:
                return 0, b""
            text = member.decompress(data, OUTPUT)
            length += len(data) - len(member.unconsumed_tail) - len(member.unused_data)
            head += text[: HEAD - len(head)]
    except zlib.error:
        return 0, b""
    return length, head


def _next_member(file: IO[bytes], at: int) -> int | None:
    """Where the next gzip member may begin, at this byte or behind it; None when the file ends."""
    file.seek(at)
    before = file.read(3)
    if MEMBER.match(before):  # as ever, when nothing is damaged
        return at
    at += len(before)
    while data := file.read(PIECE):
        if found := MEMBER.search(before + data):
            return at - len(before) + found.start()
        at += len(data)
        before = (before + data)[-2:]
    return None


def _record(head: bytes, offset: int, length: int) -> Record:
    lines = head.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")[1:]
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Record(fields.get("warc-type", ""), offset, length, fields)


@dataclass(slots=True)
class Archived:
    """What stands in the archive of a data folder."""

    data: Path
    answers: defaultdict[str, dict[datetime, "Answer"]] = field(default_factory=lambda: defaultdict(dict))
    """Address and time of every visit: what names a record, and what a row says of its page."""
    standing: dict[str, set[int]] = field(default_factory=dict)
    """File, and where in it a record can be read."""

    @classmethod
    def of(cls, data: Path) -> "Archived":
        """Read the whole archive. Raises `OSError`."""
        archived = cls(data)
        for path in sorted((data / "raw").glob("*.warc.gz")):
            name = f"raw/{path.name}"
            there = archived.standing[name] = set()
            for record in records(path):
                if record.kind in ("response", "revisit", "metadata"):
                    there.add(record.offset)
                if record.kind in ("response", "revisit") and (at := _time(record.fields.get("warc-date"))):
                    for url in {record.url, str(urls.split(record.url) or record.url)}:
                        archived.answers[url].setdefault(at, Answer()).take(record, Place(name, record.offset))
        return archived

    def readable(self, place: Place) -> bool:
        """Whether a record can be read at this place."""
        if place.file in self.standing:
            return place.offset in self.standing[place.file]
        return _stands(self.data / place.file, place.offset)

    def find(self, url: str, at: datetime, place: Place) -> Place | None:
        """Where the page of a visit stands when that is not `place`; None when it is, or when nobody can say.

        A page that came again is one record, and both visits name it. After a 304 it is that of an earlier visit, and any will do.
        """
        visits = self.answers.get(url, {})
        pages = self._pages(visits.get(at))
        if not pages and not self.readable(place):
            answer = visits.get(at)
            if answer is not None and answer.unchanged:
                earlier = sorted((before for before in visits if before < at), reverse=True)
                pages = next((found for before in earlier if (found := self._pages(visits[before]))), [])
        return None if not pages or place in pages else pages[0]

    def _pages(self, answer: "Answer | None") -> list[Place]:
        if answer is None:
            return []
        if not answer.pages and answer.refers:
            url, at = answer.refers
            first = self.answers.get(url, {}).get(at)
            return first.pages if first else []
        return answer.pages


@dataclass(slots=True)
class Answer:
    """What the archive holds of one visit."""

    pages: list[Place] = field(default_factory=list)
    """Where its page stands; in several places when a file was copied."""
    refers: tuple[str, datetime] | None = None
    """The visit that got the same page before, and whose record stands for both."""
    unchanged: bool = False
    """The server said so, and sent no page."""

    def take(self, record: Record, place: Place) -> None:
        if record.kind == "response":
            self.pages.append(place)
        elif record.fields.get("warc-profile") == NOT_MODIFIED:
            self.unchanged = True
        elif at := _time(record.fields.get("warc-refers-to-date")):
            self.refers = record.fields.get("warc-refers-to-target-uri", "").strip("<>"), at


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").astimezone(UTC)
    except ValueError:
        return None


def check(data: Path, *, whole: bool) -> Callable[[Store], Iterator[Problem]]:
    """A check that every place a row names holds the record of that row's visit.

    When the archive is not the `whole` one, because other machines write to the same tables, what was never here is not missed.
    """

    def check(tables: Store) -> Iterator[Problem]:
        rows: defaultdict[str, set[tuple[str, datetime, Place]]] = defaultdict(set)
        for table in ("pages", "articles"):
            named = tables.read(table, list(COLUMNS), pc.field("archive_file").is_valid())
            for url, at, file, offset in (row.values() for row in named.to_pylist()):
                if file.startswith("raw/"):
                    rows[file].add((url, at, _place(file, offset)))
        archived = Archived.of(data)  # after the rows: a record is there before a row names it
        for name, wanted in sorted(rows.items()):
            path = data / name
            there = path.is_file()
            if not (there or whole or name in _archives(data)):
                continue
            moved = {row for row in wanted if archived.find(*row)}
            lost = sorted(url for url, _, place in wanted - moved if not archived.readable(place))
            if moved:
                what = f"{len(moved)} of {len(wanted)} places named in it are not where the record stands"
                yield Problem(str(path), what, REPAIR)
            if lost:
                what = (
                    f"{len(lost)} of {len(wanted)} records cannot be read"
                    if there
                    else f"missing; {len(lost)} pages name it"
                )
                yield Problem(str(path), f"{what}, the first is {lost[0]}", BACKUP)
            elif there and not moved:
                with path.open("rb") as file:
                    sound = whole_length(file)
                if sound != path.stat().st_size:
                    yield Problem(str(path), f"torn after byte {sound}", "the next crawl cuts it off")

    return check


def mend(tables: Store, data: Path) -> Iterator[Problem]:
    """Have rows name again where their records stand; what was mended, file by file. Raises `StorageError`, `OSError`."""
    archived = Archived.of(data)
    mended: Counter[str] = Counter()

    def find(url: str, at: datetime, file: str, offset: int | None) -> tuple[str, int] | None:
        right = archived.find(url, at, _place(file, offset)) if file.startswith("raw/") else None
        if right is None:
            return None
        mended[file] += 1
        return right.file, right.offset

    store.relocate(tables, find)
    _remember(archived)
    for file, count in sorted(mended.items()):
        what = f"{count} rows of pages and articles named a wrong place in it, and name again where their record stands"
        yield Problem(str(data / file), what, "")


def _remember(archived: Archived) -> None:
    """Have the archive's memory of payloads name the right places too: whoever sends one again is given its place."""
    index = archived.data / "state" / "archive.sqlite"
    if not index.is_file():
        return
    with unsealed([index]), contextlib.closing(sqlite3.connect(index)) as db, db:
        db.executescript(INDEX)
        for digest, url, date, file, offset in db.execute(
            "SELECT digest, url, date, file, at FROM payloads"
        ).fetchall():
            at, place = _time(date), Place(file, offset)
            right = archived.find(url, at, place) if at else None
            if right is not None:
                db.execute("UPDATE payloads SET file = ?, at = ? WHERE digest = ?", (right.file, right.offset, digest))
            elif not archived.readable(place):  # then the next one is written in full
                db.execute("DELETE FROM payloads WHERE digest = ?", (digest,))


def _place(file: str, offset: int | None) -> Place:
    return Place(file, -1 if offset is None else offset)


def _archives(data: Path) -> set[str]:
    """The archives that this machine wrote."""
    index = data / "state" / "archive.sqlite"
    if not index.is_file():
        return set()
    with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as db:
        return {row[0] for row in db.execute("SELECT file FROM files")}


def _stands(path: Path, offset: int) -> bool:
    """Whether a WARC record can be read at this place, of whatever kind of archive."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file)))
            record.content_stream().read()
            return record.rec_type in ("response", "revisit", "metadata") and not getattr(record.raw_stream, "limit", 1)
    except Exception:  # noqa: BLE001  (whatever damaged bytes make a parser raise, the answer is no)
        return False
