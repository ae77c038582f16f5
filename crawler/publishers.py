"""The publishers we know: by name, by address, and whether what their files say is still true."""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from urllib.parse import urlsplit

from crawler import spiders
from crawler.discovery import Entry, Unreadable, find_feeds, parse_feed, parse_list_api, parse_section, parse_sitemap
from crawler.discovery.window import children_for
from crawler.news_spider import NewsSpider
from crawler.robots import NO_RULES, Rules
from pipelines import urls
from pipelines.extract import extract
from pipelines.records import Page, Rejected


class UnknownPublisherError(ValueError):
    """Nobody has that name. The message says which one is nearest."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(
            name.lower().replace("-", "_").replace(".", "_"), publishers(), n=1, cutoff=0.5
        )
        claimed = publisher_of(f"https://{name}/")
        meant = claimed.name if claimed else near[0] if near else ""
        super().__init__(
            f"no publisher {name!r}"
            + (f"; did you mean {meant!r}?" if meant else f"; there are {', '.join(publishers())}")
        )


@cache
def publishers() -> Mapping[str, type[NewsSpider]]:
    """Name → publisher, sorted by name: every module of `crawler/spiders/`.

    Raises:
        TypeError: a module without exactly one publisher of its own name; a mistake in that file.
    """
    found = {}
    for module in pkgutil.iter_modules(spiders.__path__):
        names = vars(importlib.import_module(f"{spiders.__name__}.{module.name}")).values()
        own = [
            thing
            for thing in names
            if isinstance(thing, type) and issubclass(thing, NewsSpider) and thing.name == module.name
        ]
        if len(own) != 1:
            raise TypeError(f"crawler/spiders/{module.name}.py must hold one publisher with name = {module.name!r}")
        found[module.name] = own[0]
    return MappingProxyType(dict(sorted(found.items())))


def publisher(name: str) -> type[NewsSpider]:
    """The publisher of that name.

    Raises:
        UnknownPublisherError: with the nearest name.
    """
    try:
        return publishers()[name]
    except KeyError:
        raise UnknownPublisherError(name) from None


@cache
def _hosts() -> Mapping[str, type[NewsSpider]]:
    return MappingProxyType({host: spider for spider in publishers().values() for host in spider.all_hosts()})


def publisher_of(url: str) -> type[NewsSpider] | None:
    """The publisher that names the address's host, exactly: no part of a name and no subdomain is ever guessed."""
    address = urls.split(url)
    return _hosts().get(address.host) if address else None


def identify(page: Page) -> Page:
    """The page with its publisher, key, language and layouts, when a publisher claims its address; else the page itself."""
    spider = publisher_of(page.url)
    if spider is None:
        return page
    if not spider.is_article(page.url):
        return replace(page, publisher=spider.name, layouts=spider.layouts)
    return replace(
        page,
        publisher=spider.name,
        key=spider.article_key(page.url),
        language=spider.language_of(page.url),
        layouts=spider.layouts,
    )


