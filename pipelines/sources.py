"""Pages from what is already here: WARC files (CC-NEWS too), folders of HTML, JSON lines of ready texts, Parquet of articles or pages.

Every record read is yielded exactly once. What cannot be read is a `Page` with `error` set, so that it ends as an outcome with
its place in the source, and the rest goes on.
"""

import gzip
import io
import logging
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pipelines import urls
from pipelines.records import Article, Page
from pipelines.store.schema import ARTICLES, articles_of_table, whole

log = logging.getLogger(__name__)

MAX_BODY = 8 * 1024 * 1024
"""Bytes of one page, decompressed; a larger one is `too_large`."""
MAX_LINE = 16 * 1024 * 1024
HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz")
WARC_SUFFIXES = (".warc", ".warc.gz")
JSONL_SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
PARQUET_SUFFIXES = (".parquet",)
CANONICAL = (
    re.compile(
        rb"""<link[^>]{0,300}rel=["']?canonical["']?[^>]{0,300}?href=["']?(https?://[^"'\s>]{1,1000})""", re.IGNORECASE
    ),
    re.compile(
        rb"""<link[^>]{0,300}href=["']?(https?://[^"'\s>]{1,1000})["']?[^>]{0,300}rel=["']?canonical""", re.IGNORECASE
    ),
    re.compile(
        rb"""<meta[^>]{0,300}property=["']?og:url["']?[^>]{0,300}?content=["']?(https?://[^"'\s>]{1,1000})""",
        re.IGNORECASE,
    ),
)


class UnreadableSourceError(ValueError):
    """A source that is not there, or of no kind known here. The message says which kinds there are."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which pages of an archive are wanted: by host (with its subdomains) and by time of fetching, both ends included."""

    hosts: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def wants(self, url: str, at: datetime) -> bool:
        name = urls.host(url)
        return (
            (not self.hosts or any(name == h or name.endswith("." + h) for h in self.hosts))
            and (self.since is None or at >= self.since)
            and (self.until is None or at <= self.until)
        )


EVERYTHING = Window()


def read(
    source: Path, window: Window = EVERYTHING, on_bytes: Callable[[int], None] | None = None
) -> Iterator[Page | Article]:
    """All pages or ready texts of one source, in its own order.

    `on_bytes` hears how many bytes of the source have been consumed since the last call.
    Raises `UnreadableSourceError` before the first page.
    """
    name = source.name.lower()
    if source.is_dir():
        return _folder(source, on_bytes)
    if not source.exists():
        raise UnreadableSourceError(f"{source}: there is no such file or folder")
    if name.endswith(WARC_SUFFIXES):
        return _warc(source, window, on_bytes)
    if name.endswith(JSONL_SUFFIXES):
        return _jsonl(source, on_bytes)
    if name.endswith(PARQUET_SUFFIXES):
        return _parquet(source, on_bytes)
    if name.endswith(HTML_SUFFIXES):
        return iter([_html(source, source.name, source.parent.name, {})])
    kinds = ", ".join((*WARC_SUFFIXES, *JSONL_SUFFIXES, *PARQUET_SUFFIXES, *HTML_SUFFIXES))
    raise UnreadableSourceError(f"{source}: not a folder and not one of {kinds}")


def check(source: Path) -> None:
    """Raise `UnreadableSourceError` now rather than in the middle of a run."""
    read(source)


def size(source: Path) -> int:
    """Bytes that `read` will report through `on_bytes`, for a progress bar."""
    if source.is_dir():
        return sum(p.stat().st_size for p in _html_files(source))
    return source.stat().st_size if source.exists() else 0


# -- WARC ---------------------------------------------------------------------------------------------------------------


def _warc(path: Path, window: Window, on_bytes: Callable[[int], None] | None) -> Iterator[Page]:
    """The HTTP responses of an archive. Revisit records and non-HTTP records hold no page and are passed over."""
    at = last = 0
    record: Any = None
    with path.open("rb") as file:
        records = ArchiveIterator(file)
        while True:
            try:
                before, record = record, next(records, None)
                if before is not None and _missing(before):  # `next` has read it to its end
                    raise EOFError("the record before is torn")
                if record is None:
                    if path.name.lower().endswith(".gz") and not _ends_whole(path, last):
                        raise EOFError("the last record is torn")
                    break
                last = records.offset
                if record.rec_type != "response" or record.http_headers is None:
                    continue
                page = _response(record, path, records.offset, window)
            except (ArchiveLoadFailed, EOFError, OSError, zlib.error, ValueError) as error:
                log.warning("%s: damaged after byte %d: %s", path, file.tell(), error)
                yield _unread(f"{path.name}#byte={file.tell()}", "corrupt_record", str(error))
                break
            if on_bytes:
                on_bytes(file.tell() - at)
                at = file.tell()
            if page:
                yield page


