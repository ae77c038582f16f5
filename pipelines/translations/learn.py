"""What pairs of articles known to be translations teach about words: IBM model 1, and whether it helps.

Model 1 (Brown et al. 1993) learns from sentence pairs alone how likely each word translates into each other word. Which of a hundred pairs'
articles belong together is then asked of pairs held out from learning; only an association that answers well is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from pipelines.translations.anchors import Anchors

LEAST_PAIRS = 15
"""Fewer pairs of two languages teach too little to be tested."""
MOST_PAIRS = 400
GROWN = 1.25
"""Pairs are learned from again when there are so many times more of them."""
_ROUNDS = 6
_LIKELY = 0.08
"""Translations less likely than this are noise at a few hundred sentences."""
_FOLDS = 4
_FLOOR = 2.0
_MOST, _LEAST = 3.0, -1.0

Segment = tuple[NDArray[np.uint32], NDArray[np.uint32]]
"""The words of one passage and of its translation, as hashes, each once."""


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """Likely translations from one language to another, sorted by source word."""

    source: NDArray[np.uint32]
    target: NDArray[np.uint32]
    likely: NDArray[np.float32]
    weighed: NDArray[np.uint32]
    """Target words that could be explained, sorted, with their rarity."""
    rarity: NDArray[np.float32]
    slope: float = 0.0
    """How many log odds one unit of `explained` is worth, and from where; slope 0: it does not help."""
    middle: float = 0.0
    n_pairs: int = 0

    @property
    def helps(self) -> bool:
        return self.slope > 0


def nothing(n_pairs: int) -> Association:
    """What too few pairs teach."""
    none, values = np.empty(0, np.uint32), np.empty(0, np.float32)
    return Association(none, none, values, none, values, n_pairs=n_pairs)


@numba.njit(cache=True)
def _train(cells, heights, widths, source_of_cell, n_source, rounds):  # type: ignore[no-untyped-def]
    """t(target | source) of every pair of words that share a segment: expectation maximisation from the uniform start.

    `cells` lists, segment by segment and row by row, the number of each (source, target) pair.
    """
    n = len(source_of_cell)
    likely = np.full(n, 1.0)
    for _ in range(rounds):
        counts, totals = np.zeros(n), np.zeros(n_source)
        start = 0
        for s in range(len(heights)):
            for j in range(widths[s]):
                norm = 1e-12
                for i in range(heights[s]):
                    norm += likely[cells[start + i * widths[s] + j]]
                for i in range(heights[s]):
                    k = cells[start + i * widths[s] + j]
                    counts[k] += likely[k] / norm
            start += heights[s] * widths[s]
        for k in range(n):
            totals[source_of_cell[k]] += counts[k]
        for k in range(n):
            likely[k] = counts[k] / max(totals[source_of_cell[k]], 1e-12)
    return likely


def associate(pairs: Sequence[Sequence[Segment]]) -> Association:
    """From the segments of each pair of articles."""
    segments = [segment for pair in pairs for segment in pair if len(segment[0]) and len(segment[1])]
    codes = [
        (source.astype(np.uint64)[:, None] << np.uint64(32) | target.astype(np.uint64)).ravel()
        for source, target in segments
    ]
    if not codes:
        return nothing(len(pairs))
    unique, inverse = np.unique(np.concatenate(codes), return_inverse=True)
    sources, source_number = np.unique((unique >> np.uint64(32)).astype(np.uint32), return_inverse=True)
    heights, widths = (np.array([len(segment[side]) for segment in segments]) for side in (0, 1))
    likely = _train(inverse.astype(np.int64), heights, widths, source_number.astype(np.int64), len(sources), _ROUNDS)
    keep = likely >= _LIKELY
    in_articles = [np.unique(np.concatenate([segment[1] for segment in pair])) for pair in pairs if pair]
    weighed, counts = np.unique(np.concatenate(in_articles), return_counts=True)
    rarity = np.log((len(in_articles) + 1) / counts)
    return Association(
        source=(unique[keep] >> np.uint64(32)).astype(np.uint32), target=(unique[keep] & np.uint64(0xFFFFFFFF)).astype(np.uint32),
        likely=likely[keep].astype(np.float32), weighed=weighed, rarity=rarity.astype(np.float32),
    )  # fmt: skip


def explained(association: Association, source: NDArray[np.uint32], target: NDArray[np.uint32]) -> float:
    """Share (by rarity) of the target's known words that some word of the source likely translates to."""
    known = np.isin(association.weighed, target)
    total = float(association.rarity[known].sum())
    if total < _FLOOR:
        return 0.0
    used = np.isin(association.source, source)
    reached = association.target[used]
    how = association.likely[used]
    order = np.argsort(reached, kind="stable")
    reached, how = reached[order], how[order]
    at = np.searchsorted(association.weighed, reached)
    best = np.zeros(len(association.weighed), np.float32)
    inside = (at < len(association.weighed)) & (
        association.weighed[np.minimum(at, len(association.weighed) - 1)] == reached
    )
    np.maximum.at(best, at[inside], how[inside])
    return float((association.rarity[known] * np.sqrt(best[known])).sum() / total)


