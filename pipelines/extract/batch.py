"""Many pages in worker processes, in order, with flat memory."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

import trafilatura.meta

from pipelines.extract.article import extract
from pipelines.records import Article, Outcome, Page, Rejected

PAGES_PER_WORKER = 1_000
"""After so many pages a worker is replaced, so that nothing the libraries keep can grow."""
PAGES_PER_TASK = 20


def extract_batch(
    pages: Iterable[Page], processes: int = 1, *, then: Callable[[Article], Article] | None = None
) -> Iterator[Article | Outcome]:
    """One answer for each page, in the order of the pages: the article, or the outcome that says why there is none.

    `then` is applied to each article in the worker (`pipelines.clean.clean`); it must be importable by name. Pages are read
    as they are needed: at most a few hundred are in memory.
    """
    chunks = _chunked(pages, PAGES_PER_TASK)
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), max_tasks_per_child=PAGES_PER_WORKER // PAGES_PER_TASK
    ) as pool:
        waiting: list[Future[list[Article | Outcome]]] = []
        for chunk in chunks:
            waiting.append(pool.submit(_task, chunk, then))
            if len(waiting) > 2 * processes:
                yield from waiting.pop(0).result()
        for future in waiting:
            yield from future.result()


def _chunked(pages: Iterable[Page], size: int) -> Iterator[list[Page]]:
    iterator = iter(pages)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _task(pages: list[Page], then: Callable[[Article], Article] | None) -> list[Article | Outcome]:
    answers = [_answer(page, then) for page in pages]
    trafilatura.meta.reset_caches()
    return answers


def _answer(page: Page, then: Callable[[Article], Article] | None) -> Article | Outcome:
    try:
        article = extract(page)
        return then(article) if then else article
    except Rejected as refusal:
        return Outcome("rejected", refusal.reason)
    except Exception as error:  # noqa: BLE001  (one page must not end the batch; its outcome names the error)
        return Outcome("failed", type(error).__name__.lower())
