"""When an article was published: JSON-LD, then meta, then what a reader sees, then the address, then htmldate.

The cheap sources answer on nine pages of ten; htmldate, the slow part of other extractors, is asked last and only on small pages.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from lxml.html import HtmlElement

from pipelines.extract import jsonld

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""No newspaper's site is older; 1970 and 0001 are defaults of content systems."""

MAX_ELEMENTS = 5_000
"""Of a page that htmldate is asked about: it is slow."""

META = [
    "article:published_time",
    "article:published",
    "og:published_time",
    "og:article:published_time",
    "rnews:datepublished",
    "datepublished",
    "date.published",
    "published_time",
    "publishdate",
    "publish-date",
    "publish_date",
    "pubdate",
    "published",
    "published_date",
    "publication_date",
    "publicationdate",
    "cxenseparse:recs:publishtime",
    "cxenseparse:articlepublishtime",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date.issued",
    "dcterms.issued",
    "dc.issued",
    "dcterms.created",
    "dc.date.created",
    "article.published",
    "article:post_date",
    "citation_publication_date",
    "citation_date",
    "dcterms.date",
    "dc.date",
    "dc:date",
    "date",
    "displaydate",
    "originalpublicationdate",
    "article_date_original",
    "bt:pubdate",
    "ptime",
    "vr:published_time",
    "vrdate",
    "last_published_date",
    "lastpublished",
    "weibo:article:create_at",
    "timestamp",
]
META_MODIFIED = [
    "article:modified_time",
    "og:updated_time",
    "article:modified",
    "datemodified",
    "last-modified",
    "lastmod",
    "dcterms.modified",
    "dc.date.modified",
    "modified",
    "updated_time",
    "article:updated_time",
]

# The zone of a time without one: by the country of the host, else by the language where one country has most of its papers.
ZONES = {
    "vn": "Asia/Ho_Chi_Minh", "de": "Europe/Berlin", "at": "Europe/Vienna", "ch": "Europe/Zurich", "fr": "Europe/Paris", "it": "Europe/Rome",
    "es": "Europe/Madrid", "nl": "Europe/Amsterdam", "be": "Europe/Brussels", "pl": "Europe/Warsaw", "cz": "Europe/Prague", "sk": "Europe/Bratislava",
    "hu": "Europe/Budapest", "se": "Europe/Stockholm", "no": "Europe/Oslo", "dk": "Europe/Copenhagen", "fi": "Europe/Helsinki", "gr": "Europe/Athens",
    "ro": "Europe/Bucharest", "bg": "Europe/Sofia", "ua": "Europe/Kyiv", "tr": "Europe/Istanbul", "uk": "Europe/London", "ie": "Europe/Dublin",
    "il": "Asia/Jerusalem", "in": "Asia/Kolkata", "bd": "Asia/Dhaka", "pk": "Asia/Karachi", "th": "Asia/Bangkok", "la": "Asia/Vientiane",
    "kh": "Asia/Phnom_Penh", "my": "Asia/Kuala_Lumpur", "sg": "Asia/Singapore", "ph": "Asia/Manila", "cn": "Asia/Shanghai", "tw": "Asia/Taipei",
    "hk": "Asia/Hong_Kong", "jp": "Asia/Tokyo", "kr": "Asia/Seoul", "za": "Africa/Johannesburg", "ke": "Africa/Nairobi", "ng": "Africa/Lagos",
}  # fmt: skip
ZONES_BY_LANGUAGE = {
    "vi": "vn",
    "ja": "jp",
    "ko": "kr",
    "th": "th",
    "lo": "la",
    "km": "kh",
    "pl": "pl",
    "el": "gr",
    "he": "il",
    "hu": "hu",
    "cs": "cz",
}


class Moment(NamedTuple):
    """A point in time, and how the page wrote it."""

    at: datetime
    """Aware, UTC."""
    offset: int | None
    """Minutes east of UTC of the page's own clock; None when only a day was given."""


_ISO = re.compile(
    r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(?:[T ,|–-]*\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\b)?\s*(Z\b|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{1,2}\b)?)?"
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{2}:?\d{2})?$")
_NUMERIC = re.compile(r"(?<![\d.,/-])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_CLOCK = re.compile(
    r"(?<![\d:.])([01]?\d|2[0-3])(?:[:h]|\.(?=\d\d\b(?!\.\d)))([0-5]\d)(?::([0-5]\d))?\s*([AaPp]\.?[Mm]\b|Uhr)?\s*\(?\s*((?:GMT|UTC)\s?[+-]\d{1,2}(?::?\d{2})?\b|Z\b|UTC|GMT|[+-]\d{2}:?\d{2}\b)?"
)
_EPOCH = re.compile(r"^1[0-9]{9}(?:\d{3})?$")
_NAMED_ZONES = {
    "gmt": 0,
    "utc": 0,
    "z": 0,
    "est": -300,
    "edt": -240,
    "cst": -360,
    "cdt": -300,
    "mst": -420,
    "mdt": -360,
    "pst": -480,
    "pdt": -420,
    "cet": 60,
    "cest": 120,
    "bst": 60,
    "ist": 330,
    "jst": 540,
    "kst": 540,
}
_IN_URL = re.compile(r"/((?:19|20)\d{2})[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?!\d)")


