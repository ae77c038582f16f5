"""What the spiders of one crawl share: options, frontier, archive, run, and what was seen of every host.

`copydesk crawl` makes one for all its spiders. A spider that `scrapy crawl NAME` starts makes its own from the settings.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from crawler.archive import ArchiveProcess
from crawler.budgets import Budgets
from crawler.frontier import Frontier
from crawler.replay import Replay
from crawler.robots import Rules
from pipelines import urls
from pipelines.records import Page, PageRow
from pipelines.seal import unsealed
from pipelines.store import Locked, StorageError

if TYPE_CHECKING:
    from crawler.news_spider import NewsSpider
    from pipelines.prepare import Prepared

log = logging.getLogger(__name__)

WINDOW = timedelta(days=2)
FRONTIER = Path("state/frontier/frontier.sqlite")
SOURCES, SOURCES_PER_SITE = 50, 5
"""Declared originals of sites without a file that one crawl asks for, in all and of each; the next one goes on."""


class TakesPages(Protocol):
    """What a crawl needs of `pipelines.run.Run`."""

    on_commit: list[Callable[[tuple[PageRow, ...]], None]]

    def submit(self, page: Page) -> "Future[Prepared]": ...

    def wanted(self) -> list[str]: ...


class RemembersPages(Protocol):
    """What a crawl needs of `pipelines.store.Store`: what a run that was killed committed and could not tell the frontier."""

    @property
    def shared(self) -> bool: ...

    def commits(self) -> list[str]: ...

    def unfinished_runs(self) -> list[str]: ...

    def pages_of(self, run_id: str) -> list[PageRow]: ...

    def claim(self, name: str) -> None:
        """Be the only one with this name. Raises what says who is."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a crawl was asked to do."""

    data: Path
    since: datetime | None = None
    """The oldest article taken; None: two days before now."""
    until: datetime | None = None
    limit: int | None = None
    """Articles per publisher."""
    urls: tuple[str, ...] = ()
    """Addresses to fetch whatever the frontier says of them."""
    replay: tuple[Path, ...] = ()
    all_copies: bool = False
    """Take everything an aggregator lists, not only copies of known stories."""
    dry_run: bool = False
    contact: str = ""


@dataclass(slots=True)
class Report:
    """What happened with one publisher."""

    publisher: str
    incidental: bool = False
    """Only single articles that copies name were wanted of it: what goes wrong is a note."""
    requests: int = 0
    """Requests for lists and pages, redirects included, robots.txt not."""
    lists: int = 0
    """Sitemaps, feeds, sections and list APIs that answered."""
    new: int = 0
    """Addresses nobody had seen before."""
    pages: int = 0
    """Pages handed to the run, each of which ends as one row of `pages`."""
    expected: int = 0
    """Pages there will have been when all is done that is known of now; 0 until the first is asked for."""
    failures: list[str] = field(default_factory=list)
    """Why the publisher counts as failed: `sitemap https://…: HTTP 403`."""
    notes: list[str] = field(default_factory=list)
    """What is worth knowing and no failure."""

    def failure(self, where: str, why: str) -> None:
        """Keep a reason, once."""
        if self.incidental:
            self.note(where, why)
        elif (reason := f"{where}: {why}") not in self.failures:
            log.warning("%s: %s", self.publisher, reason)
            self.failures.append(reason)

    def note(self, where: str, why: str) -> None:
        if (text := f"{where}: {why}") not in self.notes:
            log.info("%s: %s", self.publisher, text)
            self.notes.append(text)


@dataclass(frozen=True, slots=True)
class Planned:
    """An article that a dry run would have fetched."""

    publisher: str
    url: str
    published: datetime | None
    why: str = ""
    """Why its time has come: `new in https://…`, `looked at again for changes`."""


