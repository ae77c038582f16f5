"""Whether two articles are copies: boilerplate found and left out, overlap counted, kind decided. Depends on a `View` only, so that the
same articles give the same decisions in whatever order and in whatever batches they came."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.compiled import compiled
from pipelines.dedup.parameters import Parameters
from pipelines.dedup.view import Numbers, Texts, View
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
    passage: int = 0
    """Shingles in a row in the longest passage that stands in both."""
    figures: float | None = None
    """How well shingles with digits are shared, divided by how well the others are; None when there are none to compare. Near 1 for copies, near
    0 for two editions of one form and for updates of a developing story."""
    other_figures: bool = False
    """Digits are shared so much worse than words that it cannot be chance."""
    same: bool = False
    """The two sets of shingles are equal, boilerplate and all."""

    def turned(self) -> "Likeness":
        return replace(self, containment=self.containment_of, containment_of=self.containment)


def kind(likeness: Likeness, parameters: Parameters) -> CopyKind | None:
    """None: not a copy."""
    if likeness.same:
        return "exact"
    if likeness.shared < parameters.shared_least or likeness.other_figures:
        return None
    contained, other = sorted((likeness.containment, likeness.containment_of), reverse=True)
    if likeness.similarity >= parameters.near and other >= parameters.near_each:
        return "near"
    if contained >= parameters.contained or likeness.passage >= parameters.passage:
        return "partial"
    return None


def compare(view: View, left: Numbers, right: Numbers, parameters: Parameters) -> tuple[Numbers, list[Likeness]]:
    """How articles overlap, pair by pair: the positions of the pairs that share enough to be worth a look, and their likenesses."""
    numbers, local = np.unique(np.concatenate([left, right]), return_inverse=True)
    texts = view.texts(numbers)
    size = np.diff(texts.offsets)
    a, b = local[: len(left)], local[len(left) :]
    raw = _overlaps(texts.values, texts.places, texts.offsets, a, b, np.zeros(len(texts.values), np.bool_))
    shared, smaller = raw[:, 0], np.minimum(size[a], size[b])
    same = (shared == size[a]) & (shared == size[b])
    hopeful = (shared >= parameters.shared_least) & (shared >= parameters.worth_a_look * smaller)
    hopeful |= raw[:, 7] >= parameters.passage
    at = np.flatnonzero(hopeful | same)
    a, b, same = a[at], b[at], same[at]
    template = boilerplate(view, numbers, texts, np.unique(np.concatenate([a, b])), parameters)
    counts = _overlaps(texts.values, texts.places, texts.offsets, a, b, template)
    return at, [_likeness(c, s, parameters) for c, s in zip(counts.tolist(), same.tolist(), strict=True)]


def _likeness(counts: Sequence[int], same: bool, parameters: Parameters) -> Likeness:
    everything, shared, left, right, digits, digits_left, digits_right, passage = counts
    union = left + right - shared
    figures, other_figures = None, False
    fewest = min(digits_left, digits_right)
    of_words = (shared - digits) / (min(left - digits_left, right - digits_right) or 1)
    if fewest and of_words:
        figures = digits / fewest / of_words
        # one number stands in about three shingles, so there are only a third as many chances; 1: numbers are never quite independent
        spread = math.sqrt(3 * fewest * of_words * max(0.0, 1 - of_words) + 1)
        surprise = (of_words * fewest - digits) / spread
        in_one_piece = passage >= parameters.in_one_piece * min(
            left, right
        )  # then the figures that differ stand around it
        other_figures = figures < parameters.figures and surprise > parameters.surprise and not in_one_piece
    return Likeness(
        similarity=shared / (union or 1),
        containment=shared / (left or 1),
        containment_of=shared / (right or 1),
        shared=shared,
        boilerplate=everything - shared,
        passage=passage,
        figures=figures,
        other_figures=other_figures,
        same=same,
    )


def boilerplate(
    view: View, numbers: Numbers, texts: Texts, wanted: Numbers, parameters: Parameters
) -> NDArray[np.bool_]:
    """Marks, value by value of `texts`, what is boilerplate in the rows `wanted`: it stands in three or more unrelated articles of that
    article's host.

    Copies of one story under one host, as on an aggregator, are related and count as one article. Related are two that open alike (the headline
    is the same), two of which one has next to no text of its own, and two that share some of what is *not* common to many: each copy is cut and
    edited in its own way, while pages that share a teaser or a form share that and nothing else.
    """
    template = np.zeros(len(texts.values), np.bool_)
    if not len(wanted):
        return template
    position, other, shared = view.neighbours(numbers[wanted])
    hosts = view.documents(numbers[wanted])["host"]
    at_home = view.documents(other)["host"] == hosts[position]
    position, other, shared = position[at_home], other[at_home], shared[at_home]
    ids = view.documents(other)["id"].view(("<u8", 2))
    order = np.lexsort((ids[:, 1], ids[:, 0], -shared, position))
    position, other = position[order], other[order]
    few = np.arange(len(position)) - np.searchsorted(position, position) < parameters.family
    position, other = position[few], other[few]
    starts = np.searchsorted(position, np.arange(len(wanted) + 1))
    asked = np.flatnonzero(np.diff(starts) >= 2)
    if not len(asked):
        return template
    members = np.union1d(other, numbers[wanted[asked]])
    family = view.texts(members)
    me, local = np.searchsorted(members, numbers[wanted]), np.searchsorted(members, other)
    for i in asked.tolist():
        rows = np.concatenate([local[starts[i] : starts[i + 1]], me[i : i + 1]])
        row = wanted[i]
        template[texts.offsets[row] : texts.offsets[row + 1]] = _boilerplate(
            family.values,
            family.places,
            family.offsets,
            rows,
            parameters.worth_a_look,
            parameters.opening,
            parameters.related,
        )
    return template


@compiled
def _boilerplate(values, places, offsets, rows, least, opening, related):  # type: ignore[no-untyped-def]
    """For the last of `rows`: which of its values are boilerplate, judged by all of `rows`."""
    k = len(rows)
    own = values[offsets[rows[-1]] : offsets[rows[-1] + 1]]
    count = np.zeros(len(own), np.int64)
    holds = np.zeros((k, len(own)), np.bool_)  # which article holds which of mine
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
    for m in range(k - 1):  # who shares less is no family
        if holds[m].sum() < least * len(own):
            count -= holds[m]
            holds[m] = False
    common = count >= 3
    found = np.zeros(len(own), np.bool_)
    if not common.any():
        return found

    size = offsets[rows + 1] - offsets[rows]
    rest = np.empty(k, np.int64)  # how much of each article is not common to many
    for m in range(k):
        rest[m] = size[m] - (holds[m] & common).sum()
    first = np.zeros(k, np.int64)  # one article of each group of related ones
    n = 0
    seen = np.zeros((k, len(own)), np.bool_)  # which group holds which of mine
    groups = np.zeros(len(own), np.int64)  # how many groups hold each of mine
    for m in np.argsort(
        -rest, kind="mergesort"
    ):  # the ones with most text of their own first: a page that is nothing but teaser must not tie others together
        if not (holds[m] & common & ~found).any():
            continue
        group = n
        for g in range(n):
            x = first[g]
            smaller = min(rest[x], rest[m])
            if smaller <= 0.05 * min(size[x], size[m]):
                group = g
                break
            both, opened = _shared(values, places, offsets, rows[x], rows[m], opening)
            both -= (holds[x] & holds[m] & common).sum()
            if both >= related * smaller or opened >= 0.6 * min(opening, size[x], size[m]):
                group = g
                break
        if group == n:
            first[n] = m
            n += 1
        for i in range(len(own)):
            if common[i] and holds[m, i] and not seen[group, i]:
                seen[group, i] = True
                groups[i] += 1
                found[i] = groups[i] >= 3
    return found


@compiled
def _shared(values, places, offsets, x, y, opening):  # type: ignore[no-untyped-def]
    """How many values two rows share, and how many of them stand in the opening of both."""
    both, opened = 0, 0
    i, i_end, j, j_end = offsets[x], offsets[x + 1], offsets[y], offsets[y + 1]
    while i < i_end and j < j_end:
        if values[i] < values[j]:
            i += 1
        elif values[j] < values[i]:
            j += 1
        else:
            both += 1
            opened += places[i] < opening and places[j] < opening
            i += 1
            j += 1
    return both, opened


@compiled
def _overlaps(values, places, offsets, left, right, template):  # type: ignore[no-untyped-def]
    """For each pair of rows (left[k], right[k]) eight counts: all shared; then, with everything left out that is `template` on either side, the
    shared ones, all of the left, all of the right; then these three again for shingles with digits only (lowest bit set); then the
    longest passage, the shorter of how long it is in the left and in the right."""
    counts = np.zeros((len(left), 8), np.int64)
    longest = 1
    for k in range(len(offsets) - 1):
        longest = max(longest, offsets[k + 1] - offsets[k])
    in_left, in_right = np.zeros(longest, np.bool_), np.zeros(longest, np.bool_)
    for k in range(len(left)):
        i, i_end = offsets[left[k]], offsets[left[k] + 1]
        j, j_end = offsets[right[k]], offsets[right[k] + 1]
        n_left, n_right = i_end - i, j_end - j
        in_left[:n_left] = False
        in_right[:n_right] = False
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
                    in_left[places[i]] = True
                    in_right[places[j]] = True
                i += 1
                j += 1
        row[7] = min(_longest_run(in_left[:n_left]), _longest_run(in_right[:n_right]))
    return counts


@compiled
def _longest_run(marked):  # type: ignore[no-untyped-def]
    longest, run = 0, 0
    for mark in marked:
        run = run + 1 if mark else 0
        longest = max(longest, run)
    return longest
