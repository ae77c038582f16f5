"""Translations: the posting lists of each period and language as files, and `pipelines.translations.Search` over them, article by article.

A search looks up some hundred keys and a dozen whole articles, at random, among all of three periods (90 days). Joined by Spark that would be a
hundred times the traffic, so here the data goes to the machines once and stays on their disks, memory-mapped: about 6 kB an article of three periods.
"""

import fcntl
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import fs
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from pipelines import translations
from pipelines.spark.frames import Rows, mapped, numbers, packed, unpacked
from pipelines.translations import Entry, Parameters, Search
from pipelines.translations.postings import Postings, load, postings, save

CHUNK = 50_000
"""Article numbers in one file."""
SLICE = 256
"""Articles one search is made for: it remembers what it looked up."""
PARAMETERS = Parameters()
PERIOD = PARAMETERS.window_days * 86400

Where = tuple[int, str]
"""A period and a language."""


def places(articles: DataFrame, cross: DataFrame) -> tuple[set[int], set[Where]]:
    """The periods in which an article may have a translation, and the posting lists needed for them and for the declared pairs `cross`."""
    counted = {
        (row["period"], row["language"]) for row in _placed(articles).select("period", "language").distinct().collect()
    }
    of_period: dict[int, set[str]] = defaultdict(set)
    for period, language in counted:
        for around in (period - 1, period, period + 1):
            of_period[around].add(language)
    asked = {period for period, _ in counted if len(of_period[period]) > 1}
    both = cross.select(F.col("a").alias("number")).union(cross.select("b"))
    declared = {
        row["period"]
        for row in _placed(articles).join(both, "number", "left_semi").select("period").distinct().collect()
    }
    needed = {period + step for period in asked | declared for step in (-1, 0, 1)}
    return asked, {place for place in counted if place[0] in needed}


def _placed(articles: DataFrame) -> DataFrame:
    return articles.withColumn("period", F.floor(F.col("at") / PERIOD).cast("int"))


def write(articles: DataFrame, needed: set[Where], folder: str, partitions: int) -> list[str]:
    """Write posting lists and anchors, a file of each for every chunk of a period and language. Returns their names."""
    periods = [period for period, _ in needed]
    some = (
        _placed(articles)
        .where(F.col("period").isin(periods))
        .withColumn("chunk", F.floor(F.col("number") / CHUNK).cast("int"))
    )
    some = some.select("number", "at", "language", "period", "chunk", "anchors")
    some = some.repartition(partitions, "period", "language", "chunk")

    def files(table: pa.Table) -> Rows:
        keys = table.select(["period", "language", "chunk"]).to_pylist()
        rows: dict[str, list[int]] = defaultdict(list)
        for row, key in enumerate(keys):
            rows[f"{key['period']}-{key['language']}-{key['chunk']}"].append(row)
        for name, at in rows.items():
            part = table.take(pa.array(at)).sort_by("number")
            lists = [
                (number, np.unique(anchors.keys))
                for number, anchors in zip(part["number"].to_pylist(), unpacked(part["anchors"]), strict=True)
            ]
            with tempfile.TemporaryDirectory(prefix="copydesk-") as here:
                save(Path(here) / f"{name}.postings", postings(lists))
                columns = part.select(["number", "at", "anchors"]).combine_chunks()
                with pa.OSFile(f"{here}/{name}.anchors", "wb") as file, pa.ipc.new_file(file, columns.schema) as out:
                    out.write_table(columns)
                _copied(here, folder)
            yield {"name": name}

    return sorted(row["name"] for row in mapped(some, files, "name string", whole=True).collect())


def _copied(source: str, target: str) -> None:
    """All files of one folder into another, whichever of the two is far away."""
    (here, path), (there, to) = (
        fs.FileSystem.from_uri(place) if "://" in place else (fs.LocalFileSystem(), place) for place in (source, target)
    )
    there.create_dir(to, recursive=True)
    fs.copy_files(path, to, source_filesystem=here, destination_filesystem=there)


