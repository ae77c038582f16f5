"""What every publisher promises: one class of tests for all of them.

`pages/NAME.html` is a page in the markup of NAME's site, written for this test; `pages/NAME.json` says what it holds, which other
addresses are the same article, and which addresses are none of its articles.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cssselect import HTMLTranslator
from lxml import html

from crawler import settings, spiders
from crawler.news_spider import NewsSpider
from crawler.publishers import identify, publisher_of, publishers
from pipelines import urls
from pipelines.clean import clean
from pipelines.extract import extract
from pipelines.records import Article, Page

PAGES = Path(__file__).parent / "pages"
FETCHED = datetime(2026, 8, 20, tzinfo=UTC)


def recorded(name: str) -> Page:
    return Page(url=said(name)["url"], body=(PAGES / f"{name}.html").read_bytes(), fetched_at=FETCHED)


def said(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    return answer


@pytest.fixture(params=publishers())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def publisher(name: str) -> type[NewsSpider]:
    return publishers()[name]


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    return {}


@pytest.fixture
def article(name: str, articles: dict[str, Article]) -> Article:
    if name not in articles:
        articles[name] = clean(extract(identify(recorded(name))))
    return articles[name]


class TestForm:
    def test_name_is_the_file(self, name: str, publisher: type[NewsSpider]) -> None:
        assert publisher.name == name
        assert publisher.__module__ == f"{spiders.__name__}.{name}"
        assert publisher.title
        assert re.fullmatch(r"[a-z]{2,3}", publisher.language)

    def test_hosts_are_its_own(self, publisher: type[NewsSpider]) -> None:
        for host in publisher.all_hosts():
            assert urls.parse(f"https://{host}/").host == host, "as addresses write it"
            assert publisher_of(f"https://{host}/") is publisher, "nobody else claims it"

    def test_lists_are_addresses_of_its_hosts(self, publisher: type[NewsSpider]) -> None:
        lists = [*publisher.sitemaps, *publisher.feeds, *publisher.sections]
        assert len(set(lists)) == len(lists) > 0
        for url in lists:
            assert urls.canonical(url) == url
            assert publisher_of(url) is publisher
        for url in publisher.list_apis:
            assert url.format(page=1) != url.format(page=2)
            site = urls.parse(f"https://{publisher.hosts[0]}/").host.removeprefix("www.")
            assert urls.host(url.format(page=1)).endswith(f".{site}")

    def test_is_polite(self, publisher: type[NewsSpider]) -> None:
        assert publisher.delay == 0 or publisher.delay > settings.DOWNLOAD_DELAY >= 1
        assert publisher.custom_settings is None
        assert publisher.rights_policy == "respect"

    def test_layouts_are_selectors(self, publisher: type[NewsSpider]) -> None:
        for layout in publisher.layouts:
            for part in (
                layout.title,
                layout.lead,
                layout.published,
                layout.authors,
                layout.section,
                layout.tags,
                layout.source,
            ):
                assert not part or HTMLTranslator().css_to_xpath(part)
            assert all(HTMLTranslator().css_to_xpath(selector) for selector in (layout.body, *layout.drop))

    def test_is_a_form(self, publisher: type[NewsSpider]) -> None:
        """Logic belongs to `NewsSpider` or to a platform."""
        assert not [thing for thing in vars(publisher).values() if callable(thing) or isinstance(thing, classmethod)]


class TestAddresses:
    def test_its_articles(self, name: str, publisher: type[NewsSpider]) -> None:
        for url in (said(name)["url"], *said(name)["same"]):
            assert publisher.is_article(urls.canonical(url)), url
            assert publisher_of(url) is publisher, url

    def test_one_article_under_all_its_addresses(self, name: str, publisher: type[NewsSpider]) -> None:
        keys = {publisher.article_key(url) for url in (said(name)["url"], *said(name)["same"])}
        assert len(keys) == 1
        (key,) = keys
        assert urls.canonical(key) == key
        assert publisher_of(key) is publisher

    def test_nothing_else(self, name: str, publisher: type[NewsSpider]) -> None:
        for url in said(name)["not_articles"]:
            assert not publisher.is_article(url), url

    def test_its_lists_are_no_articles(self, publisher: type[NewsSpider]) -> None:
        for url in (*publisher.sitemaps, *publisher.feeds, *publisher.sections):
            assert not publisher.is_article(url), url

    def test_editions_are_other_articles(self, name: str, publisher: type[NewsSpider]) -> None:
        here = urls.parse(said(name)["url"])
        keys = {publisher.article_key(str(here))}
        for host, language in publisher.host_languages.items():
            there = str(here._replace(host=host))
            assert publisher.language_of(there) == language
            keys.add(publisher.article_key(there))
        assert len(keys) == 1 + len(publisher.host_languages)


class TestRecordedPage:
    def test_page_is_recognised(self, name: str, publisher: type[NewsSpider]) -> None:
        page = identify(recorded(name))
        assert page.publisher == name
        assert page.key == publisher.article_key(page.url)
        assert page.language == said(name)["language"]
        assert page.layouts == publisher.layouts

    def test_a_layout_fits(self, name: str, publisher: type[NewsSpider]) -> None:
        tree = html.fromstring(recorded(name).body)
        fitting = [layout for layout in publisher.layouts if tree.cssselect(layout.body)]
        assert bool(fitting) == bool(publisher.layouts)
        for layout in fitting:
            assert not layout.title or len(tree.cssselect(layout.title)) == 1
            assert not layout.lead or len(tree.cssselect(layout.lead)) == 1

    def test_title_lead_and_date(self, name: str, article: Article) -> None:
        truth = said(name)
        assert article.title == truth["title"]
        assert article.lead == truth["lead"]
        assert article.published_at == datetime.fromisoformat(truth["published_at"])
        assert article.language == truth["language"]
        assert article.article_id == urls.article_id(identify(recorded(name)).key)

    def test_text(self, name: str, article: Article) -> None:
        truth = said(name)
        assert article.text.startswith(truth["first"])
        assert article.text.endswith(truth["last"])
        for stranger in (*truth["absent"], truth["title"], truth["lead"]):
            assert stranger not in article.text
