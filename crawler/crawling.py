"""`copydesk crawl`: targets to publishers and addresses, one run around one crawl, a summary, an exit code."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from crawler import config, show
from crawler.config import Config, ConfigurationError
from crawler.crawl import Crawl, CrawlResult, NoContact
from crawler.crawl import crawl as prepare
from crawler.publishers import publisher, publishers
from crawler.session import Report
from pipelines.run import Run, parameters
from pipelines.store import Store

OK, PARTIAL = 0, 4
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
        data=Path(settings.data),
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
        return _plan(ready(run=None, dry_run=True))
    horizon = config.duration(settings.horizon) if settings.horizon else None
    command = " ".join(("crawl", *names, *addresses))[:500]
    with Store.open(settings.data, command=command, parameters=parameters()) as store:
        run = Run(store, Path(settings.data) / "state", command=command, processes=settings.processes, horizon=horizon)
        try:
            with _progress() as progress:
                crawling = ready(run=run, progress=progress)
                result = crawling.start()
        except BaseException as error:
            run.close(status="interrupted", exit_code=None, message=repr(error))
            raise
        code = _code(result)
        status = "interrupted" if result.interrupted else "partial" if code else "finished"
        row = run.close(status=status, exit_code=code, message="; ".join(result.failures)[:2000])
        crawling.close()
        if result.error:
            raise result.error
        show.summary(row, run.counts.by_publisher, result.failures, requests=result.requests)
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
        ("publisher", "published", "address"),
        [(p.publisher, f"{p.published:%Y-%m-%d %H:%M}" if p.published else "", p.url) for p in result.planned],
    )
    show.failures(result.failures)
    return _code(result)


def _code(result: CrawlResult) -> int:
    if result.interrupted:
        return SIGNALS + result.interrupted
    return PARTIAL if result.failures else OK


@contextmanager
def _progress() -> Iterator[Callable[[Report], None] | None]:
    """A line per publisher on a terminal."""
    if not show.shows_progress():
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=show.err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def changed(report: Report) -> None:
            text = f"{show.safe(report.publisher)}: {report.requests} requests, {report.pages} pages"
            if report.publisher in tasks:
                bar.update(tasks[report.publisher], description=text)
            else:
                tasks[report.publisher] = bar.add_task(text)

        yield changed