def _local(folder: str) -> Path:
    """The folder on this machine's disk, fetched once for all tasks of the machine."""
    if "://" not in folder:
        return Path(folder)
    here = Path(tempfile.gettempdir()) / "copydesk" / folder.rpartition("/")[2]
    here.mkdir(parents=True, exist_ok=True)
    with (here.parent / f"{here.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (here / ".complete").exists():
            _copied(folder, str(here))
            (here / ".complete").touch()
    return here


class Files:
    """What `Search` asks, answered from the files of `write`."""

    parameters = PARAMETERS

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._lists: dict[Where, list[Postings]] = defaultdict(list)
        self._entries: dict[int, list[tuple[NDArray[np.int64], NDArray[np.int64], pa.ChunkedArray]]] = defaultdict(list)
        for name in names:
            period, rest = name[: name.index("-", 1)], name[name.index("-", 1) + 1 :]
            language, _, chunk = rest.rpartition("-")
            self._lists[int(period), language].append(load(folder / f"{name}.postings"))
            table = pa.ipc.open_file(pa.memory_map(str(folder / f"{name}.anchors"))).read_all()
            self._entries[int(chunk)].append((numbers(table["number"]), numbers(table["at"]), table["anchors"]))

    def around(self, at: int) -> dict[str, list[Postings]]:
        found: dict[str, list[Postings]] = defaultdict(list)
        for (period, language), some in sorted(self._lists.items()):
            if abs(period - at // PERIOD) <= 1:
                found[language] += some
        return found

    def entry(self, *, number: int) -> Entry | None:
        for known, at, anchors in self._entries[number // CHUNK]:
            row = int(np.searchsorted(known, number))
            if row < len(known) and known[row] == number:
                return Entry(number, int(at[row]), unpacked(anchors.slice(row, 1))[0])
        return None

    def association(self, a: str, b: str) -> None:
        """Nothing has been learned yet when a history begins."""


@cache
def _files(folder: str, names: tuple[str, ...]) -> Files:
    return Files(_local(folder), names)


def found(
    articles: DataFrame, asked: set[int], folder: str, names: Sequence[str], partitions: int, run_id: str, now: datetime
) -> DataFrame:
    """The rows of `copies` between languages; a pair that both sides find comes twice."""
    every = tuple(names)

    def rows(table: pa.Table) -> Rows:
        files = _files(folder, every)
        order = np.argsort(numbers(table["at"]), kind="stable")
        asking = numbers(table["number"])[order].tolist()
        for begin in range(0, len(asking), SLICE):
            search = Search(files, [])
            entries = [entry for n in asking[begin : begin + SLICE] if (entry := search.entry(n))]
            number: dict[str, int] = {}
            links = []
            for entry in entries:
                for other, alignment in search.links(entry):
                    links.append((entry, other, alignment))
                    number |= {entry.article_id: entry.number, other.article_id: other.number}
            for copy in translations.copies(links, run_id=run_id, now=now):
                a, b = sorted((number[copy.article_id], number[copy.of_article_id]))
                yield {"a": a, "b": b, "copy": packed(copy)}

    some = _placed(articles).where(F.col("period").isin(list(asked))).select("number", "at")
    return mapped(some.repartitionByRange(partitions, "at", "number"), rows, "a long, b long, copy binary", whole=True)


def compared(cross: DataFrame, folder: str, names: Sequence[str]) -> DataFrame:
    """How the two of each declared pair compare, as seen from `a`."""
    every = tuple(names)

    def rows(table: pa.Table) -> Rows:
        files = _files(folder, every)
        search = Search(files, [])
        for a, b in zip(table["a"].to_pylist(), table["b"].to_pylist(), strict=True):
            one, other = files.entry(number=a), files.entry(number=b)
            if one is not None and other is not None:
                yield {"a": a, "b": b, "alignment": packed(search.alignment(one, other))}

    return mapped(cross.select("a", "b"), rows, "a long, b long, alignment binary")