def page_at(path: Path, offset: int) -> Page | None:
    """The page of one record of a WARC file; None when no response stands there."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            record = next(ArchiveIterator(file), None)
            if record is None or record.rec_type != "response" or record.http_headers is None:
                return None
            return _response(record, path, offset, EVERYTHING)
    except (ArchiveLoadFailed, EOFError, OSError, zlib.error, ValueError):
        return None


def _response(record: Any, path: Path, offset: int, window: Window) -> Page | None:
    url = record.rec_headers.get_header("WARC-Target-URI", "").strip("<>")
    at = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date"))
    if not window.wants(url, at):
        return None
    body = record.content_stream().read(MAX_BODY + 1)
    if len(body) <= MAX_BODY and not record.raw_stream.read(1) and _missing(record):
        raise EOFError(f"the record at byte {offset} is torn")
    return Page(
        url=url,
        body=body[:MAX_BODY],
        fetched_at=at.astimezone(UTC),
        status=int(record.http_headers.get_statuscode()),
        headers={name.lower(): value for name, value in record.http_headers.headers},
        archive_file=path.name,
        archive_offset=offset,
        error="too_large" if len(body) > MAX_BODY else "",
    )


def _ends_whole(path: Path, offset: int) -> bool:
    """Whether the gzip members from `offset` on end where the file ends. A member cut before its first block gives no byte and no error."""
    member = zlib.decompressobj(31)
    with path.open("rb") as file:
        file.seek(offset)
        rest = file.read(1 << 16)
        while rest:
            member.decompress(rest, 1 << 20)
            while member.unconsumed_tail:
                member.decompress(member.unconsumed_tail, 1 << 20)
            rest = member.unused_data or file.read(1 << 16)
            if member.eof and rest:
                member = zlib.decompressobj(31)
    return member.eof


def _missing(record: Any) -> bool:
    """Whether a record that was read to its end has fewer bytes than it said, or says no length, as no whole one does."""
    return bool(getattr(record.raw_stream, "limit", 1))


# -- folders of HTML ----------------------------------------------------------------------------------------------------


def _html_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.name.lower().endswith(HTML_SUFFIXES) and p.is_file())


def _folder(folder: Path, on_bytes: Callable[[int], None] | None) -> Iterator[Page]:
    """Every HTML file below the folder, sorted by path; `manifest.jsonl` {path, url, fetched_at} says what it can."""
    manifest: dict[str, dict[str, Any]] = {}
    listed = folder / "manifest.jsonl"
    if listed.exists():
        for number, line in enumerate(listed.read_bytes().splitlines(), 1):
            try:
                row = orjson.loads(line)
                manifest[row["path"]] = row
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                yield _unread(f"manifest.jsonl#line={number}", "corrupt_record", str(error))
    for path in _html_files(folder):
        yield _html(path, path.relative_to(folder).as_posix(), folder.name, manifest)
        if on_bytes:
            on_bytes(path.stat().st_size)


def _html(path: Path, name: str, folder: str, manifest: dict[str, dict[str, Any]]) -> Page:
    """One file as a page. Its address: the manifest's, else the one it declares, else one under `.invalid` (RFC 2606)."""
    row = manifest.get(name, {})
    body, error = b"", ""
    try:
        with gzip.open(path) if name.endswith(".gz") else path.open("rb") as file:
            body = file.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            body, error = body[:MAX_BODY], "too_large"
    except (OSError, EOFError, zlib.error) as problem:
        log.warning("%s: %s", path, problem)
        error = "corrupt_record"
    url = row.get("url") or _declared_address(body) or f"https://{_label(folder)}.invalid/{name}"
    fetched = _time(row.get("fetched_at")) or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Page(url=url, body=body, fetched_at=fetched, error=error, archive_file=None)


def _declared_address(body: bytes) -> str:
    head = body[:65536]
    for pattern in CANONICAL:
        found = pattern.search(head)
        address = found[1].decode("utf-8", "replace").replace("&amp;", "&") if found else ""
        if address and urlsplit(address).path.strip("/"):  # many sites declare their home page as canonical
            return address
    return ""


