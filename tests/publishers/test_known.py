"""Finding a publisher, and trying whether its file still tells the truth."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.publishers import Check, UnknownPublisherError, check, identify, publisher, publisher_of, publishers
from pipelines.records import Page

FETCHED = datetime(2026, 8, 20, tzinfo=UTC)
RECORDED = Path(__file__).parent / "pages"
ARTICLE = "https://congluan.vn/tiem-sua-radio-cuoi-cung-o-pho-hang-luoc-van-sang-den-moi-toi-post340561.html"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://congluan.vn/a", "congluan"),
        ("HTTP://WWW.CONGLUAN.VN.:80/a", "congluan"),
        ("https://vrviet.vn/", "vietnam_vn"),
        ("https://en.vietnamplus.vn/", "vietnamplus"),
        ("https://thuonghieucongluan.com.vn/a-post1.html", None),
        ("https://thuonghieucongluan.vn/", None),
        ("https://congluan.vn.example/", None),
        ("https://media.congluan.vn/", None),
        ("https://notvietnam.vn/", None),
        ("https://example/congluan.vn/", None),
        ("https://congluan.vn@example/", None),
        ("ftp://congluan.vn/", None),
        ("congluan.vn", None),
        ("", None),
    ],
)
def test_hosts_match_exactly(url: str, name: str | None) -> None:
    found = publisher_of(url)
    assert (found and found.name) == name


def test_all_publishers_in_order() -> None:
    assert list(publishers()) == sorted(publishers())
    asked_for = "congluan vietnam_vn baomoi vietnamplus nhandan tienphong sggp plo tuoitre nld thanhnien dantri vnexpress laodong baoquocte"
    assert set(asked_for.split()) <= set(publishers())
    assert {name for name, known in publishers().items() if known.aggregator} == {"vietnam_vn", "baomoi"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("conglaun", "congluan"),
        ("vietnam.vn", "vietnam_vn"),
        ("Vietnam-VN", "vietnam_vn"),
        ("tuoi tre", "tuoitre"),
        ("www.sggp.org.vn", "sggp"),
    ],
)
def test_unknown_names_get_a_suggestion(typed: str, meant: str) -> None:
    with pytest.raises(UnknownPublisherError, match=f"did you mean '{meant}'"):
        publisher(typed)


def test_hopeless_names_get_the_list() -> None:
    with pytest.raises(UnknownPublisherError, match=r"there are .*congluan.*vnexpress"):
        publisher("zzzzzz")


def test_identify() -> None:
    page = Page(
        url="https://www.congluan.vn/tiem-sua-radio-cuoi-cung-o-pho-hang-luoc-10336560.html?utm_source=x",
        body=b"",
        fetched_at=FETCHED,
    )
    known = identify(page)
    assert (known.publisher, known.language, known.key) == (
        "congluan",
        "vi",
        "https://congluan.vn/tiem-sua-radio-cuoi-cung-o-pho-hang-luoc",
    )
    assert known.layouts == publisher("congluan").layouts
    assert known.url == page.url
    assert identify(known) == known


def test_identify_short_slugs_by_id() -> None:
    """A column repeats its name; taken for one article, all but the first issue would be lost."""
    keys = {
        publisher("congluan").article_key(f"https://congluan.vn/diem-bao-{number}.html")
        for number in ("post11", "post12", "10336560")
    }
    assert len(keys) == 3


def test_identify_promises_no_language_for_other_pages() -> None:
    known = identify(Page(url="https://www.vietnam.vn/de", body=b"", fetched_at=FETCHED))
    assert (known.publisher, known.key, known.language) == ("vietnam_vn", "", None)


def test_identify_leaves_strangers_alone() -> None:
    for url in ("https://a.example/x-post1.html", "not an address"):
        page = Page(url=url, body=b"", fetched_at=FETCHED)
        assert identify(page) is page


ROBOTS = "User-agent: *\nDisallow: /tin-kin/\nCrawl-delay: 3\nSitemap: https://congluan.vn/sitemap-moi.xml\nSitemap: https://elsewhere.example/sitemap.xml\n"
INDEX = """<sitemapindex><sitemap><loc>https://congluan.vn/sitemap-2026-07.xml</loc></sitemap>
<sitemap><loc>https://congluan.vn/sitemap-2026-08.xml</loc></sitemap></sitemapindex>"""
MONTH = f"<urlset><url><loc>{ARTICLE}</loc><lastmod>2026-08-14T21:20:00+07:00</lastmod></url><url><loc>https://congluan.vn/tac-gia/a</loc></url></urlset>"
SECTION = f'<link rel="alternate" type="application/rss+xml" href="/rss/the-thao.rss"><a href="{ARTICLE}">x</a><a href="/xe?page=2">2</a>'


