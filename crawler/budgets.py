"""Bounds that end traps: calendars, facets, session ids, endless paths, redirects that lead away."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached

from crawler.download import Interrupted

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MAX_URL = 1024
"""Characters; Common Crawl's bound for news."""
MAX_REPEATS = 4
"""How often one segment may stand in a path: `/a/b/a/b/a/b/…` is a broken relative link."""
MAX_SEGMENTS = 16
PER_HOST = 20_000
"""Requests to a host in one crawl."""
PER_PREFIX = 300
"""Lists below one path prefix in one crawl; numbers in it count as one, so a calendar has one prefix."""
PER_PATH = 20
"""Requests to one path with different queries: facets, session ids."""


class OverBudget(IgnoreRequest):
    """The address looks like a trap, or its share is used up."""


class Offsite(IgnoreRequest):
    """A redirect leads to a host that is not the publisher's."""


class UnsupportedScheme(IgnoreRequest):
    """Neither http nor https."""


@dataclass(slots=True)
class Budgets:
    """What was spent in this crawl."""

    hosts: Counter[str] = field(default_factory=Counter)
    prefixes: Counter[str] = field(default_factory=Counter)
    paths: Counter[str] = field(default_factory=Counter)

    def spend(self, url: str, *, listing: bool) -> str:
        """Count one request. Returns "" or, when it is not to be made, why not."""
        parts = urlsplit(url)
        segments = [segment for segment in parts.path.split("/") if segment]
        if len(url) > MAX_URL:
            return f"longer than {MAX_URL} characters"
        if len(segments) > MAX_SEGMENTS or max(map(segments.count, segments), default=0) > MAX_REPEATS:
            return "a path that repeats itself"
        host, path = parts.netloc, f"{parts.netloc}{parts.path}"
        self.hosts[host] += 1
        if self.hosts[host] > PER_HOST:
            return f"more than {PER_HOST} requests to {host}"
        if parts.query:
            self.paths[path] += 1
            if self.paths[path] > PER_PATH:
                return f"more than {PER_PATH} queries of {path}"
        if listing:
            prefix = f"{host}/" + re.sub(r"\d+", "0", "/".join(segments[:2]))
            self.prefixes[prefix] += 1
            if self.prefixes[prefix] > PER_PREFIX:
                return f"more than {PER_PREFIX} lists below {prefix}"
        return ""


class BudgetMiddleware:
    """The first to see a request, also one that a redirect made."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        spider: Any = self._crawler.spider
        if spider.session.stopping:
            raise Interrupted(request.url)
        parts = urlparse_cached(request)
        kind = request.meta.get("kind", "")
        if parts.scheme not in ("http", "https"):
            raise UnsupportedScheme(request.url)
        if request.meta.get("redirect_times") and kind != "robots" and not spider.owns(request.url):
            raise Offsite(f"{request.meta['redirect_urls'][0]} redirects to {parts.netloc}")
        if kind == "robots":
            return
        if why := spider.session.budgets.spend(request.url, listing=kind != "article"):
            raise OverBudget(why)
        spider.report.requests += 1
