"""Feeds of every kind, and JSON lists."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from crawler.discovery import Entry, Unreadable, parse_feed, parse_list_api
from crawler.discovery.entry import MAX_ENTRIES
from crawler.discovery.times import parse_time

BASE = "https://congluan.vn/rss/kinh-te.rss"
HANOI = timezone(timedelta(hours=7))
NOON = datetime(2026, 8, 14, 5, tzinfo=UTC)

RSS2 = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><channel>
  <title>Kinh tế</title><link>https://congluan.vn/kinh-te</link><atom:link rel="self" href="https://congluan.vn/rss/kinh-te.rss"/>
  <language>vi</language><lastBuildDate>Fri, 14 Aug 2026 13:00:00 +0700</lastBuildDate>
  <image><url>https://congluan.vn/logo.png</url><title>Công Luận</title><link>https://congluan.vn/</link></image>
  <item>
    <title><![CDATA[Giá <b>cà phê</b> &amp; tiêu&nbsp;tăng]]></title>
    <link>  https://congluan.vn/gia-ca-phe-va-tieu-tang-post1.html?utm_source=rss  </link>
    <guid isPermaLink="false">340561</guid>
    <pubDate>Fri, 14 Aug 2026 12:00:00 +0700</pubDate>
    <description><![CDATA[<a href="https://congluan.vn/khac-post2.html"><img src="x.jpg"></a>Mở đầu.]]></description>
    <media:content url="https://congluan.vn/x.jpg"><media:title>Ảnh</media:title></media:content>
  </item>
</channel></rss>"""

RSS1 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel rdf:about="https://congluan.vn/rss"><title>x</title><items><rdf:Seq><rdf:li resource="https://congluan.vn/a"/></rdf:Seq></items></channel>
  <item rdf:about="https://congluan.vn/gia-ca-phe-va-tieu-tang-post1.html"><title>Giá cà phê &amp; tiêu tăng</title>
  <dc:date>2026-08-14T12:00:00+07:00</dc:date><dc:language>vi</dc:language></item>
</rdf:RDF>"""

RSS091 = """<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><language>vi</language><item><title>Giá cà phê &amp;amp; tiêu tăng</title>
<link>/gia-ca-phe-va-tieu-tang-post1.html</link><pubDate>14/08/2026 12:00</pubDate></item></channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><link rel="self" href="https://congluan.vn/rss"/>
  <entry xml:lang="vi"><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Giá <b>cà phê</b> &amp; tiêu tăng</div></title>
  <id>tag:congluan.vn,2026:1</id><link rel="enclosure" href="https://congluan.vn/a.mp3"/>
  <link href="gia-ca-phe-va-tieu-tang-post1.html"/><published>2026-08-14T05:00:00Z</published></entry></feed>"""

JSON = """{"version":"https://jsonfeed.org/version/1.1","title":"x","language":"vi","items":[
  {"id":"1","url":"https://congluan.vn/gia-ca-phe-va-tieu-tang-post1.html","title":"Giá cà phê & tiêu tăng","date_published":"2026-08-14T12:00:00+07:00"},
  {"id":"2"}, "nonsense", {"id":3,"url":["https://congluan.vn/b"]}]}"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(RSS2.encode(), id="RSS 2.0"),
        pytest.param(RSS2.replace("utf-8", "utf-16").encode("utf-16"), id="RSS 2.0 in UTF-16"),
        pytest.param(b"\r\n" + RSS2.encode(), id="RSS 2.0 after an empty line"),
        pytest.param(
            RSS2.replace("Fri, 14 Aug 2026 12:00:00 +0700", "Fri, 14 Aug 2026 12:00:00 GMT+7").encode(), id="GMT+7"
        ),
        pytest.param(
            RSS2.replace("Fri, 14 Aug 2026 12:00:00 +0700", "8/14/2026 12:00:00 PM").encode(), id="month first"
        ),
        pytest.param(RSS2.replace("</channel></rss>", "").encode(), id="RSS 2.0 cut off"),
        pytest.param(RSS1.encode(), id="RSS 1.0"),
        pytest.param(RSS091.encode(), id="RSS 0.91"),
        pytest.param(ATOM.replace("gia-ca", "/gia-ca", 1).encode(), id="Atom"),
        pytest.param(JSON.encode(), id="JSON Feed"),
        pytest.param(b"\xef\xbb\xbf" + JSON.encode(), id="JSON Feed with a mark"),
    ],
)
def test_one_entry_in_every_format(body: bytes) -> None:
    entry = parse_feed(body, BASE, HANOI)[0]
    assert entry.url == "https://congluan.vn/gia-ca-phe-va-tieu-tang-post1.html"
    assert entry.title == "Giá cà phê & tiêu tăng"
    assert entry.published == NOON
    assert entry.language in ("vi", None)


def test_permanent_guid_stands_in_for_the_link() -> None:
    body = b"<rss><channel><item><guid>https://a.example/1</guid></item><item><guid isPermaLink='false'>https://a.example/2</guid></item></channel></rss>"
    assert parse_feed(body, BASE) == (Entry("https://a.example/1"),)


