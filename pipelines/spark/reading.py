"""From sources to prepared articles, numbered in the order in which one machine would have read them."""

import atexit
import fnmatch
import glob
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (as everybody calls it)

from pipelines import finish, provenance, sources, translations, urls
from pipelines.catalog import Known
from pipelines.dedup import PARAMETERS
from pipelines.dedup.index import lines, rows
from pipelines.prepare import Prepared, Ready, prepare, warm
from pipelines.records import Article, Page
from pipelines.run import prepared_by
from pipelines.spark.frames import Rows, mapped, packed, unpacked
from pipelines.workers import Workers

Place = Callable[[Page], Page]
"""What the publishers know of a page's address."""


def expand(source: str) -> list[str]:
    """The files of a source, sorted: a pattern, a folder (of Parquet files, or one of ours with `articles/` in it), or the source itself.

    Raises `UnreadableSourceError` when there is nothing.
    """
    if "://" in source:
        found = _remote(source)
    else:
        paths = sorted(glob.glob(source, recursive=True)) if glob.has_magic(source) else [source]  # noqa: PTH207  (patterns of any root)
        found = [file for path in paths for file in _files(Path(path))]
        for file in found:
            sources.check(Path(file))
    if not found:
        raise sources.UnreadableSourceError(f"{source}: there is no such file or folder")
    return found


def _files(path: Path) -> list[str]:
    folder = path / "articles" if (path / "articles").is_dir() else path
    tables = sorted(str(p) for p in folder.rglob("*.parquet") if not p.name.startswith("."))
    return tables or [str(path)]


def _remote(uri: str) -> list[str]:
    """Objects of a bucket, by address, by pattern, or all below a folder."""
    start = glob.escape(uri) and uri.split("*", maxsplit=1)[0].split("?", maxsplit=1)[0]
    where, base = fs.FileSystem.from_uri(start if start == uri else start.rpartition("/")[0])
    prefix = uri[: len(uri) - len(uri.partition("://")[2])]
    info = where.get_file_info(base)
    if info.type == fs.FileType.File:
        return [uri]
    below = where.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
    names = [prefix + one.path for one in below if one.type == fs.FileType.File]
    known = (*sources.WARC_SUFFIXES, *sources.JSONL_SUFFIXES, *sources.PARQUET_SUFFIXES)
    return sorted(n for n in names if n.endswith(known) and (start == uri or fnmatch.fnmatch(n, uri)))


@contextmanager
def _here(source: str) -> Iterator[Path]:
    """The source as a file of this machine."""
    if "://" not in source:
        yield Path(source)
        return
    where, path = fs.FileSystem.from_uri(source)
    with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
        copy = Path(folder) / path.rpartition("/")[2]
        fs.copy_files(path, str(copy), source_filesystem=where, destination_filesystem=fs.LocalFileSystem())
        yield copy


@cache
def _workers() -> Workers[Page | Article, Prepared]:
    """The killable process beside this Python worker of Spark's: loading the models costs seconds, so it serves all its tasks."""
    pool: Workers[Page | Article, Prepared] = Workers(prepare, processes=1, warm=warm)
    atexit.register(pool.close, cancel=True)
    return pool


def read(spark: SparkSession, files: Sequence[str], place: Place, run_id: str, work: str) -> DataFrame:
    """Every page of the files, prepared, as Parquet in `work`; a row each, numbered `n` from 0 in the order of files and records."""

    def pages(table: pa.Table) -> Rows:
        for file, source in zip(table["file"].to_pylist(), table["source"].to_pylist(), strict=True):
            with _here(file) as path:
                for record, page in enumerate(sources.read(path)):
                    yield {"source": source, "record": record, "page": packed(_placed(page, place))}

    def prepared(table: pa.Table) -> Rows:
        reads = _workers().map(unpacked(table["page"]))
        for source, record, (page, work_) in zip(
            table["source"].to_pylist(), table["record"].to_pylist(), reads, strict=True
        ):
            yield {"source": source, "record": record, **_row(page, prepared_by(work_), run_id)}

    cores = spark.sparkContext.defaultParallelism
    listed = spark.createDataFrame([(i, file) for i, file in enumerate(files)], "source int, file string")
    raw = mapped(listed.repartition(len(files), "source"), pages, "source int, record long, page binary")
    if len(files) < 2 * cores:  # few files: their records, not the files, are what is shared out
        raw = raw.repartition(8 * cores, "record")
    mapped(raw, prepared, PREPARED).write.parquet(f"{work}/prepared")
    stored = spark.read.parquet(f"{work}/prepared")
    counted = {row["source"]: row["n"] for row in stored.groupBy("source").agg(F.max("record").alias("n")).collect()}
    sizes = np.array([counted.get(i, -1) + 1 for i in range(len(files))], np.int64)
    first = np.cumsum(sizes) - sizes
    offsets = spark.createDataFrame(list(enumerate(first.tolist())), "source int, first long")
    return stored.join(F.broadcast(offsets), "source").withColumn("n", F.col("first") + F.col("record"))


