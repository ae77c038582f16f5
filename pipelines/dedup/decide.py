"""Whether two articles are copies: boilerplate found and left out, overlap counted, kind decided. Depends on a `View` only, so that the
same articles give the same decisions in whatever order and in whatever batches they came."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import Ragged
from pipelines.dedup.compiled import compiled
from pipelines.dedup.parameters import Parameters
from pipelines.dedup.view import Numbers, View
from pipelines.records import CopyKind


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two texts overlap, boilerplate left out."""

    similarity: float
    """Jaccard, 0–1."""
    containment: float
    """Share of the first that stands in the second, 0–1."""
    containment_of: float
    """Share of the second that stands in the first, 0–1."""
    shared: int = 0
    """Shingles in both."""
    boilerplate: int = 0
    """Shingles in both that were left out because they are boilerplate of a host."""
    figures: float | None = None
    """How well shingles with digits are shared, measured by how well the others are; None when there are too few to say. Near 1 for copies,
    near 0 for two editions of one form and for updates of a developing story."""
    same: bool = False
    """The two sets of shingles are equal, boilerplate and all."""

    def turned(self) -> "Likeness":
        return replace(self, containment=self.containment_of, containment_of=self.containment)


def kind(likeness: Likeness, parameters: Parameters) -> CopyKind | None:
    """None: not a copy."""
    if likeness.same:
        return "exact"
    if likeness.shared < parameters.shared_least:
        return None
    if likeness.figures is not None and likeness.figures < parameters.figures:
        return None
    if likeness.similarity >= parameters.near:
        return "near"
    if max(likeness.containment, likeness.containment_of) >= parameters.contained:
        return "partial"
    return None


def compare(view: View, left: Numbers, right: Numbers, parameters: Parameters) -> tuple[Numbers, list[Likeness]]:
    """How articles overlap, pair by pair: the positions of the pairs that share enough to be worth a look, and their likenesses."""
    numbers, local = np.unique(np.concatenate([left, right]), return_inverse=True)
    shingles = view.shingles(numbers)
    size = np.diff(shingles.offsets)
    a, b = local[: len(left)], local[len(left) :]
    raw = overlaps(shingles.values, shingles.offsets, a, b, np.zeros(len(shingles.values), np.bool_))
    shared, smaller = raw[:, 0], np.minimum(size[a], size[b])
    same = (shared == size[a]) & (shared == size[b])
    hopeful = (shared >= parameters.shared_least) & (shared >= parameters.worth_a_look * smaller)
    at = np.flatnonzero(hopeful | same)
    a, b, same = a[at], b[at], same[at]
    template = boilerplate(view, numbers, shingles, np.unique(np.concatenate([a, b])), parameters)
    counts = overlaps(shingles.values, shingles.offsets, a, b, template)
    return at, [_likeness(c, s, parameters) for c, s in zip(counts.tolist(), same.tolist(), strict=True)]


def _likeness(counts: Sequence[int], same: bool, parameters: Parameters) -> Likeness:
    everything, shared, left, right, digits, digits_left, digits_right = counts
    union = left + right - shared
    figures = None
    fewest = min(digits_left, digits_right)
    words = shared - digits
    if fewest >= parameters.figures_least and words:
        of_words = words / (min(left - digits_left, right - digits_right) or 1)
        figures = digits / fewest / of_words
    return Likeness(
        shared / (union or 1), shared / (left or 1), shared / (right or 1), shared, everything - shared, figures, same
    )


def boilerplate(
    view: View, numbers: Numbers, shingles: Ragged, wanted: Numbers, parameters: Parameters
) -> NDArray[np.bool_]:
    """Marks, value by value of `shingles`, what is boilerplate in the rows `wanted`: it stands in three or more unrelated articles of
    that article's host.

    Unrelated are articles that share nothing but what many share. Copies of one story under one host (an aggregator's) share much more than
    that, each pair something else, since each was cut and edited in its own way: they are related, and count as one.
    """
    template = np.zeros(len(shingles.values), np.bool_)
    if not len(wanted):
        return template
    position, other, shared = view.neighbours(numbers[wanted])
    hosts = view.documents(numbers[wanted])["host"]
    at_home = view.documents(other)["host"] == hosts[position]
    position, other, shared = position[at_home], other[at_home], shared[at_home]
    order = np.lexsort((-shared, position))
    position, other = position[order], other[order]
    place = np.arange(len(position)) - np.searchsorted(position, position)
    few = place < parameters.family
    position, other = position[few], other[few]
    members, local = np.unique(other, return_inverse=True)
    family = view.shingles(members)
    starts = np.searchsorted(position, np.arange(len(wanted) + 1))
    for i, row in enumerate(wanted.tolist()):
        if starts[i + 1] - starts[i] >= 2:
            begin, end = shingles.offsets[row], shingles.offsets[row + 1]
            own = shingles.values[begin:end]
            template[begin:end] = _boilerplate(
                own, family.values, family.offsets, local[starts[i] : starts[i + 1]], parameters.related
            )
    return template


