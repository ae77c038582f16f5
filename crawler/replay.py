"""Answers from archives instead of the network, with the time they were fetched at."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from crawler.archive import Place
from pipelines import urls

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MAX_BODY = 8 * 1024 * 1024


class NotInArchive(IgnoreRequest):
    """The archives hold no answer from this address."""


class DamagedArchiveError(ValueError):
    """A file that is no WARC; the message says where it stops making sense."""


@dataclass(frozen=True, slots=True)
class Capture:
    """Where the answer of one address stands."""

    path: Path
    offset: int
    at: datetime


class Replay:
    """An index over archives: the last answer of every address."""

    def __init__(self, archives: Sequence[Path]) -> None:
        """Read all records' headers. Raises `OSError` and `DamagedArchiveError`."""
        self._captures: dict[str, Capture] = {}
        self._first: dict[tuple[str, str], Capture] = {}
        for path in archives:
            self._read(path)
        self.now = max((c.at for c in self._captures.values()), default=datetime.now(UTC))
        """When the newest answer came: the clock of a replay."""

    def _read(self, path: Path) -> None:
        with path.open("rb") as file:
            try:
                records = ArchiveIterator(file)
                for record in records:
                    if record.rec_type not in ("response", "revisit"):
                        continue
                    get = record.rec_headers.get_header
                    url, date = get("WARC-Target-URI", "").strip("<>"), get("WARC-Date")
                    here = Capture(path, records.get_record_offset(), datetime.fromisoformat(date).astimezone(UTC))
                    if record.rec_type == "response":
                        self._first[url, date] = here
                    else:
                        before = self._first.get(
                            (get("WARC-Refers-To-Target-URI") or "", get("WARC-Refers-To-Date") or "")
                        )
                        if before is None:
                            continue  # 304, or a payload that stands in an archive that was not given
                        here = Capture(before.path, before.offset, here.at)
                    address = urls.split(url)
                    if address is not None:
                        self._captures[str(address)] = here
            except (ArchiveLoadFailed, EOFError, ValueError) as error:
                raise DamagedArchiveError(f"{path}: damaged after byte {file.tell()}: {error}") from error

    def find(self, url: str) -> Capture | None:
        """The last answer of this address."""
        address = urls.split(url)
        return self._captures.get(str(address)) if address else None

    def answer(self, url: str) -> tuple[Capture, Response] | None:
        """The answer as Scrapy would have given it, its body decoded."""
        capture = self.find(url)
        if capture is None:
            return None
        return capture, read_response(capture.path, capture.offset, url)


def read_response(path: Path, offset: int, url: str) -> Response:
    """The answer that stands at an offset, as Scrapy would have given it, its body decoded. Raises `OSError`."""
    with path.open("rb") as file:
        file.seek(offset)
        record = next(ArchiveIterator(file))
        body = record.content_stream().read(MAX_BODY)
        fields: dict[str, list[str]] = {}
        for name, value in record.http_headers.headers:
            if name.lower() not in ("content-encoding", "transfer-encoding"):
                fields.setdefault(name, []).append(value)
        status = int(record.http_headers.get_statuscode())
    headers = Headers(fields)
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    return kind(url=url, status=status, headers=headers, body=body, flags=["replayed"])


class ReplayMiddleware:
    """Answers every request from the archives; nothing goes further."""

    def __init__(self, crawler: "Crawler", replay: Replay) -> None:
        self._crawler = crawler
        self._replay = replay

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """Raises `NotConfigured` in a crawl of the network, which then does without."""
        spider: Any = crawler.spider
        if spider.session.replay is None:
            raise NotConfigured
        return cls(crawler, spider.session.replay)

    def process_request(self, request: Request) -> Response:
        spider: Any = self._crawler.spider
        found = self._replay.answer(request.url)
        if found is None:
            raise NotInArchive(request.url)
        capture, response = found
        file = Path(os.path.relpath(capture.path, spider.session.options.data)).as_posix()
        request.meta["fetched_at"] = capture.at
        request.meta["place"] = Place(file, capture.offset)
        return response