def test_original_link_behind_a_counter() -> None:
    body = (
        b'<rss xmlns:feedburner="f"><channel><item><link>https://feeds.example/~r/1</link>'
        b"<feedburner:origLink>https://a.example/1</feedburner:origLink></item></channel></rss>"
    )
    assert parse_feed(body, BASE) == (Entry("https://a.example/1"),)


def test_atom_update_is_no_publication() -> None:
    body = b"<feed><entry><link href='https://a.example/1'/><updated>2026-08-14T05:00:00Z</updated></entry></feed>"
    assert parse_feed(body, BASE) == (Entry("https://a.example/1", modified=NOON),)


def test_empty_feed_is_an_answer() -> None:
    assert parse_feed(b"<rss><channel><title>x</title></channel></rss>", BASE) == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><title>404</title>", "html"),
        (b"RssPage.html", "not_xml"),
        (b"", "empty"),
        (b"<urlset><url><loc>https://a.example/</loc></url></urlset>", "unknown_format"),
        (b"<sitemapindex/>", "unknown_format"),
        (b"<opml><item/></opml>", "unknown_format"),
        (b'{"data":1}', "unknown_format"),
        (b'{"items":', "not_json"),
        (b'{"a":' * 5000, "not_json"),
        (b'<!DOCTYPE rss [<!ENTITY x "y">]><rss/>', "entities"),
    ],
)
def test_no_feed(body: bytes, kind: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_feed(body, BASE)
    assert refused.value.kind == kind


def test_feed_entries_are_capped() -> None:
    body = b"<rss><channel>" + b"<item><link>/a</link></item>" * (MAX_ENTRIES + 5) + b"</channel></rss>"
    assert len(parse_feed(body, BASE)) == MAX_ENTRIES


def test_hemera_list() -> None:
    body = """{"error_code":0,"data":{"contents":[
      {"content_id":1101437,"title":"Thêm &quot;một&quot; bài","url":"/them-mot-bai-post1101437.vnp","date":"1786683600","update_time":1786687200,"zone":{"name":"x"}},
      {"content_id":1101438,"title":null,"url":"https://en.vietnamplus.vn/x-post1.vnp","date":null},
      {"content_id":1101439,"url":7}, null]}}""".encode()
    assert parse_list_api(body, "https://www.vietnamplus.vn/") == (
        Entry(
            "https://www.vietnamplus.vn/them-mot-bai-post1101437.vnp",
            published=NOON,
            modified=NOON + timedelta(hours=1),
            title='Thêm "một" bài',
        ),
        Entry("https://en.vietnamplus.vn/x-post1.vnp"),
    )


@pytest.mark.parametrize("body", [b"[]", b'{"data":{"contents":[]}}', b'{"items":[]}'])
def test_list_is_at_its_end(body: bytes) -> None:
    assert parse_list_api(body, BASE) == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", "not_json"),
        (b'{"data":{}}', "unknown_format"),
        (b'"x"', "unknown_format"),
        (b"[" * 9999, "not_json"),
    ],
)
def test_no_list(body: bytes, kind: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_list_api(body, BASE)
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-08-14T12:00:00+07:00", NOON),
        ("2026-08-14T05:00:00Z", NOON),
        ("2026-08-14T05:00Z", NOON),
        ("2026-08-14T12:00:00.1234567+0700", NOON),
        ("2026-08-14 12:00:00", NOON),
        ("2026-08-14T12:00:00", NOON),
        ("Fri, 14 Aug 2026 05:00:00 GMT", NOON),
        ("Fri, 14 Aug 26 05:00:00 +0000", NOON),
        ("Fri, 14 Aug 2026 12:00:00", NOON),
        ("Fri, 14 Aug 2026 12:00:00 GMT+7", NOON),
        ("Fri, 14 Aug 2026 12:00:00 UTC +07:00", NOON),
        ("14/08/2026 - 12:00", NOON),
        ("14/8/2026 12:00", NOON),
        ("14-08-2026 12:00:00", NOON),
        ("14/08/2026, 12:00 (GMT+7)", NOON),
        ("8/14/2026 12:00:00 PM", NOON),
        ("8/14/2026 0:30 AM", datetime(2026, 8, 13, 17, 30, tzinfo=UTC)),
        ("1786683600", NOON),
        (1786683600, NOON),
        ("1786683600000", NOON),
        ("2026-08-14", datetime(2026, 8, 13, 17, tzinfo=UTC)),
        ("2026-08", datetime(2026, 7, 31, 17, tzinfo=UTC)),
        ("2026", datetime(2025, 12, 31, 17, tzinfo=UTC)),
        ("2026-08-14T11:59:60+07:00", datetime(2026, 8, 14, 4, 59, 59, tzinfo=UTC)),
        *[
            (nothing, None)
            for nothing in (
                "",
                "hôm nay",
                "0000-00-00",
                "2026-02-30",
                "31/02/2026",
                "1970-01-01",
                "2199-01-01",
                "-1",
                "9" * 40,
            )
        ],
        *[
            (nothing, None)
            for nothing in (
                None,
                True,
                0,
                float("nan"),
                "2026-08-14T25:00:00Z",
                "2026-08-14T10:00:00+99:99",
                "Fri, 99 Aug 2026 05:00:00 GMT",
            )
        ],
    ],
)
def test_times(written: str | float | None, meant: datetime | None) -> None:
    assert parse_time(written, HANOI) == meant
