"""Everything under `state/` that follows the tables: copy index, anchor index, provenance, catalog, and the hosts' recurring lines.

All of it is derived: it learns from committed rows only, so after a crash, and beside other machines, it is at most some commits
behind and `catch_up` replays those from the tables. It can be deleted and rebuilt (`copydesk verify --repair`).
"""

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pipelines import dedup, provenance, translations
from pipelines.catalog import Catalog, Known
from pipelines.clean import learned
from pipelines.finish import merge
from pipelines.prepare import Ready, made_ready_again
from pipelines.records import Copy
from pipelines.store import StorageError, Store, tombstones

log = logging.getLogger(__name__)


def files(folder: Path) -> list[Path]:
    """The SQLite files of a state folder that follow the tables."""
    return [folder / name / f"{name}.sqlite" for name in ("anchors", "catalog", "lines", "provenance")]


class Part(Protocol):
    """Something that follows the tables: it can say how far it came, and is never ahead of them."""

    def applied(self) -> set[str]:
        """Ids of the commits it has learned, durably."""

    def remove(self, ids: Sequence[str], /) -> object:
        """Forget articles."""

    def close(self) -> None: ...


class State:
    """The embedded indexes of one data folder. One writer."""

    def __init__(
        self, folder: Path, *, horizon: timedelta | None = None, encoder: translations.Encoder | None = None
    ) -> None:
        """Open or create. Raises `dedup.IndexMismatch`, `dedup.IndexDamaged` or `translations.IndexMismatch`, each naming the command
        that mends it."""
        self._folder = folder
        self._open = ExitStack()
        self._learned: set[str] | None = None
        """Commits that every part has learned, once it was looked up."""
        self.catalog = Catalog(folder / "catalog")
        self.index = dedup.open_index(folder / "index", horizon=horizon)
        self.anchors = translations.open_index(folder / "anchors", encoder=encoder)
        self.provenance = provenance.open_provenance(folder / "provenance")
        self.lines = learned.open_lines(folder / "lines")
        self._parts: dict[str, Part] = {
            "catalog": self.catalog,
            "index": self.index,
            "anchors": self.anchors,
            "provenance": self.provenance,
            "lines": self.lines,
        }
        for part in self._parts.values():
            self._open.callback(part.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def applied(self) -> dict[str, set[str]]:
        """Name of each part → ids of the commits it has learned."""
        return {name: part.applied() for name, part in self._parts.items()}

    def catch_up(self, store: Store) -> int:
        """Learn the commits of others, and those that a dead run published and did not learn. Returns how many there were.

        Also forgets what was taken down elsewhere. Call it inside `store.changing()`.
        """
        behind = self._behind(store)
        for commit_id in behind:
            self._learn_from(store, commit_id)
        gone = [article_id for stone in tombstones(store) for article_id in stone.article_ids]
        if self.catalog.known(gone):
            self.remove(gone)
        return len(behind)

    def read_ahead(self, store: Store) -> int:
        """`catch_up` as far as nobody has to wait for it: what others committed lately. Returns how many commits there were."""
        behind = self._behind(store)
        for n, commit_id in enumerate(behind):
            try:
                if not store.stands_alone(commit_id):
                    return n
                self._learn_from(store, commit_id)
            except StorageError:  # compacted under our hands; `catch_up` says so if it is more than that
                return n
        return len(behind)

    def _behind(self, store: Store) -> list[str]:
        """Commits that some part has not learned, in the order in which they were decided."""
        if self._learned is None:
            self._learned = set.intersection(*self.applied().values())
        behind = [commit_id for commit_id in store.commits() if commit_id not in self._learned]
        return sorted(behind, key=store.decided_at) if len(behind) > 1 else behind

    def _learn_from(self, store: Store, commit_id: str) -> None:
        log.info("state: learning commit %s from the tables", commit_id)
        articles = list(store.articles_of(commit_id))
        self.learn(commit_id, [made_ready_again(article) for article in articles], list(store.copies_of(commit_id)))

    def known(self, article_ids: Iterable[str]) -> Mapping[str, Known]:
        return self.catalog.known(article_ids)

    def template(self, host: str) -> frozenset[int]:
        """Hashes of the lines that recur on this host."""
        return self.lines.template(host)

    def find(self, batch: Sequence[Ready], *, run_id: str, now: datetime) -> tuple[list[Copy], tuple[str, ...]]:
        """All copies the batch brings, one row per pair, and the addresses of declared originals nobody has seen yet."""
        batch = newest(batch)
        copies = self.index.find([(p.article, p.fingerprint) for p in batch], run_id=run_id, now=now)
        across = self.anchors.find([(p.article, p.anchors) for p in batch], run_id=run_id, now=now)
        # Anchors take back what they found, never what was declared: there the text was asked about this one pair.
        copies += [
            copy
            for copy in across
            if copy.kind != "refuted" or not self.provenance.claimed(copy.article_id, copy.of_article_id)
        ]
        declared, wanted = self.provenance.resolve(
            [p.article for p in batch],
            compare_texts=self.index.compare_all,
            compare_translation=self.anchors.compare,
            run_id=run_id,
            now=now,
        )
        return merge([*copies, *declared]), wanted

    def learn(self, commit_id: str, batch: Sequence[Ready], copies: Iterable[Copy]) -> None:
        """Make a committed batch durable in every part. Doing it again changes nothing."""
        every, copies = [p.article for p in batch], tuple(copies)
        batch = newest(batch)
        self.index.add(commit_id, [(p.article, p.fingerprint) for p in batch])
        self.anchors.add(commit_id, [(p.article, p.anchors) for p in batch], copies)
        self.provenance.add(commit_id, [p.article for p in batch], copies)
        self.lines.add(commit_id, [(p.article.host, p.article.story_id, p.article.page_lines) for p in batch])
        self.catalog.add(commit_id, every)
        if self._learned is not None:
            self._learned.add(commit_id)

    def remove(self, article_ids: Sequence[str]) -> None:
        """Forget articles everywhere under `state/`, for take-down requests."""
        for name, part in self._parts.items():
            if name != "catalog":
                part.remove(article_ids)
        self.catalog.remove(article_ids)  # last: who asks whether they are gone everywhere, asks it
        for path in files(self._folder):
            erase(path)

    def close(self) -> None:
        self._open.close()


def erase(path: Path) -> None:
    """Leave no byte of deleted rows in a SQLite file: as SQLite comes, it deletes by forgetting where they stood."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def newest(batch: Sequence[Ready]) -> list[Ready]:
    """The last version of each article, in order of arrival: an article is never its own copy."""
    return list({ready.article.article_id: ready for ready in batch}.values())
