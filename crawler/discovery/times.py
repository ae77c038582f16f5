"""Times as feeds, sitemaps and lists write them, as aware UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

_W3C = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(  # 14/08/2026 - 21:20 · 14-8-2026 · 14/08/2026 19:26:05 +07:00
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[\s,|-]*(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*(?:\(?(?:GMT|UTC)?([+-]\d{1,2}(?::?\d{2})?)\)?)?"
)
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AP])M", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_GMT_OFFSET = re.compile(
    r"(?:GMT|UTC)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?$", re.IGNORECASE
)  # no RFC, but common: `GMT+7`


def parse_time(text: str | float | None, zone: tzinfo = UTC) -> datetime | None:
    """Aware UTC, or None for what is no time between 1990 and 2100.

    Reads W3C-DTF (https://www.w3.org/TR/NOTE-datetime), RFC 822/5322, day-first local forms, and epoch seconds or milliseconds.
    `zone` is what a time without one means.
    """
    if text is None or isinstance(text, bool):
        return None
    written = str(text).strip()[:64]
    try:
        found = (
            _epoch(written)
            or _w3c(written, zone)
            or _month_first(written, zone)
            or _day_first(written, zone)
            or _mail(written, zone)
        )
        found = found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None
    return found if found and 1990 <= found.year < 2100 else None


def parse_last(text: str | None, zone: tzinfo = UTC) -> datetime | None:
    """The same, but a day alone means its last second: a `lastmod` of today must not look older than this morning."""
    found = parse_time(text, zone)
    return found + timedelta(days=1, seconds=-1) if found and _DAY.fullmatch(str(text).strip()) else found


def _epoch(written: str) -> datetime | None:
    if not re.fullmatch(r"\d{9,13}(?:\.\d+)?", written):
        return None
    seconds = float(written)
    return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)


def _w3c(written: str, zone: tzinfo) -> datetime | None:
    match = _W3C.fullmatch(written)
    if match is None:
        return None
    year, month, day, hour, minute, second, offset = match.groups()
    return _time((year, month, day), (hour, minute, second), _zone(offset, zone))


def _day_first(written: str, zone: tzinfo) -> datetime | None:
    match = _DAY_FIRST.fullmatch(written)
    if match is None:
        return None
    day, month, year, hour, minute, second, offset = match.groups()
    return _time((year, month, day), (hour, minute, second), _zone(offset, zone))


def _month_first(written: str, zone: tzinfo) -> datetime | None:
    match = _MONTH_FIRST.fullmatch(written)
    if match is None:
        return None
    month, day, year, hour, minute, second, half = match.groups()
    return _time((year, month, day), (str(int(hour) % 12 + 12 * (half in "Pp")), minute, second), zone)


def _mail(written: str, zone: tzinfo) -> datetime | None:
    written = _GMT_OFFSET.sub(lambda m: f"{m[1]}{int(m[2]):02d}{m[3] or '00'}", written)
    found = parsedate_to_datetime(written)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _time(day: tuple[str, str | None, str | None], clock: tuple[str | None, ...], zone: tzinfo) -> datetime:
    year, month, date = (int(part or 1) for part in day)
    hour, minute, second = (int(part or 0) for part in clock)
    return datetime(year, month, date, hour, minute, min(second, 59), tzinfo=zone)


def _zone(offset: str | None, zone: tzinfo) -> tzinfo:
    if not offset:
        return zone
    if offset[0] not in "+-":
        return UTC
    hours, minutes = re.fullmatch(r".(\d{1,2}):?(\d{2})?", offset).groups()  # type: ignore[union-attr]  # the callers' patterns see to it
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-size if offset[0] == "-" else size)
