"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom, and JSON Feed, however they are labelled."""

import html
import re
from datetime import UTC, tzinfo
from typing import Any

import orjson
from lxml import etree

from crawler.discovery.entry import MAX_ENTRIES, Entry, Unreadable, address, title
from crawler.discovery.times import parse_time
from crawler.discovery.xml import decode, elements, local, unpack

_PUBLISHED = ("pubDate", "published", "issued", "date", "created")
_MODIFIED = ("updated", "modified")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def parse_feed(body: bytes, base: str, zone: tzinfo = UTC) -> tuple[Entry, ...]:
    """The feed's entries, in its order, at most `MAX_ENTRIES`.

    Args:
        base: the feed's own address.
        zone: what a time without one means.

    Raises:
        Unreadable: see `crawler.discovery.xml`; also `not_json`, and `unknown_format` for what is no feed (a sitemap, say).
    """
    unpacked = unpack(body)
    if unpacked.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return _json(unpacked, base, zone)
    entries: list[Entry] = []
    language: str | None = None
    for element in elements(
        unpacked, frozenset({"rss", "feed", "RDF", "channel"}), frozenset({"item", "entry", "language"})
    ):
        if local(element) == "language":
            language = (element.text or "").strip() or language
        elif (found := _entry(element, base, zone, language)) and len(entries) < MAX_ENTRIES:
            entries.append(found)
    return tuple(entries)


def _entry(element: etree._Element, base: str, zone: tzinfo, language: str | None) -> Entry | None:
    values: dict[str, str] = {}
    href = ""
    for child in element:
        name = local(child)
        if name == "link" and child.get("href"):  # Atom, also inside RSS
            if child.get("rel", "alternate") == "alternate":
                href = href or child.get("href", "")
        elif name == "guid" and child.get("isPermaLink", "true").lower() == "false":
            continue
        else:
            values.setdefault(name, str(child.xpath("string()")) if len(child) else child.text or "")
    about = element.get(_RDF_ABOUT, "")
    candidates = (
        values.get("origLink", ""),
        values.get("link", ""),
        href,
        about,
        values.get("guid", ""),
        values.get("id", ""),
    )
    url = next((found for written in candidates if "/" in written and (found := address(written, base))), None)
    if url is None:
        return None
    return Entry(
        url,
        published=_first_time(values, _PUBLISHED, zone),
        modified=_first_time(values, _MODIFIED, zone),
        title=title(html.unescape(_TAG.sub(" ", html.unescape(values.get("title", "")[:4000])))),
        language=element.get(_XML_LANG) or language,
    )


def _first_time(values: dict[str, Any], names: tuple[str, ...], zone: tzinfo) -> Any:
    return next((time for name in names if (time := parse_time(values.get(name), zone))), None)


def _json(body: bytes, base: str, zone: tzinfo) -> tuple[Entry, ...]:
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    try:
        feed = orjson.loads(decode(body))
    except orjson.JSONDecodeError as error:
        raise Unreadable("not_json", str(error)) from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise Unreadable("unknown_format", "JSON without `items`")
    entries = []
    for item in items[:MAX_ENTRIES]:
        if not isinstance(item, dict):
            continue
        url = next(
            (found for name in ("url", "external_url", "id") if (found := address(str(item.get(name) or ""), base))),
            None,
        )
        if url:
            entries.append(
                Entry(
                    url,
                    published=parse_time(item.get("date_published"), zone),
                    modified=parse_time(item.get("date_modified"), zone),
                    title=title(str(item.get("title") or "")),
                    language=str(item.get("language") or feed.get("language") or "") or None,
                )
            )
    return tuple(entries)
