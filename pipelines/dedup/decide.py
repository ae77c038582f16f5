"""Whether two articles are copies: boilerplate found and left out, overlap counted, kind decided.

Pure functions from top to bottom. `decide` puts them together for any `View`; what it gives depends only on what the view holds, so the same
articles get the same decisions in whatever order, batches or pieces they came.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.dedup.backends import Documents, Ragged
from pipelines.dedup.parameters import Parameters
from pipelines.dedup.view import Neighbours, Numbers, View
from pipelines.records import CopyKind

KINDS: tuple[CopyKind | None, ...] = (None, "exact", "near", "partial", "refuted")
"""What the numbers of `Decisions.kind` stand for."""
NO_COPY, EXACT, NEAR, PARTIAL, REFUTED = range(5)


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


class Overlaps(NamedTuple):
    """How pairs of texts overlap: arrays with a row for each pair. All but the first two leave boilerplate out."""

    everything: Numbers
    """Shingles in both."""
    same: NDArray[np.bool_]
    """The two sets of shingles are equal."""
    shared: Numbers
    left: Numbers
    """Shingles of the left text."""
    right: Numbers
    digits: Numbers
    """Of the shared ones those with digits."""
    digits_left: Numbers
    digits_right: Numbers
    passage: Numbers
    """Shingles in a row in the longest passage, in the text where it is shorter."""

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Overlaps":
        return Overlaps._make(column[rows] for column in self)


class Decisions(NamedTuple):
    """What became of pairs: a row for each, every pair once, the smaller number first, sorted."""

    left: Numbers
    right: Numbers
    overlaps: Overlaps
    kind: NDArray[np.int8]
    """A place in `KINDS`."""

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Decisions":
        return Decisions(self.left[rows], self.right[rows], self.overlaps.take(rows), self.kind[rows])


def decide(
    view: View, left: Numbers, right: Numbers, parameters: Parameters, *, however_little: bool = False
) -> Decisions:
    """Decide on pairs of articles, given in any order and direction. Pairs that share too little for a second look are left out, unless
    `however_little` they may share."""
    low, high = np.unique(np.stack([np.minimum(left, right), np.maximum(left, right)]), axis=1)
    numbers, local = np.unique(np.concatenate([low, high]), return_inverse=True)
    a, b = local[: len(low)], local[len(low) :]
    texts = view.shingles(numbers)
    overlaps = overlap(texts, a, b)
    if not however_little:
        kept = np.flatnonzero(worth_a_look(overlaps, parameters))
        low, high, a, b, overlaps = low[kept], high[kept], a[kept], b[kept], overlaps.take(kept)
    rows = np.union1d(a, b)
    home = nearest_at_home(view, numbers[rows], view.neighbours(numbers[rows]), parameters)
    home = home._replace(position=rows[home.position])
    template = templates(view, numbers, texts, home, parameters)
    touched = any_of(template, texts.offsets)
    again = np.flatnonzero(touched[a] | touched[b])
    for column, less in zip(overlaps[2:], overlap(texts, a[again], b[again], template)[2:], strict=True):
        column[again] = less
    return Decisions(low, high, overlaps, kinds(overlaps, parameters))


# -- overlap --------------------------------------------------------------------------------------------------------------


def overlap(texts: Ragged, left: Numbers, right: Numbers, template: NDArray[np.bool_] | None = None) -> Overlaps:
    """How rows of `texts` overlap, pair by pair; `template` marks, value by value, what is left out. Faster when `left` is sorted."""
    if template is None:
        template = np.zeros(len(texts.values), np.bool_)
    counts = _overlaps(texts.values, texts.offsets, left, right, template)
    size = np.diff(texts.offsets)
    everything = counts[:, 0]
    same = (everything == size[left]) & (everything == size[right])
    return Overlaps(everything, same, *counts[:, 1:].T)


def worth_a_look(overlaps: Overlaps, parameters: Parameters) -> NDArray[np.bool_]:
    """Which pairs share enough, boilerplate included, that it pays to ask what of it is boilerplate."""
    shared, smaller = overlaps.shared, np.minimum(overlaps.left, overlaps.right)
    enough = (shared >= parameters.shared_least) & (shared >= parameters.worth_a_look * smaller)
    return enough | (overlaps.passage >= parameters.passage) | overlaps.same


def kinds(overlaps: Overlaps, parameters: Parameters) -> NDArray[np.int8]:
    """The decision itself."""
    similarity, containment, containment_of = _shares(overlaps)
    more, less = np.maximum(containment, containment_of), np.minimum(containment, containment_of)
    near = (similarity >= parameters.near) & (less >= parameters.near_each)
    partial = (more >= parameters.contained) | (overlaps.passage >= parameters.passage)
    kind = np.where(near, NEAR, np.where(partial, PARTIAL, NO_COPY))
    kind[(overlaps.shared < parameters.shared_least) | _figures(overlaps, parameters)[1]] = NO_COPY
    kind[overlaps.same] = EXACT
    return kind.astype(np.int8)


def likenesses(overlaps: Overlaps, parameters: Parameters) -> list[Likeness]:
    """The same, pair by pair, in words."""
    figures, other_figures = _figures(overlaps, parameters)
    columns = (
        *_shares(overlaps),
        overlaps.shared,
        overlaps.everything - overlaps.shared,
        overlaps.passage,
        np.where(np.isnan(figures), None, figures),  # type: ignore[call-overload]
        other_figures,
        overlaps.same,
    )
    return [Likeness(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def why_none(likeness: Likeness, parameters: Parameters) -> str:
    """Why a pair that is no copy is none, for people."""
    if likeness.shared < parameters.shared_least:
        return f"{likeness.shared} shingles in common, boilerplate left out; {parameters.shared_least} are needed"
    if likeness.other_figures:
        return "the words agree and the figures do not: another day's edition of one form, or a later state of a story"
    return (
        f"alike {likeness.similarity:.2f} of the {parameters.near:.2f} that a near copy needs; for a partial one "
        f"{parameters.contained:.0%} of either must stand in the other, or {parameters.passage} shingles in a row"
    )


def copy_is_left(left: Documents, right: Documents) -> NDArray[np.bool_]:
    """Of two dated articles the later one is the copy, else the shorter one; then the ids decide, so that the order of arrival never does."""
    dated = left["dated"] & right["dated"]
    later = np.where(dated, left["time"] - right["time"], 0)
    shorter = right["size"].astype(np.int64) - left["size"]
    one, two = (documents["id"].copy().view((">u8", 2)).reshape(-1, 2) for documents in (left, right))
    by_id = np.where(one[:, 0] != two[:, 0], one[:, 0] > two[:, 0], one[:, 1] > two[:, 1])
    return np.where(later != 0, later > 0, np.where(shorter != 0, shorter > 0, by_id))


def changes(earlier: Decisions, now: Decisions, first: int) -> Decisions:
    """What is to be said anew: copies with an article from number `first` on, copies of which more or less is shared than `earlier`, and, as
    `REFUTED`, copies that are none any more."""
    was, is_ = (one.left << 32 | one.right for one in (earlier, now))
    known, at = np.isin(is_, was), np.searchsorted(was, is_)
    unchanged = known & (now.right < first)
    for new, old in zip(now.overlaps, earlier.overlaps, strict=True):
        unchanged[known] &= new[known] == old[at[known]]
    upheld = is_[now.kind != NO_COPY]
    refuted = (earlier.kind != NO_COPY) & ~np.isin(was, upheld)
    no_longer, nowhere = np.isin(is_, was[refuted]), refuted & ~np.isin(was, is_)
    nothing = Overlaps(*(column[nowhere] * 0 for column in earlier.overlaps))
    said = [
        now.take((now.kind != NO_COPY) & ~unchanged),
        now.take(no_longer)._replace(kind=np.full(no_longer.sum(), REFUTED, np.int8)),
        Decisions(earlier.left[nowhere], earlier.right[nowhere], nothing, np.full(nowhere.sum(), REFUTED, np.int8)),
    ]
    return _joined(said)


def renumbered(decisions: Decisions, number: Numbers) -> Decisions:
    """With `number[n]` in the place of each n."""
    left, right, overlaps, kind = decisions
    one, two = number[left], number[right]
    turned = one > two
    mirrored = overlaps._replace(
        left=np.where(turned, overlaps.right, overlaps.left),
        right=np.where(turned, overlaps.left, overlaps.right),
        digits_left=np.where(turned, overlaps.digits_right, overlaps.digits_left),
        digits_right=np.where(turned, overlaps.digits_left, overlaps.digits_right),
    )
    moved = Decisions(np.minimum(one, two), np.maximum(one, two), mirrored, kind)
    return moved.take(np.lexsort((moved.right, moved.left)))


def together(one: Decisions, two: Decisions) -> Decisions:
    """Decisions of one view, each pair once."""
    both = _joined([one, two])
    return both.take(np.unique(both.left << 32 | both.right, return_index=True)[1])


def _joined(several: Sequence[Decisions]) -> Decisions:
    left, right, kind = (np.concatenate([getattr(one, name) for one in several]) for name in ("left", "right", "kind"))
    overlaps = (np.concatenate(columns) for columns in zip(*(one.overlaps for one in several), strict=True))
    return Decisions(left, right, Overlaps(*overlaps), kind)


def _shares(overlaps: Overlaps) -> tuple[NDArray[np.float64], ...]:
    """Jaccard and the two containments."""
    shared, left, right = overlaps.shared, overlaps.left, overlaps.right
    return tuple(shared / np.maximum(of, 1) for of in (left + right - shared, left, right))


def _figures(overlaps: Overlaps, parameters: Parameters) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """`Likeness.figures`, nan for None, and `Likeness.other_figures`."""
    words_left, words_right = overlaps.left - overlaps.digits_left, overlaps.right - overlaps.digits_right
    of_words = (overlaps.shared - overlaps.digits) / np.maximum(np.minimum(words_left, words_right), 1)
    fewest = np.minimum(overlaps.digits_left, overlaps.digits_right)
    known = (fewest > 0) & (of_words > 0)
    figures = np.full(len(fewest), np.nan)
    np.divide(overlaps.digits / np.maximum(fewest, 1), of_words, out=figures, where=known)
    # one number stands in about three shingles, so there are only a third as many chances; 1: numbers are never quite independent
    spread = np.sqrt(3 * fewest * of_words * np.maximum(0.0, 1 - of_words) + 1)
    surprise = (of_words * fewest - overlaps.digits) / spread
    # a passage that is nearly everything: then the figures that differ stand around it
    in_one_piece = overlaps.passage >= parameters.in_one_piece * np.minimum(overlaps.left, overlaps.right)
    return figures, known & (figures < parameters.figures) & (surprise > parameters.surprise) & ~in_one_piece


@compiled
def _table(values, begin, end):  # type: ignore[no-untyped-def]
    """A hash table of the places of `values[begin:end]`, counted from `begin`; −1 is free. The values are hashes already."""
    size = 64
    while size < 4 * (end - begin):
        size *= 2
    table = np.full(size, np.int32(-1))
    for i in range(begin, end):
        slot = (np.int64(values[i]) >> 1) & (size - 1)
        while table[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        table[slot] = i - begin
    return table


@compiled
def _place(table, values, begin, value):  # type: ignore[no-untyped-def]
    """Where `value` stands in `values` from `begin` on, which `table` was made of; −1: nowhere."""
    slot = (np.int64(value) >> 1) & (len(table) - 1)
    place = table[slot]
    while place >= 0 and values[begin + place] != value:
        slot = (slot + 1) & (len(table) - 1)
        place = table[slot]
    return place


@compiled
def _overlaps(values, offsets, left, right, template):  # type: ignore[no-untyped-def]
    """For each pair of rows (left[k], right[k]) eight counts: all shared; then, with everything left out that is `template` on either side, the
    shared ones, all of the left, all of the right; then these three again for shingles with digits only (lowest bit set); then the
    longest passage, the shorter of how long it is in the left and in the right."""
    counts = np.zeros((len(left), 8), np.int64)
    own = np.zeros((len(offsets) - 1, 2), np.int64)  # of each row what is no template, and of that what has digits
    longest = 1
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
        for i in range(offsets[row], offsets[row + 1]):
            kept = np.int64(not template[i])
            own[row, 0] += kept
            own[row, 1] += kept & np.int64(values[i] & 1)
    marked = np.zeros(longest, np.bool_)
    table = np.zeros(1, np.int32)
    at = -1
    for k in range(len(left)):
        begin, end = offsets[left[k]], offsets[left[k] + 1]
        if left[k] != at:
            at = left[k]
            table = _table(values, begin, end)
        marked[: end - begin] = False
        n_left, digits_left = own[left[k]]
        n_right, digits_right = own[right[k]]
        everything = shared = digits = run = passage = 0
        for j in range(offsets[right[k]], offsets[right[k] + 1]):
            place = _place(table, values, begin, values[j])
            if place < 0:
                run = 0
                continue
            everything += 1
            digit = 1 if values[j] & 1 else 0
            here, there = template[begin + place], template[j]
            if not (here or there):
                shared += 1
                digits += digit
                marked[place] = True
                run += 1
                passage = max(passage, run)
                continue
            run = 0
            if not here:
                n_left -= 1
                digits_left -= digit
            if not there:
                n_right -= 1
                digits_right -= digit
        if passage > 1:
            passage = min(passage, _longest_run(marked[: end - begin]))
        row = counts[k]
        row[0], row[1], row[2], row[3] = everything, shared, n_left, n_right
        row[4], row[5], row[6], row[7] = digits, digits_left, digits_right, passage
    return counts


@compiled
def _longest_run(marked):  # type: ignore[no-untyped-def]
    longest, run = 0, 0
    for mark in marked:
        run = run + 1 if mark else 0
        longest = max(longest, run)
    return longest


@compiled
def held_by_line(values, hashes, lines, n):  # type: ignore[no-untyped-def]
    """How many of `hashes` stand in `values`, by the line of each, shape (n,)."""
    table = _table(values, 0, len(values))
    held = np.zeros(n, np.int64)
    for i in range(len(hashes)):
        held[lines[i]] += _place(table, values, 0, hashes[i]) >= 0
    return held


@compiled
def any_of(marks, offsets):  # type: ignore[no-untyped-def]
    """Which rows have a mark."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(found)):
        for mark in marks[offsets[row] : offsets[row + 1]]:
            if mark:
                found[row] = True
                break
    return found


