"""The index: every known article by its sketch, and the decisions made with it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import DOCUMENT, Backend, Documents, IndexMismatch, Ragged
from pipelines.dedup.fingerprints import composed
from pipelines.dedup.overlap import overlaps
from pipelines.dedup.parameters import PARAMETERS, Parameters
from pipelines.dedup.shingles import shingle
from pipelines.dedup.sqlite import SqliteBackend
from pipelines.records import Article, Copy, CopyKind, Fact, Fingerprint

METHOD = "shingles/1"
Batch = Sequence[tuple[Article, Fingerprint]]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two texts overlap, boilerplate left out. All three are 0–1."""

    similarity: float
    """Jaccard."""
    containment: float
    """Share of the first that stands in the second."""
    containment_of: float
    """Share of the second that stands in the first."""
    shared: int = 0
    """Shingles."""
    boilerplate: int = 0
    """Shared shingles that were left out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that may be a copy, why it was looked at, and what came of it."""

    article_id: str
    shared_keys: int
    likeness: Likeness
    kind: CopyKind | None
    """None: looked at, and not a copy."""


def open_index(
    folder: Path, parameters: Parameters = PARAMETERS, *, backend: str = "sqlite", horizon: timedelta | None = None
) -> "Index":
    """Open or make the index in `folder`. Raises IndexMismatch, IndexDamaged."""
    storage: Backend = {"sqlite": SqliteBackend}[backend](folder)
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


class _Counts(NamedTuple):
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    counts: NDArray[np.int64]


class Index:
    """Copies among new articles and all known ones. One writer at a time."""

    def __init__(self, backend: Backend, parameters: Parameters = PARAMETERS, horizon: timedelta | None = None) -> None:
        self._backend = backend
        self._parameters = parameters
        self._horizon = horizon

    def __len__(self) -> int:
        return len(self._backend)

    def find(self, batch: Batch, *, run_id: str, now: datetime) -> list[Copy]:
        """Copies among `batch` and everything added before. Adds nothing."""
        latest = {article.article_id: (article, fingerprint) for article, fingerprint in batch}
        batch = list(latest.values())
        if not batch:
            return []
        documents, shingles, n_keys = _rows(batch, self._parameters)
        history, n = self._backend, len(self._backend)
        own = history.numbers(document["id"].tobytes() for document in documents)
        replaced = np.array(sorted(own.values()), np.int64)

        rows = np.repeat(np.arange(len(batch)), n_keys)
        keys = np.concatenate([shingles[i][: n_keys[i]] for i in range(len(batch))])
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        unique, inverse = np.unique(keys, return_inverse=True)
        at, numbers = history.lookup(unique, self._parameters.postings)
        keep = ~np.isin(numbers, replaced)
        at, numbers = at[keep], numbers[keep]
        at = np.concatenate([at, inverse])
        numbers = np.concatenate([numbers, rows + n])
        by_key = np.argsort(at, kind="stable")
        at, numbers = at[by_key], numbers[by_key]
        starts = np.searchsorted(at, np.arange(len(unique) + 1))
        left, right = [], []
        for key, row in zip(inverse.tolist(), rows.tolist(), strict=True):
            others = numbers[starts[key] : starts[key + 1]]
            others = others[(others < n) | (others > row + n)]
            left.append(np.full(len(others), row))
            right.append(others)
        pairs, shared = np.unique(np.stack([np.concatenate(left), np.concatenate(right)]), axis=1, return_counts=True)
        pairs = pairs[:, shared >= self._parameters.shared_keys]

        old = np.unique(pairs[1][pairs[1] < n])
        local = Ragged.of([shingles[i] for i in range(len(batch))] + list(_each(history.shingles(old))))
        everything = np.concatenate([documents, history.documents(old)]) if len(old) else documents
        right_local = np.where(pairs[1] >= n, pairs[1] - n, len(batch) + np.searchsorted(old, pairs[1]))
        counts = overlaps(local.values, local.offsets, pairs[0], right_local, np.zeros(len(local.values), np.bool_))
        copies = []
        for a, b, row in zip(pairs[0].tolist(), right_local.tolist(), counts.tolist(), strict=True):
            like = _likeness(row)
            kind = _kind(like, self._parameters)
            if kind is None:
                continue
            one, two = everything[a], everything[b]
            if (one["time"], -int(one["size"]), one["id"].tobytes()) < (
                two["time"],
                -int(two["size"]),
                two["id"].tobytes(),
            ):
                one, two = two, one
                like = replace(like, containment=like.containment_of, containment_of=like.containment)
            copies.append(
                Copy(
                    article_id=one["id"].tobytes().hex(),
                    of_article_id=two["id"].tobytes().hex(),
                    kind=kind,
                    similarity=like.similarity,
                    containment=like.containment,
                    containment_of=like.containment_of,
                    score=max(like.containment, like.containment_of) if kind == "partial" else like.similarity,
                    evidence=(Fact("shared_shingles", str(like.shared)),),
                    decided_at=now,
                    run_id=run_id,
                    method=METHOD,
                )
            )
        return copies

    def add(self, commit_id: str, batch: Batch) -> None:
        """Make what was committed known, durably. The same `commit_id` again does nothing."""
        if commit_id in self._backend.applied():
            return
        latest = {article.article_id: (article, fingerprint) for article, fingerprint in batch}
        self._backend.add(commit_id, *_rows(list(latest.values()), self._parameters))

    def applied(self) -> set[str]:
        """Ids of the commits that are in, durably."""
        return self._backend.applied()

    def compare(self, a: str, b: str) -> Likeness | None:
        """How two known articles overlap; None when one is not known."""
        ids = [bytes.fromhex(a), bytes.fromhex(b)]
        numbers = self._backend.numbers(ids)
        if len(numbers) < len(set(ids)):
            return None
        both = self._backend.shingles(np.array([numbers[i] for i in ids]))
        counts = overlaps(both.values, both.offsets, np.array([0]), np.array([1]), np.zeros(len(both.values), np.bool_))
        return _likeness(counts[0].tolist())

    def candidates_of(self, article_id: str) -> list[Candidate]:
        """What a known article was compared with, the most alike first."""
        id_ = bytes.fromhex(article_id)
        number = self._backend.numbers([id_]).get(id_)
        if number is None:
            return []
        mine = self._backend.shingles(np.array([number]))[0]
        _, numbers = self._backend.lookup(mine[: _n_keys(mine, self._parameters)], self._parameters.postings)
        others, shared = np.unique(numbers[numbers != number], return_counts=True)
        found = []
        for other, keys in zip(others.tolist(), shared.tolist(), strict=True):
            if keys >= self._parameters.shared_keys:
                name = self._backend.documents(np.array([other]))[0]["id"].tobytes().hex()
                like = self.compare(article_id, name)
                assert like is not None
                found.append(Candidate(name, keys, like, _kind(like, self._parameters)))
        return sorted(found, key=lambda c: -c.likeness.similarity)

    def remove(self, article_ids: Iterable[str]) -> int:
        """Erase articles, all versions and their shingles; how many versions went."""
        return self._backend.remove(bytes.fromhex(a) for a in article_ids)

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


