"""The publisher that docs/adding-a-publisher.md adds is one that would work."""

import json
import re
from pathlib import Path
from typing import Any

from crawler import platforms
from crawler.news_spider import NewsSpider
from crawler.publishers import Finding
from pipelines import urls

GUIDE = (Path(__file__).parents[2] / "docs" / "adding-a-publisher.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def test_the_form_and_its_page_agree() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    form: type[NewsSpider] = names["BaoSongHau"]
    page = json.loads(block("json"))
    assert form.is_article(page["url"])
    assert form.article_key(page["url"]) == "https://www.baosonghau.example/81234"
    assert [form.article_key(url) for url in page["same"]] == [form.article_key(page["url"])]
    assert not any(form.is_article(url) for url in page["not_articles"])
    assert urls.canonical(page["url"]) == page["url"]


def test_every_platform_is_in_the_table() -> None:
    for name, platform in vars(platforms).items():
        if isinstance(platform, type) and issubclass(platform, NewsSpider):
            assert f"`{name}`" in GUIDE, name


def test_attributes_exist() -> None:
    table = GUIDE.partition("| attribute |")[2].partition("\n\n")[0]
    names = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)))
    assert len(names) > 10
    for name in names:
        assert hasattr(NewsSpider, name), name


def test_the_report_looks_like_that() -> None:
    finding = Finding(
        "feed",
        "https://www.baosonghau.example/rss/home.rss",
        True,
        "50 articles of 50 addresses, newest 2026-08-14 14:20 UTC",
    )
    assert str(finding) in GUIDE