# --- does a publisher's file still tell the truth? ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. `good` is None for what is merely worth knowing."""

    what: str
    url: str
    good: bool | None
    detail: str

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "FAIL", None: "note"}[self.good]
        return (
            f"{mark} {self.what:<9} {self.url}\n               {self.detail}"
            if self.url
            else f"{mark} {self.what:<9} {self.detail}"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """What trying a publisher brought. `str()` of it is the report."""

    name: str
    findings: tuple[Finding, ...] = field(repr=False)

    @property
    def good(self) -> bool:
        """An article came out whole, and at least one listing named it."""
        return any(found.what == "article" and found.good for found in self.findings)

    def __str__(self) -> str:
        bad = sum(found.good is False for found in self.findings)
        verdict = "works" if self.good else "does not work"
        return "\n".join(
            [*map(str, self.findings), f"{self.name} {verdict}" + (f"; {bad} of its addresses failed" if bad else "")]
        )


def check(name: str, fetch: Callable[[str], Page]) -> Check:
    """Try a publisher: robots, sitemaps, feeds, sections, lists, and the newest article that they name.

    Every listing is asked once, a sitemap index twice. `fetch` gives the page of an address, with `error` set when there is
    none, and keeps the delay between requests; what robots.txt disallows is never passed to it.

    Raises:
        UnknownPublisherError: with the nearest name.
    """
    spider = publisher(name)
    attempt = _Attempt(spider, fetch)
    if attempt.robots():
        attempt.listings()
        attempt.article()
    return Check(name, tuple(attempt.findings))


class _Attempt:
    """The state of one check: what was found so far."""

    def __init__(self, spider: type[NewsSpider], fetch: Callable[[str], Page]) -> None:
        self.spider = spider
        self.home = f"https://{spider.hosts[0]}/"
        self.findings: list[Finding] = []
        self._fetch = fetch
        self._rules: dict[str, Rules] = {}
        self._silent: dict[str, str] = {}
        """robots.txt that cannot be asked → why."""
        self._entries: dict[str, Entry] = {}

    def robots(self) -> bool:
        rules = self._rules_of(self.home)
        delay = f"asks for {rules.delay:g} s between requests" if rules.delay else "asks for no delay"
        said = f"{delay}, names {len(rules.sitemaps)} sitemaps"
        self._note(
            "robots",
            self.home + "robots.txt",
            rules.reachable,
            said if rules.reachable else self._refusal(self.home),
        )
        return rules.reachable

    def listings(self) -> None:
        spider = self.spider
        told = {where: None for where in self._rules_of(self.home).sitemaps if publisher_of(where) is spider}
        for where in dict.fromkeys([*spider.sitemaps, *told]):
            self._try("sitemap", where, self._sitemap)
        for where in spider.feeds:
            self._try("feed", where, lambda page: self._listed(parse_feed(page.body, page.url, spider.zone)))
        for where in spider.sections:
            self._try("section", where, self._section)
        for where in spider.list_apis:
            self._try(
                "list",
                where.format(page=1),
                lambda page: self._listed(parse_list_api(page.body, self.home, spider.zone)),
            )

    def article(self) -> None:
        newest = sorted(
            self._entries.values(), key=lambda entry: entry.seen or datetime.min.replace(tzinfo=UTC), reverse=True
        )
        if not newest:
            self._note("article", "", False, "nothing that was found looks like an article")
        for entry in newest[:3]:  # one of them may be a video or a gallery
            self._try("article", entry.url, self._extracted)
            if self.findings[-1].good:
                return

    def _try(self, what: str, url: str, read: Callable[[Page], tuple[bool, str]]) -> None:
        if refusal := self._refusal(url):
            self._note(what, url, False, refusal)
            return
        page = self._fetch(url)
        if page.error or page.status != 200:
            self._note(what, url, False, page.error or f"status {page.status}")
            return
        try:
            self._note(what, url, *read(page))
        except (Unreadable, Rejected) as refused:
            self._note(what, url, False, str(refused))

    def _sitemap(self, page: Page) -> tuple[bool, str]:
        sitemap = parse_sitemap(page.body, page.url, self.spider.zone)
        if not sitemap.children:
            return self._listed(sitemap.entries)
        newest = next((child.url for child in children_for(sitemap.children, until=page.fetched_at)), "")
        child = self._fetch(newest) if newest and self._rules_of(newest).allows(newest) else None
        if child is None or child.error or child.status != 200:
            return False, f"an index of {len(sitemap.children)}; its newest, {newest or '(none)'}, was not to be had"
        good, detail = self._listed(parse_sitemap(child.body, child.url, self.spider.zone).entries)
        return good, f"an index of {len(sitemap.children)}; its newest, {newest}: {detail}"

    def _section(self, page: Page) -> tuple[bool, str]:
        section = parse_section(page.body, page.url, self.spider.is_article)
        further = [feed for feed in find_feeds(page.body, page.url) if feed not in self.spider.feeds]
        if further:
            self._note("feed", further[0], None, f"{len(further)} feeds are on {page.url} that the file does not name")
        good, detail = self._listed(section.articles)
        return good, f"{detail}, {'goes on at ' + section.next_pages[0] if section.next_pages else 'no next page'}"

    def _listed(self, entries: tuple[Entry, ...]) -> tuple[bool, str]:
        articles = [entry for entry in entries if self.spider.is_article(entry.url)]
        self._entries |= {entry.url: entry for entry in articles if entry.url not in self._entries or entry.seen}
        times = [entry.seen for entry in articles if entry.seen]
        detail = f"{len(articles)} articles of {len(entries)} addresses"
        if times:
            detail += f", newest {max(times):%Y-%m-%d %H:%M} UTC"
        other = next((entry.url for entry in entries if entry not in articles), None)
        return bool(articles), detail + (f", not an article: {other}" if other else "")

    def _extracted(self, page: Page) -> tuple[bool, str]:
        article = extract(identify(page))
        when = f"{article.published_at:%Y-%m-%d %H:%M} UTC" if article.published_at else "no date"
        known = f"key {self.spider.article_key(page.url)}"
        return bool(
            article.title and article.published_at
        ), f"{article.title!r}, {when}, {article.language}, {len(article.text)} characters, {known}"

    def _rules_of(self, url: str) -> Rules:
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}/robots.txt"
        if where not in self._rules:
            page = self._fetch(where)
            if page.error or page.status == 429 or page.status >= 500:
                self._rules[where] = Rules(reachable=False)
                self._silent[where] = page.headers.get("x-detail") or page.error or f"status {page.status}"
            else:
                self._rules[where] = Rules.parse(page.body) if page.status < 300 else NO_RULES
        return self._rules[where]

    def _refusal(self, url: str) -> str:
        """Why an address may not be asked; "" when it may."""
        rules, parts = self._rules_of(url), urlsplit(url)
        if not rules.reachable:
            return f"{self._silent[f'{parts.scheme}://{parts.netloc}/robots.txt']}: nothing may be asked"
        return "" if rules.allows(url) else "robots.txt does not allow it"

    def _note(self, what: str, url: str, good: bool | None, detail: str) -> None:
        self.findings.append(Finding(what, url, good, detail))
