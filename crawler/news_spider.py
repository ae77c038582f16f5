"""NewsSpider: what every publisher is. A publisher says what it is with attributes; everything it does is here."""

import re
from collections.abc import Mapping
from datetime import UTC, date, tzinfo
from typing import ClassVar, Literal

import scrapy

from pipelines import urls
from pipelines.records import Layout

RightsPolicy = Literal["respect", "archive", "text_only"]


class NewsSpider(scrapy.Spider):
    """One publisher. Subclasses in `crawler/spiders/` are forms: they fill in attributes and nothing else."""

    name: str = ""
    """The file's name; what people type."""
    title: ClassVar[str] = ""
    """What the publisher calls itself."""
    hosts: ClassVar[tuple[str, ...]] = ()
    """Every host that serves its articles in `language`, exactly. The first one is home: keys are written with it."""
    language: ClassVar[str] = "vi"
    """BCP 47, of everything that is not said to be in another language."""
    host_languages: ClassVar[Mapping[str, str]] = {}
    """Further hosts, each with an edition of its own in another language; keys keep these hosts."""
    zone: ClassVar[tzinfo] = UTC
    """What a date without a zone means."""
    sitemaps: ClassVar[tuple[str, ...]] = ()
    """Tried besides those that robots.txt names."""
    feeds: ClassVar[tuple[str, ...]] = ()
    sections: ClassVar[tuple[str, ...]] = ()
    list_apis: ClassVar[tuple[str, ...]] = ()
    """JSON lists; `{page}` counts from 1."""
    article_url: ClassVar[str] = ""
    """What the path of an article's address looks like in full, with the groups `slug`, `id` and `lang` where it has them."""
    key_by: ClassVar[Literal["id", "slug"]] = "id"
    """What stays the same when an article gets a second address."""
    layouts: ClassVar[tuple[Layout, ...]] = ()
    download_delay: float = 1.0
    """Seconds between two requests to one host; never below the project's default."""
    rights_policy: ClassVar[RightsPolicy] = "respect"
    aggregator: ClassVar[bool] = False
    """It republishes others: by default only copies of known stories are fetched."""
    site_since: ClassVar[date | None] = None
    """Before this day there is nothing to find."""

    @classmethod
    def _match(cls, url: str) -> re.Match[str] | None:
        parts = urls.split(url)
        if parts is None or parts.host not in cls.all_hosts() or not cls.article_url:
            return None
        return re.fullmatch(cls.article_url, parts.path)

    @classmethod
    def all_hosts(cls) -> tuple[str, ...]:
        return (*cls.hosts, *cls.host_languages)

    @classmethod
    def is_article(cls, url: str) -> bool:
        """Whether this is the address of one article of this publisher."""
        return cls._match(url) is not None

    @classmethod
    def article_key(cls, url: str) -> str:
        """The address that stands for the article under all its addresses (see `Page.key`).

        A slug too short to belong to one article only (a column's name, say) is keyed together with its id.
        """
        match = cls._match(url)
        if match is None:
            return urls.article_key(url)
        found = match.groupdict()
        host = urls.split(url).host  # type: ignore[union-attr]  # it matched
        home = host if host in cls.host_languages else cls.hosts[0]
        slug, number = found.get("slug") or "", found.get("id") or ""
        by_id = bool(number) and (cls.key_by == "id" or not urls.slug(url))
        words = (found.get("lang"), number if by_id else slug.lower())
        return "https://" + "/".join((home, *(word for word in words if word)))

    @classmethod
    def language_of(cls, url: str) -> str:
        """The language the address promises."""
        match = cls._match(url)
        parts = urls.split(url)
        lang = match.groupdict().get("lang") if match else None
        if lang:
            return lang.split("-")[0]
        return cls.host_languages.get(parts.host if parts else "", cls.language)
