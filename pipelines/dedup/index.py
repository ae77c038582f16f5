"""The index: every known article by its sketch, and the copies found with it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import DOCUMENT, Backend, Documents, IndexMismatch, Ragged
from pipelines.dedup.decide import Likeness, compare, kind
from pipelines.dedup.fingerprints import composed
from pipelines.dedup.parameters import PARAMETERS, Parameters
from pipelines.dedup.runs import RunsBackend
from pipelines.dedup.shingles import shingle
from pipelines.dedup.sqlite import SqliteBackend
from pipelines.dedup.view import Numbers, View, sketches
from pipelines.records import Article, Copy, CopyKind, Fact, Fingerprint

METHOD = "shingles/1"
BACKENDS: Mapping[str, Callable[[Path], Backend]] = {"runs": RunsBackend, "sqlite": SqliteBackend}
Batch = Sequence[tuple[Article, Fingerprint]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that may be a copy, why it was looked at, and what came of it."""

    article_id: str
    shared_keys: int
    likeness: Likeness
    kind: CopyKind | None
    """None: looked at, and not a copy."""


def open_index(
    folder: Path, parameters: Parameters = PARAMETERS, *, backend: str = "runs", horizon: timedelta | None = None
) -> "Index":
    """Open or make the index in `folder`. Raises IndexMismatch, IndexDamaged.

    `horizon` leaves articles out of the candidates of `find` that were published (or, undated, fetched) longer ago.
    """
    storage = BACKENDS[backend](folder)
    stored, wanted = storage.parameters(), parameters.as_dict()
    if stored is None:
        storage.initialize(wanted)
    elif stored != wanted:
        storage.close()
        names = sorted(name for name in stored.keys() | wanted.keys() if stored.get(name) != wanted.get(name))
        said = ", ".join(f"{name} is {stored.get(name)} there, {wanted.get(name)} here" for name in names)
        raise IndexMismatch(
            f"{folder} was made with other parameters ({said}); rebuild it with: copydesk verify --repair"
        )
    return Index(storage, parameters, horizon)


