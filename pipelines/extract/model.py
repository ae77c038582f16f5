"""Small forests of decision trees that say how likely a block is part of the article, applied by one compiled loop.

A first forest looks at the block and its place; a second also sees how likely the first found what surrounds it (stacking, Wolpert 1992).
Two more do the same when another extractor was asked, too.

Trained by `benchmarks/train_blocks.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.extract.features import Matrix

FILE = "blocks.npz"
VERSION = 4
NOTHING: Matrix = np.zeros(0, dtype=np.float32)
LEAVES = 16
"""The most that a tree has: a row's way through it is a set of so many bits."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees turned inside out (QuickScorer; Lucchese et al., SIGIR 2015): their tests by feature and rising threshold.

    A row that is above a threshold cannot end in the leaves on the left of that test, and of those that no test takes away the first
    is where it ends. That asks one feature after the other, in order, instead of jumping from node to node.
    """

    first: NDArray[np.int32]
    """The tests of feature f are those from `first[f]` to `first[f + 1]`; shape (features + 1,)."""
    threshold: NDArray[np.float32]
    tree: NDArray[np.uint16]
    remain: NDArray[np.uint16]
    """The leaves, as bits, that remain to a row above the threshold."""
    values: NDArray[np.float32]
    """Of each tree's leaves from left to right, shape (trees, LEAVES)."""

    @staticmethod
    def of(feature: NDArray[Any], left: NDArray[Any], value: NDArray[Any]) -> "Forest":
        """From arrays of shape (trees, nodes): at an inner node `feature <= value` goes to the `left` child, everything else to the one after it; a node
        whose `left` is 0 is a leaf and adds its `value`."""
        tests: list[tuple[int, float, int, int]] = []
        values = np.zeros((len(feature), LEAVES), np.float32)

        def leaves_below(tree: int, node: int, n: int) -> int:
            """How many leaves are below a node that `n` leaves stand left of."""
            child = int(left[tree, node])
            if not child:
                values[tree, n] = value[tree, node]
                return 1
            lower = leaves_below(tree, child, n)
            ruled_out = (1 << n + lower) - (1 << n)
            tests.append((int(feature[tree, node]), float(value[tree, node]), tree, (1 << LEAVES) - 1 - ruled_out))
            return lower + leaves_below(tree, child + 1, n + lower)

        for tree in range(len(feature)):
            leaves_below(tree, 0, 0)
        ordered = np.array(sorted(tests), [("feature", "i4"), ("threshold", "f4"), ("tree", "u2"), ("remain", "u2")])
        features = np.arange(ordered["feature"].max(initial=-1) + 2)
        first = np.searchsorted(ordered["feature"], features).astype(np.int32)
        threshold, of_tree, remain = (ordered[name].copy() for name in ("threshold", "tree", "remain"))
        return Forest(first, threshold, of_tree, remain, values)

    def __call__(self, x: Matrix) -> Matrix:
        """The log odds of each row of `x`, shape (rows,)."""
        return _odds(
            np.ascontiguousarray(x), self.first, self.threshold, self.tree, self.remain, self.values, _lowest_bit()
        )


@lru_cache(maxsize=1)
def _lowest_bit() -> NDArray[np.uint8]:
    """Of each set of leaves the first."""
    bits = np.arange(1 << LEAVES)
    lowest = np.zeros(len(bits), np.uint8)
    for n in reversed(range(LEAVES)):
        lowest[bits >> n & 1 == 1] = n
    return lowest


@compiled
def _odds(
    x: Matrix, first: NDArray[np.int32], threshold: NDArray[np.float32], tree: NDArray[np.uint16], remain: NDArray[np.uint16],
    values: NDArray[np.float32], lowest: NDArray[np.uint8],
) -> Matrix:  # fmt: skip
    odds = np.zeros(x.shape[0], dtype=np.float32)
    leaves = np.empty(values.shape[0], dtype=np.uint16)
    for row in range(x.shape[0]):
        leaves[:] = 0xFFFF
        for feature in range(len(first) - 1):
            at, end, it = first[feature], first[feature + 1], x[row, feature]
            while at < end and not it <= threshold[at]:  # a number that is none goes right, too
                leaves[tree[at]] &= remain[at]
                at += 1
        for i in range(len(leaves)):
            odds[row] += values[i, lowest[leaves[i]]]
    return odds


@dataclass(frozen=True, slots=True)
class Forests:
    """What comes with the package: forests for the first look and for the second, without another extractor's answer and with it."""

    first: Forest
    second: Forest
    first_with_other: Forest
    second_with_other: Forest


@lru_cache(maxsize=1)
def forests() -> Forests:
    stored = np.load(BytesIO((files("pipelines.extract") / FILE).read_bytes()))
    return Forests(
        *(
            Forest.of(*(stored[f"{field.name}.{part}"] for part in ("feature", "left", "value")))
            for field in fields(Forests)
        )
    )


def chances(features: Matrix, around: Callable[[Matrix], Matrix]) -> Matrix:
    """How likely each block is part of the article, 0–1, shape (blocks,).

    `around` tells from the chances of a first look what surrounds each block (`features.around_chances`); the second look sees that too, and
    both count alike.
    """
    odds = forests().first(features)
    return _again(forests().second, features, odds, around)


def chances_with_other(features: Matrix, other: Matrix, around: Callable[[Matrix], Matrix]) -> Matrix:
    """The same when another extractor was asked (`features.describe_other`). Where it errs, the first look without it may not: its first look is the mean of both."""
    both = np.column_stack([features, other])
    odds = (forests().first(features) + forests().first_with_other(both)) / 2
    return _again(forests().second_with_other, both, odds, around)


def _again(second: Forest, features: Matrix, odds: NDArray[Any], around: Callable[[Matrix], Matrix]) -> Matrix:
    return odds_to_chances((odds + second(np.column_stack([features, around(odds_to_chances(odds))]))) / 2)


def odds_to_chances(odds: NDArray[Any]) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float32)


def save(learned: Mapping[str, Sequence[dict[str, Any]]], path: Path | None = None) -> None:
    """Writes LightGBM models (`Booster.dump_model()`), by the names of `Forests`, as arrays; of several for one name the mean odds count."""
    arrays: dict[str, Any] = {}
    for name, dumped in learned.items():
        trees = [_flatten(tree["tree_structure"], len(dumped)) for one in dumped for tree in one["tree_info"]]
        shape = (len(trees), max(map(len, trees)))
        feature, left, value = np.zeros(shape, np.uint16), np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
        for t, tree in enumerate(trees):
            for n, row in enumerate(tree):
                feature[t, n], left[t, n], value[t, n] = row
        arrays |= {f"{name}.feature": feature, f"{name}.left": left, f"{name}.value": _short(value)}
    np.savez_compressed(path or Path(__file__).with_name(FILE), **arrays)


def _short(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The numbers with ten bits of mantissa, which a compressor makes small."""
    return ((values.view(np.uint32) + 0x1000) & 0xFFFFE000).view(np.float32)


def _flatten(root: dict[str, Any], models: int) -> list[tuple[int, int, float]]:
    """The nodes as (feature, left child, threshold or a share of the leaf's value), breadth first, so that the right child follows the left."""
    out: list[tuple[int, int, float]] = []
    waiting = [root]
    for node in waiting:  # grows while it is read
        if "leaf_value" in node:
            out.append((0, 0, float(node["leaf_value"]) / models))
        else:
            out.append((int(node["split_feature"]), len(waiting), float(node["threshold"])))
            waiting += [node["left_child"], node["right_child"]]
    return out
