"""One run: pages in at any thread, tables out through one writer.

    submit(page) ──▶ workers: prepare ──▶ queue ──▶ writer: find, decide, commit ──▶ state learns ──▶ on_commit

The store's manifest is the commit point. A page is done when its row is committed; `on_commit` says so, and only then may
a frontier forget it.
"""

import logging
import queue
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow.compute as pc

from pipelines import dedup, finish, stories, translations
from pipelines.clean import CLEANER
from pipelines.extract import EXTRACTOR
from pipelines.finish import Read
from pipelines.prepare import Prepared, prepare, prepare_one, warm
from pipelines.records import Article, Commit, Copy, Failed, Outcome, Page, PageRow, RunRow
from pipelines.seal import unsealed
from pipelines.state import State, files
from pipelines.store import Forgotten, Locked, Store, tombstones
from pipelines.urls import host
from pipelines.workers import Workers

log = logging.getLogger(__name__)

BATCH = 500
"""Pages a commit waits for; also what a crash can cost in repeated work."""
PATIENCE = 60.0
"""Seconds after which what is waiting is committed anyway."""
AHEAD = 2
"""Batches that may wait for their commit before the futures of `submit` wait too."""
PACKAGES = ("copydesk", "datasketch", "lxml", "pyarrow", "scrapy", "trafilatura")


@dataclass(slots=True)
class Counts:
    """What a run did so far. Written by the writer thread only."""

    pages: int = 0
    articles: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    by_publisher: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    copies: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)