def site(changed: Mapping[str, str | int] | None = None) -> tuple[Callable[[str], Page], list[str]]:
    """A little congluan.vn, and the list of what was asked of it. `changed`: path → other text, or a status."""
    texts: dict[str, str | int] = {
        "robots.txt": ROBOTS,
        "sitemap.xml": INDEX,
        "sitemap-2026-08.xml": MONTH,
        "sitemap-news.xml": "<urlset/>",
        "sitemap-moi.xml": MONTH,
        "rss/kinh-te.rss": f"<rss><channel><item><link>{ARTICLE}</link></item></channel></rss>",
        "xe": SECTION,
        ARTICLE.rpartition("/")[2]: (RECORDED / "congluan.html").read_text("utf-8"),
    }
    texts |= changed or {}
    asked: list[str] = []

    def fetch(url: str) -> Page:
        asked.append(url)
        text = texts.get(url.removeprefix("https://congluan.vn/"), 404)
        page = Page(url=url, body=b"", fetched_at=FETCHED)
        return replace(page, status=text) if isinstance(text, int) else replace(page, body=text.encode())

    return fetch, asked


def lines(found: Check, what: str) -> list[str]:
    return [str(finding) for finding in found.findings if finding.what == what]


def test_check_finds_what_is_there() -> None:
    fetch, asked = site()
    found = check("congluan", fetch)
    assert found.good
    assert "asks for 3 s" in lines(found, "robots")[0]
    sitemaps = "\n".join(lines(found, "sitemap"))
    assert "index of 2; its newest, https://congluan.vn/sitemap-2026-08.xml: 1 articles of 2 addresses" in sitemaps
    assert "newest 2026-08-14 14:20 UTC, not an article: https://congluan.vn/tac-gia/a" in sitemaps
    assert "sitemap-moi.xml" in sitemaps, "robots.txt names it"
    assert not any("elsewhere" in url for url in asked), "another site's sitemap is not ours to ask for"
    assert lines(found, "feed")[0].startswith("ok")
    assert lines(found, "feed")[1].startswith("note"), "the section page names a feed that the file does not"
    assert any("goes on at https://congluan.vn/xe?page=2" in line for line in lines(found, "section"))
    assert "'Tiệm sửa radio" in lines(found, "article")[0]
    assert "2026-08-14 14:20 UTC, vi" in lines(found, "article")[0]
    assert re.fullmatch(r"congluan works; \d+ of its addresses failed", str(found).splitlines()[-1])
    assert asked.count("https://congluan.vn/robots.txt") == 1
    assert len(asked) == len(set(asked))


def test_check_says_what_came_instead() -> None:
    fetch, _ = site(
        {
            "sitemap.xml": "<!DOCTYPE html><title>Access denied</title>",
            "rss/kinh-te.rss": 503,
            "sitemap-moi.xml": 404,
            "xe": "<p>",
        }
    )
    found = check("congluan", fetch)
    assert not found.good
    assert any("HTML page instead of XML, titled 'Access denied'" in line for line in lines(found, "sitemap"))
    assert "status 503" in lines(found, "feed")[0]
    assert lines(found, "article") == ["FAIL article   nothing that was found looks like an article"]
    assert "congluan does not work" in str(found)


@pytest.mark.parametrize("answer", [503, 429])
def test_check_asks_nothing_when_robots_cannot_be_had(answer: int) -> None:
    fetch, asked = site({"robots.txt": answer})
    assert f"status {answer}: nothing may be asked" in str(check("congluan", fetch))
    assert asked == ["https://congluan.vn/robots.txt"]


def test_check_says_why_another_host_cannot_be_asked() -> None:
    def fetch(url: str) -> Page:
        page = Page(url=url, body=b"", fetched_at=FETCHED, status=404)
        silent = replace(page, error="robots_unreachable", headers={"x-detail": "no such host"})
        return silent if url.startswith("https://api.") else page

    found = check("sggp", fetch)
    assert "no such host: nothing may be asked" in lines(found, "list")[0]
    assert "status 404" in lines(found, "feed")[0]


def test_check_asks_nothing_that_is_disallowed() -> None:
    fetch, asked = site(
        {"robots.txt": "User-agent: copydesk\nDisallow: /rss/\nDisallow: /*-post\nDisallow: /sitemap-2026"}
    )
    found = check("congluan", fetch)
    assert not any("/rss/" in url or "-post" in url or "sitemap-2026" in url for url in asked)
    assert "robots.txt does not allow it" in lines(found, "feed")[0]
    assert not found.good


def test_check_needs_a_name() -> None:
    with pytest.raises(UnknownPublisherError):
        check("nobody", site()[0])
