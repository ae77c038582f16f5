"""Where decisions get articles from. Articles are numbers here; what a number stands for, only its view knows.

`Known` is the history of an index, without what a batch replaces, and the batch itself. `Given` is some articles that were handed in
with their neighbours, for an engine that joined them elsewhere. `pipelines.dedup.decide` asks nothing else, so both decide alike.
"""

from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.dedup.backends import DOCUMENT, Backend, Documents, Ragged
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
        keys: Ragged | None = None,
        replaced: Numbers | None = None,
        not_before: int | None = None,
    ) -> None:
        """`documents`, `shingles` and `keys` (their `sketches`) are the batch; it replaces the numbers `replaced`."""
        self._backend = backend
        self._parameters = parameters
        self._documents = np.zeros(0, DOCUMENT) if documents is None else documents
        self._shingles = Ragged.of([]) if shingles is None else shingles
        self._keys = Ragged.of([]) if keys is None else keys
        self._looked_up = np.empty(0, np.uint32)
        """Keys the backend was asked for, sorted; what it said of them follows, key by key."""
        self._posted_keys, self._posted = np.empty(0, np.uint32), np.empty(0, np.int64)
        self._asked = np.empty(0, np.int64)
        self._near = Neighbours(*3 * [np.empty(0, np.int64)])
        self._replaced = np.empty(0, np.int64) if replaced is None else replaced
        self._not_before = not_before
        self.first = len(backend)

    @property
    def replaces(self) -> bool:
        """Whether the batch brings new versions of known articles."""
        return len(self._replaced) > 0

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
        old = numbers < self.first
        if old.all():
            return self._backend.sizes(numbers)
        sizes = np.empty(len(numbers), np.int64)
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
        """What was found once is kept, as deciding asks for the same articles again. `numbers` are sorted."""
        new = np.setdiff1d(numbers, self._asked, assume_unique=True)
        if len(new):
            position, other, shared = self._found(new)
            number, others, count = self._near
            number = np.concatenate([number, new[position]])
            order = np.argsort(number, kind="stable")
            near = (number, np.concatenate([others, other]), np.concatenate([count, shared]))
            self._near = Neighbours(*(column[order] for column in near))
            self._asked = np.union1d(self._asked, new)
        number, others, count = self._near
        low, high = np.searchsorted(number, numbers), np.searchsorted(number, numbers, side="right")
        position, at = _ranges(low, high)
        return Neighbours(position, others[at], count[at])

    def _found(self, numbers: Numbers) -> Neighbours:
        keys, sizes = self._sketches(numbers)
        different, at = np.unique(keys.values, return_inverse=True)
        starts, holders = self._holders(different)
        short = self._sizes(holders) <= self._parameters.short
        position, other, shared = _counted(
            keys.offsets,
            at,
            starts,
            holders,
            short,
            numbers,
            sizes <= self._parameters.short,
            self._parameters.shared_keys,
        )
        order = np.lexsort((other, position))
        position, other, shared = position[order], other[order], shared[order]
        if self._not_before is not None:
            young = self.documents(other)["time"] >= self._not_before
            position, other, shared = position[young], other[young], shared[young]
        return Neighbours(position, other, shared)

    def _sketches(self, numbers: Numbers) -> tuple[Ragged, Numbers]:
        """The keys of each, and how many shingles it has."""
        old = numbers[numbers < self.first]
        shingles = self._backend.shingles(old)
        history, batch = sketches(shingles, self._parameters), _chosen(numbers[len(old) :] - self.first, self._keys)
        both = Ragged(
            np.concatenate([history.values, batch.values]),
            np.concatenate([history.offsets, history.offsets[-1] + batch.offsets[1:]]),
        )
        return both, np.concatenate(
            [np.diff(shingles.offsets), self._documents["size"][numbers[len(old) :] - self.first]]
        )

    def _holders(self, keys: NDArray[np.uint32]) -> tuple[Numbers, Numbers]:
        """The numbers of those who hold each of the sorted `keys`, the first `postings` ones: key i has those from `starts[i]` to `starts[i + 1]`."""
        limit = self._parameters.postings
        at, number = self._lookup(keys, limit + len(self._replaced))
        if len(self._replaced):
            kept = ~np.isin(number, self._replaced)
            at, number = at[kept], number[kept]
        batch_keys, batch_rows = self._batch_postings
        low, high = np.searchsorted(batch_keys, keys), np.searchsorted(batch_keys, keys, side="right")
        starts = np.append(0, np.cumsum(np.bincount(at, minlength=len(keys))))
        return _followed(starts, number, low, high, batch_rows + self.first, limit)  # type: ignore[no-any-return]

    def _lookup(self, keys: NDArray[np.uint32], limit: int) -> tuple[Numbers, Numbers]:
        """As the backend's, which is asked once for each key: an original, whose neighbours are asked for next, has the keys of its copies."""
        if not len(self._looked_up):
            at, number = self._backend.lookup(keys, limit)
            self._looked_up, self._posted_keys, self._posted = keys, keys[at], number
            return at, number
        new = np.setdiff1d(keys, self._looked_up, assume_unique=True)
        if len(new):
            at, number = self._backend.lookup(new, limit)
            posted = np.concatenate([self._posted_keys, new[at]])
            order = np.argsort(posted, kind="stable")
            self._posted_keys, self._posted = posted[order], np.concatenate([self._posted, number])[order]
            self._looked_up = np.union1d(self._looked_up, new)
        low, high = np.searchsorted(self._posted_keys, keys), np.searchsorted(self._posted_keys, keys, side="right")
        position, at = _ranges(low, high)
        return position, self._posted[at]

    @cached_property
    def _batch_postings(self) -> tuple[NDArray[np.uint32], Numbers]:
        rows = np.repeat(np.arange(len(self._documents)), np.diff(self._keys.offsets))
        order = np.argsort(self._keys.values, kind="stable")
        return self._keys.values[order], rows[order]


