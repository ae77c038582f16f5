"""Whatever arrives, a parser answers or says `Unreadable`; and what it answers can be fetched."""

import gzip
from collections.abc import Callable, Iterable
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from crawler.discovery import Entry, Unreadable, find_feeds, parse_feed, parse_list_api, parse_section, parse_sitemap
from crawler.discovery.entry import MAX_TITLE, MAX_URL
from pipelines import urls

PIECES = [
    b"<?xml version='1.0' encoding='", b"utf-16", b"utf-8", b"euc-jp", b"punycode", b"'?>", b"<!DOCTYPE ", b"html", b"[", b"]", b">", b"<!ENTITY x 'y'>",
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<urlset>", b"<urlset xmlns='x' xmlns:n='y'>", b"</urlset>", b"<sitemapindex>", b"<sitemap>", b"</sitemap>",
    b"<url>", b"</url>", b"<loc>", b"</loc>", b"https://a.example/", b"http://[", b"<lastmod>", b"2026-08-14", b"T25:00", b"99999999999", b"</lastmod>",
    b"<n:news><n:title>", b"<rss>", b"<channel>", b"<item>", b"</item>", b"<link>", b"<link href='/a' rel='next' hreflang='de'/>", b"<feed>", b"<entry>", b"<guid>",
    b"<a href='", b"'>", b"</a>", b"<base href=//b.example>", b"<meta charset=gbk>", b"&nbsp;", b"&#0;", b"&#xD800;", b"&x;", b"&", b"<", b"\x00", b"\xff\xfe", b"\xfe\xff",
    b"\x1f\x8b", b"\xef\xbb\xbf", b"\xc3\x28", b'{"items":[{"url":"/a","date":', b'{"data":{"contents":[', b"null", b"1e999", b"}]", b"}", b"[", b'"', b"\n",
]  # fmt: skip
bodies = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=25).map(b"".join)
packed = (
    bodies
    | bodies.map(gzip.compress)
    | bodies.map(lambda body: gzip.compress(body)[:-5])
    | bodies.map(lambda body: body.decode("latin-1").encode("utf-16"))
)
BASE = "https://a.example/list"


def fits(entry: Entry) -> bool:
    times = [time for time in (entry.published, entry.modified) if time]
    return (
        urls.canonical(entry.url) == entry.url
        and len(entry.title) <= MAX_TITLE
        and all(time.utcoffset() is not None and not time.utcoffset() for time in times)
        and all(urls.canonical(url) == url for _, url in entry.alternates)
    )


READERS: list[Callable[[bytes], Iterable[Entry]]] = [
    lambda body: parse_sitemap(body, BASE).entries,
    lambda body: parse_sitemap(body, BASE).children,
    lambda body: parse_feed(body, BASE),
    lambda body: parse_list_api(body, BASE),
    lambda body: parse_section(body, BASE, lambda url: len(url) <= MAX_URL).articles,
    lambda body: map(Entry, parse_section(body, BASE, "nothing").next_pages),
    lambda body: map(Entry, find_feeds(body, BASE)),
]


@given(packed)
@example(b"<urlset><url><loc>https://a.example/&#xD800;")
@example(b"<feed><entry><title>&#56832;&#0;&#x110000;</title><link href='/a'/></entry>")
def test_any_bytes(body: bytes) -> None:
    for read in READERS:
        with suppress(Unreadable):
            assert all(map(fits, read(body)))