@compiled
def _boilerplate(own, values, offsets, rows, related):  # type: ignore[no-untyped-def]
    k = len(rows)
    count = np.zeros(len(own), np.int64)
    holds = np.zeros((k + 1, len(own)), np.bool_)  # which of the family holds which of my shingles; the last row is mine
    holds[k] = True
    for m in range(k):
        i, j, j_end = 0, offsets[rows[m]], offsets[rows[m] + 1]
        while i < len(own) and j < j_end:
            if own[i] < values[j]:
                i += 1
            elif values[j] < own[i]:
                j += 1
            else:
                holds[m, i] = True
                count[i] += 1
                i += 1
                j += 1
    common = count >= 2
    found = np.zeros(len(own), np.bool_)
    if not common.any():
        return found

    # how much of each member stands outside of what is common, and how much of that any two share
    rest = np.zeros(k + 1, np.int64)
    size = np.zeros(k + 1, np.int64)
    for m in range(k + 1):
        size[m] = len(own) if m == k else offsets[rows[m] + 1] - offsets[rows[m]]
        rest[m] = size[m] - (holds[m] & common).sum()
    group = np.full(k + 1, -1)
    groups = np.zeros(k + 1, np.int64)
    n = 0
    for m in np.argsort(-rest):
        for g in range(n):
            if _related(own, values, offsets, rows, holds, common, rest, size, groups[g], m, k, related):
                group[m] = g
                break
        if group[m] < 0:
            group[m] = n
            groups[n] = m
            n += 1
    if n < 3:
        return found
    for i in range(len(own)):
        if common[i]:
            seen = np.zeros(n, np.bool_)
            for m in range(k + 1):
                if holds[m, i]:
                    seen[group[m]] = True
            found[i] = seen.sum() >= 3
    return found


@compiled
def _related(own, values, offsets, rows, holds, common, rest, size, x, y, k, related):  # type: ignore[no-untyped-def]
    smaller = min(rest[x], rest[y])
    if smaller <= 0.05 * min(size[x], size[y]):
        return True  # one is nothing but what is common: no text of its own that could tell them apart
    if x == k or y == k:
        z = y if x == k else x
        both = (holds[z] & ~common).sum()
    else:
        both = 0
        i, i_end, j, j_end = offsets[rows[x]], offsets[rows[x] + 1], offsets[rows[y]], offsets[rows[y] + 1]
        while i < i_end and j < j_end:
            if values[i] < values[j]:
                i += 1
            elif values[j] < values[i]:
                j += 1
            else:
                both += 1
                i += 1
                j += 1
        both -= (holds[x] & holds[y] & common).sum()
    return both >= related * smaller


@compiled
def overlaps(values, offsets, left, right, template):  # type: ignore[no-untyped-def]
    """For each pair of rows (left[k], right[k]) seven counts: all shared; then, with everything left out that is `template` on either
    side, the shared ones, all of the left, all of the right; then the last three again for shingles with digits only (lowest bit set)."""
    counts = np.zeros((len(left), 7), np.int64)
    for k in range(len(left)):
        i, i_end = offsets[left[k]], offsets[left[k] + 1]
        j, j_end = offsets[right[k]], offsets[right[k] + 1]
        row = counts[k]
        while i < i_end or j < j_end:
            if j == j_end or (i < i_end and values[i] < values[j]):
                if not template[i]:
                    row[2] += 1
                    row[5] += values[i] & 1
                i += 1
            elif i == i_end or values[j] < values[i]:
                if not template[j]:
                    row[3] += 1
                    row[6] += values[j] & 1
                j += 1
            else:
                row[0] += 1
                if not (template[i] or template[j]):
                    digit = values[i] & 1
                    row[1:4] += 1
                    row[4:7] += digit
                i += 1
                j += 1
    return counts