class Session:
    """Made before the reactor runs; closed after it, and after the run, because the run's last commit still tells the frontier."""

    def __init__(self, options: Options, run: TakesPages | None, store: RemembersPages | None = None) -> None:
        """Open the frontier and the archive. Raises `OSError`, `StorageError`, `DamagedArchiveError`, `sqlite3.Error`."""
        self.options = options
        self.run: TakesPages | None = None
        self._store: RemembersPages | None = None
        self._wanted: defaultdict[str, list[str]] = defaultdict(list)
        """Publisher → originals that copies elsewhere name, and that nobody has read: its spider asks for them."""
        self.replay = Replay(options.replay) if options.replay else None
        self._sealed = ExitStack()
        path = options.data / FRONTIER
        if options.dry_run:
            self.frontier, self.archive = Frontier.copy_of(path), None
        else:
            self._sealed.enter_context(unsealed([path, options.data / "state" / "archive.sqlite"]))
            self.frontier = Frontier(path)
            operator = options.contact
            self.archive = None if self.replay else ArchiveProcess(options.data, operator=operator)
        if run is not None:
            self.attach(run, store)
        self.since = options.since or self.now() - WINDOW
        self.reports: dict[str, Report] = {}
        self.planned: list[Planned] = []
        self.budgets = Budgets()
        self.robots: dict[str, asyncio.Future[Rules]] = {}
        self.floors: dict[str, float] = {}
        """Host → seconds between requests that its robots.txt asks for."""
        self.not_before: dict[str, float] = {}
        """Host → monotonic time before which it is left alone."""
        self.stopping = ""
        """Why the crawl ends early; "" while it does not."""
        self.error: BaseException | None = None
        """What made it end, when it was an error of ours (a full disk)."""
        self.start_spider: Callable[[type[NewsSpider]], None] | None = None
        """Starts a spider for a publisher that a copy names and that is not being crawled."""
        self.sources = 0
        """Declared originals of sites without a file that were asked for."""
        self.progress: Callable[[Report], None] | None = None
        self._spiders: dict[str, NewsSpider] = {}
        self._left: set[str] = set()
        """Publishers that another machine is crawling."""

    def attach(self, run: TakesPages, store: RemembersPages | None = None) -> None:
        """Hand pages to this run, hear of its commits, and of those before it that nobody told us of."""
        self.run = run
        if store is not None:
            at_work = set(store.unfinished_runs())  # those of other machines: they will commit more
            runs = dict.fromkeys(commit_id.rpartition("-")[0] for commit_id in store.commits())
            unapplied = self.frontier.unapplied(runs)
            elsewhere = store.shared or len(unapplied) == len(runs)  # or this frontier was begun anew
            for run_id in unapplied:
                pages = store.pages_of(run_id)
                if elsewhere:
                    self._hear_of(pages)
                if run_id in at_work:
                    self.frontier.committed(pages)
                else:
                    self.frontier.apply(run_id, pages)
            if store.shared:
                self._store = store
                for url in run.wanted():
                    if owner := _owner(url):
                        self._wanted[owner.name].append(url)
        run.on_commit.append(self.frontier.committed)

    def _hear_of(self, pages: Iterable[PageRow]) -> None:
        """Take up what other machines (or a frontier that is lost) read: an original of theirs releases copies here, and nothing is fetched because it is new to us."""
        found = defaultdict(list)
        for page in pages:
            if owner := _owner(page.url):
                found[owner.name].append(owner.found(page.url, found_in="the tables", parked=owner.aggregator))
        for name, addresses in found.items():
            self.frontier.add(name, addresses, now=self.now())

    def now(self) -> datetime:
        """The clock: in a replay it stands at the newest answer."""
        return self.replay.now if self.replay else datetime.now(UTC)

    def close(self) -> None:
        """After the last commit."""
        if self.archive is not None:
            self.archive.close()
        self.frontier.close()
        self._sealed.close()

    # -- spiders ----------------------------------------------------------------------------------------------------------

    def enter(self, spider: "NewsSpider") -> Report:
        self._spiders[spider.name] = spider
        found = [spider.found(url, found_in="declared", priority=1) for url in self._wanted.pop(spider.name, ())]
        self.frontier.add(spider.name, found, now=self.now())
        return self.reports.setdefault(spider.name, Report(spider.name, spider.incidental))

    def leave(self, spider: "NewsSpider") -> None:
        self._spiders.pop(spider.name, None)
        self.wake()

    def all_idle(self) -> bool:
        """Whether no spider has anything to do: only then may one end, since any page may declare a source of any publisher."""
        return all(spider.idle for spider in self._spiders.values())

    def wake(self) -> None:
        """Something changed: have every spider look."""
        for spider in self._spiders.values():
            spider.wake()

    def changed(self, report: Report) -> None:
        if self.progress is not None:
            self.progress(report)

    def stop(self, why: str, error: BaseException | None = None) -> None:
        """Fetch nothing more. What was taken and not asked is given back; what was answered is kept."""
        if not self.stopping:
            self.stopping, self.error = why, error
            log.info("stopping: %s", why)
        for spider in self._spiders.values():
            spider.drain()
        self.wake()

    def abort(self) -> None:
        """Break off every transfer that is still going on."""
        for spider in self._spiders.values():
            spider.abort()

    def follow(self, url: str) -> None:
        """A copy names its source: have the publisher it belongs to fetch it, or a spider for its site alone."""
        owner = _owner(url) or _site_of_source(url)
        if owner is None or (owner.incidental and self.replay and not self.replay.find(url)):
            return
        if not self.frontier.add(owner.name, [owner.found(url, found_in="declared", priority=1)], now=self.now()):
            return
        self._start(owner)
        self.wake()

    def go_on(self) -> None:
        """Start spiders for the sites of which earlier crawls left declared originals unread."""
        for url in self.frontier.declared(now=self.now()) if not self.replay else ():
            if owner := _site_of_source(url):
                self._start(owner)

    def _start(self, owner: "type[NewsSpider]") -> None:
        if owner.name in self._spiders or self.start_spider is None or self.stopping:
            return
        if owner.incidental and sum(spider.incidental for spider in self._spiders.values()) >= SOURCES:
            return  # it waits in the frontier
        if self._may_crawl(owner.name):
            self.start_spider(owner)

    def _may_crawl(self, name: str) -> bool:
        """Whether no other machine is crawling this publisher. If one is, its next run asks for what is declared here."""
        if self._store is None:
            return True
        if name not in self._left:
            try:
                self._store.claim(f"publisher-{name}")
            except (Locked, StorageError) as error:
                log.info("%s: what copies name of it is left to others: %s", name, error)
                self._left.add(name)
        return name not in self._left


def _owner(url: str) -> "type[NewsSpider] | None":
    """The publisher that has an article at this address."""
    from crawler.publishers import publisher_of  # noqa: PLC0415  (it imports every spider, and they this)

    owner = publisher_of(url)
    return owner if owner is not None and owner.is_article(url) else None


def _site_of_source(url: str) -> "type[NewsSpider] | None":
    """A publisher for the site of a declared original that there is no file for; None for a front page, and where there is one."""
    from crawler.publishers import publisher_of  # noqa: PLC0415
    from crawler.web import site  # noqa: PLC0415

    address = urls.split(url)
    if address is None or not address.path.strip("/") or publisher_of(url) is not None:
        return None
    return site(url, incidental=True)