def _label(name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "folder"


# -- JSON lines ---------------------------------------------------------------------------------------------------------


def _jsonl(path: Path, on_bytes: Callable[[int], None] | None) -> Iterator[Page | Article]:
    """Ready texts, one object a line: `text` and `id` or `url` are required."""
    began = datetime.now(UTC)
    at = 0
    with path.open("rb") as raw, gzip.open(raw) if path.name.endswith(".gz") else io.BufferedReader(raw) as file:
        number = 0
        while True:
            try:
                line = file.readline(MAX_LINE)
            except (OSError, EOFError, zlib.error) as error:
                log.warning("%s: damaged after line %d: %s", path, number, error)
                yield _unread(f"{path.name}#line={number + 1}", "corrupt_record", str(error))
                return
            if not line:
                return
            number += 1
            if on_bytes:
                on_bytes(raw.tell() - at)
                at = raw.tell()
            if line.strip():
                yield _text(line, path, number, began)


def _text(line: bytes, path: Path, number: int, began: datetime) -> Page | Article:
    where = f"{path.name}#line={number}"
    try:
        row = orjson.loads(line)
        text, language, given = row["text"], row.get("language"), str(row.get("id", ""))
        if not isinstance(text, str):
            raise TypeError("`text` is no string")
        url = row.get("url") or f"https://{language or 'und'}.example/{given or number}"
        canonical = urls.canonical(url)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        log.warning("%s, line %d: %s", path, number, error)
        return _unread(where, "corrupt_record", str(error))
    published = _time(row.get("published_at"))
    return Article(
        article_id=urls.article_id(canonical),
        url=url,
        canonical_url=canonical,
        host=urls.host(url),
        title=str(row.get("title") or ""),
        text=text,
        fetched_at=_time(row.get("fetched_at")) or began,
        language=language,
        published_at=published,
        published_at_source="given" if published else None,
        source_url=row.get("source_url"),
        source_name=row.get("source_name"),
        extractor="given",
    )


def _time(value: object) -> datetime | None:
    """ISO 8601 with or without a zone (then UTC); anything else is no time."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


# -- Parquet ------------------------------------------------------------------------------------------------------------


def _parquet(path: Path, on_bytes: Callable[[int], None] | None) -> Iterator[Page | Article]:
    """Rows of an `articles` table of ours, clean already, or of any table with `url` and the page's bytes in `body`."""
    try:
        names = set(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise UnreadableSourceError(f"{path}: not a Parquet file: {error}") from None
    if {"article_id", "content_hash", "text"} <= names:
        return _rows(path, sorted(names & set(ARTICLES.names)), _articles, on_bytes)
    if {"url", "body"} <= names:
        return _rows(path, sorted(names & {"url", "body", "fetched_at", "status", "content_type"}), _pages, on_bytes)
    raise UnreadableSourceError(f"{path}: neither articles (article_id, content_hash, text) nor pages (url, body)")


def _rows(
    path: Path,
    columns: list[str],
    records: Callable[[pa.Table], Iterator[Page | Article]],
    on_bytes: Callable[[int], None] | None,
) -> Iterator[Page | Article]:
    number = 0
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            share = path.stat().st_size // max(1, file.metadata.num_rows)
            for batch in file.iter_batches(200, columns=columns):
                yield from records(pa.Table.from_batches([batch]))
                number += len(batch)
                if on_bytes:
                    on_bytes(share * len(batch))
    except (OSError, pa.ArrowException) as error:
        log.warning("%s: damaged after row %d: %s", path, number, error)
        yield _unread(f"{path.name}#row={number}", "corrupt_record", str(error))


def _articles(table: pa.Table) -> Iterator[Article]:
    """What was decided about them elsewhere is left behind."""
    for article in articles_of_table(whole(table, ARTICLES)):
        yield replace(article, version=1, run_id="", duplicate_of=None, duplicate_kind=None, story_id="")


def _pages(table: pa.Table) -> Iterator[Page]:
    for row in table.to_pylist():
        body = row["body"] or b""
        body = body.encode() if isinstance(body, str) else body
        at = row.get("fetched_at")
        at = at if isinstance(at, datetime) else _time(at) or datetime.now(UTC)
        yield Page(
            url=str(row["url"]),
            body=body[:MAX_BODY],
            fetched_at=at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
            status=int(row.get("status") or 200),
            headers={"content-type": str(row.get("content_type") or "text/html")},
            error="too_large" if len(body) > MAX_BODY else "",
        )


def _unread(where: str, error: str, detail: str = "") -> Page:
    """A record that could not be read, as a page without a body: its outcome will say where it stands."""
    return Page(
        url=f"file:///{where}",
        body=b"",
        fetched_at=datetime.now(UTC),
        error=error,
        headers={"x-detail": detail} if detail else {},
    )
