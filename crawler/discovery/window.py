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
_DAYS = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_/](\d{1,2})[-_/](\d{1,2})-(\d{1,2})(?!\d)")  # VCCorp: 2026-8-11-15
_QUERY = re.compile(r"[?&]y=(\d{4})&m=(\d{1,2})(?:&d=(\d{1,2}))?(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")


def period(url: str) -> tuple[datetime, datetime] | None:
    """The days, month or year that a sitemap's address promises, as [start, end); None when it promises none."""
    path = url.partition("://")[2].partition("/")[2]
    try:
        if (days := _DAYS.search(path)) and int(days[3]) <= int(days[4]):
            return _day(days[1], days[2], days[3]), _day(days[1], days[2], days[4]) + timedelta(days=1)
        if (day := _DAY.search(path) or _QUERY.search(path)) and day[3]:
            return _day(day[1], day[2], day[3]), _day(day[1], day[2], day[3]) + timedelta(days=1)
        if month := _MONTH.search(path) or _QUERY.search(path):
            start = _day(month[1], month[2], "1")
            return start, datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        if year := _YEAR.search(path):
            return _day(year[1], "1", "1"), _day(str(int(year[1]) + 1), "1", "1")
    except ValueError:  # 31 February
        pass
    return None


def _day(year: str, month: str, day: str) -> datetime:
    return datetime(int(year), int(month), int(day), tzinfo=UTC)


def children_for(
    children: Iterable[Entry], since: datetime | None = None, until: datetime | None = None
) -> tuple[Entry, ...]:
    """The child sitemaps that can name an article of [since, until), newest first; those that say nothing come first.

    A name with days or a month decides alone. A `lastmod` before `since` rules a child out, one after `until` rules nothing out. A year
    rules out only together with `lastmod`, because `sitemap-2010.xml` may be the two thousand and tenth.
    """
    chosen: list[tuple[datetime, Entry]] = []
    for child in children:
        promised = period(child.url)
        if (
            promised
            and promised[1] - promised[0] > _LONGEST_MONTH
            and not (child.modified and child.modified <= promised[1] + MARGIN)
        ):
            promised = None
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
    """The entries of [since, until), newest first. Those without a time are kept, at the end.

    `since` asks for the latest time there is, so that an edited article comes again; `until` for the publication, or for a `lastmod`
    of a whole day before.
    """
    chosen = [
        entry
        for entry in entries
        if not (since and entry.seen and entry.seen < since)
        and not (until and entry.published and entry.published >= until)
        and not (until and not entry.published and entry.modified and entry.modified - MARGIN >= until)
    ]
    return tuple(sorted(chosen, key=lambda entry: entry.seen or _EARLIEST, reverse=True))


def matches(entries: Iterable[Entry], originals: Collection[str]) -> tuple[Entry, ...]:
    """Copies of known stories: the entries whose slug is an original's, in their order.

    Args:
        entries: an aggregator's day.
        originals: slugs of known originals, as `pipelines.urls.slug` gives them; a set or a mapping.
    """
    return tuple(entry for entry in entries if (slug := urls.slug(entry.url)) and slug in originals)


_LONGEST_MONTH = timedelta(days=31)
_LATEST = datetime.max.replace(tzinfo=UTC)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
