"""Section pages, their next pages, and the feeds they name."""

import pytest

from crawler.discovery import Unreadable, find_feeds, parse_section
from crawler.discovery.html import MAX_BYTES, MAX_LINKS

BASE = "https://congluan.vn/thoi-su/tin-tuc"

SECTION = """<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="canonical" href="/thoi-su/tin-tuc">
<link rel="alternate" type="application/rss+xml" title="Thời sự" href="/rss/thoi-su.rss">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
<link rel="alternate" hreflang="en" href="https://en.congluan.vn/"></head><body>
<!-- <a href="/bi-an-post9.html">Bị ẩn</a> --><script>var t = '<a href="/trong-ma-post8.html">x</a>';</script>
<ul class="onecms_loading">
<li><div class="b-grid__img"><a href="/mot-bai-bao-post1.html?utm_source=home" title="Một bài"><img src="1.jpg"></a></div>
    <h3><a href='/mot-bai-bao-post1.html'>Một bài báo
      &amp; <em>một</em> ảnh</a></h3></li>
<li><A HREF=/hai-bai-bao-post2.html>Hai</A></li>
<li><a href="//www.congluan.vn/ba-bai-bao-post3.html#c">Ba</a></li>
<li><a href="https://thuonghieucongluan.com.vn/bon-bai-bao-post4.html">Bốn</a> <a href="javascript:void(0)">x</a> <a href="http://[bad">x</a></li>
</ul>
<a href="/rss/kinh-te.rss">RSS</a> <a href="/thoi-su/tin-tuc?page=3">3</a> <a href="/thoi-su/tin-tuc?page=2">2</a>
<a href="/thoi-su/tin-tuc?page=1">1</a> <a href="/kinh-te?page=2">Kinh tế</a></body></html>"""

ARTICLE = r"//(www\.)?congluan\.vn/[\w-]+-post\d+\.html"


def test_section() -> None:
    section = parse_section(SECTION.encode(), BASE, ARTICLE)
    assert [(entry.url, entry.title) for entry in section.articles] == [
        ("https://congluan.vn/mot-bai-bao-post1.html", "Một bài báo & một ảnh"),
        ("https://congluan.vn/hai-bai-bao-post2.html", "Hai"),
        ("https://www.congluan.vn/ba-bai-bao-post3.html", "Ba"),
    ]
    assert section.next_pages == ("https://congluan.vn/thoi-su/tin-tuc?page=2",)


def test_section_asks_a_function_too() -> None:
    section = parse_section(SECTION.encode(), BASE, lambda url: url.endswith("post2.html"))
    assert [entry.title for entry in section.articles] == ["Hai"]


@pytest.mark.parametrize(
    ("here", "link", "there"),
    [
        ("https://a.example/xa-hoi", '<link rel="next" href="/xa-hoi/2/">', "https://a.example/xa-hoi/2/"),
        (
            "https://a.example/xa-hoi",
            '<a rel="nofollow next" href="?offset=20">x</a>',
            "https://a.example/xa-hoi?offset=20",
        ),
        ("https://a.example/xa-hoi.htm", '<a href="/xa-hoi/trang-2.htm">2</a>', "https://a.example/xa-hoi/trang-2.htm"),
        (
            "https://a.example/xa-hoi/trang-9.htm",
            '<a href="/xa-hoi/trang-10.htm">Xem thêm</a>',
            "https://a.example/xa-hoi/trang-10.htm",
        ),
        ("https://a.example/thoi-su", '<a href="/thoi-su-p2">2</a>', "https://a.example/thoi-su-p2"),
        ("https://a.example/news/page/3/", '<a href="/news/page/4/">»</a>', "https://a.example/news/page/4/"),
        ("https://a.example/", '<a href="/tin-moi?page=2">Xem thêm</a>', "https://a.example/tin-moi?page=2"),
        ("https://a.example/xa-hoi", '<a href="/the-gioi?page=2">2</a>', None),
        ("https://a.example/xa-hoi", '<a href="https://b.example/xa-hoi?page=2">2</a>', None),
        ("https://a.example/xa-hoi?page=2", '<a href="/xa-hoi?page=2">2</a> <a href="/xa-hoi">1</a>', None),
        ("https://a.example/xa-hoi", '<a href="/xa-hoi?page=99999999999999999999">x</a>', None),
    ],
)
def test_next_page(here: str, link: str, there: str | None) -> None:
    section = parse_section(f"<html>{link}".encode(), here, "no article")
    assert section.next_pages == ((there,) if there else ())


def test_base_element_and_encoding() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252"><base href="https://a.example/x/"><a href="y-post1.html">Caf\u00e9</a>'
    section = parse_section(page.encode("windows-1252"), BASE, "post1")
    assert [(entry.url, entry.title) for entry in section.articles] == [
        ("https://a.example/x/y-post1.html", "Caf\u00e9")
    ]


def test_feeds_declared_come_first() -> None:
    assert find_feeds(SECTION.encode(), BASE) == (
        "https://congluan.vn/rss/thoi-su.rss",
        "https://congluan.vn/rss/kinh-te.rss",
    )


@pytest.mark.parametrize(
    ("body", "kind"), [(b"", "empty"), (b"x" * (MAX_BYTES + 1), "too_large"), (b"\x1f\x8bx", "damaged")]
)
def test_unreadable_section(body: bytes, kind: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_section(body, BASE, ARTICLE)
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    "piece",
    [
        b"<a ",
        b"<a href='",
        b'<a href="/x',
        b"<!--",
        b"<script ",
        b"<a " + b'href="' * 500,
        b"<b>",
        b"x",
        b"<meta charset",
        b"&amp;",
    ],
)
def test_monsters_end(piece: bytes) -> None:
    """Eight megabytes of any of these would take a backtracking pattern hours."""
    body = (b"<a href=/mot-bai-post1.html>" + piece * (MAX_BYTES // len(piece)))[:MAX_BYTES]
    assert len(parse_section(body, BASE, ARTICLE).articles) == 1


def test_links_are_capped() -> None:
    body = b"".join(b"<a href=/x-post%d.html>x</a>" % number for number in range(MAX_LINKS + 5))
    assert len(parse_section(body, BASE, ARTICLE).articles) == MAX_LINKS
