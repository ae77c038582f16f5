"""Where decisions get articles from. Articles are numbers here; what a number stands for, only its view knows.

`Known` is the history of an index, without what a batch replaces, and the batch itself. `Given` is some articles that were handed in
with their neighbours, for an engine that joined them elsewhere. `pipelines.dedup.decide` asks nothing else, so both decide alike.
"""

from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import DOCUMENT, Backend, Documents, Ragged
from pipelines.dedup.compiled import compiled
from pipelines.dedup.parameters import Parameters

Numbers = NDArray[np.int64]


class Neighbours(NamedTuple):
    """Who may be a copy of whom: three arrays of one length, sorted by position, then number."""

    position: Numbers
    """Whose neighbour, as a position in the numbers that were asked for."""
    other: Numbers
    """The neighbour's number."""
    shared: Numbers
    """Sketch hashes both hold."""


class View(Protocol):
    """Living articles and how they hang together."""

    def documents(self, numbers: Numbers) -> Documents: ...

    def shingles(self, numbers: Numbers) -> Ragged:
        """All shingles of each, in the order of its text."""

    def neighbours(self, numbers: Numbers) -> Neighbours:
        """All others that share enough of a sketch with each, see `near_enough`."""


def sketches(shingles: Ragged, parameters: Parameters) -> Ragged:
    """The smallest values of each row, sorted: those in the first `1 / sketch_scale` of the range, and at least `sketch_least`."""
    limit = np.uint32(0xFFFFFFFF // parameters.sketch_scale)
    return Ragged(*_sketches(shingles.values, shingles.offsets, limit, parameters.sketch_least))


def near_enough(shared: Numbers, size: Numbers, other_size: Numbers, parameters: Parameters) -> NDArray[np.bool_]:
    """Which pairs are candidates, by the sketch hashes they share and the number of shingles of each."""
    short = np.minimum(size, other_size) <= parameters.short
    return (shared >= parameters.shared_keys) | ((shared > 0) & short)


class Given:
    """Articles 0, 1, 2 … handed in, with all pairs of neighbours among them that matter."""

    def __init__(self, documents: Documents, shingles: Ragged, left: Numbers, right: Numbers, shared: Numbers) -> None:
        """`left`, `right`, `shared`: each pair of neighbours once and how many sketch hashes they share, as `near_enough` chose them."""
        self._documents = documents
        self._shingles = shingles
        one, two = np.concatenate([left, right]), np.concatenate([right, left])
        order = np.lexsort((two, one))
        self._one, self._two, self._shared = one[order], two[order], np.concatenate([shared, shared])[order]

    def documents(self, numbers: Numbers) -> Documents:
        return self._documents[numbers]

    def shingles(self, numbers: Numbers) -> Ragged:
        return _chosen(numbers, self._shingles)

    def neighbours(self, numbers: Numbers) -> Neighbours:
        low, high = np.searchsorted(self._one, numbers), np.searchsorted(self._one, numbers, side="right")
        position, at = _ranges(low, high)
        return Neighbours(position, self._two[at], self._shared[at])


class Known:
    """Numbers below `first` are the history's; the rows of the batch follow."""

    def __init__(
        self,
        backend: Backend,
        parameters: Parameters,
        documents: Documents | None = None,
        shingles: Ragged | None = None,
        replaced: Numbers | None = None,
        not_before: int | None = None,
    ) -> None:
        self._backend = backend
        self._parameters = parameters
        self._documents = np.zeros(0, DOCUMENT) if documents is None else documents
        self._shingles = Ragged.of([]) if shingles is None else shingles
        self._replaced = np.empty(0, np.int64) if replaced is None else replaced
        self._not_before = not_before
        self.first = len(backend)

    @cached_property
    def batch(self) -> Numbers:
        return np.arange(self.first, self.first + len(self._documents))

    def documents(self, numbers: Numbers) -> Documents:
        out = np.zeros(len(numbers), DOCUMENT)
        old = numbers < self.first
        if old.any():
            out[old] = self._backend.documents(numbers[old])
        out[~old] = self._documents[numbers[~old] - self.first]
        return out

    def _sizes(self, numbers: Numbers) -> Numbers:
        sizes = np.empty(len(numbers), np.int64)
        old = numbers < self.first
        sizes[old] = self._backend.sizes(numbers[old])
        sizes[~old] = self._documents["size"][numbers[~old] - self.first]
        return sizes

    def shingles(self, numbers: Numbers) -> Ragged:
        old = numbers < self.first
        if old.all():
            return self._backend.shingles(numbers)
        if not old.any():
            return _chosen(numbers - self.first, self._shingles)
        history = self._backend.shingles(numbers[old])
        both = Ragged(
            np.concatenate([history.values, self._shingles.values]),
            np.concatenate([history.offsets, history.offsets[-1] + self._shingles.offsets[1:]]),
        )
        row = np.where(old, np.cumsum(old) - 1, numbers - self.first + len(history.offsets) - 1)
        return _chosen(row, both)

    def neighbours(self, numbers: Numbers) -> Neighbours:
        shingles = self.shingles(numbers)
        mine = sketches(shingles, self._parameters)
        rows = np.repeat(np.arange(len(numbers)), np.diff(mine.offsets))
        keys, at = np.unique(mine.values, return_inverse=True)
        key, holder = self._holders(keys)
        starts = np.searchsorted(key, np.arange(len(keys) + 1))
        mention, each = _ranges(starts[:-1][at], starts[1:][at])
        rows, holders = rows[mention], holder[each]
        apart = holders != numbers[rows]
        span = self.first + len(self._documents) + 1
        pairs, shared = _counted(np.sort(rows[apart] * span + holders[apart]))
        position, other = np.divmod(pairs, span)
        size = np.diff(shingles.offsets)[position]
        near = near_enough(shared, size, self._sizes(other), self._parameters)
        position, other, shared = position[near], other[near], shared[near]
        if self._not_before is not None:
            young = self.documents(other)["time"] >= self._not_before
            position, other, shared = position[young], other[young], shared[young]
        return Neighbours(position, other, shared)

    def _holders(self, keys: NDArray[np.uint32]) -> tuple[Numbers, Numbers]:
        """Positions in `keys` and the numbers of those who hold them, sorted; for each key the first `postings` ones."""
        limit = self._parameters.postings
        at, number = self._backend.lookup(keys, limit + len(self._replaced))
        if len(self._replaced):
            kept = ~np.isin(number, self._replaced)
            at, number = at[kept], number[kept]
        if len(self._documents):
            batch_keys, batch_rows = self._batch_postings
            low, high = np.searchsorted(batch_keys, keys), np.searchsorted(batch_keys, keys, side="right")
            in_batch, each = _ranges(low, high)
            at = np.concatenate([at, in_batch])
            number = np.concatenate([number, batch_rows[each] + self.first])
        at, number = np.divmod(np.sort(at << 32 | number), 1 << 32)
        place = np.arange(len(at)) - np.searchsorted(at, np.arange(len(keys)))[at]
        return at[place < limit], number[place < limit]

    @cached_property
    def _batch_postings(self) -> tuple[NDArray[np.uint32], Numbers]:
        keys = sketches(self._shingles, self._parameters)
        rows = np.repeat(np.arange(len(self._documents)), np.diff(keys.offsets))
        order = np.argsort(keys.values, kind="stable")
        return keys.values[order], rows[order]


def _ranges(low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """All numbers of each `range(low[i], high[i])` one after the other, each with its i in front."""
    lengths = high - low
    i = np.repeat(np.arange(len(low)), lengths)
    return i, np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - low, lengths)


def _counted(values: Numbers) -> tuple[Numbers, Numbers]:
    """Sorted values once each, and how often they stood there."""
    starts = (
        np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if len(values) else np.empty(0, np.int64)
    )
    return values[starts], np.diff(np.append(starts, len(values)))


def _chosen(rows: Numbers, lists: Ragged) -> Ragged:
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.diff(lists.offsets)[rows], out=offsets[1:])
    return Ragged(_copied(lists.values, lists.offsets[rows], offsets), offsets)


@compiled
def _copied(values, starts, offsets):  # type: ignore[no-untyped-def]
    out = np.empty(offsets[-1], values.dtype)
    for i in range(len(starts)):
        size = offsets[i + 1] - offsets[i]
        out[offsets[i] : offsets[i + 1]] = values[starts[i] : starts[i] + size]
    return out


@compiled
def _sketches(values, offsets, limit, least):  # type: ignore[no-untyped-def]
    n = len(offsets) - 1
    smallest = np.empty(len(values), np.uint32)
    ends = np.zeros(n + 1, np.int64)
    for i in range(n):
        row = values[offsets[i] : offsets[i + 1]]
        begin = ends[i]
        end = begin
        for value in row:
            if value <= limit:
                smallest[end] = value
                end += 1
        if end - begin < least:  # too short a text: no way around sorting all of it
            end = begin + min(least, len(row))
            smallest[begin:end] = np.sort(row)[: end - begin]
        else:
            smallest[begin:end].sort()
        ends[i + 1] = end
    return smallest[: ends[n]].copy(), ends
