"""Made-up rows for the tests of the tables."""

import functools
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pipelines.records import Article, Commit, Copy, Declaration, Fact, Image, PageRow, Removed, RunRow
from pipelines.store.files import Files, LocalFiles
from pipelines.store.schema import STORIES

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def article(n: int, *, version: int = 1, at: datetime = NOON, text: str = "Erste Zeile\nZweite Zeile") -> Article:
    return Article(
        article_id=f"{n:032x}",
        url=f"https://paper{n % 7}.example/story-{n}.html",
        canonical_url=f"https://paper{n % 7}.example/story-{n}.html",
        host=f"paper{n % 7}.example",
        title=f"Story {n}",
        text=text,
        fetched_at=at,
        lead="What happened",
        publisher=f"paper{n % 7}",
        language=("vi", "de", None)[n % 3],
        authors=("An Na", "Bo Li"),
        published_at=at - timedelta(hours=n % 50, microseconds=1),
        published_at_source="json_ld",
        tags=("a", "b"),
        images=(Image(f"https://paper.example/{n}.jpg", "A picture"),),
        credits=("AFP",),
        declarations=(
            Declaration("credit", "AFP", "byline"),
            Declaration("hreflang", "https://x.example", "link", "de"),
        ),
        removed=(Removed("ad", "[Anzeige_2]"),),
        content_hash=f"{n * 1000 + version:031x}f",
        extractor="extract/1",
        cleaner="clean/1",
        archive_file="raw/2026-03-14.warc.gz",
        archive_offset=n * 1000,
        version=version,
        run_id="20260314T120000Z-abc123",
        story_id=f"{n:032x}",
    )


def copy(n: int, of: int, *, at: datetime = NOON) -> Copy:
    return Copy(
        f"{n:032x}",
        f"{of:032x}",
        "near",
        0.7,
        0.9,
        None,
        0.8,
        (Fact("shared", "12"), Fact("cut", "3")),
        at,
        "run",
        "shingles/1",
    )


def page(n: int, *, at: datetime = NOON) -> PageRow:
    return PageRow(
        f"https://paper.example/{n}", "", "paper", 200, "text/html", 4000, at, "stored", "", "run", f"{n:032x}", 1, "raw/x.warc.gz", n, 0.1
    )  # fmt: skip


def run(run_id: str, n: int) -> RunRow:
    return RunRow(
        run_id, "crawl", "finished", 0, NOON, NOON, n, n, {"stored": n}, {"near": 1}, {"copydesk": "0.1"}, {"shingle": "3"},
        {"extract": 1.5},
    )  # fmt: skip


def commit(k: int, size: int = 10, *, at: datetime = NOON, last: bool = True) -> Commit:
    """The k-th commit, of a run of its own: articles `k * size …`, each but the first a copy of the first."""
    run_id = f"20260314T{k:06d}Z-{k:06x}"
    ns = range(k * size, (k + 1) * size)
    return Commit(
        f"{run_id}-0001",
        run_id,
        tuple(article(n, at=at) for n in ns),
        tuple(copy(n, k * size, at=at) for n in ns if n > k * size),
        tuple(page(n, at=at) for n in ns),
        run(run_id, size) if last else None,
    )


def stories(*ids: str) -> pa.Table:
    """A snapshot in which every article is a story of its own."""
    columns = {f.name: [None] * len(ids) for f in STORIES}
    columns |= {name: list(ids) for name in ("article_id", "story_id", "canonical_id", "original_id")}
    columns |= {"is_canonical": [True] * len(ids), "reason": ["only_one"] * len(ids), "n_articles": [1] * len(ids)}
    return pa.table(columns, schema=STORIES)


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """Files of a process that fails at the n-th change, having done half of a write.

    With `Killed` nothing works afterwards, as after `kill -9`; with an OSError everything does, as on a disk that was full.
    """

    CHANGES = ("write", "publish", "sync", "move", "delete", "drop", "replace")

    def __init__(self, files: Files, lives: int, error: BaseException) -> None:
        self.files, self.lives, self.error = files, lives, error

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.files, name)
        return functools.partial(self._try, name, real) if name in self.CHANGES else real

    def _try(self, name: str, real: Callable[..., None], *args: Any) -> None:
        self.lives -= 1
        if self.lives == 0 and name == "write":
            real(args[0], args[1][: len(args[1]) // 2])
        if self.lives == 0 and name == "publish" and isinstance(self.files, LocalFiles):
            folder, _, base = args[0].rpartition("/")
            self.files.write(f"{folder}/.{base}.tmp", args[1][: len(args[1]) // 2])
        if self.lives == 0 or (self.lives < 0 and isinstance(self.error, Killed)):
            raise self.error
        real(*args)
        if name == "replace":  # also behind it: an exchange done twice would be undone
            self.lives -= 1
            if self.lives == 0:
                raise self.error


@pytest.fixture(autouse=True)
def no_power_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here cuts the power, so nothing has to wait for the disk. (Child processes do wait.)"""
    monkeypatch.setattr(os, "fsync", lambda _: None)
