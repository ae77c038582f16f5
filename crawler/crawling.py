"""`copydesk crawl`: targets to publishers and addresses, one run around one crawl, a summary, an exit code."""

import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from rich.progress import TaskID

from crawler import config, keeping, operating, show
from crawler.config import Config, ConfigurationError
from crawler.crawl import Crawl, CrawlResult, NoContact
from crawler.crawl import crawl as prepare
from crawler.publishers import publisher, publisher_of, publishers
from crawler.session import Report
from pipelines.quality import Alarm, judge
from pipelines.run import Run, parameters
from pipelines.store import Store, connect, tombstones

log = logging.getLogger(__name__)

OK, PARTIAL, QUALITY = 0, 4, 5
SIGNALS = 128
"""A shell's convention: 128 and the number of the signal."""


def crawl(targets: Sequence[str], settings: Config, *, replay: tuple[Path, ...], dry_run: bool) -> int:
    """Crawl publishers and addresses; print what came of it. Returns the exit code."""
    names, addresses = _sorted(targets)
    if not names and not addresses:
        names = [publisher(name).name for name in settings.publishers]
    for path in replay:
        if not path.is_file():
            raise ConfigurationError(f"--replay {path}: there is no such file")
    now = datetime.now(UTC)
    ready = partial(
        prepare,
        names,
        since=config.moment(settings.since, now) if not replay else None,
        until=config.moment(settings.until, now) if settings.until else None,
        limit=settings.limit,
        urls=addresses,
        replay=replay,
        allow_addresses=settings.allow_address,
        all_copies=settings.all_copies,
        contact=settings.contact,
    )
    if not (settings.contact or replay or settings.allow_address):
        raise NoContact  # before a lock is taken or a folder made
    if dry_run:
        return _plan(ready(data=Path(settings.data), run=None, dry_run=True))
    horizon = config.duration(settings.horizon) if settings.horizon else None
    encoder = config.encoder(settings)
    command = " ".join(("crawl", *names, *addresses))[:500]
    with Store.open(settings.data, command=command, parameters=parameters()) as store:
        for name in {*names, *(owner.name for owner in map(publisher_of, addresses) if owner)}:
            store.claim(f"publisher-{name}")
        if store.shared:  # another machine may have been told to forget what stands in our archive
            keeping.blank_all(store.state_folder.parent, tombstones(store))
        run = Run(
            store,
            store.state_folder,
            command=command,
            processes=settings.processes,
            horizon=horizon,
            encoder=encoder,
        )
        try:
            with _progress() as progress:
                # frontier and archive are files of this machine, also when the tables are in a bucket
                crawling = ready(data=store.state_folder.parent, run=run, store=store, progress=progress)
                result = crawling.start()
        except BaseException as error:
            run.interrupt(error)
            raise
        if result.error:
            run.interrupt(result.error)
            crawling.close()
            raise result.error
        with _noted() as signals, show.working("finding copies, writing the tables"):
            run.drain()
        interrupted = result.interrupted or next(iter(signals), None)
        alarms = _alarms(settings, run.run_id, result) if not interrupted else []
        code = SIGNALS + interrupted if interrupted else _code(result) or (QUALITY if alarms else OK)
        status = "interrupted" if interrupted else "partial" if result.failures else "finished"
        said = [*result.failures, *map(str, alarms)]
        row = run.close(status=status, exit_code=code, message="; ".join(said)[:2000])
        crawling.close()
    by_publisher = run.counts.by_publisher
    show.summary(row, by_publisher, result.failures, requests=result.requests, alarms=[f"{a} · {a.do}" for a in alarms])
    _tell(settings, operating.summary(row, by_publisher, alarms=alarms, failures=result.failures))
    return code


def _sorted(targets: Sequence[str]) -> tuple[list[str], list[str]]:
    """Targets that are publishers' names, and those that are addresses. Raises `ConfigurationError`."""
    addresses = [t for t in targets if t.startswith(("http://", "https://"))]
    names = []
    for target in targets:
        if target not in addresses:
            if target not in publishers():
                near = config.nearest(target, publishers())
                raise ConfigurationError(f"unknown publisher {target!r}{near}; `copydesk publishers` lists them")
            names.append(target)
    return names, addresses


def _plan(crawling: Crawl) -> int:
    result = crawling.start()
    crawling.close()
    show.table(
        ("publisher", "published", "address", "why"),
        [(p.publisher, f"{p.published:%Y-%m-%d %H:%M}" if p.published else "", p.url, p.why) for p in result.planned],
    )
    show.failures(result.failures)
    show.say(f"{len(result.planned)} pages would be fetched; nothing was written")
    return _code(result)


def _code(result: CrawlResult) -> int:
    if result.interrupted:
        return SIGNALS + result.interrupted
    return PARTIAL if result.failures else OK


def _alarms(settings: Config, run_id: str, result: CrawlResult) -> list[Alarm]:
    """What is not as it usually is. Publishers that failed have said so already."""
    failed = {failure.partition(":")[0] for failure in result.failures}
    crawled = {name for name, report in result.reports.items() if not report.incidental}
    with connect(settings.data) as db:
        return judge(db, run_id, publishers=crawled - failed)


def _tell(settings: Config, told: Mapping[str, Any]) -> None:
    """Write the health and metrics files and call the webhook, where they are configured. None of them can fail a crawl."""
    warnings = operating.write_health(told, health_file=settings.health_file, metrics_file=settings.metrics_file)
    if settings.notify_url:
        warnings.append(operating.notify(settings.notify_url, told))
    for warning in filter(None, warnings):
        log.warning("%s", warning)


@contextmanager
def _noted() -> Iterator[list[int]]:
    """While the last pages are committed a signal is only noted, so that the commit is whole; a second one ends at once."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        if came:
            raise SystemExit(SIGNALS + number)
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress() -> Iterator[Callable[[Report], None] | None]:
    """A line per publisher on a terminal: pages of those known of, pages a second, time left."""
    if not show.shows_progress():
        yield None
        return
    with show.bars("pages") as bar:
        tasks: dict[str, TaskID] = {}

        def changed(report: Report) -> None:
            if report.publisher not in tasks:
                tasks[report.publisher] = bar.add_task(show.safe(report.publisher), total=None)
            bar.update(tasks[report.publisher], completed=report.pages, total=report.expected or None)

        yield changed
        bar.refresh()  # a crawl may end between two of the bar's own
