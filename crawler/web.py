"""A publisher there is no file for: `copydesk crawl https://paper.example/`."""

import re

from crawler.news_spider import NewsSpider
from pipelines import urls

SHORT = re.compile(r".*/[^/-]+-[^/-]+-[^/]*?\d{5,}(?:\.[a-z]+)?/?|.*/20\d\d/\d{1,2}/(?:\d{1,2}/)?[^/-]+-[^/-]+-[^/]+/?")
"""Paths with a headline too short to tell copies by: three words or more, and an id behind or a date before them."""


class Website(NewsSpider):
    """Any site: what has a headline in its address is an article."""

    language = ""

    @classmethod
    def is_article(cls, url: str) -> bool:
        return cls.owns(url) and bool(urls.slug(url) or SHORT.fullmatch(urls.parse(url).path))


def site(url: str, *, incidental: bool = False) -> type[Website]:
    """A publisher for the site of one address, named after its host."""
    host = urls.host(url)
    hosts = (host, f"www.{host}")
    return type(host, (Website,), {"name": host, "title": host, "hosts": hosts, "incidental": incidental})
