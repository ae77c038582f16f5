"""From decided pairs to the tables: connected articles are brought together, linked, committed and gathered into stories by one task.

A commit is a bucket of whole components, so no copy points out of it, and what `finish.link` and `stories.derive` give for a component is what they
give for everything: both look at nothing beyond it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from pipelines import finish, stories
from pipelines.prepare import Prepared
from pipelines.records import Article, Commit, Copy, PageRow
from pipelines.spark.frames import Rows, mapped, numbers, packed, unpacked
from pipelines.store import Added, stage
from pipelines.store.schema import SCHEMAS, articles_table, copies_table

FAN_IN = 16
"""Partitions whose forests of components are joined into one at a time."""


def merged(found: DataFrame, partitions: int) -> DataFrame:
    """One row a pair, out of what the finders said, in the order of `turn`."""

    def rows(table: pa.Table) -> Rows:
        of_pair: dict[tuple[int, int], list[tuple[int, Copy]]] = defaultdict(list)
        for a, b, turn, copy in zip(
            table["a"].to_pylist(),
            table["b"].to_pylist(),
            table["turn"].to_pylist(),
            unpacked(table["copy"]),
            strict=True,
        ):
            of_pair[a, b].append((turn, copy))
        for (a, b), several in of_pair.items():
            (copy,) = finish.merge([one for _, one in sorted(several, key=lambda pair: (pair[0], pair[1].article_id))])
            yield {"a": a, "b": b, "copy": packed(copy)}

    return mapped(found.repartition(partitions, "a", "b"), rows, "a long, b long, copy binary", whole=True)


def components(pairs: DataFrame) -> DataFrame:
    """`number` → `root`, the smallest number it hangs together with, for every article that hangs together with another.

    Every partition keeps a forest of its pairs, some partitions' forests are joined to one, and so on. The last task holds 16 bytes for each article
    that has a copy.
    """
    parts = pairs.rdd.getNumPartitions()
    forest = mapped(pairs.select("a", "b"), _forest, "a long, b long", whole=True)
    while parts > 1:
        parts = -(-parts // FAN_IN)
        forest = mapped(forest.repartition(parts), _forest, "a long, b long", whole=True)
    roots = forest.select(F.col("b").alias("number"), F.col("a").alias("root"))
    return roots.union(forest.select(F.col("a").alias("number"), F.col("a").alias("root")).distinct())


def _forest(table: pa.Table) -> Rows:
    once, local = np.unique(np.concatenate([numbers(table["a"]), numbers(table["b"])]), return_inverse=True)
    roots = _roots(len(once), *np.split(local, 2))
    for number, root in zip(once.tolist(), once[roots].tolist(), strict=True):
        if number != root:
            yield {"a": root, "b": number}


@numba.njit(cache=True, nogil=True)
def _roots(n, left, right):  # type: ignore[no-untyped-def]
    parent = np.arange(n)
    for k in range(len(left)):
        a, b = left[k], right[k]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[max(a, b)] = min(a, b)
    for i in range(n):
        parent[i] = parent[parent[i]]  # parents are smaller, so theirs is final already
    return parent


class Written(NamedTuple):
    """What the tasks did: the files of each commit, counts, and the rows of `stories`."""

    commits: dict[str, list[Added]]
    outcomes: Counter[str]
    copies: Counter[str]
    articles: int
    stories: pa.Table


def write(
    reads: DataFrame,
    copies: DataFrame,
    roots: DataFrame,
    data: str,
    run_id: str,
    parameters: Mapping[str, str],
    commits: int,
) -> Written:
    """Stage the files of every commit. Nothing is visible before the caller publishes them."""
    at = F.pmod(F.xxhash64(F.coalesce("root", "number", "n")), F.lit(commits)).cast("int").alias("bucket")
    left = reads.join(roots, "number", "left").select(at, "n", "version", "row", "article")
    of = copies.join(roots.withColumnRenamed("number", "a"), "a", "left")
    right = of.select(F.pmod(F.xxhash64("root"), F.lit(commits)).cast("int").alias("bucket"), "a", "b", "copy")

    def commit(key: tuple[Any, ...], table: pa.Table, pairs: pa.Table) -> pa.Table:
        table = table.sort_by("n")
        bucket = key[0].as_py() if hasattr(key[0], "as_py") else int(key[0])
        done = _commit(
            f"{run_id}-{bucket + 1:04d}", run_id, table["version"].to_pylist(), unpacked(table["row"]), table["article"],
            unpacked(pairs["copy"]), data, parameters,
        )  # fmt: skip
        return pa.Table.from_pylist([{"commit_id": f"{run_id}-{bucket + 1:04d}", "done": packed(done)}], _DONE)

    grouped = left.groupBy("bucket").cogroup(right.groupBy("bucket"))
    done = grouped.applyInArrow(commit, "commit_id string, done binary").toLocalIterator()
    every, outcomes, kinds, articles = {}, Counter[str](), Counter[str](), 0
    parts: list[pa.Table] = []
    for row in done:
        adds, some, kinds_, n, story = unpacked(pa.chunked_array([[bytes(row["done"])]]))[0]
        every[row["commit_id"]] = adds
        outcomes.update(some)
        kinds.update(kinds_)
        articles += n
        parts.append(story)
    table = pa.concat_tables(parts) if parts else SCHEMAS["stories"].empty_table()
    return Written(every, outcomes, kinds, articles, table.sort_by("article_id"))


_DONE = pa.schema([("commit_id", pa.string()), ("done", pa.binary())])


def _commit(
    commit_id: str, run_id: str, versions: Sequence[int | None], rows: Sequence[PageRow], articles: pa.ChunkedArray,
    copies: Sequence[Copy], data: str, parameters: Mapping[str, str],
) -> tuple[list[Added], Counter[str], Counter[str], int, pa.Table]:  # fmt: skip
    """Link the articles of a bucket, in order of arrival, write its files, derive its stories."""
    read: list[Article | None] = []
    for version, article in zip(versions, unpacked(articles), strict=True):
        read.append(replace(article, version=version, run_id=run_id) if article and version else None)
    linked = iter(finish.link([article for article in read if article], copies, {}))
    added = [next(linked) if article else None for article in read]
    pages = tuple(_ended(row, article, run_id) for row, article in zip(rows, added, strict=True))
    new = tuple(article for article in added if article)
    commit = Commit(commit_id, run_id, new, tuple(copies), pages)
    files = stage(data, commit, parameters)
    columns = list(stories.ARTICLE_COLUMNS)
    derived = stories.derive(articles_table(new, commit_id).select(columns), copies_table(copies, commit_id))
    outcomes = Counter(f"{row.outcome}/{row.reason}" if row.reason else row.outcome for row in pages)
    derived = derived.select(SCHEMAS["stories"].names).cast(SCHEMAS["stories"])
    return files, outcomes, Counter(copy.kind for copy in copies), len(new), derived


def _ended(row: PageRow, added: Article | None, run_id: str) -> PageRow:
    if row.outcome in ("rejected", "failed"):
        return replace(row, run_id=run_id)
    end = finish.outcome(finish.Read(_NO_PAGE, 0, Prepared()), added)
    return replace(row, outcome=end.kind, version=added.version if added else row.version, run_id=run_id)


_NO_PAGE: Any = None
