"""NewsSpider: what every publisher is. A publisher says what it is with attributes; everything it does is here.

    lists (sitemaps, feeds, sections, APIs) ──▶ frontier ──▶ requests, newest first ──▶ Page ──▶ item pipeline ──▶ Run

`start` is the whole crawl of one publisher: it yields a request whenever there is room and something to ask, and ends when no
spider of the session has anything left to do.
"""

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from crawler import discovery, reasons
from crawler.archive import Place
from crawler.discovery import Entry, Unreadable
from crawler.download import GuardedDownload, Interrupted
from crawler.frontier import Found, Visit
from crawler.replay import read_response
from crawler.robots import RobotsMiddleware
from crawler.session import SOURCES, SOURCES_PER_SITE, Options, Planned, Report, Session
from pipelines import urls
from pipelines.records import Layout, Page

RightsPolicy = Literal["respect", "archive", "text_only"]


IN_FLIGHT = 64
"""Requests of one publisher between being planned and their page being prepared."""
TAKEN = 256
"""Addresses that are taken from the frontier at once."""
SECTION_PAGES = 5
FEEDS = 5
"""Feeds of a page that are taken when the publisher's file names none."""
API_PAGES = 20
SITEMAP_DEPTH = 3
HTML_TYPES = ("html", "xml", "text/plain", "octet-stream")

ListKind = Literal["sitemap", "feed", "section", "list_api"]


