"""The flow of one job: sources in, the five tables out, as `ingest` of everything in one batch would have made them.

read ─▶ versions ─▶ neighbours ─▶ boilerplate ─▶ decided ─┐
              └──▶ claims ─────────▶ judged ──────────────┼─▶ merged ─▶ components ─▶ commits and stories ─▶ published
              └──▶ posting lists ──▶ translations ────────┘
"""

import logging
import math
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from pipelines import dedup
from pipelines.records import Commit, RunRow
from pipelines.run import new_run_id, parameters, versions
from pipelines.spark import copies, declared, reading, translated, writing
from pipelines.spark.reading import Place
from pipelines.spark.session import HoldsRunsError
from pipelines.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

ARTICLES_A_TASK = 20_000
MOST_COMMITS = 9_000
"""Ids of commits have four digits."""


def run(
    spark: SparkSession, sources: Sequence[str], out: str, place: Place, *, command: str = "", work: str = ""
) -> RunRow:
    """Make the tables of `sources` in the empty folder `out`; return the run's row, which is committed too.

    `work` is a folder that all machines see, as Spark writes it (`s3a://…`), for what is between the stages; it is removed at the end. By default
    it stands in `out`. Raises `UnreadableSourceError`, `HoldsRunsError`, `Locked`, `StorageError`.
    """
    files = [file for source in sources for file in reading.expand(source)]
    with Store.open(out, command=command, parameters=parameters()) as store:
        if store.commits():
            raise HoldsRunsError(
                f"{out} holds runs already; give an empty folder, or add to this one with `copydesk ingest`"
            )
        now = datetime.now(UTC)
        run_id = new_run_id(now)
        store.claim(f"run-{run_id}")  # in a bucket: whoever starts meanwhile leaves alone what the tasks are staging
        stages = _Stages(spark, work or f"{_as_spark_writes(out)}/state/work-{run_id}")
        try:
            return _run(stages, store, files, out, place, command, run_id, now)
        finally:
            stages.close()


def _run(
    stages: "_Stages",
    store: Store,
    files: Sequence[str],
    out: str,
    place: Place,
    command: str,
    run_id: str,
    now: datetime,
) -> RunRow:
    spark, kept = stages.spark, stages.kept
    read = stages.timed("prepare", lambda: reading.read(spark, files, place, run_id, stages.folder))
    n = read.count()
    cores = spark.sparkContext.defaultParallelism
    partitions = max(2 * cores, math.ceil(n / ARTICLES_A_TASK))
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))

    other = kept("versions", reading.versioned(read, run_id, partitions))
    reads = read.join(other.withColumn("told", F.lit(True)), "n", "left").select(
        *(name for name in read.columns),
        F.when(F.col("told"), F.col("version")).otherwise(F.when(F.col("article_id").isNotNull(), 1)).alias("version"),
        F.coalesce("number", F.when(F.col("article_id").isNotNull(), F.col("n"))).alias("number"),
        F.coalesce("last", F.lit(True)).alias("last"),
    )
    articles = reads.where("article_id IS NOT NULL AND last")

    near = kept("neighbours", copies.neighbours(articles))
    claims = kept("claims", declared.claims(articles, partitions))
    said = claims.select("a", "b").distinct()
    looked_at = kept("pairs", copies.hopeful(copies.pairs(near, said), articles))
    masks = kept("boilerplate", copies.boilerplates(looked_at, near, articles, 4 * partitions))
    decided = kept("decided", copies.decided(looked_at, masks, articles, run_id, now))

    base = articles.select("number", "base")
    cross = kept(
        "cross", said.join(base.toDF("a", "base_a"), "a").join(base.toDF("b", "base_b"), "b").where("base_a <> base_b")
    )
    asked, needed = translated.places(articles, cross)
    names = (
        stages.timed("postings", lambda: translated.write(articles, needed, stages.side, partitions)) if needed else []
    )
    across = kept("across", translated.found(articles, asked, stages.side, names, partitions, run_id, now))
    aligned = kept("aligned", translated.compared(cross, stages.side, names))

    likenesses = decided.where("likeness IS NOT NULL").select("a", "b", "likeness")
    judged = declared.judged(claims, likenesses, aligned, articles, run_id, now)
    by_text = decided.where("copy IS NOT NULL").select("a", "b", "copy")
    found = [
        frame.select("a", "b", F.lit(turn).alias("turn"), "copy")
        for turn, frame in enumerate((by_text, across, judged))
    ]
    merged = kept("merged", writing.merged(found[0].union(found[1]).union(found[2]), partitions))
    roots = kept("components", writing.components(merged))

    commits = min(MOST_COMMITS, max(1, math.ceil(n / ARTICLES_A_TASK)))
    written = stages.timed(
        "commit", lambda: writing.write(reads, merged, roots, out, run_id, store.parameters, commits)
    )
    crowded, beyond = stages.timed("count", lambda: copies.crowded(articles))
    if n != sum(written.outcomes.values()):
        raise AssertionError(f"{n} pages, but outcomes {dict(written.outcomes)}")
    damaged = written.outcomes["failed/corrupt_record"]
    row = RunRow(
        run_id=run_id,
        command=command,
        status="partial" if damaged else "finished",
        exit_code=4 if damaged else 0,
        started_at=now,
        finished_at=datetime.now(UTC),
        n_pages=n,
        n_articles=written.articles,
        outcomes=dict(written.outcomes),
        copies=dict(written.copies),
        versions=versions() | {"pyspark": spark.version},
        parameters=store.parameters,
        durations=stages.seconds,
        message=f"{crowded} sketch hashes stood in more than {dedup.PARAMETERS.postings} articles, {beyond} times beyond that",
    )
    for commit_id, adds in sorted(written.commits.items()):
        store.publish(commit_id, run_id, adds)
    store.commit(Commit(f"{run_id}-{commits + 1:04d}", run_id, run=row))
    store.write_stories(run_id, written.stories)
    return row


class _Stages:
    """What is between the stages, as Parquet: nothing is made twice, and a machine that is lost costs its own tasks only."""

    def __init__(self, spark: SparkSession, folder: str) -> None:
        self.spark, self.folder = spark, folder
        self.side = f"{_as_arrow_reads(folder)}/anchors"
        self.seconds: dict[str, float] = {}

    def kept(self, name: str, frame: DataFrame) -> DataFrame:
        """The same rows, written down."""
        self.timed(name, lambda: frame.write.parquet(f"{self.folder}/{name}"))
        return self.spark.read.schema(frame.schema).parquet(f"{self.folder}/{name}")

    def timed(self, name: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        done = work()
        self.seconds[name] = time.perf_counter() - began
        log.info("spark: %s in %.1f s", name, self.seconds[name])
        return done

    def close(self) -> None:
        folder = _as_arrow_reads(self.folder)
        if "://" in folder:
            where, path = fs.FileSystem.from_uri(folder)
            where.delete_dir(path)
        else:
            shutil.rmtree(Path(folder), ignore_errors=True)


def _as_spark_writes(out: str) -> str:
    """Hadoop's name of a place; the options of an `s3://` address are Arrow's, Hadoop has its own."""
    if "://" not in out:
        return str(Path(out).absolute())
    return out.partition("?")[0].replace("s3://", "s3a://", 1).rstrip("/")


def _as_arrow_reads(folder: str) -> str:
    return folder.replace("s3a://", "s3://", 1)
