"""Sitemaps and sitemap indexes (https://www.sitemaps.org/protocol.html), with the news and hreflang extensions, or as plain text."""

from dataclasses import dataclass
from datetime import UTC, tzinfo

from lxml import etree

from crawler.discovery.entry import MAX_ENTRIES, Entry, Unreadable, address, title
from crawler.discovery.times import parse_last, parse_time
from crawler.discovery.xml import decode, elements, local, unpack


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`children` are other sitemaps, `entries` are pages; both in the document's order."""

    children: tuple[Entry, ...] = ()
    entries: tuple[Entry, ...] = ()
    truncated: bool = False
    """The document had more than `MAX_ENTRIES`."""


def parse_sitemap(body: bytes, base: str = "", zone: tzinfo = UTC) -> Sitemap:
    """A urlset, an index, or a text file of addresses; gzip or not, whatever it is called.

    Args:
        base: the sitemap's own address, for the relative ones some sites write.
        zone: what a time without one means.

    Raises:
        Unreadable: see `crawler.discovery.xml`; also `unknown_format` for XML that is no sitemap (a feed, say).
    """
    unpacked = unpack(body)
    if not unpacked.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t").startswith(b"<"):
        return _text(decode(unpacked), base)
    children: list[Entry] = []
    entries: list[Entry] = []
    for element in elements(unpacked, frozenset({"urlset", "sitemapindex"}), frozenset({"url", "sitemap"})):
        found = _entry(element, base, zone)
        if found is None:
            continue
        if len(children) + len(entries) == MAX_ENTRIES:
            return Sitemap(tuple(children), tuple(entries), truncated=True)
        (children if local(element) == "sitemap" else entries).append(found)
    return Sitemap(tuple(children), tuple(entries))


def _entry(element: etree._Element, base: str, zone: tzinfo) -> Entry | None:
    values: dict[str, str] = {}
    alternates: list[tuple[str, str]] = []
    for child in element.iter():
        name = local(child)
        if name == "link":
            language, href = child.get("hreflang"), address(child.get("href") or "", base)
            if language and href and len(alternates) < 200:
                alternates.append((language, href))
        elif child.text and name in _IN and local(child.getparent()) in _IN[name]:  # type: ignore[arg-type]  # never the root
            values.setdefault(name, child.text)
    url = address(values.get("loc", ""), base)
    if url is None:
        return None
    return Entry(
        url,
        published=parse_time(values.get("publication_date"), zone),
        modified=parse_last(values.get("lastmod"), zone),
        title=title(values.get("title")),
        language=values.get("language", "").strip() or None,
        alternates=tuple(alternates),
    )


_IN = {
    "loc": {"url", "sitemap"},
    "lastmod": {"url", "sitemap"},
    "publication_date": {"news"},
    "title": {"news"},  # an image or a video has a title of its own
    "language": {"publication"},
}
"""Name → where it counts."""


def _text(text: str, base: str) -> Sitemap:
    found = [url for line in text.splitlines()[: MAX_ENTRIES + 1] if "://" in line and (url := address(line, base))]
    if not found:
        raise Unreadable("not_xml", repr(text[:80]))
    return Sitemap(entries=tuple(map(Entry, found[:MAX_ENTRIES])), truncated=len(found) > MAX_ENTRIES)