class Index:
    """Copies among new articles and all known ones. One writer at a time."""

    def __init__(self, backend: Backend, parameters: Parameters = PARAMETERS, horizon: timedelta | None = None) -> None:
        self._backend = backend
        self._parameters = parameters
        self._horizon = horizon

    def __len__(self) -> int:
        """How many article versions were added, erased ones included."""
        return len(self._backend)

    # -- finding ----------------------------------------------------------------------------------------------------------

    def find(self, batch: Batch, *, run_id: str, now: datetime) -> list[Copy]:
        """Copies among `batch` and everything added before. Adds nothing.

        Also rows for pairs of old articles of which the batch changes what is known: it may bring the third page that shows what is
        boilerplate on a host, or a new version of an article that is a copy no longer. Such rows supersede the earlier ones.
        """
        newest = {article.article_id: article for article, _ in batch}
        if not newest:
            return []
        documents, shingles, _ = _rows(batch, self._parameters)
        replaced = self._backend.numbers(document["id"].tobytes() for document in documents)
        gone = np.array(sorted(replaced.values()), np.int64)
        not_before = None if self._horizon is None else int((now - self._horizon).timestamp())
        before = View(self._backend, self._parameters, not_before=not_before)
        after = View(self._backend, self._parameters, documents, shingles, gone, not_before)

        position, other, _ = after.neighbours(after.batch)
        found = self._decide(after, after.batch[position], other)
        unsettled = self._unsettled(before, after.first, found)
        asked = np.union1d(unsettled, gone)
        position, other, _ = before.neighbours(asked)
        earlier = self._decide(before, asked[position], other)
        position, other, _ = after.neighbours(unsettled)
        found |= self._decide(after, unsettled[position], other)

        rows: list[tuple[_Pair, CopyKind]] = []
        fresh = {document["id"].tobytes() for document in documents}
        for ids, pair in found.items():
            old = earlier.get(ids)
            if pair.kind and (not fresh.isdisjoint(ids) or old is None or old.likeness != pair.likeness):
                rows.append((pair.copy_first(), pair.kind))
        for ids, old in earlier.items():
            pair_now = found.get(ids)
            if old.kind and (pair_now is None or pair_now.kind is None):
                nothing = replace(old, likeness=Likeness(0.0, 0.0, 0.0))
                rows.append(((pair_now or nothing).copy_first(), "refuted"))
        where = _Where(after, newest, rows)
        copies = [_copy(pair, kind_, where, run_id, now) for pair, kind_ in rows]
        return sorted(copies, key=lambda copy: (copy.article_id, copy.of_article_id))

    def _decide(self, view: View, left: Numbers, right: Numbers) -> "dict[tuple[bytes, bytes], _Pair]":
        """Decisions by the pairs' ids, the smaller first; each pair once, though it may be given in both directions."""
        if not len(left):
            return {}
        low, high = np.unique(np.stack([np.minimum(left, right), np.maximum(left, right)]), axis=1)
        at, likenesses = compare(view, low, high, self._parameters)
        low, high = low[at], high[at]
        decided = {}
        for document, of_document, number, of_number, likeness in zip(
            view.documents(low), view.documents(high), low.tolist(), high.tolist(), likenesses, strict=True
        ):
            pair = _Pair(number, of_number, document, of_document, likeness, kind(likeness, self._parameters))
            decided[min(pair.ids, pair.turned().ids)] = pair
        return decided

    def _unsettled(self, before: View, first: int, found: "Mapping[tuple[bytes, bytes], _Pair]") -> Numbers:
        """Old articles that share their host and some text with a new one, and with too few others to know what is boilerplate."""
        at_home = {
            pair.number
            for pair in found.values()
            if pair.number < first <= pair.of_number and pair.document["host"] == pair.of_document["host"]
        }
        old = np.array(sorted(at_home), np.int64)
        position, other, shared = before.neighbours(old)
        family = before.documents(old)["host"][position] == before.documents(other)["host"]
        family &= (
            shared >= 2 * self._parameters.shared_keys
        )  # so many are no chance: its shingles would show a family, too
        return old[np.bincount(position[family], minlength=len(old)) < self._parameters.settled]

    # -- learning ---------------------------------------------------------------------------------------------------------

    def add(self, commit_id: str, batch: Batch) -> None:
        """Make what was committed known, durably. The same `commit_id` again does nothing."""
        if commit_id not in self._backend.applied():
            self._backend.add(commit_id, *_rows(batch, self._parameters))

    def applied(self) -> set[str]:
        """Ids of the commits that are in, durably."""
        return self._backend.applied()

    def remove(self, article_ids: Iterable[str]) -> int:
        """Erase articles, all versions and their shingles; how many versions went."""
        return self._backend.remove(bytes.fromhex(article_id) for article_id in article_ids)

    # -- asking -----------------------------------------------------------------------------------------------------------

    def compare(self, a: str, b: str) -> Likeness | None:
        """How `a` is like `b`, boilerplate left out; None when one of them is not known."""
        view = View(self._backend, self._parameters)
        numbers = self._backend.numbers([bytes.fromhex(a), bytes.fromhex(b)])
        if a == b or len(numbers) < 2:
            return None
        one, two = (np.array([numbers[bytes.fromhex(article_id)]]) for article_id in (a, b))
        at_least_this = replace(self._parameters, shared_least=0, worth_a_look=0.0)
        return compare(view, one, two, at_least_this)[1][0]

    def candidates_of(self, article_id: str) -> list[Candidate]:
        """What a known article is compared with, the most alike first. Empty for an unknown one."""
        view = View(self._backend, self._parameters)
        me = np.array(list(self._backend.numbers([bytes.fromhex(article_id)]).values()), np.int64)
        position, other, shared = view.neighbours(me)
        if not len(other):
            return []
        at_least_this = replace(self._parameters, shared_least=0, worth_a_look=0.0)
        _, likenesses = compare(view, me[position], other, at_least_this)
        names = [document["id"].tobytes().hex() for document in view.documents(other)]
        candidates = [
            Candidate(name, keys, likeness, kind(likeness, self._parameters))
            for name, keys, likeness in zip(names, shared.tolist(), likenesses, strict=True)
        ]
        return sorted(candidates, key=lambda c: (c.kind is None, -c.likeness.similarity, c.article_id))

    def verify(self) -> None:
        """Read and check everything. Raises IndexDamaged."""
        self._backend.verify()

    def close(self) -> None:
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Pair:
    """A decision, while it still knows the numbers of a view."""

    number: int
    of_number: int
    document: np.void
    of_document: np.void
    likeness: Likeness
    kind: CopyKind | None

    @property
    def ids(self) -> tuple[bytes, bytes]:
        return self.document["id"].tobytes(), self.of_document["id"].tobytes()

    def turned(self) -> "_Pair":
        return _Pair(self.of_number, self.number, self.of_document, self.document, self.likeness.turned(), self.kind)

    def copy_first(self) -> "_Pair":
        """Of two dated articles the later one is the copy, else the shorter one; then the ids decide, so that the order of arrival never does."""
        one, two = self.document, self.of_document
        dated = one["dated"] and two["dated"]
        later = (one["time"] if dated else 0, -int(one["size"]), self.ids[0])
        earlier = (two["time"] if dated else 0, -int(two["size"]), self.ids[1])
        return self if later > earlier else self.turned()