# -- boilerplate ----------------------------------------------------------------------------------------------------------


def templates(
    view: View, numbers: Numbers, texts: Ragged, home: Neighbours, parameters: Parameters
) -> NDArray[np.bool_]:
    """Marks what is boilerplate in `texts`, which are the shingles of `numbers`, value by value. `home` are the families of `numbers`."""
    template = np.zeros(len(texts.values), np.bool_)
    starts = np.searchsorted(home.position, np.arange(len(numbers) + 1))
    asked = np.flatnonzero(np.diff(starts) >= 2)  # three have it at least, itself included
    if not len(asked):
        return template
    members = np.union1d(home.other, numbers[asked])
    family = view.shingles(members)
    me, other = np.searchsorted(members, numbers), np.searchsorted(members, home.other)
    for i in asked.tolist():
        relatives = np.append(other[starts[i] : starts[i + 1]], me[i])
        template[texts.offsets[i] : texts.offsets[i + 1]] = boilerplate(family, relatives, parameters)
    return template


def nearest_at_home(view: View, numbers: Numbers, neighbours: Neighbours, parameters: Parameters) -> Neighbours:
    """The family of each article: of its `neighbours` those on the same host, the nearest first, at most `parameters.family`."""
    position, other, shared = neighbours
    different, at = np.unique(other, return_inverse=True)
    documents = view.documents(different)
    at_home = np.flatnonzero(view.documents(numbers)["host"][position] == documents["host"][at])
    ids = documents["id"].copy().view(("<u8", 2)).reshape(-1, 2)[at[at_home]]
    position, other, shared = position[at_home], other[at_home], shared[at_home]
    order = np.lexsort((ids[:, 1], ids[:, 0], -shared, position))
    position, other, shared = position[order], other[order], shared[order]
    few = np.arange(len(position)) - np.searchsorted(position, position) < parameters.family
    return Neighbours(position[few], other[few], shared[few])