def parse(text: str, *, language: str | None = None, tld: str = "", american: bool = False) -> Moment | None:
    """The moment that stands first in `text`, in any of the forms that pages use; None if none does.

    A time without a zone is read in the zone of the host's country; a day without a time is midnight UTC.
    """
    text = " ".join(text.split())[:200]
    if not text:
        return None
    if _EPOCH.match(text):
        return Moment(datetime.fromtimestamp(int(text[:10]), UTC), 0)
    if m := _COMPACT.match(text):
        return _moment(m[1], m[2], m[3], m[4], m[5], m[6], None, m[7], language, tld)
    if m := _ISO.search(text):
        return _moment(m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], language, tld) or None
    day: tuple[str | int, str | int, str | int] | None = None
    if m := _CJK.search(text):
        day, span = (m[1], m[2], m[3]), m.span()
    elif m := _NUMERIC.search(text):
        first, second = (int(m[1]), int(m[3]))
        month_first = (american and first <= 12 and m[2] == "/") or second > 12
        day, span = ((m[4], first, second) if month_first else (m[4], second, first)), m.span()
    elif found := _named_month(text, language):
        day, span = found
    if day is None:
        return None
    after, before = text[span[1] : span[1] + 40], text[max(0, span[0] - 40) : span[0]]
    clock = _CLOCK.search(after) or _CLOCK.search(before)
    if clock is None:
        return _moment(*day, None, None, None, None, None, language, tld)
    zone = clock[5] or _zone_name(after)
    return _moment(*day, clock[1], clock[2], clock[3], clock[4], zone, language, tld)


def _zone_name(text: str) -> str | None:
    m = re.search(
        r"((?:GMT|UTC)\s?[+-]\d{1,2}(?::?\d{2})?\b|\b(?:GMT|UTC|E[SD]T|C[SD]T|M[SD]T|P[SD]T|CES?T|BST|IST|JST|KST)\b)",
        text,
    )
    return m[1] if m else None


def _moment(
    year: str | int,
    month: str | int,
    day: str | int,
    hour: str | None,
    minute: str | None,
    second: str | None,
    half: str | None,
    zone: str | None,
    language: str | None,
    tld: str,
) -> Moment | None:
    try:
        if hour is None:
            return Moment(datetime(int(year), int(month), int(day), tzinfo=UTC), None)
        hours = int(hour)
        if half and half[0] in "pP" and hours < 12:
            hours += 12
        elif half and half[0] in "aA" and hours == 12:
            hours = 0
        local = datetime(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0))  # noqa: DTZ001 (its zone follows)
        at = local.replace(tzinfo=_zone(zone) or _home(language, tld))
        offset = at.utcoffset() or timedelta()
        return Moment(at.astimezone(UTC), int(offset.total_seconds()) // 60)
    except (ValueError, OverflowError):
        return None


def _zone(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone.lower() in _NAMED_ZONES:
        return timezone(timedelta(minutes=_NAMED_ZONES[zone.lower()]))
    m = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", zone)
    if not m:
        return None
    minutes = int(m[2]) * 60 + int(m[3] or 0)
    return timezone(timedelta(minutes=minutes if m[1] == "+" else -minutes)) if minutes <= 14 * 60 else None


@lru_cache(maxsize=256)
def _home(language: str | None, tld: str) -> ZoneInfo | timezone:
    country = tld if tld in ZONES else ZONES_BY_LANGUAGE.get((language or "").split("-")[0], "")
    return ZoneInfo(ZONES[country]) if country else UTC


@lru_cache(maxsize=64)
def _months(language: str) -> dict[str, int]:
    """Month names and abbreviations of a language (CLDR), and the English ones."""
    named: dict[str, int] = {}
    for code in dict.fromkeys((language.split("-", maxsplit=1)[0], "en")):
        try:
            months = Locale(code).months
        except (UnknownLocaleError, ValueError):
            continue
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    plain = name.casefold().rstrip(".")
                    if not plain.isdigit() and len(plain) > 1:
                        named.setdefault(plain, number)
    named.setdefault("sept", 9)
    return named


@lru_cache(maxsize=64)
def _month_pattern(language: str) -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, _months(language)), key=len, reverse=True))
    return re.compile(
        rf"(?:(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|\.|º|ª)?\s*(?:de\s+|of\s+|-)?({names})\.?,?\s*(?:de\s+|del\s+|-)?(\d{{4}}))|(?:({names})\.?\s*(\d{{1,2}})(?:st|nd|rd|th)?,?\s*(\d{{4}}))(?!\d)"
    )


