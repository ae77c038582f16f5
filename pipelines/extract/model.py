"""Two small forests of decision trees that say how likely a block is part of the article, applied with plain numpy.

Trained by `benchmarks/train_blocks.py`; the second forest sees the first one's answers around each block.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.blocks import Block, Nodes
from pipelines.extract.features import Matrix, stacked

FILE = "blocks.npz"


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees of one shape (trees, nodes): at an inner node, `feature <= threshold` goes left; leaves point to themselves."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    depth: int

    def __call__(self, x: Matrix) -> Matrix:
        """The chance of each row, 0–1, shape (rows,)."""
        trees = np.arange(len(self.feature))[None, :]
        at = np.zeros((len(x), len(self.feature)), dtype=np.int32)
        rows = np.arange(len(x))[:, None]
        for _ in range(self.depth):
            smaller = x[rows, self.feature[trees, at]] <= self.threshold[trees, at]
            at = np.where(smaller, self.left[trees, at], self.right[trees, at])
        return np.asarray(1 / (1 + np.exp(-self.value[trees, at].sum(axis=1))), dtype=np.float32)


@lru_cache(maxsize=1)
def forests() -> tuple[Forest, ...]:
    stored = np.load(BytesIO((files("pipelines.extract") / FILE).read_bytes()))
    return tuple(
        Forest(
            stored[f"feature{i}"].astype(np.int32),
            stored[f"threshold{i}"].astype(np.float32),
            stored[f"left{i}"].astype(np.int32),
            stored[f"right{i}"].astype(np.int32),
            stored[f"value{i}"].astype(np.float32),
            int(stored[f"depth{i}"]),
        )
        for i in range(2)
    )


def chances(blocks: list[Block], nodes: Nodes, features: Matrix) -> Matrix:
    """How likely each block is part of the article, 0–1, shape (blocks,)."""
    first, second = forests()
    return second(np.column_stack([features, stacked(blocks, nodes, first(features))]))


def save(dumped: list[dict[str, Any]], path: Path | None = None) -> None:
    """Writes LightGBM models (`Booster.dump_model()`) as the arrays of `Forest`."""
    arrays: dict[str, Any] = {}
    for i, model in enumerate(dumped):
        trees = [_flatten(tree["tree_structure"]) for tree in model["tree_info"]]
        most = max(len(tree) for tree in trees)
        shape = (len(trees), most)
        feature, left, right = (np.zeros(shape, dtype=np.int16) for _ in range(3))
        threshold, value = (np.zeros(shape, dtype=np.float32) for _ in range(2))
        for t, tree in enumerate(trees):
            for n, (f, limit, to_left, to_right, leaf) in enumerate(tree):
                feature[t, n], threshold[t, n], left[t, n], right[t, n], value[t, n] = f, limit, to_left, to_right, leaf
        arrays |= {f"feature{i}": feature, f"threshold{i}": threshold, f"left{i}": left.astype(np.uint8), f"right{i}": right.astype(np.uint8), f"value{i}": value.astype(np.float16)}
        arrays[f"depth{i}"] = np.array(max(_depth(tree["tree_structure"]) for tree in model["tree_info"]))
    target = path or Path(__file__).with_name(FILE)
    np.savez_compressed(target, **arrays)


def _depth(node: dict[str, Any]) -> int:
    return 0 if "leaf_value" in node else 1 + max(_depth(node["left_child"]), _depth(node["right_child"]))


def _flatten(root: dict[str, Any]) -> list[tuple[int, float, int, int, float]]:
    out: list[tuple[int, float, int, int, float]] = []

    def add(node: dict[str, Any]) -> int:
        number = len(out)
        out.append((0, 0.0, number, number, float(node.get("leaf_value", 0.0))))
        if "leaf_value" not in node:
            left, right = add(node["left_child"]), add(node["right_child"])
            out[number] = (int(node["split_feature"]), float(node["threshold"]), left, right, 0.0)
        return number

    add(root)
    return out
