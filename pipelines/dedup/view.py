"""What is alive at one moment: the history, without what a batch replaces, and the batch itself. Articles are numbers here."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import DOCUMENT, Backend, Documents, Ragged
from pipelines.dedup.compiled import compiled
from pipelines.dedup.parameters import Parameters

Numbers = NDArray[np.int64]


class Texts(NamedTuple):
    """The shingles of some articles, each row sorted."""

    values: NDArray[np.uint32]
    places: NDArray[np.uint32]
    """Where in its text each value stands, counted in shingles."""
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, shingles: Ragged) -> "Texts":
        offsets = shingles.offsets
        places = np.arange(len(shingles.values)) - np.repeat(offsets[:-1], np.diff(offsets))
        both = (shingles.values.astype(np.uint64) << np.uint64(32)) | places.astype(np.uint64)
        for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            both[begin:end].sort()
        return cls((both >> np.uint64(32)).astype(np.uint32), both.astype(np.uint32), offsets)


def sketches(shingles: Ragged, parameters: Parameters) -> Ragged:
    """The smallest values of each row, sorted: those in the first `1 / sketch_scale` of the range, and at least `sketch_least`."""
    limit = np.uint32(0xFFFFFFFF // parameters.sketch_scale)
    return Ragged(*_sketches(shingles.values, shingles.offsets, limit, parameters.sketch_least))


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


class View:
    """Numbers below `len(backend)` are the history's; the rows of the batch follow."""

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
        if not len(self._documents):
            return self._backend.shingles(numbers)
        history = self._backend.shingles(numbers[old])
        place = np.cumsum(old) - 1
        return Ragged.of(
            [
                history[place[i]] if old[i] else self._shingles[number - self.first]
                for i, number in enumerate(numbers.tolist())
            ]
        )

    def texts(self, numbers: Numbers) -> Texts:
        return Texts.of(self.shingles(numbers))

    def neighbours(self, numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Who shares `shared_keys` sketch hashes with whom, or one when either is short: three arrays of one length: a position in `numbers`, the number
        of the other, how many hashes. Sorted by position, then number."""
        shingles = self.shingles(numbers)
        mine = sketches(shingles, self._parameters)
        rows = np.repeat(np.arange(len(numbers)), np.diff(mine.offsets))
        keys, at = np.unique(mine.values, return_inverse=True)
        key, other = self._holders(keys)
        starts = np.searchsorted(key, np.arange(len(keys) + 1))
        lengths = (starts[1:] - starts[:-1])[at]
        each = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        others = other[np.repeat(starts[:-1][at], lengths) + each]
        rows = np.repeat(rows, lengths)
        apart = others != numbers[rows]
        span = self.first + len(self._documents) + 1
        pairs, shared = _counted(np.sort(rows[apart] * span + others[apart]))
        position, other = np.divmod(pairs, span)
        enough = shared >= self._parameters.shared_keys
        few = np.flatnonzero(~enough)
        short = np.diff(shingles.offsets)[position[few]] <= self._parameters.short
        short |= self._sizes(other[few]) <= self._parameters.short
        enough[few[short]] = True
        position, other, shared = position[enough], other[enough], shared[enough]
        if self._not_before is not None:
            young = self.documents(other)["time"] >= self._not_before
            position, other, shared = position[young], other[young], shared[young]
        return position, other, shared

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
            lengths = high - low
            each = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            at = np.concatenate([at, np.repeat(np.arange(len(keys)), lengths)])
            number = np.concatenate([number, batch_rows[np.repeat(low, lengths) + each] + self.first])
        at, number = np.divmod(np.sort(at << 32 | number), 1 << 32)
        place = np.arange(len(at)) - np.searchsorted(at, np.arange(len(keys)))[at]
        return at[place < limit], number[place < limit]

    @cached_property
    def _batch_postings(self) -> tuple[NDArray[np.uint32], Numbers]:
        keys = sketches(self._shingles, self._parameters)
        rows = np.repeat(np.arange(len(self._documents)), np.diff(keys.offsets))
        order = np.argsort(keys.values, kind="stable")
        return keys.values[order], rows[order]


def _counted(values: Numbers) -> tuple[Numbers, Numbers]:
    """Sorted values once each, and how often they stood there."""
    starts = (
        np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if len(values) else np.empty(0, np.int64)
    )
    return values[starts], np.diff(np.append(starts, len(values)))