def of_rows(neighbours: Neighbours, rows: Numbers) -> Neighbours:
    """The neighbours of some positions only, which are then counted anew."""
    at = np.searchsorted(rows, neighbours.position)
    kept = rows[np.minimum(at, len(rows) - 1)] == neighbours.position if len(rows) else np.zeros(len(at), np.bool_)
    return Neighbours(at[kept], neighbours.other[kept], neighbours.shared[kept])


def differ(one: Neighbours, two: Neighbours, n: int) -> NDArray[np.bool_]:
    """Which of `n` positions have other neighbours."""
    pairs = np.setxor1d(one.position << 32 | one.other, two.position << 32 | two.other)
    found = np.zeros(n, np.bool_)
    found[pairs >> 32] = True
    return found


def boilerplate(family: Ragged, rows: Numbers, parameters: Parameters) -> NDArray[np.bool_]:
    """Which shingles of the last of `rows` are boilerplate, shape (its size,): they stand in three or more unrelated articles of its host. The
    other `rows` of `family` are its nearest neighbours there, at most 60.

    Copies of one story under one host, as on an aggregator, are related and count as one article. Related are two that open alike (the headline
    is the same), two of which one has next to no text of its own, and two that share some of what is *not* common to many: each copy is cut and
    edited in its own way, while pages that share a teaser or a form share that and nothing else.
    """
    p = parameters
    found: NDArray[np.bool_] = _boilerplate(family.values, family.offsets, rows, p.worth_a_look, p.opening, p.related)
    return found


