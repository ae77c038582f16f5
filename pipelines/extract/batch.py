"""Many pages in worker processes, in order, with flat memory, knowing what their hosts repeat."""

import pickle
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.extract.article import extract
from pipelines.lines import line_hash
from pipelines.records import Article, Failed, Outcome, Page, Rejected, Removed
from pipelines.workers import Workers

STORIES = 3
"""A line that stands on pages of so many differently titled articles of a host is template, as in `clean.learned`."""
MOST = 0.6
"""Of a text's characters; whatever would lose more to the template loses nothing."""

Then = Callable[[Article], Article]
Answer = Article | Outcome


def extract_batch(
    pages: Iterable[Page], processes: int = 1, *, then: Then | None = None, seconds: float = 10.0
) -> Iterator[Answer]:
    """One answer for each page, in the order of the pages: the article, or the outcome that says why there is none.

    Two passes: each page is extracted; then, with all of a host's pages known, the lines that they repeat are taken out (`removed`,
    kind `learned`) and `then` is applied (`pipelines.clean.clean`; it must be importable by name). Between the passes the articles and their lines
    wait in temporary files: memory grows with the lines that hosts repeat, not with the pages.
    A page that takes longer than `seconds` or kills its worker ends as `failed/…` and costs no other page anything.
    """
    with tempfile.TemporaryFile() as spool, tempfile.TemporaryFile() as beside:
        lines, count = Lines(beside), 0
        for answer in _in_workers(_extract, pages, processes, seconds, _warm):
            if isinstance(answer, Article):
                lines.add(line_hash(answer.host), line_hash(answer.title) or count, answer.page_lines)
            pickle.dump(answer, spool, pickle.HIGHEST_PROTOCOL)
            count += 1
        template = lines.repeated()
        spool.seek(0)
        waiting = (
            (answer, template.get(line_hash(answer.host), frozenset()), then) if isinstance(answer, Article) else answer
            for answer in _read(spool, count)
        )
        yield from _in_workers(_finish, waiting, processes, seconds)


class Lines:
    """The lines of many pages, by hash, in a file: (line, host, title), 24 bytes each. `rows` of them are in memory before they are written, and a
    64th of all while it is found out which ones a host repeats."""

    _PARTS = np.arange(65, dtype=np.uint64)  # by the first six bits of the line

    def __init__(self, file: BinaryIO, rows: int = 1 << 17) -> None:
        self._file = file
        self._rows = np.empty((rows, 3), np.uint64)
        self._filled = 0
        self._runs: list[NDArray[np.int64]] = []
        """Where the parts of each run begin and end in the file, in rows."""

    def add(self, host: int, title: int, lines: Sequence[int]) -> None:
        """The lines of one page."""
        for at in range(0, len(lines), len(self._rows)):
            some = lines[at : at + len(self._rows)]
            if self._filled + len(some) > len(self._rows):
                self._write()
            rows = self._rows[self._filled : self._filled + len(some)]
            rows[:, 0], rows[:, 1], rows[:, 2] = some, host, title
            self._filled += len(some)

    def repeated(self) -> dict[int, frozenset[int]]:
        """The template of each host that has one."""
        self._write()
        template: dict[int, set[int]] = defaultdict(set)
        for part in range(64):
            rows = np.concatenate([np.empty((0, 3), np.uint64), *(self._read(run, part) for run in self._runs)])
            of_host = rows[:, 0] ^ rows[:, 1]
            found = np.fromiter(repeated(of_host, rows[:, 2]), np.uint64)
            for line, host in np.unique(rows[np.isin(of_host, found), :2], axis=0).tolist():
                template[host].add(line)
        return {host: frozenset(lines) for host, lines in template.items()}

    def _write(self) -> None:
        rows = self._rows[: self._filled]
        rows = rows[np.argsort(rows[:, 0] >> np.uint64(58), kind="stable")]
        begins = self._runs[-1][-1] if self._runs else 0
        self._runs.append(begins + np.searchsorted(rows[:, 0] >> np.uint64(58), self._PARTS))
        self._file.write(rows.tobytes())
        self._filled = 0

    def _read(self, run: NDArray[np.int64], part: int) -> NDArray[np.uint64]:
        begin, end = run[part : part + 2].tolist()
        self._file.seek(24 * begin)
        return np.frombuffer(self._file.read(24 * (end - begin)), np.uint64).reshape(-1, 3)


def repeated(lines: ArrayLike, titles: ArrayLike) -> frozenset[int]:
    """The lines that stand under at least `STORIES` different titles; both given by hash, one pair for each line of each page."""
    pairs = np.unique(np.stack([np.asarray(lines, np.uint64), np.asarray(titles, np.uint64)], axis=1), axis=0)
    numbers, stories = np.unique(pairs[:, 0], return_counts=True)
    return frozenset(numbers[stories >= STORIES].tolist())


def without_template(article: Article, template: frozenset[int]) -> Article:
    """The article without the lines that its host repeats; unchanged if they make up most of it."""
    lines = article.text.split("\n")
    out = [line for line in lines if line_hash(line) in template]
    lead = article.lead if article.lead and line_hash(article.lead) in template else ""
    if not (out or lead) or sum(map(len, out)) + len(lead) > MOST * (len(article.text) + len(article.lead)):
        return article
    cut = [Removed("learned", line) for line in ([lead] if lead else []) + out]
    text = "\n".join(line for line in lines if line_hash(line) not in template)
    return replace(article, text=text, lead="" if lead else article.lead, removed=(*article.removed, *cut))


def _extract(page: Page) -> Answer:
    try:
        return extract(page)
    except Rejected as refusal:
        return Outcome("rejected", refusal.reason)


def _finish(item: tuple[Article, frozenset[int], Then | None] | Outcome) -> Answer:
    if isinstance(item, Outcome):
        return item
    article, template, then = item
    if template:
        article = without_template(article, template)
    return then(article) if then else article


def _warm() -> None:
    """Loads, outside of the first page's time limit, what extraction loads when it is first needed."""
    line = "<p>The bridge over the river will be closed for two weeks from Monday, the city said on Friday.</p>"
    body = f"<html><body><article>{line * 3}</article></body></html>".encode()
    extract(Page("https://warm.invalid/page", body, datetime.now(UTC)))


def _in_workers(
    function: Callable[..., Answer],
    items: Iterable[object],
    processes: int,
    seconds: float,
    warm: Callable[[], object] | None = None,
) -> Iterator[Answer]:
    with Workers(function, processes, seconds=seconds, warm=warm) as workers:
        for _, future in workers.map(items):
            yield _result(future)


def _result(future: Future[Answer]) -> Answer:
    try:
        return future.result()
    except Rejected as refusal:
        return Outcome("rejected", refusal.reason)
    except Failed as failure:
        return Outcome("failed", failure.reason)
    except Exception as error:  # noqa: BLE001  (one page must not end the batch; its outcome names the error)
        return Outcome("failed", type(error).__name__)


def _read(spool: BinaryIO, count: int) -> Iterator[Answer]:
    for _ in range(count):
        yield pickle.load(spool)  # noqa: S301  (written above)
