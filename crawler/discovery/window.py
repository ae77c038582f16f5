"""Which announcements a crawl needs: a window in time, newest first, and copies of known stories."""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from crawler.discovery.entry import Entry
from pipelines import urls

MARGIN = timedelta(days=1)
"""File names are days and months somewhere; and an article of 23:50 stands in the next day's file."""

_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_/]?(0[1-9]|1[0-2])[-_/]?(0[1-9]|[12]\d|3[01])(?!\d)")
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_/]?(0[1-9]|1[0-2]|(?<=[-_/])[1-9])(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")


def period(url: str) -> tuple[datetime, datetime] | None:
    """The day, month or year that a sitemap's name promises, as [start, end); None when it promises none."""
    path = url.partition("://")[2].partition("/")[2]
    try:
        if day := _DAY.search(path):
            start = datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=UTC)
            return start, start + timedelta(days=1)
        if month := _MONTH.search(path):
            number = int(month[2])
            start = datetime(int(month[1]), number, 1, tzinfo=UTC)
            return start, datetime(start.year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    except ValueError:  # 31 February
        return None
    if year := _YEAR.search(path):
        return datetime(int(year[1]), 1, 1, tzinfo=UTC), datetime(int(year[1]) + 1, 1, 1, tzinfo=UTC)
    return None


def children_for(
    children: Iterable[Entry], since: datetime | None = None, until: datetime | None = None
) -> tuple[Entry, ...]:
    """The child sitemaps that can name an article of [since, until), newest first; those that say nothing come first.

    A name with a day, month or year decides alone. A `lastmod` before `since` rules a child out; one after `until` rules nothing out.
    """
    chosen: list[tuple[datetime, Entry]] = []
    for child in children:
        promised = period(child.url)
        if promised:
            start, end = promised
            if (since and end + MARGIN <= since) or (until and start - MARGIN >= until):
                continue
            chosen.append((end, child))
        elif not (since and child.modified and child.modified + MARGIN <= since):
            chosen.append((child.modified or _LATEST, child))
    return tuple(child for _, child in sorted(chosen, key=lambda pair: pair[0], reverse=True))


def entries_for(
    entries: Iterable[Entry], since: datetime | None = None, until: datetime | None = None
) -> tuple[Entry, ...]:
    """The entries of [since, until) by their latest time, newest first. Those without a time are kept, at the end."""
    chosen = [entry for entry in entries if _within(entry.seen, since, entry.published or entry.modified, until)]
    return tuple(sorted(chosen, key=lambda entry: entry.seen or _EARLIEST, reverse=True))


def matches(entries: Iterable[Entry], originals: Collection[str]) -> tuple[Entry, ...]:
    """Copies of known stories: the entries whose slug is an original's, in their order.

    Args:
        entries: an aggregator's day.
        originals: slugs of known originals, as `pipelines.urls.slug` gives them; a set or a mapping.
    """
    return tuple(entry for entry in entries if (slug := urls.slug(entry.url)) and slug in originals)


_LATEST = datetime.max.replace(tzinfo=UTC)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def _within(latest: datetime | None, since: datetime | None, earliest: datetime | None, until: datetime | None) -> bool:
    return not (since and latest and latest < since) and not (until and earliest and earliest >= until)
