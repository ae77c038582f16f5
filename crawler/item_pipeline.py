"""Hands pages to the run and decides nothing."""

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from crawler.session import Session
from pipelines.records import Page

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class HandToRun:
    """Submits every page and waits until it is prepared: that bounds what is in flight.

    Under `scrapy crawl` nobody has made a run: then it opens one, and closes it with the spider.
    """

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler
        self._own = ExitStack()

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        return cls(crawler)

    def open_spider(self) -> None:
        session = self._session()
        if session.run is None and not session.options.dry_run:
            from pipelines.run import Run, parameters  # noqa: PLC0415  (only here are they needed)
            from pipelines.store import Store  # noqa: PLC0415

            data, command = session.options.data, f"scrapy crawl {self._crawler.spidercls.name}"
            self._own.callback(session.close)
            store = self._own.enter_context(Store.open(data, command=command, parameters=parameters()))
            session.attach(self._own.enter_context(Run(store, store.state_folder, command=command)), store)

    async def close_spider(self) -> None:
        await asyncio.to_thread(self._own.close)

    async def process_item(self, item: Any) -> Any:
        if not isinstance(item, Page):
            return item
        spider: Any = self._crawler.spider
        session = self._session()
        assert session.run is not None
        source = None
        try:
            work = session.run.submit(item)
            prepared = work.result() if work.done() else await asyncio.wrap_future(work)
            source = prepared.article.source_url if prepared.article else None
        except Exception as error:  # noqa: BLE001  (the writer failed, a full disk, say: the crawl ends and says so)
            session.stop("the tables cannot be written", error)
        spider.prepared(source)
        return item

    def _session(self) -> Session:
        spider: Any = self._crawler.spider
        session: Session = spider.session
        return session
