"""Title, time, names and declarations, from wherever a page says them."""

from datetime import UTC, datetime

import pytest

from pipelines.extract import dates, extract, jsonld, metadata
from pipelines.extract.decode import parse
from pipelines.records import Declaration
from tests.extract.pages import TITLE, news, page


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "language", "tld", "at", "offset"),
    [
        ("2025-03-01T08:30:00+07:00", "vi", "vn", utc(2025, 3, 1, 1, 30), 420),
        ("2025-03-01T08:30:00Z", None, "com", utc(2025, 3, 1, 8, 30), 0),
        ("2025-03-01T08:30:00.123+0100", None, "com", utc(2025, 3, 1, 7, 30), 60),
        ("2025-03-01 08:30", "de", "de", utc(2025, 3, 1, 7, 30), 60),
        ("2025-03-01", None, "com", utc(2025, 3, 1), None),
        ("20250301T083000Z", None, "com", utc(2025, 3, 1, 8, 30), 0),
        ("1740817800", None, "com", utc(2025, 3, 1, 8, 30), 0),
        ("1740817800000", None, "com", utc(2025, 3, 1, 8, 30), 0),
        ("Thứ Năm, 14/08/2026 - 21:20 |", "vi", "vn", utc(2026, 8, 14, 14, 20), 420),
        ("14/08/2026 19:26", "vi", "com", utc(2026, 8, 14, 12, 26), 420),
        ("21:20 14/08/2026 (GMT+7)", "vi", "vn", utc(2026, 8, 14, 14, 20), 420),
        ("31/12/2024", "de", "vn", utc(2024, 12, 31), None),
        ("03.04.2025, 17:05 Uhr", "de", "de", utc(2025, 4, 3, 15, 5), 120),
        ("3. März 2025", "de", "de", utc(2025, 3, 3), None),
        ("Stand: 3. März 2025, 14.30 Uhr", "de", "de", utc(2025, 3, 3, 13, 30), 60),
        ("March 3, 2025 4:15 PM EST", "en", "com", utc(2025, 3, 3, 21, 15), -300),
        ("Mon, 03 Mar 2025 16:15:00 GMT", "en", "com", utc(2025, 3, 3, 16, 15), 0),
        ("3 mars 2025 à 18h05", "fr", "fr", utc(2025, 3, 3, 17, 5), 60),
        ("5 de marzo de 2025", "es", "es", utc(2025, 3, 5), None),
        ("5 марта 2025, 12:00", "ru", "com", utc(2025, 3, 5, 12), 0),
        ("2025年3月5日 09:10", "ja", "jp", utc(2025, 3, 5, 0, 10), 540),
        ("2025년 3월 5일", "ko", "kr", utc(2025, 3, 5), None),
    ],
)
def test_a_moment_in_every_form(text: str, language: str | None, tld: str, at: datetime, offset: int | None) -> None:
    assert dates.parse(text, language=language, tld=tld) == dates.Moment(at, offset)


@pytest.mark.parametrize("text", ["", "no date", "99/99/2025", "2025-13-40", "12:30", "1.234,56", "Comments (12)"])
def test_no_moment(text: str) -> None:
    assert dates.parse(text, language="de", tld="de") is None


def test_american_pages_put_the_month_first() -> None:
    assert dates.parse("03/04/2025", american=True) == dates.Moment(utc(2025, 3, 4), None)
    assert dates.parse("03/04/2025") == dates.Moment(utc(2025, 4, 3), None)
    assert dates.parse("03/24/2025") == dates.Moment(utc(2025, 3, 24), None)


LD = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x", "datePublished": "%s"}</script>'
META = '<meta property="article:published_time" content="%s">'
SHOWN = '<time datetime="%s">today</time>'


@pytest.mark.parametrize(
    ("head", "top", "url", "at", "source"),
    [
        (LD % "2025-03-01T08:30:00Z" + META % "2025-02-01", "", "/a", utc(2025, 3, 1, 8, 30), "json_ld"),
        (META % "2025-02-01T00:00:00+07:00", SHOWN % "2025-01-01", "/a", utc(2025, 1, 31, 17), "meta"),
        ("", SHOWN % "2025-01-01T10:00:00Z", "/2024/12/31/a", utc(2025, 1, 1, 10), "visible"),
        ("", '<span class="date">January 7, 2025</span>', "/a", utc(2025, 1, 7), "visible"),
        ("", "", "/2024/12/31/a", utc(2024, 12, 31), "url"),
        (LD % "2031-01-01" + META % "2025-02-01", "", "/a", utc(2025, 2, 1), "meta"),  # the future is refused
        (LD % "1970-01-01" + META % "0001-01-01", SHOWN % "2025-01-01", "/a", utc(2025, 1, 1), "visible"),
    ],
)
def test_the_time_says_where_from(head: str, top: str, url: str, at: datetime, source: str) -> None:
    article = extract(page(news(head=head, top=top), f"https://courier.example{url}"))
    assert (article.published_at, article.published_at_source) == (at, source)


def test_modified() -> None:
    article = extract(page(news(head='<meta property="article:modified_time" content="2025-02-01T10:00:00+01:00">')))
    assert article.modified_at == utc(2025, 2, 1, 9)


