"""How much two lists of anchors look like one text in two languages, as a few numbers and a probability.

The numbers: how much weight the two share, how much of each side that is, and how much of it stands in one order in both. The order is
the heaviest rising chain through the points (place here, place there) of shared anchors, as in aligning sentences by cognates
(Simard, Foster & Isabelle 1992; Melamed 1999); each anchor is used once. `benchmarks/train_translations.py` learns the weights.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled

GROUPS = ("figures", "places", "names", "words", "sounds")
FEATURES = (
    "chain", *(f"chain_{group}" for group in GROUPS), "shared", "in_order", "straight", "contained", "contained_less",
    "shared_figures", "shared_names", "anchors_less", "anchors_more", "chain_length", "points", "points_sounds",
)  # fmt: skip
_POINTS = 6000
"""Pairs of equal anchors that are looked at; the rest of a very repetitive pair says nothing new."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One article's anchors, ready for comparison: keys sorted, with their owners and weights (all of shape (k,))."""

    keys: NDArray[np.uint64]
    owner: NDArray[np.int32]
    weights: NDArray[np.float32]
    positions: NDArray[np.uint16]
    classes: NDArray[np.uint8]
    heaviest: NDArray[np.float32]
    """The weight of each anchor: its heaviest key's, shape (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    features: NDArray[np.float64]
    left: NDArray[np.int32]
    """Anchors of the first article that stand in the common order, with their partners and weights."""
    right: NDArray[np.int32]
    weights: NDArray[np.float64]


def compare_sides(a: Side, b: Side) -> Comparison:
    return Comparison(*_compare(a.keys, a.owner, a.weights, a.positions, a.classes, a.heaviest, b.keys, b.owner, b.weights, b.positions, b.classes, b.heaviest))  # fmt: skip


@compiled
def _points(keys_a, owner_a, weight_a, keys_b, owner_b, weight_b):  # type: ignore[no-untyped-def]
    """All pairs of anchors that share a key, each once with its heaviest key, sorted by left rising, right falling."""
    code = np.empty(_POINTS, np.int64)
    weight = np.empty(_POINTS, np.float64)
    n, i, j = 0, 0, 0
    while i < len(keys_a) and j < len(keys_b) and n < _POINTS:
        if keys_a[i] < keys_b[j]:
            i += 1
        elif keys_a[i] > keys_b[j]:
            j += 1
        else:
            key = keys_a[i]
            i_end, j_end = i, j
            while i_end < len(keys_a) and keys_a[i_end] == key:
                i_end += 1
            while j_end < len(keys_b) and keys_b[j_end] == key:
                j_end += 1
            value = min(weight_a[i], weight_b[j])
            if value > 0.5 and (i_end - i) * (j_end - j) <= 600:
                for x in range(i, i_end):
                    for y in range(j, j_end):
                        if n < _POINTS:
                            code[n] = (np.int64(owner_a[x]) << 17) | (65535 - owner_b[y])
                            weight[n] = value
                            n += 1
            i, j = i_end, j_end
    order = np.argsort(code[:n], kind="mergesort")
    left, right, best = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float64)
    size = 0
    for at in order:
        if size and code[at] == (np.int64(left[size - 1]) << 17 | (65535 - right[size - 1])):
            best[size - 1] = max(best[size - 1], weight[at])
        else:
            left[size], right[size], best[size] = code[at] >> 17, 65535 - (code[at] & 0x1FFFF), weight[at]
            size += 1
    return left[:size], right[:size], best[:size]


@compiled
def _chain(left, right, weight, n_right):  # type: ignore[no-untyped-def]
    """Indices of the heaviest chain that rises strictly on both sides (a Fenwick tree of prefix maxima over `right`)."""
    n = len(left)
    back = np.full(n, -1, np.int32)
    total = np.zeros(n, np.float64)
    tree = np.full(n_right + 1, -1, np.int32)
    for i in range(n):
        at = right[i]
        best = -1
        while at > 0:
            if tree[at] >= 0 and (best < 0 or total[tree[at]] > total[best]):
                best = tree[at]
            at -= at & -at
        back[i] = best
        total[i] = weight[i] + (total[best] if best >= 0 else 0.0)
        at = right[i] + 1
        while at <= n_right:
            if tree[at] < 0 or total[i] > total[tree[at]]:
                tree[at] = i
            at += at & -at
    chain = np.empty(n, np.int32)
    size = 0
    top = np.argmax(total) if n else -1
    while top >= 0:
        chain[size] = top
        size += 1
        top = back[top]
    return chain[:size][::-1].copy()


@compiled
def _group(a, b):  # type: ignore[no-untyped-def]
    """Of the classes of two equal anchors the surer one decides: figures 0, places 1, names 2, words 3, sounds 4."""
    low = min(a, b)
    if low < 2:
        return 0
    if low == 2:
        return 1
    if low < 5:
        return 2
    return 3 if low == 6 else 4


@compiled
def _compare(keys_a, owner_a, weights_a, pos_a, class_a, heavy_a, keys_b, owner_b, weights_b, pos_b, class_b, heavy_b):  # type: ignore[no-untyped-def]
    features = np.zeros(18, np.float64)
    left, right, weight = _points(keys_a, owner_a, weights_a, keys_b, owner_b, weights_b)
    chain = _chain(left, right, weight, len(pos_b))
    in_a, in_b = np.zeros(len(pos_a)), np.zeros(len(pos_b))
    sounds = 0
    for k in range(len(left)):
        in_a[left[k]] = max(in_a[left[k]], weight[k])
        in_b[right[k]] = max(in_b[right[k]], weight[k])
        sounds += _group(class_a[left[k]], class_b[right[k]]) == 4
    by_group = np.zeros(5)
    for k in chain:
        by_group[_group(class_a[left[k]], class_b[right[k]])] += weight[k]
    total = by_group.sum()
    # Squared weights found and there, of figures and of names and places, on each side; guessed sounds only where they were found.
    found, there = np.zeros((2, 2)), np.full((2, 2), 1e-6)
    for k in range(len(pos_a)):
        if class_a[k] < 5:
            found[0, min(1, class_a[k] // 2)] += in_a[k] ** 2
            there[0, min(1, class_a[k] // 2)] += heavy_a[k] ** 2
    for k in range(len(pos_b)):
        if class_b[k] < 5:
            found[1, min(1, class_b[k] // 2)] += in_b[k] ** 2
            there[1, min(1, class_b[k] // 2)] += heavy_b[k] ** 2
    share_a, share_b = found[0].sum() / there[0].sum(), found[1].sum() / there[1].sum()
    shared = min(in_a.sum(), in_b.sum())
    features[0] = np.log1p(total)
    for k in range(5):
        features[1 + k] = np.log1p(by_group[k])
    features[6] = np.log1p(shared)
    features[7] = total / max(shared, 1e-6)
    features[8] = _straight(
        pos_a[left[chain]].astype(np.float64), pos_b[right[chain]].astype(np.float64), weight[chain]
    )
    features[9], features[10] = np.sqrt(max(share_a, share_b)), np.sqrt(min(share_a, share_b))
    features[11] = np.sqrt(found[0, 0] / there[0, 0] * found[1, 0] / there[1, 0])
    features[12] = np.sqrt(found[0, 1] / there[0, 1] * found[1, 1] / there[1, 1])
    features[13], features[14] = np.log1p(min(len(pos_a), len(pos_b))), np.log1p(max(len(pos_a), len(pos_b)))
    features[15] = np.log1p(len(chain))
    features[16], features[17] = np.log1p(len(left)), np.log1p(sounds)
    return features, left[chain], right[chain], weight[chain]


@compiled
def _straight(x, y, weight):  # type: ignore[no-untyped-def]
    """Weighted correlation of the places; 0 for fewer than three."""
    if len(x) < 3:
        return 0.0
    sum_ = weight.sum()
    mx, my = (x * weight).sum() / sum_, (y * weight).sum() / sum_
    vx, vy = (weight * (x - mx) ** 2).sum(), (weight * (y - my) ** 2).sum()
    return (weight * (x - mx) * (y - my)).sum() / np.sqrt(vx * vy + 1e-9)


@lru_cache(maxsize=1)
def _model() -> tuple[NDArray[np.float64], float]:
    model = json.loads(Path(__file__).with_name("model.json").read_text(encoding="utf8"))
    if tuple(model["features"]) != FEATURES:
        raise RuntimeError("model.json was trained for other features; run benchmarks/train_translations.py")
    return np.array(model["weights"]), float(model["bias"])


def logit(features: NDArray[np.float64]) -> float:
    """Log odds that the two are one text, before looking at competitors."""
    weights, bias = _model()
    return float(features @ weights + bias)


def probability(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))
