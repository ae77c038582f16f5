"""A small forest of decision trees that says how likely a block is part of the article, applied with plain numpy.

Trained by `benchmarks/train_blocks.py`.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.features import Matrix

FILE = "blocks.npz"
VERSION = 1
NOTHING: Matrix = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Forest:
    """Arrays of shape (trees, nodes). At an inner node `feature <= value` goes left; a leaf is its own child and adds its `value`."""

    feature: NDArray[np.int64]
    value: NDArray[np.float32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    depth: int

    def __call__(self, x: Matrix) -> Matrix:
        """The chance of each row of `x`, 0–1, shape (rows,)."""
        trees, nodes = self.feature.shape
        feature, value, left, right = self.feature.ravel(), self.value.ravel(), self.left.ravel(), self.right.ravel()
        first = np.arange(trees) * nodes
        rows = (np.arange(len(x)) * x.shape[1])[:, None]
        flat = np.ascontiguousarray(x).ravel()
        at = np.broadcast_to(first, (len(x), trees))
        for _ in range(self.depth):
            at = first + np.where(flat[rows + feature[at]] <= value[at], left[at], right[at])
        return np.asarray(1 / (1 + np.exp(-value[at].sum(axis=1))), dtype=np.float32)


@lru_cache(maxsize=1)
def forest() -> Forest:
    """The forest that comes with the package."""
    stored = np.load(BytesIO((files("pipelines.extract") / FILE).read_bytes()))
    shape = stored["feature"].shape
    own = np.broadcast_to(np.arange(shape[1]), shape)
    # only the left child is stored: the right one follows it, and a leaf is its own child
    left = np.where(stored["left"] == 0, own, stored["left"]).astype(np.int64)
    right = np.where(stored["left"] == 0, own, stored["left"] + 1).astype(np.int64)
    return Forest(
        stored["feature"].astype(np.int64), stored["value"].astype(np.float32), left, right, int(stored["depth"])
    )


def chances(features: Matrix) -> Matrix:
    """How likely each block is part of the article, 0–1, shape (blocks,)."""
    return forest()(features)


def save(dumped: dict[str, Any], path: Path | None = None) -> None:
    """Writes a LightGBM model (`Booster.dump_model()`) as the arrays of `Forest`."""
    trees = [_flatten(tree["tree_structure"]) for tree in dumped["tree_info"]]
    shape = (len(trees), max(map(len, trees)))
    feature, left, value = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    for t, tree in enumerate(trees):
        for n, row in enumerate(tree):
            feature[t, n], left[t, n], value[t, n] = row
    depth = max(_depth(tree["tree_structure"]) for tree in dumped["tree_info"])
    np.savez_compressed(
        path or Path(__file__).with_name(FILE), feature=feature, left=left, value=_short(value), depth=np.array(depth)
    )


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
