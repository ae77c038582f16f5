"""One crawl from beginning to end: a session, one Scrapy process, a spider per publisher, and what came of it."""

import gc
import logging
import math
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings

from crawler.guard import Guard
from crawler.news_spider import NewsSpider
from crawler.publishers import publisher, publisher_of
from crawler.session import Options, Planned, RemembersPages, Report, Session, TakesPages
from crawler.web import Website, site
from pipelines import urls as addresses

log = logging.getLogger(__name__)

GRACE = 8.0
"""Seconds that transfers get to finish after a signal."""


class NoContact(ValueError):  # noqa: N818  (a refusal)
    """A crawl of the real network without somebody to write to."""

    def __init__(self) -> None:
        super().__init__(
            "no contact is configured: publishers must be able to reach whoever crawls them. Give --contact you@example.org, "
            'set COPYDESK_CONTACT, or write contact = "you@example.org" into copydesk.toml'
        )


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """What a crawl did."""

    reports: Mapping[str, Report]
    """Publisher → what happened with it."""
    planned: tuple[Planned, ...]
    """What a dry run would have fetched: by publisher, newest first."""
    interrupted: int | None
    """The signal that ended it early."""
    error: BaseException | None
    """An error of ours that ended it early: a full disk, an archive that cannot be written."""
    seconds: float

    @property
    def failures(self) -> tuple[str, ...]:
        """`congluan: sitemap https://…: HTTP 403`, one per reason."""
        return tuple(f"{name}: {reason}" for name, report in self.reports.items() for reason in report.failures)

    @property
    def requests(self) -> int:
        return sum(report.requests for report in self.reports.values())

    @property
    def new(self) -> int:
        return sum(report.new for report in self.reports.values())


def crawl(
    names: Sequence[str],
    *,
    data: Path,
    run: TakesPages | None,
    store: RemembersPages | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
    urls: Sequence[str] = (),
    replay: Sequence[Path] = (),
    allow_addresses: Sequence[str] = (),
    all_copies: bool = False,
    dry_run: bool = False,
    contact: str = "",
    progress: Callable[[Report], None] | None = None,
    settings: Mapping[str, Any] | None = None,
    owner_of: Callable[[str], type[NewsSpider]] = lambda url: publisher_of(url) or site(url),
) -> "Crawl":
    """Prepare a crawl of the publishers named, and of the addresses in `urls` with whatever publishers they belong to.

    `run` may be None in a dry run only. `store` lets the frontier catch up with a run that was killed. `settings` overrides Scrapy's.
    `progress` is called in the reactor's thread. `owner_of` says which spider fetches one of `urls`.
    Raises `UnknownPublisherError`, `NoContact`, `BadOptionError`, `DamagedArchiveError`, `OSError` before anything is asked of anyone.
    """
    Guard.parse(allow_addresses)
    if not (contact or replay or allow_addresses):
        raise NoContact
    scrapy_settings = Settings()
    scrapy_settings.setmodule("crawler.settings", priority="project")
    scrapy_settings.setdict(
        {
            "LOG_INSTALL_ROOT_HANDLER": False,
            "COPYDESK_DATA": str(data),
            "COPYDESK_CONTACT": contact,
            "COPYDESK_ALLOW_ADDRESSES": list(allow_addresses),
            **({"DOWNLOAD_DELAY": 0.0, "AUTOTHROTTLE_ENABLED": False} if replay else {}),
            **(settings or {}),
        },
        priority="cmdline",
    )
    chosen: dict[str, type[NewsSpider]] = {name: publisher(name) for name in names}
    asked: dict[str, type[NewsSpider]] = {}
    canonical = tuple(addresses.canonical(url) for url in urls)
    for url in canonical:
        owner = owner_of(url)
        if owner.name not in chosen:
            whole = issubclass(owner, Website) and not owner.is_article(url)  # a site we have no file for: look around
            (chosen if whole else asked)[owner.name] = owner
    options = Options(
        data=data,
        since=since,
        until=until,
        limit=limit,
        urls=canonical,
        replay=tuple(replay),
        all_copies=all_copies,
        dry_run=dry_run,
        contact=contact,
    )
    session = Session(options, run, store)
    session.progress = progress
    return Crawl(
        session, scrapy_settings, tuple(chosen.values()), tuple(o for n, o in asked.items() if n not in chosen)
    )


def _newest_first(one: Planned) -> tuple[str, float, str]:
    """Lists answer in any order; a plan does not depend on it. What has no date comes last."""
    return one.publisher, -one.published.timestamp() if one.published else math.inf, one.url


class Crawl:
    """A prepared crawl. `start` may be called once in a process: Twisted's reactor cannot run again."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        chosen: Sequence[type[NewsSpider]],
        asked: Sequence[type[NewsSpider]],
    ) -> None:
        self._session, self._settings = session, settings
        self._chosen, self._asked = chosen, asked
        self._signal: int | None = None

    def start(self) -> CrawlResult:
        """Crawl, and return when every page was prepared. Commits may still be to come: close the run, then this.

        SIGINT and SIGTERM end it within half a minute; what was fetched until then is kept.
        """
        began = time.monotonic()
        session = self._session
        process = CrawlerProcess(self._settings)
        logging.getLogger("scrapy").setLevel(logging.WARNING)  # what matters of its news is in the reports
        session.start_spider = lambda spider: self._guest(process, spider)
        for spider in self._chosen:
            process.crawl(spider, session=session)
        for spider in self._asked:
            process.crawl(spider, session=session, discover=False)
        session.go_on()
        gc.collect()
        gc.freeze()  # what was imported stays: looking at it again and again took the reactor a fifth of its time
        gc.set_threshold(10_000, 10, 10)
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            process.start(install_signal_handlers=False)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return CrawlResult(
            reports=session.reports,
            planned=tuple(sorted(session.planned, key=_newest_first)),
            interrupted=self._signal,
            error=session.error,
            seconds=time.monotonic() - began,
        )

    def close(self) -> None:
        """After the run is closed: the frontier has heard of the last commit."""
        self._session.close()

    def _guest(self, process: CrawlerProcess, spider: type[NewsSpider]) -> None:
        """A copy names a publisher that is not being crawled: fetch what it declares, list nothing."""
        process.crawl(spider, session=self._session, discover=False)

    def _stop(self, number: int, _: FrameType | None) -> None:
        from twisted.internet import reactor  # noqa: PLC0415  (importing it installs it)

        if self._signal is not None:
            raise SystemExit(128 + number)
        self._signal = number
        call: Any = reactor
        call.callFromThread(self._session.stop, signal.Signals(number).name)
        call.callFromThread(call.callLater, GRACE, self._session.abort)