def _named_month(
    text: str, language: str | None
) -> tuple[tuple[str | int, str | int, str | int], tuple[int, int]] | None:
    code = language or "en"
    m = _month_pattern(code).search(text.casefold())
    if not m:
        return None
    months = _months(code)
    return ((m[3], months[m[2]], m[1]) if m[1] else (m[6], months[m[4]], m[5])), m.span()


def published(
    tree: HtmlElement,
    meta: dict[str, list[str]],
    article: jsonld.Thing,
    found: tuple[jsonld.Thing, ...],
    *,
    url: str,
    language: str | None,
    before: datetime,
    shown: str = "",
) -> tuple[Moment | None, str | None]:
    """When the article was published and where the page says so: `json_ld`, `meta`, `visible` or `url`.

    Dates before 1995 or more than a day after `before` (when the page was fetched) are refused and the next source is asked.
    """
    tld = _tld(url)
    american = (language or "en").lower() in ("en", "en-us") and tld in ("com", "org", "net", "us", "gov", "edu")

    def read(text: str) -> Moment | None:
        moment = parse(text, language=language, tld=tld, american=american)
        return moment if moment and EARLIEST <= moment.at <= before + timedelta(days=1) else None

    for value in (
        article.get("datePublished"),
        *(thing.get("datePublished") for thing in found if jsonld.types(thing) & jsonld.PAGE_TYPES),
        article.get("dateCreated"),
        article.get("uploadDate"),
    ):
        if moment := read(jsonld.text(value)):
            return moment, "json_ld"
    for name in META:
        for value in meta.get(name, ()):
            if moment := read(value):
                return moment, "meta"
    if shown and (moment := read(shown)):
        return moment, "layout"
    if moment := _visible(tree, read):
        return moment, "visible"
    if (m := _IN_URL.search(url)) and (moment := read(f"{m[1]}-{m[2]}-{m[3]}")):
        return moment, "url"
    moment = _last_resort(tree, url, read)
    return moment, "visible" if moment else None


def modified(
    meta: dict[str, list[str]], article: jsonld.Thing, *, url: str, language: str | None, before: datetime
) -> datetime | None:
    """When the article was last changed, by JSON-LD or meta."""
    for value in (
        jsonld.text(article.get("dateModified")),
        *(value for name in META_MODIFIED for value in meta.get(name, ())),
    ):
        moment = parse(value, language=language, tld=_tld(url))
        if moment and EARLIEST <= moment.at <= before + timedelta(days=1):
            return moment.at
    return None


def _tld(url: str) -> str:
    m = re.match(r"[a-z]+://[^/:?#]*\.([a-z]{2,})", url.lower())
    return m[1] if m else ""


_DATE_CLASS = re.compile(r"date|time|publi[sc]|posted|updated|datum|fecha|data\b|ngay|meta|byline|info", re.IGNORECASE)


def _visible(tree: HtmlElement, read: Callable[[str], Moment | None]) -> Moment | None:
    """What a reader sees: `<time>`, then short texts of elements that are named after dates, in the order of the page."""
    for element in tree.iter("time"):
        for value in (element.get("datetime") or "", element.text_content()[:80]):
            if moment := read(value):
                return moment
    for element in tree.iter("span", "div", "p", "li", "td", "em", "small", "abbr", "font"):
        named = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"
        if named != "  " and _DATE_CLASS.search(named):
            for value in (element.get("content"), element.get("title"), element.get("datetime")):
                if value and (moment := read(value)):
                    return moment
            text = "".join(
                part
                for part in (
                    element.text,
                    *(child.tail for child in element),
                    *(child.text for child in element if len(child) == 0),
                )
                if part
            )
            if 6 <= len(text) <= 200 and any(map(str.isdigit, text)) and (moment := read(text)):
                return moment
    return None


def _last_resort(tree: HtmlElement, url: str, read: Callable[[str], Moment | None]) -> Moment | None:
    """What htmldate finds. It is slow on large pages, which are left without."""
    from htmldate import find_date  # noqa: PLC0415  (slow to load, seldom needed)

    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
        return None
    try:
        found = find_date(tree, url=url, original_date=True, extensive_search=False, outputformat="%Y-%m-%d")
    except Exception:  # noqa: BLE001  (htmldate raises many things on odd pages, and a date is not worth a page)
        return None
    return read(found) if found else None
