"""How much two lists of anchors look like one text in two languages, as a few numbers and a probability.

The numbers: how much weight the two share, how much of each side that is, and how much of it stands in one order in both. The order is
the heaviest rising chain through the points (position here, position there) of shared anchors, as in aligning sentences by cognates
(Simard, Foster & Isabelle 1992; Melamed 1999); each anchor is used once. `benchmarks/train_translations.py` learns the weights.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

FEATURES = ("log_chain", "log_shared", "cosine", "containment_min", "containment_max", "in_order", "straight", "log_numbers", "log_names", "number_cosine", "name_cosine", "log_anchors")  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _matches(keys_a, owner_a, weight_a, keys_b, owner_b):  # type: ignore[no-untyped-def]
    """All (anchor of a, anchor of b, weight) that share a key; keys_a and keys_b sorted. At most 4,000."""
    limit = 4000
    left = np.empty(limit, np.int32)
    right = np.empty(limit, np.int32)
    weight = np.empty(limit, np.float32)
    n, i, j = 0, 0, 0
    while i < len(keys_a) and j < len(keys_b):
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
            if weight_a[i] > 0 and (i_end - i) * (j_end - j) <= 400:
                for x in range(i, i_end):
                    for y in range(j, j_end):
                        if n < limit:
                            left[n], right[n], weight[n] = owner_a[x], owner_b[y], weight_a[x]
                            n += 1
            i, j = i_end, j_end
    return left[:n], right[:n], weight[:n]


@numba.njit(cache=True, nogil=True)
def _chain(x, y, weight):  # type: ignore[no-untyped-def]
    """Indices of the heaviest chain strictly rising in x and y; points sorted by x, then y."""
    n = len(x)
    best = np.empty(n, np.float32)
    back = np.empty(n, np.int32)
    top = -1
    for i in range(n):
        best[i], back[i] = 0.0, -1
        for j in range(i):
            if x[j] < x[i] and y[j] < y[i] and best[j] > best[i]:
                best[i], back[i] = best[j], j
        best[i] += weight[i]
        if top < 0 or best[i] > best[top]:
            top = i
    out = np.empty(n, np.int32)
    size = 0
    while top >= 0:
        out[size] = top
        size += 1
        top = back[top]
    return out[:size][::-1]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One article's anchors, ready for comparison: keys sorted, with their owners and weights (float32, all of shape (k,))."""

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
    weights: NDArray[np.float32]


def compare_sides(a: Side, b: Side) -> Comparison:
    left, right, weight = _matches(a.keys, a.owner, a.weights, b.keys, b.owner)
    if not len(left):
        none = np.empty(0, np.int32)
        return Comparison(np.zeros(len(FEATURES)), none, none, np.empty(0, np.float32))
    order = np.lexsort((-weight, right, left))
    left, right, weight = left[order], right[order], weight[order]
    first = np.ones(len(left), bool)
    first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    left, right, weight = left[first], right[first], weight[first]
    if len(left) > 1500:
        heavy = np.sort(np.argsort(-weight, kind="stable")[:1500])
        left, right, weight = left[heavy], right[heavy], weight[heavy]
    chain = _chain(left, right, weight)
    in_a, in_b = np.zeros(len(a.positions), np.float32), np.zeros(len(b.positions), np.float32)
    np.maximum.at(in_a, left, weight)
    np.maximum.at(in_b, right, weight)
    kinds_a, kinds_b = a.classes < 2, b.classes < 2
    total_a, total_b = (a.heaviest**2).sum(), (b.heaviest**2).sum()
    part_a, part_b = (in_a**2).sum() / max(total_a, 1e-6), (in_b**2).sum() / max(total_b, 1e-6)

    def cosine(mask_a: NDArray[np.bool_], mask_b: NDArray[np.bool_]) -> float:
        share_a = (in_a[mask_a] ** 2).sum() / max((a.heaviest[mask_a] ** 2).sum(), 1e-6)
        share_b = (in_b[mask_b] ** 2).sum() / max((b.heaviest[mask_b] ** 2).sum(), 1e-6)
        return float(np.sqrt(share_a * share_b))

    chain_weight = weight[chain]
    chain_sum = float(chain_weight.sum())
    shared = float(min(in_a.sum(), in_b.sum()))
    x, y = a.positions[left[chain]] / 65535, b.positions[right[chain]] / 65535
    straight = 0.0
    if len(chain) >= 3:
        wx, wy = np.average(x, weights=chain_weight), np.average(y, weights=chain_weight)
        var = np.average((x - wx) ** 2, weights=chain_weight), np.average((y - wy) ** 2, weights=chain_weight)
        cov = np.average((x - wx) * (y - wy), weights=chain_weight)
        straight = float(cov / np.sqrt(var[0] * var[1] + 1e-9))
    numbers = chain_weight[a.classes[left[chain]] < 2].sum()
    names = chain_weight[a.classes[left[chain]] >= 2].sum()
    small, large = (part_a, part_b) if part_a < part_b else (part_b, part_a)
    features = np.array(
        [
            np.log1p(chain_sum), np.log1p(shared), np.sqrt(part_a * part_b), np.sqrt(small), np.sqrt(large), chain_sum / max(shared, 1e-6), straight,
            np.log1p(numbers), np.log1p(names), cosine(kinds_a, kinds_b), cosine(~kinds_a, ~kinds_b), np.log1p(min(len(a.positions), len(b.positions))),
        ]
    )  # fmt: skip
    return Comparison(features, left[chain], right[chain], chain_weight)


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
