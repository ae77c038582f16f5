"""What an article is on a page, and what is not."""

import random
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.extract import body, extract, language_of
from pipelines.lines import line_hash
from pipelines.records import Article, Declaration, Image, Layout, Rejected
from tests.extract.pages import FETCHED, LEAD, PARAGRAPHS, TITLE, news, page


def test_the_paragraphs_are_the_text_and_nothing_else() -> None:
    article = extract(page(news()))
    assert article.text.split("\n") == list(PARAGRAPHS)
    assert article.title == TITLE
    assert article.lead == ""
    assert article.language == "en"
    assert article.extractor.startswith("copydesk-extract/")


def test_the_lead_stands_apart_and_body_composes_it() -> None:
    article = extract(
        page(
            news(
                head=f'<meta property="og:description" content="{LEAD}">', lead=f'<h2 class="article-lead">{LEAD}</h2>'
            )
        )
    )
    assert article.lead == LEAD
    assert LEAD not in article.text
    assert body(article) == f"{LEAD}\n{article.text}"


def test_a_first_paragraph_that_the_description_quotes_stays_text() -> None:
    article = extract(page(news(head=f'<meta property="og:description" content="{PARAGRAPHS[0]}">')))
    assert article.lead == ""
    assert article.text.startswith(PARAGRAPHS[0])


def test_a_passage_shown_twice_is_text_once() -> None:
    twice = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    article = extract(page(news(bottom=f'<div class="article-body print">{twice}</div>')))
    assert all(article.text.count(text) == 1 for text in PARAGRAPHS)


def test_learned_lines_are_left_out_and_listed() -> None:
    blurb = "Subscribers of the Westhaven Courier read the digital edition from six in the morning on every day of the week."
    html = news(inside=f"<p>{blurb}</p>")
    article = extract(page(html), template=frozenset({line_hash(blurb)}))
    assert blurb not in article.text
    assert [(cut.kind, cut.text) for cut in article.removed if cut.kind == "learned"] == (
        [("learned", blurb)] if blurb in extract(page(html)).text else []
    )


def test_page_lines_hold_every_block_once() -> None:
    article = extract(page(news()))
    assert len(set(article.page_lines)) == len(article.page_lines)
    assert {line_hash(text) for text in (*PARAGRAPHS, TITLE, "Ferry prices rise again in June")} <= set(
        article.page_lines
    )


def test_json_ld_is_the_text_only_of_a_page_that_shows_far_less() -> None:
    stated = "\\n".join(PARAGRAPHS * 2)
    script = f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{TITLE}", "articleBody": "{stated}"}}</script>'
    shell = extract(page(news(head=script, paragraphs=(PARAGRAPHS[0][:60],))))
    full = extract(page(news(head=script)))
    assert PARAGRAPHS[3] in shell.text
    assert full.text.split("\n") == list(PARAGRAPHS)


def test_captions_go_with_their_images() -> None:
    figure = '<figure><img src="/pier.jpg" width="800"><figcaption>The eastern pier on Monday. Photo: J. Okafor</figcaption></figure>'
    article = extract(
        page(news(inside=figure, head='<meta property="og:image" content="https://courier.example/og.jpg">'))
    )
    assert article.images == (
        Image("https://courier.example/og.jpg"),
        Image("https://courier.example/pier.jpg", "The eastern pier on Monday. Photo: J. Okafor"),
    )
    assert "Okafor" not in article.text


LAYOUT = Layout(
    body="div.article-body",
    drop=(".c-box",),
    title="h1.article-title",
    lead="p.sapo",
    published="span.when",
    authors=".who",
    tags=".tags a",
    source="a.source",
)


