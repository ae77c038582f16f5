"""Sitemaps: good ones, odd ones, and what is sent instead of them."""

import gzip
from datetime import UTC, datetime, timedelta, timezone

import pytest

from crawler.discovery import Entry, Sitemap, Unreadable, parse_sitemap
from crawler.discovery.entry import MAX_ENTRIES
from crawler.discovery.xml import MAX_BYTES, MAX_ELEMENTS, MAX_ENTITIES

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

NEWS = f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="/main-sitemap.xsl"?>
<!-- made by hand -->
<urlset {NAMESPACE} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml">
  <url>
    <loc>
      https://congluan.vn/cho-noi-hop-som-hon-post1.html?utm_source=news&amp;x=1
    </loc>
    <lastmod>2026-08-14T21:20:00+07:00</lastmod>
    <image:image><image:loc>https://congluan-cdn.congluan.vn/1.jpg</image:loc><image:title>Một bức ảnh</image:title></image:image>
    <news:news>
      <news:publication><news:name>Công Luận</news:name><news:language>vi</news:language></news:publication>
      <news:publication_date>2026-08-14T19:05:30.125+07:00</news:publication_date>
      <news:title><![CDATA[Chợ nổi họp sớm hơn & đông hơn]]></news:title>
    </news:news>
    <xhtml:link rel="alternate" hreflang="de" href="https://de.congluan.vn/a-1.html"/>
    <xhtml:link rel="alternate" hreflang="x-default" href="/a-1.html"/>
    <xhtml:link rel="alternate" hreflang="fr" href="javascript:alert(1)"/>
  </url>
  <url><loc>/b-post2.html</loc><lastmod>2026-08-14</lastmod></url>
  <url><loc>ftp://congluan.vn/c</loc></url>
  <url><lastmod>2026-08-14</lastmod></url>
