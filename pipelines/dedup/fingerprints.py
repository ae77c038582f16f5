"""`fingerprint`: what copy finding needs to know of a text, made without any state."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.dedup.parameters import PARAMETERS, Parameters
from pipelines.dedup.shingles import shingle
from pipelines.records import Article, Fingerprint

if TYPE_CHECKING:
    import datasketch


def fingerprint(article: Article, parameters: Parameters = PARAMETERS) -> Fingerprint:
    """Shingles of title, lead and text together, because what one site calls lead another prints in the body."""
    shingled = shingle(composed(article))
    shingles = _once(shingled.hashes)
    return Fingerprint(
        article_id=article.article_id,
        shingles=shingles,
        signature=signature(shingles, parameters),
        blocks=shingled.line_hashes[-(article.text.count("\n") + 1) :],
    )


def composed(article: Article) -> str:
    """Title, lead and text, one under the other."""
    return f"{article.title}\n{article.lead}\n{article.text}"


def minhash(print_: Fingerprint, parameters: Parameters = PARAMETERS) -> "datasketch.MinHash":
    """The fingerprint as datasketch knows it, to be used with `MinHashLSH` and its like."""
    import datasketch  # noqa: PLC0415  (it imports scipy, and who only looks something up needs neither)

    return datasketch.MinHash(
        seed=parameters.seed,
        hashvalues=print_.signature,
        scheme=parameters.permutations,
        permutations=_permutations(parameters),
    )


def signature(shingles: NDArray[np.uint64], parameters: Parameters = PARAMETERS) -> NDArray[np.uint32]:
    """The MinHash values datasketch gives for the low 32 bits of `shingles` as its hashes, shape (num_perm,)."""
    a, b = _permutations(parameters)
    minima: NDArray[np.uint32] = _minima(shingles, a, b)
    return minima


@cache
def _permutations(parameters: Parameters) -> NDArray[np.uint32]:
    if parameters.permutations != "affine32":
        raise ValueError(f"only datasketch's affine32 is implemented, not {parameters.permutations}")
    import datasketch  # noqa: PLC0415

    permutations: NDArray[np.uint32] = datasketch.MinHash(
        parameters.num_perm, seed=parameters.seed, scheme=parameters.permutations
    ).permutations
    return permutations


@compiled
def _minima(shingles, a, b):  # type: ignore[no-untyped-def]
    minima = np.full(len(a), np.uint32(0xFFFFFFFF))
    for shingle_ in shingles:
        h = np.uint32(shingle_ & np.uint64(0xFFFFFFFF))
        h ^= h >> np.uint32(16)  # MurmurHash3's finalizer, as datasketch applies it before permuting
        h = np.uint32(h * np.uint32(0x85EBCA6B))
        h ^= h >> np.uint32(13)
        h = np.uint32(h * np.uint32(0xC2B2AE35))
        h ^= h >> np.uint32(16)
        for k in range(len(a)):
            minima[k] = min(minima[k], np.uint32(a[k] * h + b[k]))
    return minima


@compiled
def _once(hashes):  # type: ignore[no-untyped-def]
    """The first of each, in order. A hash table of our own: `np.unique` would sort, which is five times as slow."""
    bits = 4
    while (1 << bits) < 2 * len(hashes):
        bits += 1
    table = np.zeros(1 << bits, np.uint64)
    mask = np.uint64((1 << bits) - 1)
    once = np.empty_like(hashes)
    n = 0
    for value in hashes:
        slot = (value >> np.uint64(7)) & mask
        stored = value | np.uint64(value == 0)  # 0 marks a free slot
        while table[slot] != 0 and table[slot] != stored:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] == 0:
            table[slot] = stored
            once[n] = value
            n += 1
    return once[:n].copy()
