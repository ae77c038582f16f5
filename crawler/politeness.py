"""How often a host is asked: AutoThrottle with a floor, and the patience to wait when a host says so."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot

LONGEST_REST = 120.0
"""Seconds a crawl waits for a host that asks for rest; who asks for more is left for the next crawl."""
RESTING = frozenset({429, 503})
"""Statuses by which a host asks to be left alone."""
AFTER_429 = 30.0
"""Seconds to leave a host alone that says "too many requests" without saying how long."""


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header: a number or a date (RFC 9110 §10.2.3). None when it says nothing."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds(), 0.0)


class Throttle(AutoThrottle):
    """AutoThrottle that never goes below what robots.txt asks for."""

    def _adjust_delay(self, slot: "Slot", latency: float, response: Response) -> None:
        super()._adjust_delay(slot, latency, response)
        spider: Any = self.crawler.spider
        slot.delay = max(slot.delay, spider.session.floors.get(urlsplit(response.url).hostname or "", 0.0))


def rest(status: int, said: str, now: datetime) -> float:
    """Seconds for which a host wants to be left alone, by an answer's status and Retry-After; 0 when it wants nothing."""
    if status not in RESTING:
        return 0.0
    wait = retry_after(said, now)
    return wait if wait is not None else AFTER_429 if status == 429 else 0.0