def learn(pairs: Sequence[Sequence[Segment]]) -> Association:
    """An association, with what it is worth: measured on pairs it did not see, true ones against mixed ones."""
    if len(pairs) < LEAST_PAIRS:
        return nothing(len(pairs))
    values, truth = [], []
    whole = [tuple(np.unique(np.concatenate([segment[side] for segment in pair])) for side in (0, 1)) for pair in pairs]
    for fold in range(_FOLDS):
        association = associate([pair for number, pair in enumerate(pairs) if number % _FOLDS != fold])
        held = [one for number, one in enumerate(whole) if number % _FOLDS == fold]
        for i, (source, _) in enumerate(held):
            for j, (_, target) in enumerate(held):
                values.append(explained(association, source, target))
                truth.append(i == j)
    slope, middle = _worth(np.array(values), np.array(truth))
    full = associate(pairs)
    return Association(full.source, full.target, full.likely, full.weighed, full.rarity, slope, middle, len(pairs))


def _worth(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and middle of the log odds, from the two groups' means and their common spread; 0 when they are not well apart."""
    yes, no = values[truth], values[~truth]
    spread = float(np.sqrt((yes.var() * len(yes) + no.var() * len(no)) / len(values))) + 0.01
    apart = float(yes.mean() - no.mean()) / spread
    if apart < 1.0:
        return 0.0, 0.0
    return apart / spread, float(yes.mean() + no.mean()) / 2


def bonus(association: Association, value: float) -> float:
    """Log odds to add for what was explained; halved, because words and anchors say partly the same, and bounded.

    Less can be taken away than given: of a text that is cut, much of the other stays unexplained.
    """
    return float(np.clip(association.slope * (value - association.middle) / 2, _LEAST, _MOST))


# -- passages ----------------------------------------------------------------------------------------------------------------------


def segments(one: Anchors, other: Anchors) -> list[Segment]:
    """The words of two texts in corresponding passages: line by line where both have as many, else in as many parts of equal share."""
    lines = [np.split(side.words, np.cumsum(side.lines)[:-1]) for side in (one, other)]
    if len(lines[0]) != len(lines[1]):
        parts = max(1, min(len(lines[0]), len(lines[1])) // 2)
        lines = [_parted(some, parts) for some in lines]
    return list(zip(*lines, strict=True))


def _parted(lines: Sequence[NDArray[np.uint32]], parts: int) -> list[NDArray[np.uint32]]:
    """The lines in so many passages, each line where its middle stands; the words of a passage each once."""
    total = sum(map(len, lines)) or 1
    passages: list[list[NDArray[np.uint32]]] = [[] for _ in range(parts)]
    start = 0
    for line in lines:
        passages[min(parts - 1, int((start + len(line) / 2) / total * parts))].append(line)
        start += len(line)
    return [np.unique(np.concatenate(passage)) if passage else np.empty(0, np.uint32) for passage in passages]
