"""What is alive at one moment: the history, without what a batch replaces, and the batch itself. Articles are numbers here."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import DOCUMENT, Backend, Documents, Ragged
from pipelines.dedup.parameters import Parameters

Numbers = NDArray[np.int64]


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

    def neighbours(self, numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Who shares at least `shared_keys` sketch hashes with whom: three arrays of one length: a position in `numbers`, the number
        of the other, how many hashes. Sorted by position, then number."""
        mine = self.shingles(numbers)
        sketches = [mine[i][: n_keys(mine[i], self._parameters)] for i in range(len(numbers))]
        rows = np.repeat(np.arange(len(numbers)), [len(s) for s in sketches])
        keys, at = np.unique(np.concatenate(sketches) if sketches else np.empty(0, np.uint32), return_inverse=True)
        key, other = self._holders(keys)
        starts = np.searchsorted(key, np.arange(len(keys) + 1))
        lengths = (starts[1:] - starts[:-1])[at]
        each = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        others = other[np.repeat(starts[:-1][at], lengths) + each]
        rows = np.repeat(rows, lengths)
        apart = others != numbers[rows]
        span = self.first + len(self._documents) + 1
        pairs, shared = np.unique(rows[apart] * span + others[apart], return_counts=True)
        enough = shared >= self._parameters.shared_keys
        position, other = np.divmod(pairs[enough], span)
        shared = shared[enough]
        if self._not_before is not None:
            young = self.documents(other)["time"] >= self._not_before
            position, other, shared = position[young], other[young], shared[young]
        return position, other, shared

    def _holders(self, keys: NDArray[np.uint32]) -> tuple[Numbers, Numbers]:
        """Positions in `keys` and the numbers of those who hold them, sorted; for each key the first `postings` ones."""
        limit = self._parameters.postings
        at, number = self._backend.lookup(keys, limit + len(self._replaced))
        kept = ~np.isin(number, self._replaced)
        at, number = at[kept], number[kept]
        if len(self._documents):
            batch_keys, batch_rows = self._batch_postings
            low, high = np.searchsorted(batch_keys, keys), np.searchsorted(batch_keys, keys, side="right")
            lengths = high - low
            each = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            at = np.concatenate([at, np.repeat(np.arange(len(keys)), lengths)])
            number = np.concatenate([number, batch_rows[np.repeat(low, lengths) + each] + self.first])
        order = np.lexsort((number, at))
        at, number = at[order], number[order]
        place = np.arange(len(at)) - np.searchsorted(at, np.arange(len(keys)))[at]
        return at[place < limit], number[place < limit]

    @cached_property
    def _batch_postings(self) -> tuple[NDArray[np.uint32], Numbers]:
        sketches = [self._shingles[i] for i in range(len(self._documents))]
        sketches = [s[: n_keys(s, self._parameters)] for s in sketches]
        keys = np.concatenate(sketches)
        rows = np.repeat(np.arange(len(sketches)), [len(s) for s in sketches])
        order = np.argsort(keys, kind="stable")
        return keys[order], rows[order]


def n_keys(shingles: NDArray[np.uint32], parameters: Parameters) -> int:
    """How many of the sorted shingles are the sketch: they are the smallest, so the sketch is the beginning."""
    below = int(np.searchsorted(shingles, np.uint32(0xFFFFFFFF // parameters.sketch_scale)))
    return min(len(shingles), max(below, parameters.sketch_least))


__all__ = ["Numbers", "Sequence", "View", "n_keys"]
