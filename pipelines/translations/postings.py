"""Sorted posting lists: which articles of a period and language have a key. Derived from the anchors, so losing a file loses nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """`keys` sorted, each with the article that has it (both of shape (p,)); `articles` sorted, each with its number of keys."""

    keys: NDArray[np.uint64]
    numbers: NDArray[np.int32]
    articles: NDArray[np.int32]
    n_keys: NDArray[np.int32]


def postings(lists: Sequence[tuple[int, NDArray[np.uint64]]]) -> Postings:
    """From (number, unique keys) of articles."""
    numbers = np.array([number for number, _ in lists], np.int32)
    sizes = np.array([len(keys) for _, keys in lists], np.int32)
    keys = np.concatenate([keys for _, keys in lists]) if lists else np.empty(0, np.uint64)
    order, rising = np.argsort(keys, kind="stable"), np.argsort(numbers, kind="stable")
    return Postings(keys[order], np.repeat(numbers, sizes)[order], numbers[rising], sizes[rising])


def merged(a: Postings, b: Postings) -> Postings:
    keys, articles = np.concatenate((a.keys, b.keys)), np.concatenate((a.articles, b.articles))
    order, rising = np.argsort(keys, kind="stable"), np.argsort(articles, kind="stable")
    numbers, n_keys = np.concatenate((a.numbers, b.numbers)), np.concatenate((a.n_keys, b.n_keys))
    return Postings(keys[order], numbers[order], articles[rising], n_keys[rising])


def without(a: Postings, number: int) -> Postings:
    keep, others = a.numbers != number, a.articles != number
    return Postings(a.keys[keep], a.numbers[keep], a.articles[others], a.n_keys[others])


def save(path: Path, a: Postings) -> None:
    """One file, whole or not at all: a header of two lengths, then the four arrays."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(np.array([len(a.keys), len(a.articles)], np.int64).tobytes())
        for array in (a.keys, a.numbers, a.articles, a.n_keys):
            np.ascontiguousarray(array).tofile(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load(path: Path) -> Postings:
    """Memory-mapped. Raises ValueError or OSError for a file that is not one of ours."""
    raw = np.memmap(path, np.uint8, mode="r")
    n, m = np.frombuffer(raw[:16], np.int64).tolist()
    ends = np.cumsum([16, 8 * n, 4 * n, 4 * m, 4 * m]).tolist()
    if ends[-1] != len(raw):
        raise ValueError(f"{path.name}: {len(raw)} bytes, expected {ends[-1]}")
    parts = [raw[start:end] for start, end in pairwise(ends)]
    return Postings(parts[0].view(np.uint64), parts[1].view(np.int32), parts[2].view(np.int32), parts[3].view(np.int32))


@numba.njit(cache=True, nogil=True)
def ranges(haystack, needles, starts, counts):  # type: ignore[no-untyped-def]
    """Where each sorted needle starts in the sorted haystack, and how often it stands there."""
    low = 0
    for i in range(len(needles)):
        low += np.searchsorted(haystack[low:], needles[i])
        high = low
        while high < len(haystack) and haystack[high] == needles[i]:
            high += 1
        starts[i], counts[i] = low, high - low
