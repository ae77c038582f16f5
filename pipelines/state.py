"""Everything under `state/` that follows the tables: copy index, anchor index, provenance, catalog, and the hosts' recurring lines.

All of it is derived: it learns from committed rows only, so after a crash it is at most some commits behind and `catch_up`
replays those from the tables. It can be deleted and rebuilt (`copydesk verify --repair`).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
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
from pipelines.store import Store

log = logging.getLogger(__name__)


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
        self._open = ExitStack()
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
        """Learn the commits that a dead run published and did not learn. Returns how many there were."""
        applied = self.applied().values()
        behind = [commit for commit in store.commits() if any(commit not in done for done in applied)]
        for commit in behind:
            log.info("state: learning commit %s again from the tables", commit)
            articles = list(store.articles_of(commit))
            self.learn(commit, [made_ready_again(article) for article in articles], store.copies_of(commit))
        return len(behind)

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
            compare_text=self.index.compare,
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

    def remove(self, article_ids: Sequence[str]) -> None:
        """Forget articles everywhere under `state/`, for take-down requests."""
        for part in self._parts.values():
            part.remove(article_ids)

    def close(self) -> None:
        self._open.close()


def newest(batch: Sequence[Ready]) -> list[Ready]:
    """The last version of each article, in order of arrival: an article is never its own copy."""
    return list({ready.article.article_id: ready for ready in batch}.values())