@compiled
def _slot(keys, bits, key):  # type: ignore[no-untyped-def]
    """Where `key` stands in a hash table, or would stand; slots without bits are free. Keys are hashes already."""
    slot = (np.int64(key) >> 1) & (len(keys) - 1)
    while bits[slot] and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    return slot


@compiled
def _boilerplate(values, offsets, rows, least, opening, related):  # type: ignore[no-untyped-def]
    k = len(rows)
    size = offsets[rows + 1] - offsets[rows]
    begin, own_size = offsets[rows[-1]], size[-1]
    table = _table(values, begin, begin + own_size)
    holds = np.zeros(own_size, np.int64)  # for each of mine a bit for each article that holds it
    for m in range(k):
        held = 0
        for j in range(offsets[rows[m]], offsets[rows[m] + 1]):
            held += _place(table, values, begin, values[j]) >= 0
        if m < k - 1 and held < least * own_size:  # who shares less is no family
            continue
        for j in range(offsets[rows[m]], offsets[rows[m] + 1]):
            place = _place(table, values, begin, values[j])
            if place >= 0:
                holds[place] |= 1 << m
    common = np.zeros(own_size, np.bool_)
    rest = size.copy()  # how much of each article is not common to many
    any_common = False
    for i in range(own_size):
        n = 0
        for m in range(k):
            n += (holds[i] >> m) & 1
        if n >= 3:
            common[i] = any_common = True
            for m in range(k):
                rest[m] -= (holds[i] >> m) & 1
    found = np.zeros(own_size, np.bool_)
    if not any_common:
        return found

    # Groups of related articles. What the first of each holds besides the common is kept in one table, with a bit for each group.
    slots = 64
    while slots < 2 * rest.sum():
        slots *= 2
    keys, bits = np.zeros(slots, np.uint32), np.zeros(slots, np.int64)
    first = np.zeros(k, np.int64)  # of each group
    n = 0
    seen = np.zeros(own_size, np.int64)  # for each of mine a bit for each group that holds it
    # the ones with most text of their own first: a page that is nothing but teaser must not tie others together
    for m in np.argsort(-rest, kind="mergesort"):
        new = False
        for i in range(own_size):
            if common[i] and not found[i] and (holds[i] >> m) & 1:
                new = True
                break
        if not new:
            continue
        low, high = offsets[rows[m]], offsets[rows[m] + 1]
        both = np.zeros(n, np.int64)
        for j in range(low, high):
            place = _place(table, values, begin, values[j])
            if place >= 0 and common[place] and (holds[place] >> m) & 1:
                continue
            groups = bits[_slot(keys, bits, values[j])]
            g = 0
            while groups:
                both[g] += groups & 1
                groups >>= 1
                g += 1
        group = n
        for g in range(n):
            x = first[g]
            smaller = min(rest[x], rest[m])
            if smaller <= 0.05 * min(size[x], size[m]) or both[g] >= related * smaller:
                group = g
                break
            opened = 0
            for i in range(offsets[rows[x]], offsets[rows[x]] + min(opening, size[x])):
                for j in range(low, low + min(opening, size[m])):
                    opened += values[i] == values[j]
            if opened >= 0.6 * min(opening, size[x], size[m]):
                group = g
                break
        if group == n:
            first[n] = m
            n += 1
            for j in range(low, high):
                place = _place(table, values, begin, values[j])
                if place >= 0 and common[place] and (holds[place] >> m) & 1:
                    continue
                slot = _slot(keys, bits, values[j])
                keys[slot] = values[j]
                bits[slot] |= 1 << group
        for i in range(own_size):
            if common[i] and (holds[i] >> m) & 1:
                seen[i] |= 1 << group
                if not found[i]:
                    groups, held = seen[i], 0
                    while groups:
                        held += groups & 1
                        groups >>= 1
                    found[i] = held >= 3
    return found