def _copy(pair: _Pair, kind_: CopyKind, where: "_Where", run_id: str, now: datetime) -> Copy:
    likeness = pair.likeness
    facts = [Fact("shared_shingles", str(likeness.shared))]
    if likeness.boilerplate:
        facts.append(Fact("boilerplate_shingles", str(likeness.boilerplate)))
    if likeness.passage:
        facts.append(Fact("longest_passage", str(likeness.passage)))
    if likeness.figures is not None:
        facts.append(Fact("figures", f"{likeness.figures:.2f}"))
    if kind_ in ("near", "partial"):
        for name, mine, other in (
            ("paragraphs", pair.ids[0], pair.of_number),
            ("paragraphs_of", pair.ids[1], pair.number),
        ):
            if (lines := where.shared_lines(mine.hex(), other)) is not None:
                facts.append(Fact(name, lines))
    partial = max(likeness.containment, likeness.containment_of)
    return Copy(
        article_id=pair.ids[0].hex(),
        of_article_id=pair.ids[1].hex(),
        kind=kind_,
        similarity=likeness.similarity,
        containment=likeness.containment,
        containment_of=likeness.containment_of,
        score=0.0 if kind_ == "refuted" else partial if kind_ == "partial" else likeness.similarity,
        evidence=tuple(facts),
        decided_at=now,
        run_id=run_id,
        method=METHOD,
    )


class _Where:
    """Which lines of the batch's articles stand in others. Texts of older articles are not here, so theirs cannot be said."""

    def __init__(self, view: View, newest: Mapping[str, Article], rows: Sequence[tuple[_Pair, CopyKind]]) -> None:
        self._newest = newest
        self._cut: dict[str, tuple[NDArray[np.uint32], NDArray[np.int32], int]] = {}
        pairs = [pair for pair, kind_ in rows if kind_ in ("near", "partial")]
        self._numbers = np.unique(np.array([n for pair in pairs for n in (pair.number, pair.of_number)], np.int64))
        self._texts = view.texts(self._numbers)

    def shared_lines(self, article_id: str, other: int) -> str | None:
        """The lines of the text that stand in the other at least by half, as `1-3,5 of 9`; None when the text is not at hand."""
        if article_id not in self._newest:
            return None
        if article_id not in self._cut:
            self._cut[article_id] = _lines(self._newest[article_id])
        hashes, line, n = self._cut[article_id]
        i = int(np.searchsorted(self._numbers, other))
        values = self._texts.values[self._texts.offsets[i] : self._texts.offsets[i + 1]]
        there = values[np.minimum(np.searchsorted(values, hashes), len(values) - 1)] == hashes
        by_line = np.bincount(line[there], minlength=n)
        lines = np.flatnonzero((by_line > 0) & (2 * by_line >= np.bincount(line, minlength=n))) + 1
        runs = np.split(lines, np.flatnonzero(np.diff(lines) > 1) + 1) if len(lines) else []
        said = ",".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
        return f"{said or 'none'} of {n}"


def _lines(article: Article) -> tuple[NDArray[np.uint32], NDArray[np.int32], int]:
    """The shingles of the text without title and lead, the line of each counted from 0, and how many lines there are."""
    shingled = shingle(composed(article))
    n = article.text.count("\n") + 1
    line = shingled.lines - np.int32(len(shingled.line_hashes) - n)
    in_text = line >= 0
    return (shingled.hashes[in_text] >> np.uint64(32)).astype(np.uint32), line[in_text], n


def _rows(batch: Batch, parameters: Parameters) -> tuple[Documents, Ragged, Ragged]:
    """The batch as a `Backend` takes it; of several versions of one article the last."""
    latest = {article.article_id: (article, print_) for article, print_ in batch}
    documents = np.zeros(len(latest), DOCUMENT)
    for i, (article, print_) in enumerate(latest.values()):
        host = int.from_bytes(hashlib.blake2b(article.host.encode(), digest_size=8).digest(), "little")
        dated = article.published_at is not None
        time = int((article.published_at or article.fetched_at).timestamp())
        documents[i] = (bytes.fromhex(article.article_id), host, time, len(print_.shingles), dated, True)
    shingles = Ragged.of([(print_.shingles >> np.uint64(32)).astype(np.uint32) for _, print_ in latest.values()])
    return documents, shingles, sketches(shingles, parameters)