</urlset>
"""
FIRST = Entry(
    url="https://congluan.vn/cho-noi-hop-som-hon-post1.html?x=1",
    published=datetime(2026, 8, 14, 12, 5, 30, tzinfo=UTC),
    modified=datetime(2026, 8, 14, 14, 20, tzinfo=UTC),
    title="Chợ nổi họp sớm hơn & đông hơn",
    language="vi",
    alternates=(("de", "https://de.congluan.vn/a-1.html"), ("x-default", "https://congluan.vn/a-1.html")),
)
SECOND = Entry(
    "https://congluan.vn/b-post2.html", modified=datetime(2026, 8, 14, 16, 59, 59, tzinfo=UTC)
)  # the whole day
BASE = "https://congluan.vn/sitemap-news.xml"
HANOI = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(NEWS.encode(), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + NEWS.encode(), id="byte order mark"),
        pytest.param(b"\n\n  " + NEWS.encode(), id="white space before the declaration"),
        pytest.param(gzip.compress(NEWS.encode()), id="gzip"),
        pytest.param(gzip.compress(gzip.compress(NEWS.encode())), id="gzip twice"),
        pytest.param(gzip.compress(NEWS[:200].encode()) + gzip.compress(NEWS[200:].encode()), id="gzip in members"),
        pytest.param(NEWS.replace("UTF-8", "UTF-16").encode("utf-16"), id="UTF-16"),
        pytest.param(NEWS.replace("UTF-8", "UTF-16").encode("utf-16-be"), id="UTF-16 without a mark"),
        pytest.param(NEWS.replace("UTF-8", "UTF-16").encode(), id="UTF-16 only in name"),
        pytest.param(NEWS.replace("UTF-8", "windows-1258").encode(), id="wrong declaration"),
        pytest.param(NEWS.replace("UTF-8", "punycode").encode(), id="no encoding of pages"),
        pytest.param(NEWS.replace(NAMESPACE, "").encode(), id="no namespace"),
        pytest.param(
            NEWS.replace(NAMESPACE, 'xmlns="http://www.google.com/schemas/sitemap/0.84"').encode(), id="old namespace"
        ),
        pytest.param(NEWS.replace("</urlset>", "").encode(), id="not closed"),
        pytest.param(NEWS.replace("nổi họp", "nổi\x08 họp\x00").encode(), id="control characters"),
    ],
)
def test_news_sitemap(body: bytes) -> None:
    assert parse_sitemap(body, BASE, HANOI) == Sitemap(entries=(FIRST, SECOND))


def test_declared_encoding_counts_where_utf8_does_not_fit() -> None:
    text = '<?xml version="1.0" encoding="windows-1252"?><urlset><url><loc>https://a.example/caf\u00e9</loc></url></urlset>'
    assert parse_sitemap(text.encode("windows-1252")).entries[0].url == "https://a.example/caf%C3%A9"


def test_index() -> None:
    body = f"""<sitemapindex {NAMESPACE}>
      <sitemap><loc>https://www.vietnam.vn/sitemap/sitemap-post/2026-08-14.xml</loc><lastmod>2026-08-14T10:00:00Z</lastmod></sitemap>
      <sitemap><loc>https://www.vietnam.vn/news-sitemap.xml</loc></sitemap>
    </sitemapindex>"""
    found = parse_sitemap(body.encode())
    assert not found.entries
    assert found.children == (
        Entry(
            "https://www.vietnam.vn/sitemap/sitemap-post/2026-08-14.xml", modified=datetime(2026, 8, 14, 10, tzinfo=UTC)
        ),
        Entry("https://www.vietnam.vn/news-sitemap.xml"),
    )


def test_empty_day_is_an_answer() -> None:
    assert parse_sitemap(f"<urlset {NAMESPACE}/>".encode()) == Sitemap()


def test_list_of_addresses() -> None:
    found = parse_sitemap(b"https://a.example/1\r\nhttps://a.example/2\r\n\r\nnot an address\r\n")
    assert [entry.url for entry in found.entries] == ["https://a.example/1", "https://a.example/2"]


def test_markup_error_keeps_what_came_before() -> None:
    body = b"<urlset><url><loc>https://a.example/1</loc></url><url><loc>https://a.example/2</url></oops><url"
    assert parse_sitemap(body).entries[0].url == "https://a.example/1"


def test_address_escaped_twice() -> None:
    body = b"<urlset><url><loc>&lt;![CDATA[https://a.example/1]]&gt;</loc></url><url><loc><![CDATA[ https://a.example/2 ]]></loc></url></urlset>"
    assert [entry.url for entry in parse_sitemap(body).entries] == ["https://a.example/1", "https://a.example/2"]


def test_html_entities_are_characters() -> None:
    body = (
        '<urlset xmlns:n="n"><url><loc>https://a.example/1?a=1&amp;b=2</loc>'
        "<n:news><n:title>Th&ecirc;m&nbsp;m&#7897;t &lt;b&gt; &nosuch; R&D</n:title></n:news></url></urlset>"
    )
    entry = parse_sitemap(body.encode()).entries[0]
    assert entry.url == "https://a.example/1?a=1&b=2"
    assert entry.title.startswith("Thêm một <b> &nosuch; R")


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"", "empty", "no content"),
        (b" \n ", "empty", "no content"),
        (b"<!DOCTYPE html><html><head><title>Just a &amp; moment</title>", "html", "'Just a & moment'"),
        (b"\n<html lang=vi><body>404", "html", "HTML"),
        (b"<!-- x --><!doctype HTML PUBLIC '-//W3C//DTD'><p>", "html", "HTML"),
        (b"Forbidden", "not_xml", "Forbidden"),
        (b'{"error":403}', "not_xml", "403"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_xml", "PNG"),
        (
            b"<rss><channel><item><link>https://a.example/</link></item></channel></rss>",
            "unknown_format",
            "<rss> where sitemapindex or urlset",
        ),
        (b"<feed/>", "unknown_format", "<feed>"),
        (b"<script>challenge()</script>", "unknown_format", "<script>"),
        (b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><urlset/>', "entities", "declarations"),
        (
            b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset><url><loc>&x;</loc></url></urlset>',
            "entities",
            "declarations",
        ),
        (b"<urlset>" + b"&nbsp;" * MAX_ENTITIES + b"</urlset>", "entities", "named"),
        (gzip.compress(b"<urlset>" * 100, mtime=0)[:25], "damaged", "gzip"),
        (b"\x1f\x8b not gzip at all", "damaged", "gzip"),
        (gzip.compress(b" " * (MAX_BYTES + 1)), "too_large", str(MAX_BYTES)),
        (gzip.compress(gzip.compress(b" " * (MAX_BYTES + 1))), "too_large", str(MAX_BYTES)),
        (b"<" * (MAX_BYTES + 1), "too_large", str(MAX_BYTES + 1)),
        (b"<urlset>" + b"<a/>" * MAX_ELEMENTS, "too_large", "elements"),
    ],
)
def test_unreadable(body: bytes, kind: str, says: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_sitemap(body)
    assert refused.value.kind == kind
    assert says in refused.value.detail
    assert len(str(refused.value)) < 400


def test_external_doctype_is_not_followed() -> None:
    body = b'<!DOCTYPE urlset PUBLIC "-//X//DTD Y//EN" "http://127.0.0.1:9/x.dtd"><urlset><url><loc>https://a.example/1</loc></url></urlset>'
    assert len(parse_sitemap(body).entries) == 1


def test_xinclude_and_references_stay_text() -> None:
    body = (
        b'<urlset xmlns:xi="http://www.w3.org/2001/XInclude"><url><xi:include href="file:///etc/passwd" parse="text"/>'
        b"<loc>https://a.example/&undefined;1</loc></url></urlset>"
    )
    assert [entry.url for entry in parse_sitemap(body).entries] == ["https://a.example/&undefined;1"]


def test_entries_are_capped() -> None:
    one = b"<url><loc>https://a.example/%d</loc></url>"
    found = parse_sitemap(b"<urlset>" + b"".join(one % number for number in range(MAX_ENTRIES + 10)) + b"</urlset>")
    assert len(found.entries) == MAX_ENTRIES
    assert found.truncated


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<urlset>" + b"<url>" * 200_000, id="deep"),
        pytest.param(
            b"<urlset><url " + b" ".join(b"a%d='1'" % n for n in range(60_000)) + b"/></urlset>", id="attributes"
        ),
        pytest.param(
            b"<urlset><url " + b" ".join(b"xmlns:a%d='1'" % n for n in range(20_000)) + b"/></urlset>", id="namespaces"
        ),
        pytest.param(
            b"<urlset><url><loc>https://a.example/" + b"a" * 11_000_000 + b"</loc></url></urlset>", id="long text"
        ),
        pytest.param(
            b"<urlset><url><loc>https://a.example/" + b"a" * 2_100 + b"</loc></url></urlset>", id="long address"
        ),
    ],
)
def test_monsters_give_nothing_and_end(body: bytes) -> None:
    assert parse_sitemap(body).entries == ()
