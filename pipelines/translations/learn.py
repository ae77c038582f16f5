"""What pairs of articles known to be translations teach about words: IBM model 1, and whether it helps.

Model 1 (Brown et al. 1993) learns from sentence pairs alone how likely each word translates into each other word. Which of a hundred pairs'
articles belong together is then asked of pairs held out from learning; only an association that answers well is used.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
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
"""Rarity of the known words of a text below which nothing is said of it."""
_APART = 1.0
"""Distance of true pairs from mixed ones, in standard deviations, below which what was learned is not used."""
_LEAST, _MOST = -3.0, 5.0
"""Log odds that words can take away and give; anchors decide with them, not instead of them."""

Segment = tuple[NDArray[np.uint32], NDArray[np.uint32]]
"""The words of one passage and of its translation, as hashes, each once."""


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """Likely translations from one language to another, and what finding them is worth."""

    source: NDArray[np.uint32]
    """Of each likely translation the word, shape (k,); its translation; how likely it is."""
    target: NDArray[np.uint32]
    likely: NDArray[np.float32]
    source_words: NDArray[np.uint32]
    """The words that were learned from, sorted, and their rarity: of the source language, and of the target language."""
    source_rarity: NDArray[np.float32]
    target_words: NDArray[np.uint32]
    target_rarity: NDArray[np.float32]
    weights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    """Log odds of two texts: `weights[:2] @ explained(…) + weights[2]`; all zero: what was learned does not help."""
    n_pairs: int = 0

    @property
    def helps(self) -> bool:
        return bool(self.weights.any())

    def stored(self) -> bytes:
        """All of it in the form of an npz file."""
        file = io.BytesIO()
        arrays: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        np.savez(file, **arrays)
        return file.getvalue()


def restored(stored: bytes) -> Association:
    """What `Association.stored` gave."""
    with np.load(io.BytesIO(stored)) as arrays:
        return Association(
            **{one.name: arrays[one.name] for one in fields(Association) if one.name != "n_pairs"},
            n_pairs=int(arrays["n_pairs"]),
        )


@compiled
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
    unique, inverse = np.unique(np.concatenate(codes or [np.empty(0, np.uint64)]), return_inverse=True)
    sources, source_number = np.unique((unique >> np.uint64(32)).astype(np.uint32), return_inverse=True)
    heights, widths = (np.array([len(segment[side]) for segment in segments], np.int64) for side in (0, 1))
    likely = _train(inverse.astype(np.int64), heights, widths, source_number.astype(np.int64), len(sources), _ROUNDS)
    keep = likely >= _LIKELY
    source, target = (unique[keep] >> np.uint64(32)).astype(np.uint32), unique[keep].astype(np.uint32)
    return Association(
        source, target, likely[keep].astype(np.float32), *_rarity(pairs, 0), *_rarity(pairs, 1), n_pairs=len(pairs)
    )


def _rarity(pairs: Sequence[Sequence[Segment]], side: int) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """The words of one side, and how rare each is among its articles."""
    texts = [whole(pair, side) for pair in pairs]
    words, counts = np.unique(np.concatenate(texts or [np.empty(0, np.uint32)]), return_counts=True)
    return words.astype(np.uint32), np.log((len(texts) + 1) / counts).astype(np.float32)


def whole(pair: Sequence[Segment], side: int) -> NDArray[np.uint32]:
    """The words of one side of a pair, each once."""
    return np.unique(np.concatenate([segment[side] for segment in pair] or [np.empty(0, np.uint32)]))


def explained(association: Association, source: NDArray[np.uint32], target: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Shares by rarity, shape (2,): of the target's known words that some word of the source likely translates to, and of the source's
    known words that likely translate to some word of the target. A cut text lowers one of the two only."""
    used = np.isin(association.source, source) & np.isin(association.target, target)
    likely = association.likely[used]
    return np.array(
        [
            _reached(association.target_words, association.target_rarity, target, association.target[used], likely),
            _reached(association.source_words, association.source_rarity, source, association.source[used], likely),
        ]
    )


def _reached(
    words: NDArray[np.uint32],
    rarity: NDArray[np.float32],
    text: NDArray[np.uint32],
    reached: NDArray[np.uint32],
    likely: NDArray[np.float32],
) -> float:
    known = np.isin(words, text)
    total = float(rarity[known].sum())
    if total < _FLOOR:
        return 0.0
    best = np.zeros(len(words), np.float32)
    np.maximum.at(best, np.searchsorted(words, reached), likely)
    return float((rarity[known] * np.sqrt(best[known])).sum() / total)


def learn(pairs: Sequence[Sequence[Segment]]) -> Association:
    """An association, with what it is worth: measured on pairs it did not see, true ones against mixed ones, whole and cut to half."""
    learned = associate(pairs)
    if len(pairs) < LEAST_PAIRS:
        return learned
    values, truth = [], []
    for fold in range(_FOLDS):
        association = associate([pair for number, pair in enumerate(pairs) if number % _FOLDS != fold])
        held = [pair for number, pair in enumerate(pairs) if number % _FOLDS == fold]
        for cut in (None, 0, 1):
            sides = [
                [whole(pair[: (len(pair) + 1) // 2] if side == cut else pair, side) for pair in held] for side in (0, 1)
            ]
            for i, source in enumerate(sides[0]):
                for j, target in enumerate(sides[1]):
                    values.append(explained(association, source, target))
                    truth.append(i == j)
    return replace(learned, weights=_worth(np.array(values), np.array(truth)))


def _worth(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fisher's linear discriminant as log odds; zeros when true and mixed pairs are not well apart."""
    yes, no = values[truth], values[~truth]
    spread = (np.cov(yes.T) + np.cov(no.T)) / 2 + np.eye(2) * 1e-4
    apart = yes.mean(0) - no.mean(0)
    slope = np.linalg.solve(spread, apart)
    if slope @ apart < _APART**2:
        return np.zeros(3)
    return np.append(slope, -slope @ (yes.mean(0) + no.mean(0)) / 2)


def bonus(association: Association, values: NDArray[np.float64]) -> float:
    """Log odds to add for what was explained."""
    return float(np.clip(association.weights[:2] @ values + association.weights[2], _LEAST, _MOST))


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