@pytest.mark.parametrize(
    ("head", "top", "names"),
    [
        (
            '<script type="application/ld+json">{"@type": "NewsArticle", "author": [{"@type": "Person", "name": "Ana Ruiz"}, {"name": "Bo Li"}]}</script>',
            "",
            ("Ana Ruiz", "Bo Li"),
        ),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "Article", "headline": "x", "author": {"@id": "#p"}}, {"@type": "Person", "@id": "#p", "name": "Ana Ruiz"}]}</script>',
            "",
            ("Ana Ruiz",),
        ),
        ('<meta name="author" content="By Ana Ruiz and Bo Li">', "", ("Ana Ruiz", "Bo Li")),
        ('<meta name="author" content="Westhaven Courier">', '<span class="byline">By Ana Ruiz</span>', ("Ana Ruiz",)),
        ('<meta name="author" content="Westhaven Courier">', "", ("Westhaven Courier",)),
        ('<meta name="author" content="Radio24 Newsroom">', "", ("Radio24 Newsroom",)),
        ('<meta name="author" content="12 May 2025">', "", ()),
        (
            '<meta property="article:author" content="https://social.example/courier">',
            '<a rel="author">Ana Ruiz</a>',
            ("Ana Ruiz",),
        ),
        ("", "", ()),
    ],
)
def test_authors(head: str, top: str, names: tuple[str, ...]) -> None:
    assert extract(page(news(head=head, top=top))).authors == names


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>Pier sinks further | Courier</title><h1>Pier sinks further</h1>", "Pier sinks further"),
        (
            '<title>A</title><meta property="og:title" content="Pier sinks further - The Courier"><h1>Pier sinks further</h1>',
            "Pier sinks further",
        ),
        (
            '<meta property="og:title" content="One - two - Courier"><meta property="og:site_name" content="Courier">',
            "One - two",
        ),
        ("<title>Only this</title>", "Only this"),
    ],
)
def test_titles(html: str, title: str) -> None:
    tree = parse(f"<html><head>{html}</head><body><p>x</p></body></html>")
    assert metadata.titles(tree, metadata.read_meta(tree), {})[0] == title


def test_broken_json_ld_is_mended_or_skipped() -> None:
    tree = parse(
        '<html><script type="application/ld+json">{"@type": "NewsArticle", "headline": "Two\nlines",}</script>'
        '<script type="application/ld+json">{not json</script><p>x</p></html>'
    )
    assert jsonld.article(jsonld.things(tree))["headline"] == "Two lines"


@pytest.mark.parametrize(
    ("head", "headers", "rights"),
    [
        ('<meta name="robots" content="NOINDEX, noarchive">', {}, "noindex,noarchive"),
        ("", {"x-robots-tag": "noarchive"}, "noarchive"),
        ('<meta name="tdm-reservation" content="1">', {}, "tdm-reservation"),
        ("", {"tdm-reservation": "1"}, "tdm-reservation"),
        ('<meta name="robots" content="none">', {}, "noindex"),
        ('<meta name="robots" content="index, follow">', {"tdm-reservation": "0"}, None),
    ],
)
def test_rights(head: str, headers: dict[str, str], rights: str | None) -> None:
    assert extract(page(news(head=head), headers=headers)).rights == rights


def test_canonical_is_taken_from_the_same_site_only() -> None:
    own = extract(page(news(head='<link rel="canonical" href="https://www.courier.example/town/pier">')))
    other = extract(page(news(head='<link rel="canonical" href="https://origin.example/pier">')))
    front = extract(page(news(head='<link rel="canonical" href="https://courier.example/">')))
    assert own.canonical_url == "https://www.courier.example/town/pier"
    assert other.canonical_url == front.canonical_url == "https://courier.example/town/sinking-pier"
    assert Declaration("canonical", "https://origin.example/pier", "link") in other.declarations


def test_the_key_names_the_article() -> None:
    one = extract(page(news(), key="courier:pier"))
    other = extract(page(news(), "https://courier.example/elsewhere", key="courier:pier"))
    assert one.article_id == other.article_id != extract(page(news())).article_id


def test_declarations() -> None:
    head = (
        '<link rel="alternate" hreflang="vi" href="/vi/pier"><link rel="alternate" hreflang="x-default" href="/pier">'
        '<meta name="syndication-source" content="https://origin.example/1">'
        '<script type="application/ld+json">{"@type": "NewsArticle", "isBasedOn": {"url": "https://origin.example/2"},'
        '"publisher": {"@type": "Organization", "name": "Origin", "url": "https://origin.example"}}</script>'
    )
    declared = extract(page(news(head=head))).declarations
    assert Declaration("hreflang", "https://courier.example/vi/pier", "link", "vi") in declared
    assert Declaration("source_url", "https://origin.example/1", "meta") in declared
    assert Declaration("source_url", "https://origin.example/2", "json_ld") in declared
    assert Declaration("source_name", "Origin", "json_ld") in declared
    assert not any(found.language == "x-default" for found in declared)


def test_section_and_tags() -> None:
    article = extract(
        page(
            news(
                head='<meta property="article:section" content="Town"><meta name="keywords" content="pier, harbour; pier">'
            )
        )
    )
    assert (article.section, article.tags, article.title) == ("Town", ("pier", "harbour"), TITLE)