class List(NamedTuple):
    """An address that announces articles."""

    kind: ListKind
    url: str
    depth: int = 0
    """How many lists led here: a child sitemap, a next page."""
    known: bool = True
    """The publisher's file names it; a 404 of one that was only guessed or found is no failure."""


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
    delay: ClassVar[float] = 0.0
    """Seconds between two requests to one host where the project's default (one) is too few; it is never less."""
    rights_policy: ClassVar[RightsPolicy] = "respect"
    aggregator: ClassVar[bool] = False
    """It republishes others: by default only copies of known stories are fetched."""
    incidental: ClassVar[bool] = False
    """It is asked for single articles that copies name as their source, and for nothing else; what it refuses is no failure of the crawl."""
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

    # -- what Scrapy asks -------------------------------------------------------------------------------------------------

    session: Session
    report: Report

    def __init__(self, *, session: Session | None = None, discover: bool = True, **kwargs: Any) -> None:
        """`discover=False`: only what is asked for, due or declared; no lists."""
        super().__init__(**kwargs)
        if session is not None:
            self.session = session
            self.report = session.enter(self)
        self.idle = False
        self._discover = discover
        self._lists: deque[List] = deque()
        self._asked: set[str] = set()
        self._visits: deque[Visit] = deque()
        self._in_flight = 0
        self._listing = 0
        """Lists that were asked for and whose news is not in the frontier yet."""
        self._taken = 0
        self._woken = asyncio.Event()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Under `scrapy crawl` the spider opens a session of its own; the item pipeline gives it a run and closes both."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        if not hasattr(spider, "session"):
            settings = crawler.settings
            spider.session = Session(
                Options(data=Path(settings["COPYDESK_DATA"]), contact=settings["COPYDESK_CONTACT"]), None
            )
            spider.report = spider.session.enter(spider)
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        delay = max(settings.getfloat("DOWNLOAD_DELAY"), cls.delay)
        settings.set("DOWNLOAD_DELAY", delay, priority="spider")
        if contact := settings.get("COPYDESK_CONTACT"):
            settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{contact})", priority="spider")

    async def start(self) -> AsyncIterator[Any]:
        """Every request of this publisher, as there is room for it."""
        try:
            await self._open_lists()
            while not self.session.stopping:
                self._woken.clear()
                request = self._next()
                if request is not None:
                    self._in_flight += 1
                    yield request
                    continue
                self.idle = self._in_flight == 0
                if self.idle and self.session.all_idle():
                    break
                await self._woken.wait()
                self.idle = False
        finally:
            self.session.leave(self)

    # -- planning -----------------------------------------------------------------------------------------------------------

    @classmethod
    def owns(cls, url: str) -> bool:
        """Whether the host is one of the publisher's."""
        parts = urls.split(url)
        return parts is not None and parts.host in cls.all_hosts()

    @classmethod
    def found(
        cls, url: str, *, published: datetime | None = None, found_in: str = "", priority: int = 0, parked: bool = False
    ) -> Found:
        """An article's address, ready for the frontier."""
        return Found(cls.article_key(url), url, urls.slug(url), published, found_in, priority, parked)

    async def _open_lists(self) -> None:
        """Queue what was asked for, then every list whose time has come."""
        session = self.session
        wanted = [url for url in session.options.urls if self.owns(url)]
        articles = [url for url in wanted if self.is_article(url)]
        found = [self.found(url, found_in="asked", priority=2) for url in articles]
        session.frontier.add(self.name, found, now=session.now())
        for url in wanted:
            if url not in articles:
                self._queue(List("section", url), asked=True)
        if not self._discover:
            return
        middleware = self.crawler.get_downloader_middleware(RobotsMiddleware)
        assert middleware is not None
        rules = await middleware.rules(wanted[0] if wanted else f"https://{self.hosts[0]}/")
        if not rules.reachable:
            return
        named = [url for url in rules.sitemaps if self.owns(url)]
        for url, note in self.session.frontier.announced(self.name):
            kind, _, depth = note.partition(" ")
            self._queue(List(kind, url, int(depth), known=False), asked=True)  # type: ignore[arg-type]
        for kind, known, addresses in (
            ("sitemap", True, self.sitemaps),
            ("sitemap", False, named),
            ("feed", True, self.feeds),
            ("section", True, self.sections),
            ("list_api", True, [api.format(page=1) for api in self.list_apis]),
        ):
            for url in addresses:
                self._queue(List(kind, url, known=known))  # type: ignore[arg-type]

    def _queue(self, what: List, *, asked: bool = False) -> None:
        """Have a list fetched, once in a crawl, if its time has come."""
        address = urls.split(what.url)
        if address is None or str(address) in self._asked:
            return
        self._asked.add(str(address))
        if asked or self.session.frontier.listing(self.name, what.url, now=self.session.now()).due:
            self._lists.append(what)

    def _lead_to(self, more: Iterable[List]) -> None:
        """Have the lists fetched that another led to. The frontier knows of them before it forgets the one that did."""
        lists = {child.url: child for child in more}
        notes = [(child.url, f"{child.kind} {child.depth}") for child in lists.values()]
        for url in self.session.frontier.announce(self.name, notes, now=self.session.now()):
            self._queue(lists[url], asked=True)

    def _next(self) -> scrapy.Request | None:
        """The next request to make, or None when there is no room or nothing to ask."""
        if self._in_flight >= IN_FLIGHT:
            return None
        if self._lists:
            self._listing += 1
            return self._list_request(self._lists.popleft())
        session = self.session
        limit = session.options.limit
        if limit is not None and self._listing:
            return None  # what is newest is known when every list has answered
        if self.incidental:
            limit = min(SOURCES_PER_SITE, SOURCES_PER_SITE if limit is None else limit)
        while limit is None or self._taken < limit:
            if self.incidental and session.sources >= SOURCES:
                return None
            if not self._visits:
                again = session.replay is None
                self._visits.extend(session.frontier.take(self.name, TAKEN, now=session.now(), again=again))
                left = self._taken + len(self._visits) + session.frontier.waiting(self.name, now=session.now())
                self.report.expected = left if limit is None else min(limit, left)
            if not self._visits:
                return None
            visit = self._visits.popleft()
            self._taken += 1
            session.sources += self.incidental
            if not session.options.dry_run:
                return scrapy.Request(
                    visit.url,
                    callback=self.parse_article,
                    errback=self.article_failed,
                    cb_kwargs={"visit": visit},
                    headers=self._conditions(visit),
                    meta={"kind": "article"},
                    dont_filter=True,
                )
            session.planned.append(Planned(self.name, visit.url, visit.published, visit.why))
        return None

    def _conditions(self, visit: Visit) -> dict[str, str]:
        """Headers that let the server say that nothing changed, when the page it would spare us is still in the archive."""
        if not visit.archive_file or not (self.session.options.data / visit.archive_file).exists():
            return {}
        conditions = {"If-None-Match": visit.etag, "If-Modified-Since": visit.last_modified}
        return {name: value for name, value in conditions.items() if value}

    def _list_request(self, what: List) -> scrapy.Request:
        known = self.session.frontier.listing(self.name, what.url, now=self.session.now())
        headers = {}
        if known.body and what.kind != "list_api":
            if known.etag:
                headers["If-None-Match"] = known.etag
            if known.last_modified:
                headers["If-Modified-Since"] = known.last_modified
        return scrapy.Request(
            what.url,
            callback=self.parse_list,
            errback=self.list_failed,
            cb_kwargs={"what": what, "before": known.body},
            headers=headers,
            meta={"kind": what.kind},
            priority=100,
            dont_filter=True,
        )

    def wake(self) -> None:
        """Something changed: look whether there is something to do."""
        self._woken.set()

    def drain(self) -> None:
        """Fail what waits for its turn at a host, so that stopping does not wait for politeness."""
        for slot in self.crawler.engine.downloader.slots.values():
            while slot.queue:
                request, answer = slot.queue.popleft()
                answer.errback(Failure(Interrupted(request.url)))  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        """Break off what is being transferred."""
        handlers = self.crawler.engine.downloader.handlers
        for scheme in ("http", "https"):
            handler = handlers._get_handler(scheme)  # noqa: SLF001  (Scrapy has no other way to its own handlers)
            if isinstance(handler, GuardedDownload):
                handler.abort()

    def _done(self) -> None:
        self._in_flight -= 1
        self.session.changed(self.report)
        self.wake()

    # -- lists --------------------------------------------------------------------------------------------------------------

    async def parse_list(self, response: Response, what: List, before: str) -> None:
        """Put what a list announces into the frontier, and the lists it leads to into the queue."""
        try:
            await self._parse_list(response, what, before)
        finally:
            self._listing -= 1
            self._done()

    async def _parse_list(self, response: Response, what: List, before: str) -> None:
        frontier, now = self.session.frontier, self.session.now()
        self._watch(response.meta.get("archived"))
        if response.status == 304:
            self.report.lists += 1
            frontier.visited(what.url, news=0, body=before, **_validators(_headers(response)), now=now)
            return
        if response.status >= 400:
            self._list_error(what, f"HTTP {response.status}", missing=response.status in (404, 410))
            return
        body = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        try:
            found, more = await asyncio.to_thread(self._read_list, what, response.body, response.url)
        except Unreadable as refusal:
            self._list_error(what, str(refusal))
            return
        self.report.lists += 1
        new = await asyncio.to_thread(frontier.add, self.name, found, now=now)
        self.report.new += new
        self._lead_to([child for child in more if child.kind != "section" or new])
        frontier.visited(
            what.url, news=new, body=body, **_validators(_headers(response)), now=now
        )  # when all is safe it gave
        self.session.wake()

    def _read_list(self, what: List, body: bytes, url: str) -> tuple[list[Found], list[List]]:
        """What a list announces that is wanted, and the lists it leads to. Raises `Unreadable`. Runs in a thread."""
        entries, more = self._announced(what, body, url)
        return list(self._wanted(entries, what)), more

    def _announced(self, what: List, body: bytes, url: str) -> tuple[Iterable[Entry], list[List]]:
        since, until = self.session.since, self.session.options.until
        match what.kind:
            case "sitemap":
                sitemap = discovery.parse_sitemap(body, url, self.zone)
                children = discovery.children_for(sitemap.children, since, until)
                below = [List("sitemap", child.url, what.depth + 1, known=False) for child in children]
                return sitemap.entries, [
                    child for child in below if self.owns(child.url) and child.depth <= SITEMAP_DEPTH
                ]
            case "feed":
                return discovery.parse_feed(body, url, self.zone), []
            case "section":
                section = discovery.parse_section(body, url, self.is_article)
                more = [List("section", next_page, what.depth + 1, known=False) for next_page in section.next_pages]
                more = [page for page in more[:1] if page.depth < SECTION_PAGES]
                if not self.feeds and what.depth == 0:
                    more += [List("feed", feed, 1, known=False) for feed in discovery.find_feeds(body, url)[:FEEDS]]
                return section.articles, [found for found in more if self.owns(found.url)]
            case "list_api":
                entries = discovery.parse_list_api(body, f"https://{self.hosts[0]}/", self.zone)
                api = next((a for a in self.list_apis if a.format(page=what.depth + 1) == what.url), "")
                old = any(entry.seen and entry.seen < since for entry in entries)
                if not api or old or not entries or what.depth + 1 >= API_PAGES:
                    return entries, []
                return entries, [List("list_api", api.format(page=what.depth + 2), what.depth + 1, known=False)]

    def _wanted(self, entries: Iterable[Entry], what: List) -> Iterable[Found]:
        """The entries of the window that are this publisher's articles, with their other editions."""
        parked = self.aggregator and not self.session.options.all_copies
        for entry in discovery.entries_for(entries, self.session.since, self.session.options.until):
            for url in (entry.url, *(address for _, address in entry.alternates)):
                if self.is_article(url):
                    yield self.found(url, published=entry.seen, found_in=what.url, parked=parked)

    async def list_failed(self, failure: Failure) -> None:
        """A list that could not be had."""
        what: List = failure.request.cb_kwargs["what"]  # type: ignore[attr-defined]
        reason = reasons.word(failure)
        if reason == "not_in_archive":
            self.report.note(f"{what.kind} {what.url}", "not in the archive")
        elif reason and reason != "robots_unreachable":  # that was said once, of robots.txt
            self._list_error(what, f"{reason} ({failure.getErrorMessage()})")
        self._listing -= 1
        self._done()

    def _list_error(self, what: List, why: str, *, missing: bool = False) -> None:
        frontier, now = self.session.frontier, self.session.now()
        if missing:
            frontier.visited(what.url, news=0, now=now)  # it may come back: ask, but ever more seldom
            self.report.note(f"{what.kind} {what.url}", why)
        else:
            frontier.list_failed(what.url, now=now)
            self.report.failure(f"{what.kind} {what.url}", why)

    # -- articles -----------------------------------------------------------------------------------------------------------

    async def parse_article(self, response: Response, visit: Visit) -> AsyncIterator[Page]:
        """One page, whatever its status."""
        place: Place | None = response.meta.get("place")
        if archived := response.meta.get("archived"):
            try:
                place = await archived
            except OSError as error:
                self.session.stop("the archive cannot be written", error)
                self._done()
                return
        unchanged = response.status == 304 and bool(visit.archive_file)
        if unchanged:  # then the page is the one we have: its content decides, as ever
            place = Place(visit.archive_file, visit.archive_offset)
            path = self.session.options.data / place.file
            request = response.request
            response = await asyncio.to_thread(read_response, path, place.offset, response.url)
            response.request = request
        headers = _headers(response)
        validators = _validators(headers)
        if response.status == 200 and not unchanged and place and any(validators.values()):
            self.session.frontier.learn(visit.key, **validators, archive_file=place.file, archive_offset=place.offset)
        url = str(urls.split(response.url) or response.url)
        problem = ""
        if url != visit.url and not self.is_article(url) and urls.parse(url).path == "/":
            problem = "gone"  # a publisher that sends readers of a deleted article to its front page
        elif 300 <= response.status < 400:
            problem = "redirects"  # nowhere, or to what is neither http nor https
        kind = (headers.get("content-type") or "html").lower()
        if response.status < 400 and not any(known in kind for known in HTML_TYPES):
            problem = "not_html"
        asked = visit.url if url != visit.url else ""
        key = self.article_key(url if self.is_article(url) else visit.url)
        if key != visit.key:
            self.session.frontier.alias(self.name, key, url, now=self.session.now())
        yield Page(
            url=url,
            body=b"" if problem or response.status >= 400 else response.body,
            fetched_at=response.meta["fetched_at"],
            status=response.status,
            headers=headers,
            requested_url=asked,
            publisher=self.name,
            key=key,
            language=self.language_of(url) or None,
            layouts=self.layouts,
            archive_file=place.file if place else None,
            archive_offset=place.offset if place else None,
            error=problem,
        )

    async def article_failed(self, failure: Failure) -> AsyncIterator[Page]:
        """A page without an answer, with the word for why; nothing when it was not asked for after all."""
        request: scrapy.Request = failure.request  # type: ignore[attr-defined]
        visit: Visit = request.cb_kwargs["visit"]
        reason = reasons.word(failure)
        if not reason:
            self._done()
            return
        yield Page(
            url=visit.url,
            body=b"",
            fetched_at=request.meta.get("fetched_at") or self.session.now(),
            status=0,
            publisher=self.name,
            key=visit.key,
            language=self.language_of(visit.url),
            error=reason,
        )

    def prepared(self, source_url: str | None) -> None:
        """The run has prepared one of our pages; `source_url` is the source it declares."""
        self.report.pages += 1
        if source_url and (address := urls.split(source_url)):
            self.session.follow(str(address))
        self._done()

    def _watch(self, archived: Any) -> None:
        """Hear of an archive that cannot be written, also when nobody waits for the place."""
        if archived is not None:
            archived.add_done_callback(self._archived)

    def _archived(self, done: "asyncio.Future[Place | None]") -> None:
        if error := done.exception():
            self.session.stop("the archive cannot be written", error)


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    return {"etag": headers.get("etag", ""), "last_modified": headers.get("last-modified", "")}


def _headers(response: Response) -> dict[str, str]:
    """Names in lower case, values of one name joined as RFC 9110 §5.3 allows."""
    return {
        name.decode("latin-1").lower(): ", ".join(value.decode("latin-1") for value in values)
        for name, values in dict.items(response.headers)
    }