class Run:
    """Takes pages, ends each in exactly one outcome, and keeps the tables and the state in step.

    `submit` may be called from any thread. Its futures are held back while the writer is `AHEAD` batches behind, so whoever waits
    for them is never further ahead of the tables than that. An error of the writer (a full disk, say) stops the run: it is raised by the next
    `submit` and by `close`, and what was committed before stays.
    """

    def __init__(
        self,
        store: Store,
        state: Path,
        *,
        command: str,
        processes: int | None = None,
        batch: int = BATCH,
        patience: float = PATIENCE,
        horizon: timedelta | None = None,
        encoder: translations.Encoder | None = None,
    ) -> None:
        """Open the folder `state`, replay what a dead run left behind, and start the workers.

        `processes` is how many of them, None for one per core, 0 to prepare in the calling thread. With `horizon` copies are
        only looked for among articles that young; an `encoder` helps to choose between translations.
        """
        self.started_at = datetime.now(UTC)
        self.run_id = new_run_id(self.started_at)
        self.counts = Counts()
        self.on_commit: list[Callable[[tuple[PageRow, ...]], None]] = []
        self._store, self._command, self._batch, self._patience = store, command, batch, patience
        self._parameters = parameters() | ({"horizon_seconds": f"{horizon.total_seconds():.0f}"} if horizon else {})
        self._sealed = ExitStack()
        self._sealed.enter_context(unsealed(files(state)))
        self._state = State(state, horizon=horizon, encoder=encoder)
        store.claim(f"run-{self.run_id}")
        self._behind = self._state.read_ahead(store) if store.shared else 0
        with store.changing():
            self._behind += self._state.catch_up(store) + self._bury_the_dead()
        self._taken_down = TakenDown(tombstones(store))
        self._commits = 0
        self._failed: BaseException | None = None
        self._drained = False
        self._ended: queue.SimpleQueue[Read | None] = queue.SimpleQueue()
        self._uncommitted = 0
        """Pages that are prepared and not committed."""
        self._held: list[tuple[Future[Prepared], Prepared]] = []
        self._lock = threading.Lock()
        """Of the two above."""
        self._workers = (
            None if processes == 0 else Workers(prepare_one, processes=processes, warm=warm, preload="pipelines.warmed")
        )
        self._writer = threading.Thread(target=self._write, name="writer", daemon=True)
        self._writer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.interrupt(error)

    def submit(self, page: Page | Article) -> Future[Prepared]:
        """Prepare a page and queue it for the next commit. The future never raises; a page that broke says so in `outcome`."""
        if self._failed:
            raise self._failed
        template = self._state.template(page.host if isinstance(page, Article) else host(page.url))
        done: Future[Prepared] = Future()
        done.set_running_or_notify_cancel()  # from here on nobody can cancel it, and setting its result cannot fail
        if self._workers is None:
            self._arrived(page, prepare(page, template), done)
        else:
            work = self._workers.submit((page, template))
            work.add_done_callback(lambda f: self._arrived(page, prepared_by(f), done))
        return done

    def wanted(self) -> list[str]:
        """Addresses of originals that articles declare and nobody has read."""
        return list(dict.fromkeys(url for _, url in self._state.provenance.waiting()))

    def drain(self) -> None:
        """Wait for every page, commit the rest and derive the stories. Raises what the writer raised. Doing it again is harmless."""
        if self._drained:
            return
        self._drained = True
        if self._workers is not None:
            self._workers.close()
        self._ended.put(None)
        self._writer.join()
        if self._failed:
            raise self._failed
        self._derive_stories()

    def close(self, *, status: str = "finished", exit_code: int | None = 0, message: str = "") -> RunRow:
        """`drain`, then write the run's row. Raises what the writer raised."""
        try:
            self.drain()
            if self._failed:
                raise self._failed
            row = self._row(status, exit_code, message)
            commit_id = self._next_commit_id()
            self._store.commit(Commit(commit_id, self.run_id, run=row))
            self._state.learn(commit_id, [], [])
        finally:
            self._state.close()
        self._sealed.close()
        return row

    def interrupt(self, error: BaseException) -> RunRow:
        """`close` a run that an error or a signal ended: what was read is committed, and the row says why it ended."""
        code = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else None
        return self.close(status="interrupted", exit_code=code, message=repr(error))

    # -- the writer thread ------------------------------------------------------------------------------------------------

    def _arrived(self, page: Page | Article, prepared: Prepared, done: Future[Prepared]) -> None:
        with self._lock:
            self._ended.put(Read.of(page, prepared))
            self._uncommitted += 1
            hold = self._uncommitted > AHEAD * self._batch and not self._failed
            if hold:
                self._held.append((done, prepared))
        if not hold:
            done.set_result(prepared)

    def _let_go(self, committed: int) -> None:
        """Give the answers that were held back, when so many commits later there is room again or no commit will come."""
        with self._lock:
            self._uncommitted -= committed
            if self._uncommitted > AHEAD * self._batch and not self._failed:
                return
            free, self._held = self._held, []
        for done, prepared in free:
            done.set_result(prepared)

    def _write(self) -> None:
        """Take what is prepared, in batches, until `close` says it was all."""
        waiting: list[Read] = []
        last = False
        try:
            while not last:
                since = time.monotonic()
                while len(waiting) < self._batch and not last:
                    left = self._patience - (time.monotonic() - since)
                    try:
                        read = self._ended.get(timeout=max(left, 0.01) if waiting else None)
                    except queue.Empty:
                        break
                    if read is None:
                        last = True
                    else:
                        waiting.append(read)
                        since = since if len(waiting) > 1 else time.monotonic()
                if waiting:
                    self._finish(waiting)
                    self._let_go(len(waiting))
                    waiting = []
        except BaseException as error:  # noqa: BLE001  (kept and raised again where the caller can hear it)
            self._failed = error
            self._let_go(0)

    def _finish(self, reads: Sequence[Read]) -> None:
        """Decide and commit one batch. After this returns the batch is in the tables, in the state, and nowhere twice."""
        if not self._store.shared:
            self._decide(reads)
            return
        self._behind += self._state.read_ahead(self._store)
        with self._store.changing():  # one machine's turn: it knows what all others committed, as if it had been alone
            self._behind += self._state.catch_up(self._store)
            self._taken_down = TakenDown(tombstones(self._store))
            self._decide(reads)

    def _decide(self, reads: Sequence[Read]) -> None:
        began = time.perf_counter()
        reads = [self._taken_down.refused(read) for read in reads]
        ids = {read.prepared.article.article_id for read in reads if read.prepared.article}
        known = dict(self._state.known(ids))
        added = finish.versions(reads, known, self.run_id)
        batch = [
            replace(read.prepared.ready, article=article)
            for read, article in zip(reads, added, strict=True)
            if read.prepared.ready and article
        ]
        copies, _ = self._state.find(batch, run_id=self.run_id, now=datetime.now(UTC)) if batch else ([], ())
        partners = {i for copy in copies for i in (copy.article_id, copy.of_article_id)} - ids
        known |= self._state.known(partners)
        found = time.perf_counter()

        linked = iter(finish.link([a for a in added if a], copies, known))
        added = [next(linked) if article else None for article in added]
        pages = tuple(finish.page_row(r, a, known, self.run_id) for r, a in zip(reads, added, strict=True))
        articles = tuple(a for a in added if a)
        commit = Commit(self._next_commit_id(), self.run_id, articles, tuple(copies), pages)
        self._store.commit(commit)
        committed = time.perf_counter()

        self._state.learn(
            commit.commit_id, [replace(ready, article=a) for ready, a in zip(batch, articles, strict=True)], copies
        )
        self._count(pages, articles, copies)
        self._spent(find=found - began, commit=committed - found, learn=time.perf_counter() - committed)
        self._spent(prepare=sum(row.seconds for row in pages))
        for tell in self.on_commit:
            tell(pages)

    # -- counting ---------------------------------------------------------------------------------------------------------

    def _count(self, pages: Sequence[PageRow], articles: Sequence[Article], copies: Sequence[Copy]) -> None:
        counts = self.counts
        for row in pages:
            word = f"{row.outcome}/{row.reason}" if row.reason else row.outcome
            counts.outcomes[word] += 1
            counts.by_publisher[row.publisher][word] += 1
        counts.pages += len(pages)
        counts.articles += len(articles)
        counts.copies.update(copy.kind for copy in copies)
        if counts.pages != sum(counts.outcomes.values()):
            raise AssertionError(f"{counts.pages} pages, but outcomes {dict(counts.outcomes)}")

    def _spent(self, **seconds: float) -> None:
        for stage, spent in seconds.items():
            self.counts.seconds[stage] = self.counts.seconds.get(stage, 0.0) + spent

    def _next_commit_id(self) -> str:
        self._commits += 1
        return f"{self.run_id}-{self._commits:04d}"

    # -- the end ----------------------------------------------------------------------------------------------------------

    def _derive_stories(self) -> None:
        """Stories follow from all copies. Nothing new, and a snapshot there: nothing to do."""
        if not (self.counts.articles or self.counts.copies or self._behind) and self._store.stories_commit():
            return
        began = time.perf_counter()
        columns = list(stories.ARTICLE_COLUMNS)
        with self._store.changing():
            copies = self._store.read("copies", list(stories.COPY_COLUMNS))
            derived = stories.derive(self._store.latest_articles(columns), copies)
            self._store.write_stories(self.run_id, derived)
        self._spent(stories=time.perf_counter() - began)

    def _row(self, status: str, exit_code: int | None, message: str) -> RunRow:
        counts = self.counts
        return RunRow(
            run_id=self.run_id,
            command=self._command,
            status=status,
            exit_code=exit_code,
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            n_pages=counts.pages,
            n_articles=counts.articles,
            outcomes=dict(counts.outcomes),
            copies=dict(counts.copies),
            versions=versions(),
            parameters=self._parameters | _learned(self._state),
            durations=dict(counts.seconds),
            message=message,
        )

    def _bury_the_dead(self) -> int:
        """Write the row of runs that were killed before they could. Returns how many."""
        dead = 0
        for run_id in self._store.unfinished_runs():
            try:
                self._store.claim(f"run-{run_id}")
            except Locked:  # it is at work, on another machine
                continue
            dead += 1
            log.warning("run %s was killed; what it committed stays", run_id)
            commit_id = f"{run_id}-9999"
            self._store.commit(Commit(commit_id, run_id, run=_killed(self._store, run_id)))
            self._state.learn(commit_id, [], [])
        return dead


