"""`copydesk ingest`: sources that are already here, through the same run as a crawl."""

from collections import deque
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from crawler import config, show
from crawler.config import Config, ConfigurationError
from crawler.publishers import identify, publisher_of
from pipelines import sources
from pipelines.prepare import Prepared
from pipelines.records import Page
from pipelines.run import Run, parameters
from pipelines.store import Store

IN_FLIGHT = 64
"""Pages handed to the workers and not yet prepared: enough to keep every core busy, few enough to keep memory flat."""
PATIENCE = 4.0
"""Seconds after which a commit is made although it could hold more: copies are found while later pages are read, not after the last one."""


def ingest(
    paths: Sequence[Path], settings: Config, *, hosts: Sequence[str], since: str | None, until: str | None
) -> int:
    """Read every source, print the summary, return the exit code: 0, or 4 when a record could not be read.

    What an earlier run has committed of an archive is not read again, so one that was stopped goes on where it was.
    """
    now = datetime.now(UTC)
    try:
        window = sources.Window(
            frozenset(host.removeprefix("www.") for host in hosts),
            config.moment(since, now) if since else None,
            config.moment(until, now) if until else None,
        )
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    for path in paths:
        sources.check(path)
    horizon = config.duration(settings.horizon) if settings.horizon else None
    encoder = config.encoder(settings)
    command = "ingest " + " ".join(path.name for path in paths)
    damaged: list[str] = []
    with Store.open(settings.data, command=command, parameters=parameters()) as store:
        run = Run(
            store,
            store.state_folder,
            command=command,
            processes=settings.processes,
            batch=settings.batch,
            patience=PATIENCE,
            horizon=horizon,
            encoder=encoder,
        )
        try:
            for path in paths:
                feed(run, path, window, damaged, known=_committed(store, path.name))
        except BaseException as error:
            run.interrupt(error)
            raise
        code = 4 if damaged else 0
        with show.working("finding copies, writing the tables"):
            run.drain()
        row = run.close(status="partial" if damaged else "finished", exit_code=code, message="; ".join(damaged)[:1000])
        show.summary(row, run.counts.by_publisher, damaged)
    return code


def _committed(store: Store, archive: str) -> frozenset[tuple[str, datetime]]:
    """Address and time of the pages of an archive that are in the tables; what failed is left out, to be tried again."""
    ended = (pc.field("archive_file") == archive) & (pc.field("outcome") != "failed")
    rows = store.read("pages", ["url", "fetched_at"], ended).to_pylist()
    return frozenset((row["url"], row["fetched_at"]) for row in rows)


def placed(page: Page) -> Page:
    """The page with what its publisher knows of its address: a list or a front page of a known publisher is no article."""
    page = identify(page)
    owner = publisher_of(page.url)
    if owner is not None and not page.error and not owner.is_article(page.url):
        return replace(page, error="not_article_url")
    return page


def feed(
    run: Run,
    path: Path,
    window: sources.Window,
    damaged: list[str],
    *,
    folder: str = "",
    known: AbstractSet[tuple[str, datetime]] = frozenset(),
) -> None:
    """Hand every page of a source to the run. `damaged` gets a line for each record that cannot be read.

    `folder` goes before the archive's name in the tables; pages with an address and a time that are `known` are passed over.
    """
    passed = 0
    with show.progress(path.name, sources.size(path)) as advance:
        waiting: deque[Future[Prepared]] = deque()
        for read in sources.read(path, window, advance):
            if (read.url, read.fetched_at) in known:
                passed += 1
                continue
            page = placed(read) if isinstance(read, Page) else read
            if folder and page.archive_file:
                page = replace(page, archive_file=folder + page.archive_file)
            if isinstance(page, Page) and page.error == "corrupt_record":
                damaged.append(f"{page.url.removeprefix('file:///')}: {page.headers.get('x-detail', 'cannot be read')}")
            waiting.append(run.submit(page))
            while len(waiting) >= IN_FLIGHT:
                waiting.popleft().result()
        for future in waiting:
            future.result()
    if passed:
        show.say(f"{show.safe(path.name)}: {passed} pages were read by an earlier run")