def _rows(batch: Batch, parameters: Parameters) -> tuple[Documents, Ragged, NDArray[np.int64]]:
    """The batch as a `Backend` takes it."""
    documents = np.zeros(len(batch), DOCUMENT)
    sets = []
    for i, (article, print_) in enumerate(batch):
        shingles = np.unique((print_.shingles >> np.uint64(32)).astype(np.uint32))
        host = int.from_bytes(hashlib.blake2b(article.host.encode(), digest_size=8).digest(), "little")
        time = int((article.published_at or article.fetched_at).timestamp())
        documents[i] = (bytes.fromhex(article.article_id), host, time, len(shingles), True)
        sets.append(shingles)
    return documents, Ragged.of(sets), np.array([_n_keys(s, parameters) for s in sets], np.int64)


def _n_keys(shingles: NDArray[np.uint32], parameters: Parameters) -> int:
    below = int(np.searchsorted(shingles, np.uint32(0xFFFFFFFF // parameters.sketch_scale)))
    return min(len(shingles), max(below, parameters.sketch_least))


def _each(ragged: Ragged) -> Iterable[NDArray[np.uint32]]:
    return (ragged[i] for i in range(len(ragged.offsets) - 1))


def _likeness(counts: Sequence[int]) -> Likeness:
    everything, shared, left, right = counts[:4]
    union = left + right - shared
    return Likeness(shared / (union or 1), shared / (left or 1), shared / (right or 1), shared, everything - shared)


def _kind(like: Likeness, parameters: Parameters) -> CopyKind | None:
    if like.similarity == 1.0 and not like.boilerplate:
        return "exact"
    if like.similarity >= parameters.near:
        return "near"
    if max(like.containment, like.containment_of) >= parameters.contained:
        return "partial"
    return None


__all__ = ["UTC", "Batch", "Candidate", "Index", "Likeness", "Mapping", "open_index"]