class TakenDown:
    """What was removed on request (`copydesk forget`) and must not come back."""

    def __init__(self, stones: Sequence[Forgotten]) -> None:
        self._ids = {article_id for stone in stones for article_id in stone.article_ids}
        self._addresses = {stone.what for stone in stones}

    def refused(self, read: Read) -> Read:
        """The read itself, or as `rejected/forgotten` when its article, address or host was taken down."""
        if not self._addresses:
            return read
        article = read.prepared.article
        labels = host(read.page.url).split(".")
        hosts = {".".join(labels[n:]) for n in range(len(labels))}
        if (article and article.article_id in self._ids) or {read.page.url, *hosts} & self._addresses:
            return replace(
                read, prepared=Prepared(outcome=Outcome("rejected", "forgotten"), seconds=read.prepared.seconds)
            )
        return read


def _killed(store: Store, run_id: str) -> RunRow:
    """The row of a run that died, as far as its committed pages tell."""
    pages = store.read("pages", ["fetched_at", "outcome", "reason"], pc.field("run_id") == run_id).to_pylist()
    times = [row["fetched_at"] for row in pages]
    started = datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    outcomes = Counter("/".join(filter(None, (row["outcome"], row["reason"]))) for row in pages)
    return RunRow(
        run_id=run_id,
        command="",
        status="killed",
        exit_code=None,
        started_at=started,
        finished_at=max(times, default=started),
        n_pages=len(pages),
        n_articles=outcomes["stored"] + outcomes["duplicate"],
        outcomes=outcomes,
        copies={},
        versions={},
        parameters={},
        durations={},
        message="this row was written by the next run",
    )


def new_run_id(now: datetime) -> str:
    """Sorts by start; six random hex digits keep two machines apart."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def parameters() -> dict[str, str]:
    """What the results depend on. It travels in the metadata of every file and in the `runs` table."""
    return (
        {"extractor": EXTRACTOR, "cleaner": CLEANER}
        | {f"copies.{k}": v for k, v in dedup.PARAMETERS.as_dict().items()}
        | {f"translations.{k}": v for k, v in translations.Parameters().as_dict().items()}
    )


def _learned(state: State) -> dict[str, str]:
    """`pairs.de-vi` → how many confirmed pairs have taught the words of two languages; `12, not used` while that does not help."""
    return {f"pairs.{name}": str(n) if used else f"{n}, not used" for name, (n, used) in state.anchors.pairs().items()}


def prepared_by(work: Future[Prepared]) -> Prepared:
    """What a worker gave, or the outcome of a page that broke its worker."""
    try:
        return work.result()
    except Failed as failure:
        return Prepared(outcome=Outcome("failed", failure.reason), detail=failure.detail)
    except Exception as error:
        log.exception("preparing a page raised %s", type(error).__name__)
        return Prepared(outcome=Outcome("failed", "bug"), detail=repr(error))


def versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