PREPARED = (
    "source int, record long, row binary, article_id string, content_hash string, article binary, document binary, host long, size int, "
    "keys array<int>, shingles binary, lines binary, language string, at long, anchors binary, known binary, base string, slug string, "
    "addresses array<string>, declarations binary, n_declarations int"
)
"""`row` is the page's row, `article` what will be the article's; the others are what copy finding needs to know of it."""


def _placed(page: Page | Article, place: Place) -> Page | Article:
    return place(page) if isinstance(page, Page) else page


def _row(page: Page | Article, prepared: Prepared, run_id: str) -> dict[str, Any]:
    row = finish.page_row(finish.Read.of(page, prepared), None, {}, run_id)
    return {"row": packed(row)} | (_known(prepared.ready) if prepared.ready else {})


def _known(ready: Ready) -> dict[str, Any]:
    article, anchors = ready.article, ready.anchors
    documents, shingles, keys = rows([(article, ready.fingerprint)], PARAMETERS)
    known = provenance.remembered(article)
    declared = [(urls.article_key(url), kind, where, url) for kind, where, url in provenance.declarations_of(article)]
    return {
        "article_id": article.article_id,
        "content_hash": article.content_hash,
        "article": packed(_light(article)),
        "document": documents.tobytes(),
        "host": int(documents["host"].view(np.int64)[0]),
        "size": int(documents["size"][0]),
        "keys": keys.values.view(np.int32),
        "shingles": shingles.values.tobytes(),
        "lines": packed(lines(article)),
        "language": anchors.language,
        "at": translations.time_of(article),
        "anchors": packed(anchors),
        "known": packed(known),
        "base": provenance.base_of(known.language),
        "slug": known.slug,
        "addresses": list(provenance.addresses_of(article)),
        "declarations": packed(declared),
        "n_declarations": len(declared),
    }


def _light(article: Article) -> Article:
    """Without what is no column."""
    return replace(article, page_lines=(), below=())


def versioned(reads: DataFrame, run_id: str, partitions: int) -> DataFrame:
    """The reads that are not simply the one version of a new article: `version` (null: it adds none), `number` of the article, whether it is the `last`.

    An article's number is that of the read that brought it first.
    """

    def exceptions(table: pa.Table) -> Rows:
        table = table.sort_by([("article_id", "ascending"), ("n", "ascending")])
        ns = table["n"].to_pylist()
        stubs = [
            finish.Read(_NO_PAGE, 0, Prepared(Ready(_stub(id_, hash_), *_NOTHING)))
            for id_, hash_ in zip(table["article_id"].to_pylist(), table["content_hash"].to_pylist(), strict=True)
        ]
        added = finish.versions(stubs, _NONE, run_id)
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for n, article in zip(ns, added, strict=True):
            if article:
                first.setdefault(article.article_id, n)
                last[article.article_id] = n
        for n, stub, article in zip(ns, stubs, added, strict=True):
            id_ = stub.prepared.ready.article.article_id  # type: ignore[union-attr]  # made so above
            if not article or article.version > 1 or last[id_] != n:
                version = article.version if article else None
                yield {"n": n, "version": version, "number": first[id_], "last": last[id_] == n}

    ids = reads.where("article_id IS NOT NULL").select("n", "article_id", "content_hash")
    return mapped(
        ids.repartition(partitions, "article_id"),
        exceptions,
        "n long, version int, number long, last boolean",
        whole=True,
    )


_NONE: dict[str, Known] = {}
_NOTHING: Any = (None, None)
_NO_PAGE: Any = None


def _stub(article_id: str, content_hash: str) -> Article:
    at: Any = None
    return Article(article_id, "", "", "", "", "", at, content_hash=content_hash)
