"""The report as HTML: complete, self-contained, and harmless whatever the articles say."""

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from lxml import html

from pipelines.report import page
from pipelines.store import connect
from tests.report import folder
from tests.report.conftest import Write

PAGES = ("empty", "single", "full", "hostile")


@pytest.fixture(params=PAGES)
def any_report(request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue(request.param))


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(any_report: Path) -> None:
    text = any_report.read_text("utf-8")
    tree = html.document_fromstring(text)
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert not tree.xpath(
        "//script | //link | //img | //iframe | //object | //embed | //form | //base | //*[local-name()='image']"
    )
    assert not tree.xpath("//@style | //@src | //@srcset")
    assert not [name for node in tree.iter() for name in node.attrib if name.lower().startswith("on")]
    assert "url(" not in style
    assert "@import" not in style


def test_links_lead_to_web_pages_or_into_the_report(any_report: Path) -> None:
    tree = html.document_fromstring(any_report.read_text("utf-8"))
    ids = set(tree.xpath("//@id"))
    assert len(ids) == len(tree.xpath("//@id"))
    for link in tree.xpath("//@href"):
        assert link.startswith(("https://", "http://", "#"))
        assert not link.startswith("#") or link[1:] in ids
    for reference in re.findall(r"url\(#([^)]+)\)", any_report.read_text("utf-8")):
        assert reference in ids


def test_an_empty_folder_says_what_to_do(empty: Path) -> None:
    text = html.document_fromstring(empty.read_text("utf-8")).text_content()
    assert "There are no articles yet" in text
    assert "copydesk crawl" in text
    assert "nan" not in text.lower().replace("nobody", "")


def test_one_article_is_no_story_with_copies(single: Path) -> None:
    text = html.document_fromstring(single.read_text("utf-8")).text_content()
    assert "No copies yet" in text
    assert "The largest stories" not in text
    assert "No host has had 10 pages" in text


def test_everything_asked_for_is_there(full: Path) -> None:
    tree = html.document_fromstring(full.read_text("utf-8"))
    text = " ".join(tree.text_content().split())
    for words in (
        "Articles per day", "By publisher", "Languages", "Who copies whom", "Median delay", "Source named", "The largest stories",
        "Original and copy, side by side", "Extraction and duplicates per host", "How pages ended", "The last runs",
    ):  # fmt: skip
        assert words in text
    assert tree.xpath("//del")
    assert tree.xpath("//ins")
    assert tree.xpath("//mark")
    assert len(tree.xpath("//*[local-name()='svg'][contains(@class, 'wide')]")) == len(
        tree.xpath("//*[local-name()='svg'][contains(@class, 'narrow')]")
    )
    assert full.stat().st_size < 2_000_000


def test_numbers_are_those_of_the_tables(write_report: Write) -> None:
    tables = folder.made_up(300, days=10)
    tree = html.document_fromstring(write_report(tables).read_text("utf-8"))
    shown = {
        block.xpath("string(dt)"): block.xpath("dd/text()")[0] for block in tree.xpath("//dl[@class='numbers']/div")
    }
    stories = {row["story_id"] for row in tables["stories"]}
    assert shown["Articles"] == "300"
    assert shown["Clean articles"] == shown["Stories"] == str(len(stories))
    assert shown["Echo"] == f"{300 / len(stories):.2f}"
    taken = sum(not row["is_canonical"] for row in tables["stories"])
    cells = tree.xpath("//table[@class='matrix']//td")
    assert sum(int(cell.text) for cell in cells) == taken
    ends = tree.xpath("//section[@id='outcomes']//tbody/tr")
    assert sum(int(row.xpath("string(td[3])").replace(",", "")) for row in ends) == len(tables["pages"])


def test_alarms_are_marked_and_listed(write_report: Write) -> None:
    text = write_report(folder.made_up(9000, days=30, broken=True)).read_text("utf-8")
    tree = html.document_fromstring(text)
    listed = " ".join(tree.xpath("string(//section[@id='hosts'])").split())
    assert "tuoitre: none of" in listed
    assert "baogialai: only" in listed
    marks = tree.xpath("//section[@id='hosts']//*[local-name()='title'][contains(text(), 'baogialai: only')]")
    assert marks


def test_hostile_words_stay_words(hostile: Path) -> None:
    text = hostile.read_text("utf-8")
    tree = html.document_fromstring(text)
    assert "&lt;script&gt;alert(1)" in text
    assert not [link for link in tree.xpath("//@href") if link.startswith(("javascript", "data"))]
    assert "7 * 7" in text  # a template inside a title is not run
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    assert "x" * 1000 not in re.sub(r'<div class="side".*?</div>', "", text, flags=re.DOTALL)
    assert not re.search("[\u0300-\u030f]{4}", "".join(tree.xpath("//h3//text() | //td//text()")))
    assert hostile.stat().st_size < 500_000


def test_the_same_tables_give_the_same_page(tmp_path: Path) -> None:
    folder.write(tmp_path, folder.made_up(200, days=9))
    now = datetime(2026, 11, 24, tzinfo=UTC)
    texts = set()
    for _ in range(2):
        with connect(tmp_path) as db:
            texts.add(page(db, title="copydesk", now=now))
    assert len(texts) == 1


def test_a_report_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    from pipelines.report import report

    target = tmp_path / "folder.html"
    target.mkdir()
    with connect(tmp_path) as db, pytest.raises(OSError, match="directory"):
        report(db, target)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.html"]


@pytest.mark.parametrize(("span", "word"), [(60, "day"), (300, "week"), (1500, "four weeks")])
def test_a_long_time_is_shown_in_longer_steps(write_report: Write, span: int, word: str) -> None:
    text = write_report(folder.made_up(200, days=span)).read_text("utf-8")
    assert f"Articles per {word}" in text
