"""Two small forests of decision trees that say how likely a block is part of the article, applied by one compiled loop.

The first looks at the block and its place; the second also sees how likely the first found what surrounds it (stacking, Wolpert 1992).

Trained by `benchmarks/train_blocks.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
VERSION = 2
NOTHING: Matrix = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Forest:
    """Arrays of shape (trees, nodes). At an inner node `feature <= value` goes to the `left` child, everything else to the one after it;
    a node whose `left` is 0 is a leaf and adds its `value`."""

    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    value: NDArray[np.float32]

    def __call__(self, x: Matrix) -> Matrix:
        """The log odds of each row of `x`, shape (rows,)."""
        leaves = _leaves(np.ascontiguousarray(x), self.feature, self.left, self.value)
        return np.asarray(leaves.sum(axis=1), dtype=np.float32)


@compiled
def _leaves(
    x: Matrix, feature: NDArray[np.int32], left: NDArray[np.int32], value: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What each tree says of each row, shape (rows, trees)."""
    rows, trees = x.shape[0], feature.shape[0]
    said = np.empty((rows, trees), dtype=np.float32)
    for tree in range(trees):
        for row in range(rows):
            at = 0
            while left[tree, at]:
                at = left[tree, at] + (0 if x[row, feature[tree, at]] <= value[tree, at] else 1)
            said[row, tree] = value[tree, at]
    return said


@lru_cache(maxsize=1)
def forests() -> tuple[Forest, Forest]:
    """The two forests that come with the package: for the first look and for the second."""
    stored = np.load(BytesIO((files("pipelines.extract") / FILE).read_bytes()))
    first, second = (
        Forest(
            stored[f"feature{number}"].astype(np.int32),
            stored[f"left{number}"].astype(np.int32),
            stored[f"value{number}"],
        )
        for number in (1, 2)
    )
    return first, second


def chances(features: Matrix, around: Callable[[Matrix], Matrix]) -> Matrix:
    """How likely each block is part of the article, 0–1, shape (blocks,).

    `around` tells from the chances of a first look what surrounds each block (`features.around_chances`); the second look sees that too, and
    both count alike.
    """
    first, second = forests()
    odds = first(features)
    return odds_to_chances((odds + second(np.column_stack([features, around(odds_to_chances(odds))]))) / 2)


def odds_to_chances(odds: NDArray[Any]) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float32)


def save(first: list[dict[str, Any]], second: list[dict[str, Any]], path: Path | None = None) -> None:
    """Writes LightGBM models (`Booster.dump_model()`) as the arrays of two forests; what stands in one list is averaged."""
    arrays: dict[str, Any] = {}
    for number, dumped in enumerate((first, second), 1):
        roots = [tree["tree_structure"] for model in dumped for tree in model["tree_info"]]
        trees = [_flatten(root) for root in roots]
        shape = (len(trees), max(map(len, trees)))
        feature, left, value = np.zeros(shape, np.uint16), np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
        for t, tree in enumerate(trees):
            for n, row in enumerate(tree):
                feature[t, n], left[t, n], value[t, n] = row
        value[left == 0] /= len(dumped)
        arrays |= {f"feature{number}": feature, f"left{number}": left, f"value{number}": _short(value)}
        arrays[f"depth{number}"] = np.array(max(map(_depth, roots)))
    np.savez_compressed(path or Path(__file__).with_name(FILE), **arrays)


def _short(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The numbers with ten bits of mantissa, which a compressor makes small."""
    return ((values.view(np.uint32) + 0x1000) & 0xFFFFE000).view(np.float32)


def _depth(node: dict[str, Any]) -> int:
    return 0 if "leaf_value" in node else 1 + max(_depth(node["left_child"]), _depth(node["right_child"]))


def _flatten(root: dict[str, Any]) -> list[tuple[int, int, float]]:
    """The nodes as (feature, left child, threshold or leaf value), breadth first, so that the right child follows the left."""
    out: list[tuple[int, int, float]] = []
    waiting = [root]
    for node in waiting:  # grows while it is read
        if "leaf_value" in node:
            out.append((0, 0, float(node["leaf_value"])))
        else:
            out.append((int(node["split_feature"]), len(waiting), float(node["threshold"])))
            waiting += [node["left_child"], node["right_child"]]
    return out