def _ranges(low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """All numbers of each `range(low[i], high[i])` one after the other, each with its i in front."""
    lengths = high - low
    i = np.repeat(np.arange(len(low)), lengths)
    return i, np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - low, lengths)


def _chosen(rows: Numbers, lists: Ragged) -> Ragged:
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.diff(lists.offsets)[rows], out=offsets[1:])
    return Ragged(_copied(lists.values, lists.offsets[rows], offsets), offsets)


@compiled
def _followed(starts, numbers, low, high, more, limit):  # type: ignore[no-untyped-def]
    """For each i `numbers[starts[i]:starts[i + 1]]` and then `more[low[i]:high[i]]`, together at most `limit`: where each begins, and all of them."""
    begins = np.zeros(len(low) + 1, np.int64)
    for i in range(len(low)):
        begins[i + 1] = begins[i] + min(limit, starts[i + 1] - starts[i] + high[i] - low[i])
    out = np.empty(begins[-1], np.int64)
    for i in range(len(low)):
        n, end = begins[i], begins[i + 1]
        for k in range(starts[i], min(starts[i + 1], starts[i] + end - n)):
            out[n] = numbers[k]
            n += 1
        for k in range(low[i], low[i] + end - n):
            out[n] = more[k]
            n += 1
    return begins, out


@compiled
def _counted(offsets, at, starts, holders, short, numbers, is_short, enough):  # type: ignore[no-untyped-def]
    """Row i is `numbers[i]` and holds the keys `at[offsets[i]:offsets[i + 1]]`. Which others hold `enough` of them, or one when either is short:
    rows, others, counts; rows sorted. It is `near_enough` within the loop, as most others share one key by chance and need not be written down."""
    most = 0
    for i in range(len(numbers)):
        here = 0
        for m in range(offsets[i], offsets[i + 1]):
            here += starts[at[m] + 1] - starts[at[m]]
        most = max(most, here)
    size = 64
    while size < 2 * most:
        size *= 2
    slots = np.zeros(size, np.int64)  # a hash table of what was counted; what an earlier row left there counts as free
    others, counts, shorts = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.bool_)
    found = np.empty((max(1024, most), 3), np.int64)
    n, before = 0, 1
    for i in range(len(numbers)):
        here = 0
        for m in range(offsets[i], offsets[i + 1]):
            for h in range(starts[at[m]], starts[at[m] + 1]):
                other = holders[h]
                if other == numbers[i]:
                    continue
                slot = other & (size - 1)
                while slots[slot] >= before and others[slots[slot] - before] != other:
                    slot = (slot + 1) & (size - 1)
                if slots[slot] < before:
                    slots[slot] = before + here
                    others[here], counts[here], shorts[here] = other, 0, short[h]
                    here += 1
                counts[slots[slot] - before] += 1
        before += here
        if n + here > len(found):
            found = np.concatenate((found, np.empty_like(found)))
        for k in range(here):
            if counts[k] >= enough or shorts[k] or is_short[i]:
                found[n, 0], found[n, 1], found[n, 2] = i, others[k], counts[k]
                n += 1
    return found[:n, 0].copy(), found[:n, 1].copy(), found[:n, 2].copy()


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
