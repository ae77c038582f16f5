"""Copies in one language: candidates by a join of sketch hashes, boilerplate from each article's family, then every pair decided once.

What is joined is Spark's; what is decided is `pipelines.dedup`'s.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from pipelines.dedup import PARAMETERS
from pipelines.dedup.backends import DOCUMENT, Ragged
from pipelines.dedup.decide import (
    NO_COPY,
    Decisions,
    boilerplate,
    kinds,
    likenesses,
    nearest_at_home,
    overlap,
    worth_a_look,
)
from pipelines.dedup.index import copies as copy_rows
from pipelines.dedup.view import Given, Neighbours, near_enough
from pipelines.spark.frames import Rows, mapped, numbers, packed, ragged, unpacked


def neighbours(articles: DataFrame) -> DataFrame:
    """Who may be a copy of whom, from each one's own view: `number`, `other`, `shared` sketch hashes, whether both are of one host (`home`).

    As in the index, a hash that more than `postings` articles hold brings the first so many of them only; Spark picks them before anything is sent
    (a window's group limit), and splits the holders of such a hash over several tasks of the join.
    """
    held = articles.select("number", "host", "size", F.explode("keys").alias("key"))
    place = F.row_number().over(Window.partitionBy("key").orderBy("number"))
    first = held.withColumn("place", place).where(F.col("place") <= PARAMETERS.postings)
    others = first.select(
        "key", F.col("number").alias("other"), F.col("host").alias("other_host"), F.col("size").alias("other_size")
    )
    met = (
        held.join(others, "key")
        .where("number <> other")
        .groupBy("number", "other", "size", "other_size", (F.col("host") == F.col("other_host")).alias("home"))
        .agg(F.count("*").alias("shared"))
    )
    return mapped(met, _near, "number long, other long, shared long, home boolean")


def _near(table: pa.Table) -> Rows:
    shared, size, other_size = (numbers(table[name]) for name in ("shared", "size", "other_size"))
    near = near_enough(shared, size, other_size, PARAMETERS)
    yield from table.select(["number", "other", "shared", "home"]).filter(pa.array(near)).to_pylist()


def crowded(articles: DataFrame) -> tuple[int, int]:
    """How many sketch hashes more than `postings` articles hold, and how many times they are held beyond that."""
    counts = articles.select(F.explode("keys").alias("key")).groupBy("key").count()
    over = counts.where(F.col("count") > PARAMETERS.postings)
    row = over.agg(F.count("*").alias("keys"), F.sum(F.col("count") - PARAMETERS.postings).alias("beyond")).first()
    return (row["keys"], row["beyond"] or 0) if row else (0, 0)


def pairs(near: DataFrame, declared: DataFrame) -> DataFrame:
    """Every pair once, the smaller number first: from the sketches (`candidate`), from what articles declare (`declared`), or both."""
    found = near.select(
        F.least("number", "other").alias("a"), F.greatest("number", "other").alias("b"),
        F.lit(True).alias("candidate"), F.lit(False).alias("declared"),
    )  # fmt: skip
    said = declared.select("a", "b", F.lit(False).alias("candidate"), F.lit(True).alias("declared"))
    both = found.union(said).groupBy("a", "b")
    return both.agg(F.max("candidate").alias("candidate"), F.max("declared").alias("declared"))


def hopeful(every: DataFrame, articles: DataFrame) -> DataFrame:
    """The pairs that share enough to be asked about boilerplate, and the declared ones."""
    joined = _with_both(every, articles.select("number", "shingles"), ["shingles"])
    return mapped(joined, _hopeful, "a long, b long, candidate boolean, declared boolean")


def _hopeful(table: pa.Table) -> Rows:
    two = _Two.of(table, "shingles")
    texts = ragged(two.column)
    enough = worth_a_look(overlap(texts, two.left, two.right), PARAMETERS)
    candidate, declared = (table[name].to_numpy() for name in ("candidate", "declared"))
    for a, b, candidate_, declared_ in zip(
        numbers(table["a"]).tolist(), numbers(table["b"]).tolist(), (candidate & enough).tolist(), declared.tolist(), strict=True
    ):  # fmt: skip
        if candidate_ or declared_:
            yield {"a": a, "b": b, "candidate": candidate_, "declared": declared_}


def boilerplates(looked_at: DataFrame, near: DataFrame, articles: DataFrame, partitions: int) -> DataFrame:
    """For each article that is looked at and has some: which of its shingles are boilerplate of its host, as packed bits in `mask`."""
    wanted = looked_at.select(F.col("a").alias("number")).union(looked_at.select("b")).distinct()
    home = near.where("home").join(wanted, "number", "left_semi")
    named = home.join(articles.select(F.col("number").alias("other"), "article_id"), "other")
    family = mapped(named.repartition(partitions, "number"), _family, "number long, other long, place int", whole=True)
    members = family.join(articles.select(F.col("number").alias("other"), "shingles"), "other")
    return mapped(members.repartition(partitions, "number"), _boilerplates, "number long, mask binary", whole=True)


def _family(table: pa.Table) -> Rows:
    """The nearest on the host, nearest first, the article itself last."""
    number, other, shared = (numbers(table[name]) for name in ("number", "other", "shared"))
    order = np.lexsort((other, number))
    number, other, shared = number[order], other[order], shared[order]
    mine, position = np.unique(number, return_inverse=True)
    every = np.union1d(mine, other)
    documents = np.zeros(len(every), DOCUMENT)  # all of one host: what is asked is who is nearest
    ids = bytes.fromhex("".join(table["article_id"].take(order).to_pylist()))
    documents["id"][np.searchsorted(every, other)] = np.frombuffer(ids, "V16")
    view = Given(documents, Ragged.of([]), *3 * [np.empty(0, np.int64)])
    near = Neighbours(position, np.searchsorted(every, other), shared)
    home = nearest_at_home(view, np.searchsorted(every, mine), near, PARAMETERS)
    relatives = every[home.other]
    starts = np.searchsorted(home.position, np.arange(len(mine) + 1)).tolist()
    for i, one in enumerate(mine.tolist()):
        if starts[i + 1] - starts[i] < 2:  # three have it at least, itself included
            continue
        for place, relative in enumerate([*relatives[starts[i] : starts[i + 1]].tolist(), one]):
            yield {"number": one, "other": relative, "place": place}


def _boilerplates(table: pa.Table) -> Rows:
    table = table.sort_by([("number", "ascending"), ("place", "ascending")])
    number = numbers(table["number"])
    starts = np.flatnonzero(np.diff(number, prepend=-1)).tolist()
    for begin, end in zip(starts, [*starts[1:], len(number)], strict=True):
        family = ragged(table["shingles"].slice(begin, end - begin).to_pylist())
        found = boilerplate(family, np.arange(end - begin), PARAMETERS)
        if found.any():
            yield {"number": int(number[begin]), "mask": np.packbits(found).tobytes()}


def decided(looked_at: DataFrame, masks: DataFrame, articles: DataFrame, run_id: str, now: datetime) -> DataFrame:
    """The rows of `copies` that the texts give, and for declared pairs how alike they are (as seen from `a`), copy or not."""

    def rows(table: pa.Table) -> Rows:
        two = _Two.of(table, "shingles", "mask", "document", "lines")
        texts = ragged(two.column)
        template = np.concatenate(
            [
                np.zeros(0, np.bool_),
                *(_bits(mask, len(blob) // 4) for mask, blob in zip(two.mask, two.column, strict=True)),
            ]
        )
        documents = np.frombuffer(b"".join(two.document), DOCUMENT)
        overlaps = overlap(texts, two.left, two.right, template)
        kind = kinds(overlaps, PARAMETERS)
        candidate, declared = (table[name].to_numpy() for name in ("candidate", "declared"))
        view = Given(documents, texts, two.left, two.right, np.zeros(len(two.left), np.int64))
        said = Decisions(two.left, two.right, overlaps, kind).take((kind != NO_COPY) & candidate)
        cut = dict(zip((one["id"].tobytes().hex() for one in documents), two.lines, strict=True))
        number = dict(zip(cut, two.numbers.tolist(), strict=True))
        for copy in copy_rows(view, said, cut.__getitem__, PARAMETERS, run_id=run_id, now=now):
            a, b = sorted((number[copy.article_id], number[copy.of_article_id]))
            yield {"a": a, "b": b, "copy": packed(copy)}
        at = np.flatnonzero(declared)
        for i, like in zip(at.tolist(), likenesses(overlaps.take(at), PARAMETERS), strict=True):
            yield {"a": table["a"][i].as_py(), "b": table["b"][i].as_py(), "likeness": packed(like)}

    known = articles.select("number", "shingles", "document", "lines").join(masks, "number", "left")
    joined = _with_both(looked_at, known, ["shingles", "document", "lines", "mask"])
    return mapped(joined, rows, "a long, b long, copy binary, likeness binary")


def _bits(mask: bytes | None, n: int) -> NDArray[np.bool_]:
    if mask is None:
        return np.zeros(n, np.bool_)
    return np.unpackbits(np.frombuffer(mask, np.uint8), count=n).astype(np.bool_)


def _with_both(every: DataFrame, known: DataFrame, columns: list[str]) -> DataFrame:
    """Pairs with the columns of both articles, as `<column>_a` and `<column>_b`."""
    for side in ("b", "a"):
        every = every.join(
            known.select(F.col("number").alias(side), *(F.col(c).alias(f"{c}_{side}") for c in columns)), side
        )
    return every


@dataclass(frozen=True, slots=True)
class _Two:
    """The articles of a batch of pairs, each once: `left` and `right` are places in `numbers`."""

    numbers: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    column: list[bytes]
    mask: list[bytes | None]
    document: list[bytes]
    lines: list[Any]

    @classmethod
    def of(cls, table: pa.Table, column: str, mask: str = "", document: str = "", lines: str = "") -> "_Two":
        both = np.concatenate([numbers(table["a"]), numbers(table["b"])])
        once, first, local = np.unique(both, return_index=True, return_inverse=True)
        left, right = np.split(local, 2)

        def each(name: str) -> pa.ChunkedArray:
            chunks = [*table[f"{name}_a"].chunks, *table[f"{name}_b"].chunks]
            return pc.take(pa.chunked_array(chunks), pa.array(first))

        return cls(
            once, left, right, each(column).to_pylist(), each(mask).to_pylist() if mask else [],
            each(document).to_pylist() if document else [], unpacked(each(lines)) if lines else [],
        )  # fmt: skip
