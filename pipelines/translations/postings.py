"""Sorted posting lists: which articles of a period and language have a key. Derived from the anchors, so losing a file loses nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled


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


@compiled
def ranges(haystack, needles, starts, counts):  # type: ignore[no-untyped-def]
    """Where each sorted needle starts in the sorted haystack, and how often it stands there."""
    low = 0
    for i in range(len(needles)):
        low += np.searchsorted(haystack[low:], needles[i])
        high, step = low, 1
        while high < len(haystack) and haystack[high] == needles[i]:  # strides: common keys have 10,000s
            high += step
            step *= 2
        if high > low:
            last = high - step // 2  # the last place seen to hold it
            high = last + np.searchsorted(haystack[last:high], needles[i], side="right")
        starts[i], counts[i] = low, high - low


@compiled
def summed(articles, numbers, starts, counts, values):  # type: ignore[no-untyped-def]
    """For each of the sorted articles the sum of the values of the keys it has, each key's articles being a range of `numbers`."""
    if not len(articles):
        return np.zeros(0)
    first, extent = articles[0], np.int64(articles[-1]) - articles[0] + 1
    direct = extent <= 8 * len(articles)  # numbers nearly without gaps are places themselves
    sums = np.zeros(extent if direct else len(articles))
    for k in range(len(starts)):
        for i in range(starts[k], starts[k] + counts[k]):
            place = numbers[i] - first if direct else np.searchsorted(articles, numbers[i])
            if not 0 <= place < len(sums):
                raise ValueError("damaged posting list; copydesk verify --repair makes it anew")
            sums[place] += values[k]
    return sums[articles - first] if direct else sums


@compiled
def n_shared(a, b):  # type: ignore[no-untyped-def]
    """How many values two sorted arrays without repetitions have in common."""
    i, j, n = 0, 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            n += 1
            i += 1
            j += 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return n
