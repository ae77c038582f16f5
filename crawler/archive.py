"""Every answer as WARC 1.1 (ISO 28500:2017), gzip per record, written by a process of its own.

    put(exchange) ──▶ process ──▶ writer thread: compress, append, fsync once for all that waited ──▶ Place

Writing a record costs as much as fetching it. In the reactor's process it would take that time from the reactor, in a thread too: the
two share one interpreter lock, and a crawl was half as fast. A `Place` is given out only after the record is on the disk: no
table can point to a record that a crash takes away. What a crash leaves half-written is cut off when the archive is next
opened. A payload that is already there is written as a revisit record and its `Place` is the first record's.
"""

import asyncio
import base64
import contextlib
import fcntl
import hashlib
import io
import logging
import os
import pickle
import queue
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from http.client import responses as reasons
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from isal import isal_zlib
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.ring import Ring

if TYPE_CHECKING:  # the archive's process needs none of Scrapy
    from scrapy.http import Request, Response

log = logging.getLogger(__name__)

MAX_BYTES = 512 * 1024 * 1024
"""Size at which the next file is begun; Common Crawl and the Internet Archive use 1 GB."""
LEVEL = 2
"""Of ISA-L's DEFLATE: on pages of news a fifth of the time of zlib's level 3, for 3 % more bytes."""
TOGETHER = 64
"""Records that share one fsync at most."""
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
HEAD = 64 * 1024
"""Bytes of a page in which a robots meta element is looked for."""
ROBOTS_META = re.compile(
    rb"""<meta\b(?=[^>]{0,400}\bname\s*=\s*["']?(?:robots|copydesk)\b)(?=[^>]{0,400}\bcontent\s*=\s*["']?([^"'>]{0,200}))""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: a file, relative to the data folder, and the byte its gzip member begins at."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they went over the wire (the body still in its content encoding)."""

    url: str
    at: datetime
    status: int
    reason: str
    request_headers: Sequence[tuple[str, str]] = ()
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = field(default=b"", repr=False)
    ip: str = ""
    keep_noarchive: bool = False
    """Archive even what asks not to be."""


def forbids_archiving(headers: Sequence[tuple[str, str]], body: bytes) -> bool:
    """Whether `X-Robots-Tag` or a robots meta element says `noarchive` (or `none`)."""
    words: list[str] = []
    encoding = ""
    for name, value in headers:
        match name.lower():
            case "x-robots-tag":
                words += re.split(r"[,:\s]+", value.lower())
            case "content-encoding":
                encoding = value.lower()
    head = body[:HEAD]
    if encoding in ("gzip", "x-gzip", "deflate"):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(head, HEAD)
        except zlib.error:
            head = b""
    for found in ROBOTS_META.finditer(head):
        words += re.split(r"[,\s]+", found[1].decode("ascii", "replace").lower())
    return "noarchive" in words or "none" in words


class Archive:
    """The WARC files of one data folder. There is one writer: a second one waits until the first has closed or died."""

    def __init__(self, data: Path, *, operator: str = "", max_bytes: int = MAX_BYTES) -> None:
        """Open for appending; cut off what a crash left half-written. Raises `OSError` when the folder cannot be written."""
        self._data, self._folder = data, data / "raw"
        self._operator, self._max_bytes = operator, max_bytes
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        (data / "state").mkdir(parents=True, exist_ok=True)
        self._index = sqlite3.connect(data / "state" / "archive.sqlite", check_same_thread=False, isolation_level=None)
        self._index.executescript(INDEX)
        self._file: io.BufferedRandom
        self._name = ""
        self._failed: OSError | None = None
        self.told: Callable[[Sequence[Place | OSError | None]], None] = lambda _: None
        """Called by the writer with what the futures of all records that shared an fsync give."""
        self._queue: queue.SimpleQueue[tuple[Exchange, Future[Place | None]] | None] = queue.SimpleQueue()
        self._open_last()
        self._thread = threading.Thread(target=self._write, name="archive", daemon=True)
        self._thread.start()

    def put(self, exchange: Exchange) -> "Future[Place | None]":
        """Have it written. The future gives its place once it is durable, None when the page may not be archived, or the `OSError`
        that stopped the writer (a full disk, say), as all that come after it do.
        """
        done: Future[Place | None] = Future()
        self._queue.put((exchange, done))
        return done

    def close(self) -> None:
        """Wait for what is queued, then close the file."""
        self._queue.put(None)
        self._thread.join()
        self._file.close()
        self._index.close()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the writer thread ----------------------------------------------------------------------------------------------

    def _write(self) -> None:
        last = False
        while not last:
            waiting = [self._queue.get()]
            while len(waiting) < TOGETHER and not self._queue.empty():
                waiting.append(self._queue.get())
            last = None in waiting
            batch = [work for work in waiting if work is not None]
            answers: Sequence[Place | OSError | None]
            try:
                if self._failed:
                    raise self._failed
                answers = self._append([exchange for exchange, _ in batch]) if batch else []
            except Exception as error:  # noqa: BLE001  (whatever it is, whoever waits must hear it)
                self._failed = (
                    error if isinstance(error, OSError) else OSError(f"the archive cannot be written: {error!r}")
                )
                answers = [self._failed] * len(batch)
            for (_, done), answer in zip(batch, answers, strict=True):
                _settle(done, answer)
            self.told(answers)

    def _append(self, batch: Sequence[Exchange]) -> list[Place | None]:
        """Write the records, make them durable, and remember their payloads."""
        if self._file.tell() >= self._max_bytes:
            self._begin()
        self._index.execute("BEGIN")
        try:
            places = [self._record(exchange) for exchange in batch]
            self._file.flush()
            os.fsync(self._file.fileno())
            self._index.execute("INSERT OR REPLACE INTO files VALUES (?, ?)", (self._name, self._file.tell()))
        except BaseException:
            self._index.execute("ROLLBACK")
            raise
        self._index.execute("COMMIT")
        return places

    def _record(self, exchange: Exchange) -> Place | None:
        if not exchange.keep_noarchive and forbids_archiving(exchange.headers, exchange.body):
            return None
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=False, warc_version="WARC/1.1")
        date = _iso(exchange.at)
        digest = "sha1:" + base64.b32encode(hashlib.sha1(exchange.body, usedforsecurity=False).digest()).decode()
        fields = {"WARC-Date": date}
        if exchange.ip:
            fields["WARC-IP-Address"] = exchange.ip
        answer = StatusAndHeaders(f"{exchange.status} {exchange.reason}", list(exchange.headers), protocol="HTTP/1.1")
        first = self._first(digest) if exchange.body else None
        if exchange.status == 304:
            record = writer.create_warc_record(
                exchange.url, "revisit", http_headers=answer, warc_headers_dict={**fields, "WARC-Profile": NOT_MODIFIED}
            )
        elif first:
            record = writer.create_revisit_record(exchange.url, digest, *first[:2], answer, fields)
        else:
            record = writer.create_warc_record(
                exchange.url,
                "response",
                io.BytesIO(exchange.body),
                len(exchange.body),
                http_headers=answer,
                warc_headers_dict={**fields, "WARC-Payload-Digest": digest},
            )
        writer.write_record(record)
        place = Place(self._name, self._member(out.getvalue()))
        out.seek(0)
        out.truncate()
        path = exchange.url.split("/", 3)[3:]
        request = writer.create_warc_record(
            exchange.url,
            "request",
            http_headers=StatusAndHeaders(
                f"GET /{''.join(path)} HTTP/1.1", list(exchange.request_headers), is_http_request=True
            ),
            warc_headers_dict={
                "WARC-Date": date,
                "WARC-Concurrent-To": record.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        writer.write_record(request)
        self._member(out.getvalue())
        if first:
            return Place(first[2], first[3])
        if exchange.body:
            self._index.execute(
                "INSERT INTO payloads VALUES (?, ?, ?, ?, ?)", (digest, exchange.url, date, place.file, place.offset)
            )
        return place

    def _first(self, digest: str) -> tuple[str, str, str, int] | None:
        rows = self._index.execute("SELECT url, date, file, at FROM payloads WHERE digest = ?", (digest,))
        return next(rows, None)

    def _member(self, record: bytes) -> int:
        """Append one record as a gzip member of its own; returns where it begins."""
        begin = self._file.tell()
        self._file.write(isal_zlib.compress(record, LEVEL, zlib.MAX_WBITS | 16))
        return begin

    # -- files ------------------------------------------------------------------------------------------------------------

    def _open_last(self) -> None:
        """Go on with the newest file if it is small enough, else begin one."""
        last = max(self._folder.glob("copydesk-*.warc.gz"), default=None)
        if last is not None:
            file = last.open("r+b")
            self._mend(file, f"raw/{last.name}")
            if file.seek(0, os.SEEK_END) < self._max_bytes:
                self._file, self._name = file, f"raw/{last.name}"
                return
            file.close()
        self._begin()

    def _mend(self, file: io.BufferedRandom, name: str) -> None:
        """Cut the file after its last whole record, and forget payloads that stood behind."""
        known = self._index.execute("SELECT size FROM files WHERE file = ?", (name,)).fetchone()
        size = file.seek(0, os.SEEK_END)
        whole = whole_length(file, known[0] if known and known[0] <= size else 0)
        if whole < size:
            log.warning("%s: %d bytes of a record that was never finished are cut off", name, size - whole)
            file.truncate(whole)
            os.fsync(file.fileno())
        self._index.execute("DELETE FROM payloads WHERE file = ? AND at >= ?", (name, whole))

    def _begin(self) -> None:
        if self._name:
            self._file.close()
        stem, number = f"copydesk-{datetime.now(UTC):%Y%m%dT%H%M%S}", 0
        while True:
            if next(self._folder.glob(f"{stem}-{number:03d}-*"), None):
                number += 1
                continue
            # Tables name archives of several machines: the last part is chance.
            path = self._folder / f"{stem}-{number:03d}-{secrets.token_hex(3)}.warc.gz"
            self._file = path.open("x+b")
            break
        self._name = f"raw/{path.name}"
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=False, warc_version="WARC/1.1")
        about = {
            "software": "copydesk",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "robots": "RFC 9309",
            "operator": self._operator,
        }
        writer.write_record(writer.create_warcinfo_record(path.name, about))
        self._member(out.getvalue())
        self._file.flush()
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


INDEX = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS files (file TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payloads (
    digest TEXT PRIMARY KEY, url TEXT NOT NULL, date TEXT NOT NULL, file TEXT NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
"""


def whole_length(file: IO[bytes], start: int = 0) -> int:
    """The byte after the last whole gzip member at or behind `start`, which must be the beginning of one (or the end)."""
    whole = start
    file.seek(start)
    data = file.read(1 << 16)
    while data:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        used = 0
        try:
            while data and not member.eof:
                member.decompress(data)
                used += len(data) - len(member.unused_data)
                data = member.unused_data or (b"" if member.eof else file.read(1 << 16))
        except zlib.error:
            return whole
        if not member.eof:
            return whole
        whole += used
        data = data or file.read(1 << 16)
    return whole


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class ArchiveProcess:
    """An `Archive` in a process of its own, for use in a running event loop.

    The process ends when this one does, however it does; it then still writes what it was given, and a new `Archive` waits for that.
    """

    def __init__(self, data: Path, *, operator: str = "") -> None:
        """Start it, and wait until the archive is open. Raises what `Archive` raises."""
        ours, theirs = socket.socketpair()
        code = "import sys; sys.path.insert(0, sys.argv[1]); from crawler.archive import serve; serve(*sys.argv[2:])"
        self._ring = Ring()
        where = (str(Path(__file__).parents[1]), str(theirs.fileno()), str(self._ring.fd), str(data), operator)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (our own code)
                [sys.executable, "-P", "-c", code, *where], pass_fds=[theirs.fileno(), self._ring.fd]
            )
        self._pipe = Connection(ours.detach())
        self._waiting: deque[tuple[asyncio.Future[Place | None], bool]] = deque()
        """In the order in which they were put, with whether the body stands in the ring."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failed: OSError | None = None
        try:
            error = self._pipe.recv()
        except EOFError:
            error = OSError(f"the archive's process ended with code {self._process.wait()}")
        if error is not None:
            self.close()
            raise error

    def put(self, exchange: Exchange) -> "asyncio.Future[Place | None]":
        """Have it written. The future gives its place once it is durable, None when the page may not be archived, or an `OSError`."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._pipe.fileno(), self._answered)
        done = self._loop.create_future()
        start = self._ring.put(exchange.body)
        self._waiting.append((done, start is not None))
        if self._failed is None:
            body = exchange.body if start is None else (start, len(exchange.body))
            try:
                self._pipe.send_bytes(pickle.dumps([*(getattr(exchange, name) for name in FIELDS), body], 5))
            except OSError as error:
                self._fail(error)
        else:
            self._fail(self._failed)
        return done

    def close(self) -> None:
        """Wait until everything is written, and for the process to end. What is still waiting is told nothing more."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._pipe.fileno())
        with contextlib.suppress(OSError, EOFError):
            self._pipe.send_bytes(b"")
            while self._pipe.recv() != CLOSED:
                pass
        self._pipe.close()
        self._process.wait()
        self._ring.close()

    def _answered(self) -> None:
        try:
            answers = self._pipe.recv()
        except (EOFError, OSError):
            assert self._loop is not None
            self._loop.remove_reader(self._pipe.fileno())
            self._fail(OSError("the archive's process has died"))
            return
        for answer in answers:
            done, in_ring = self._waiting.popleft()
            if in_ring:
                self._ring.free()
            if not done.done():  # else it was given up
                _settle(done, Place(*answer) if isinstance(answer, tuple) else answer)

    def _fail(self, error: OSError) -> None:
        self._failed = error
        for done, _ in self._waiting:
            if not done.done():
                done.set_exception(error)
        self._waiting.clear()


def _settle(done: "Future[Place | None] | asyncio.Future[Place | None]", answer: Place | OSError | None) -> None:
    if isinstance(answer, OSError):
        done.set_exception(answer)
    else:
        done.set_result(answer)


CLOSED = "closed"
FIELDS = tuple(field.name for field in fields(Exchange) if field.name != "body")
"""What goes through the pipe, bare (pickling the class costs three times as much); then the body, or where it stands in the ring."""


def serve(channel: str, shared: str, data: str, operator: str) -> None:
    """The archive's process: exchanges in; out, in the same order, lists of their places or of the error, one for each fsync."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # a terminal and systemd send them to everyone; the crawl decides what ends when
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")

    def tell(answers: Sequence[Place | OSError | None]) -> None:
        with contextlib.suppress(OSError):  # the crawl has died
            pipe.send([(answer.file, answer.offset) if isinstance(answer, Place) else answer for answer in answers])

    with Connection(int(channel)) as pipe:
        try:
            archive = Archive(Path(data), operator=operator)
        except (OSError, sqlite3.Error) as error:
            pipe.send(error)
            return
        archive.told = tell
        ring = Ring(int(shared))
        pipe.send(None)
        with contextlib.suppress(EOFError, OSError), archive:
            while message := pipe.recv_bytes():
                *given, body = pickle.loads(message)  # noqa: S301  (from ourselves)
                archive.put(
                    Exchange(
                        **dict(zip(FIELDS, given, strict=True)),
                        body=body if isinstance(body, bytes) else ring.get(*body),
                    )
                )
        with contextlib.suppress(OSError):
            pipe.send(CLOSED)


def exchange(request: "Request", response: "Response", at: datetime, *, keep_noarchive: bool) -> Exchange:
    """What Scrapy asked and was answered, as it went over the wire: before anything decodes the body or follows a redirect."""
    return Exchange(
        url=request.url,
        at=at,
        status=response.status,
        reason=reasons.get(response.status, ""),
        request_headers=_pairs(request),
        headers=_pairs(response),
        body=response.body,
        ip=str(response.ip_address or ""),
        keep_noarchive=keep_noarchive,
    )


def _pairs(message: "Request | Response") -> list[tuple[str, str]]:
    headers = dict.items(message.headers)  # as they are: Scrapy's own `items` looks each of them up again
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, values in headers for value in values]