def test_a_layout_says_where_everything_stands() -> None:
    html = news(
        top='<span class="when">14/08/2025 - 21:20 |</span><span class="who">Ngọc Ánh</span>',
        lead=f'<p class="sapo">{LEAD}</p>',
        inside='<div class="c-box"><p>Bài liên quan: a long line of related words that would pass for a sentence of the text.</p></div>',
        bottom='<div class="tags"><a>cảng</a><a>tàu</a></div><a class="source" href="https://origin.example/pier-1">Origin Daily</a>',
        language="vi",
    )
    article = extract(page(html, "https://courier.example.vn/pier", layouts=(LAYOUT,)))
    assert article.text.split("\n") == list(PARAGRAPHS)
    assert (article.lead, article.title, article.authors, article.tags) == (LEAD, TITLE, ("Ngọc Ánh",), ("cảng", "tàu"))
    assert (article.published_at, article.published_at_source) == (datetime(2025, 8, 14, 14, 20, tzinfo=UTC), "layout")
    assert (article.source_url, article.source_name) == ("https://origin.example/pier-1", "Origin Daily")
    assert Declaration("source_url", "https://origin.example/pier-1", "layout") in article.declarations


@pytest.mark.parametrize(
    "layout", [Layout(body="div.other"), Layout(body="aside.empty"), Layout(body="nav", valid_until=date(2020, 1, 1))]
)
def test_a_layout_that_does_not_fit_changes_nothing(layout: Layout) -> None:
    assert extract(page(news(), layouts=(layout,))).text == extract(page(news())).text


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b"", "empty"),
        (b" \n\x00", "empty"),
        (b"%PDF-1.7 <html>", "not_html"),
        (b"just words", "not_html"),
        (b"<html><body></body></html>", "not_article"),
        (b"<html><body><div>" + b"<br>" * 200_000, "too_complex"),
        (b"<html><body>" + b"<div>" * 5000 + b"text", "too_complex"),
        (b"<html><body><p " + b" ".join(b"a%d" % i for i in range(5000)) + b">x</p>", "too_complex"),
        (b"<html>" + b"x" * 5_000_001, "too_large"),
    ],
)
def test_what_is_no_article_says_why(html: bytes, reason: str) -> None:
    with pytest.raises(Rejected) as refusal:
        extract(page(html))
    assert refusal.value.reason == reason


def test_long_attribute_values_and_scripts_are_not_many_attributes() -> None:
    path = "M0 0 " + "1 2 " * 4000
    html = news(top=f'<svg><path d="{path}"/></svg><script>if (a<b) {{ {"x = 1; " * 3000} }}</script>')
    assert extract(page(html)).text.split("\n") == list(PARAGRAPHS)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_mutated_pages_end_in_an_article_or_a_reason(seed: int) -> None:
    chance = random.Random(seed)
    broken = bytearray(news().encode())
    for _ in range(chance.randrange(1, 60)):
        at = chance.randrange(len(broken))
        match chance.randrange(3):
            case 0:
                broken[at] = chance.randrange(256)
            case 1:
                del broken[at : at + chance.randrange(40)]
            case _:
                broken[at:at] = chance.choice(
                    (b"<!--", b"<div>", b"</p>", b"\x00", b"\xed\xa0\x80", b"<script>", b'"', b"&#xD800;")
                )
    try:
        article = extract(page(bytes(broken)))
    except Rejected as refusal:
        assert refusal.reason  # noqa: PT017  (either end is right)
    else:
        assert isinstance(article, Article)
        article.text.encode()


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("Cây cầu bắc qua sông sẽ đóng cửa hai tuần kể từ thứ Hai tới", None, "vi"),
        ("Cây cầu bắc qua sông sẽ đóng cửa hai tuần kể từ thứ Hai tới", "en-US", "vi"),
        ("市政府星期五宣布，跨河大桥将从下星期一起关闭两个星期，届时车辆需要绕行。", "zh-CN", "zh-CN"),
        ("The bridge will stay closed for two weeks", "en_gb", "en-GB"),
        ("Brücke zu", "de", "de"),
        ("", None, None),
    ],
)
def test_language(text: str, declared: str | None, language: str | None) -> None:
    assert language_of(text, declared) == language


def test_times_are_of_the_page() -> None:
    assert extract(page(news())).fetched_at == FETCHED
