"""robots.txt as RFC 9309 says, failing closed: what cannot be asked is not fetched now, and asked for again later.

2xx: the rules. 4xx: no rules. 429, 5xx, unreachable: nothing is allowed (§2.3.1.4), except that rules kept from the last
thirty days go on to hold. A file is asked for once a day at most (§2.4).
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from crawler.replay import NotInArchive

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

log = logging.getLogger(__name__)

AGENT = "copydesk"
"""The product token that robots.txt addresses (§2.2.1)."""
FRESH = timedelta(hours=24)
USABLE = timedelta(days=30)
MAX_BYTES = 512 * 1024
"""§2.5 asks for at least 500 KiB."""
MAX_DELAY = 120.0
"""Seconds of Crawl-delay that are honoured; Common Crawl's bound."""


class Disallowed(IgnoreRequest):
    """The rules say no."""


class RobotsUnreachable(IgnoreRequest):
    """Nobody can say what the rules are: not now."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt says to us."""

    body: bytes = b""
    reachable: bool = True
    _parser: Any = field(default=None, repr=False)

    @classmethod
    def parse(cls, body: bytes) -> Self:
        return cls(body, True, Protego.parse(body[:MAX_BYTES].decode("utf-8", "replace")))

    def allows(self, url: str) -> bool:
        return self.reachable and (self._parser is None or bool(self._parser.can_fetch(url, AGENT)))

    @property
    def delay(self) -> float:
        """Seconds between requests it asks for (Crawl-delay, Request-rate), at most `MAX_DELAY`; 0 when it asks for none."""
        if self._parser is None:
            return 0.0
        rate = self._parser.request_rate(AGENT)
        wished = max(float(self._parser.crawl_delay(AGENT) or 0), rate.seconds / rate.requests if rate else 0.0)
        return min(wished, MAX_DELAY)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        return () if self._parser is None else tuple(self._parser.sitemaps)


NO_RULES = Rules()
UNREACHABLE = Rules(reachable=False)


def origin(url: str) -> str:
    """Scheme, host and port: what one robots.txt speaks for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


class RobotsMiddleware:
    """Asks an origin's robots.txt before anything else of it; there is no setting and no meta key to go around it."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("kind") == "robots":
            return
        rules = await self.rules(request.url)
        if not rules.reachable:
            raise RobotsUnreachable(origin(request.url))
        if not rules.allows(request.url):
            raise Disallowed(request.url)

    async def rules(self, url: str) -> Rules:
        """The rules that hold for an address; asked for once per crawl and origin."""
        where = origin(url)
        spider: Any = self._crawler.spider
        asked: dict[str, asyncio.Future[Rules]] = spider.session.robots
        if where not in asked:
            asked[where] = asyncio.get_running_loop().create_future()
            rules = UNREACHABLE
            try:
                rules = await self._ask(where, spider)
                spider.session.floors[urlsplit(where).hostname or ""] = rules.delay
            finally:
                asked[where].set_result(rules)
        known = asked[where]
        return known.result() if known.done() else await asyncio.shield(known)

    async def _ask(self, where: str, spider: Any) -> Rules:
        now = datetime.now(UTC)
        kept = spider.session.frontier.robots(where)
        if kept and now - kept[0] < FRESH and spider.session.replay is None:
            return Rules.parse(kept[2]) if kept[1] < 300 else NO_RULES
        request = Request(f"{where}/robots.txt", callback=NO_CALLBACK, meta={"kind": "robots"}, priority=1000)
        try:
            response = await self._crawler.engine.download_async(request)
            status, why = response.status, f"HTTP {response.status}"
        except NotInArchive:
            return NO_RULES
        except Exception as error:  # noqa: BLE001  (whatever went wrong, the answer is the same: not now)
            status, why = 0, str(error) or type(error).__name__
        if 200 <= status < 300:
            spider.session.frontier.keep_robots(where, now, status, response.body[:MAX_BYTES])
            return Rules.parse(response.body)
        if 400 <= status < 500 and status != 429:
            spider.session.frontier.keep_robots(where, now, status, b"")
            return NO_RULES
        if kept and now - kept[0] < USABLE:
            log.warning("%s/robots.txt: %s; the rules of %s go on to hold", where, why, kept[0].date())
            return Rules.parse(kept[2]) if kept[1] < 300 else NO_RULES
        if not spider.session.stopping:
            spider.report.failure("robots.txt", f"{why}, so nothing of {where} is fetched now")
        return UNREACHABLE
