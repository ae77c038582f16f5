"""One page from the network, for `extract URL` and `publishers check`: the crawl's own way, with everything that guards it.

Twisted's reactor runs once in a process, so every page has a process of its own.
"""

import multiprocessing
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from scrapy.http import Response

from crawler.config import Config
from crawler.frontier import Visit
from crawler.web import Website
from pipelines import urls
from pipelines.prepare import Prepared
from pipelines.records import Outcome, Page, PageRow


class Keeps:
    """Takes pages as a run does, and keeps them."""

    def __init__(self) -> None:
        self.on_commit: list[Callable[[tuple[PageRow, ...]], None]] = []
        self.pages: list[Page] = []

    def submit(self, page: Page) -> Future[Prepared]:
        self.pages.append(page)
        done: Future[Prepared] = Future()
        done.set_result(Prepared(outcome=Outcome("rejected", "kept")))
        return done

    def wanted(self) -> list[str]:
        return []


def fetch(url: str, settings: Config) -> Page:
    """The page at an address. One that could not be had has `error` set, and in the header `x-detail` what more is known of it.

    Raises `NoContact` when nobody to write to is configured, ValueError when the address is none.
    """
    from crawler.crawl import NoContact  # noqa: PLC0415

    if not (settings.contact or settings.allow_address):
        raise NoContact
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_fetch, url, settings.contact, settings.allow_address).result()


def _fetch(url: str, contact: str, allow_address: tuple[str, ...]) -> Page:
    """In a process of its own."""
    from crawler import show  # noqa: PLC0415
    from crawler.crawl import crawl  # noqa: PLC0415

    show.setup("text", quiet=True)
    keeps = Keeps()
    with tempfile.TemporaryDirectory() as folder:
        crawling = crawl(
            (),
            data=Path(folder),
            run=keeps,
            urls=(url,),
            contact=contact,
            allow_addresses=allow_address,
            owner_of=_anything,
        )
        result = crawling.start()
        crawling.close()
    why = result.failures[0].partition(": ")[2] if result.failures else "no answer"
    if keeps.pages:
        page = keeps.pages[0]
        return replace(page, headers={**page.headers, "x-detail": why}) if page.error and result.failures else page
    return Page(url=url, body=b"", fetched_at=datetime.now(UTC), error=why)


class Anything(Website):
    """One address, whatever answers there: a list, a feed, robots.txt."""

    @classmethod
    def is_article(cls, url: str) -> bool:
        return cls.owns(url)

    async def parse_article(self, response: Response, visit: Visit) -> AsyncIterator[Page]:
        async for page in super().parse_article(response, visit):
            if page.error == "not_html":
                page = replace(page, body=response.body, error="")  # noqa: PLW2901
            yield page


def _anything(url: str) -> type[Anything]:
    host = urls.host(url)
    return type(host, (Anything,), {"name": host, "title": host, "hosts": (host, f"www.{host}")})
