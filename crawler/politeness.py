"""How often a host is asked: AutoThrottle with a floor, and the patience to wait when a host says so."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

from crawler.download import Interrupted

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler

AFTER_429 = 30.0
"""Seconds to leave a host alone that says "too many requests" without saying how long."""
LONGEST_WAIT = 120.0
"""Seconds a crawl waits for a host; a host that asks for more is left for the next crawl."""


class Resting(IgnoreRequest):
    """The host asked to be left alone for longer than a crawl waits."""


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header: a number or a date (RFC 9110 §10.2.3). None when it says nothing."""
    value = value.strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds(), 0.0)


class CrawlDelay:
    """Gives a host's slot the delay its robots.txt asks for, also when Scrapy has dropped a quiet host's slot meanwhile."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler
        crawler.signals.connect(self._request_reached_downloader, signal=signals.request_reached_downloader)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        return cls(crawler)

    def _request_reached_downloader(self, request: Request) -> None:
        spider: Any = self._crawler.spider
        slot = self._crawler.engine.downloader.slots[request.meta["download_slot"]]
        slot.delay = max(slot.delay, spider.session.floors.get(request.meta["download_slot"], 0.0))


class Throttle(AutoThrottle):
    """AutoThrottle that never goes below what robots.txt asks for."""

    def _adjust_delay(self, slot: "Slot", latency: float, response: Response) -> None:
        super()._adjust_delay(slot, latency, response)
        spider: Any = self.crawler.spider
        slot.delay = max(slot.delay, spider.session.floors.get(urlsplit(response.url).hostname or "", 0.0))


class PatienceMiddleware:
    """Heeds Retry-After and 429: no request to the host before the time is over."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        spider: Any = self._crawler.spider
        host = urlsplit(request.url).hostname or ""
        while (left := spider.session.not_before.get(host, 0.0) - monotonic()) > 0:
            if left > LONGEST_WAIT:
                raise Resting(f"{host} asks for {left:.0f} s of rest")
            await asyncio.sleep(min(left, 1.0))
            if spider.session.stopping:
                raise Interrupted(request.url)

    def process_response(self, request: Request, response: Response) -> Response:
        if response.status not in (429, 503) or "replayed" in response.flags:
            return response
        said = retry_after((response.headers.get("Retry-After") or b"").decode("latin-1"), datetime.now(UTC))
        wait = said if said is not None else AFTER_429 if response.status == 429 else 0.0
        if wait:
            spider: Any = self._crawler.spider
            not_before: dict[str, float] = spider.session.not_before
            host = urlsplit(request.url).hostname or ""
            not_before[host] = max(not_before.get(host, 0.0), monotonic() + wait)
            if wait > LONGEST_WAIT:
                spider.report.failure(host, f"asks for {wait:.0f} s of rest (HTTP {response.status})")
        return response
