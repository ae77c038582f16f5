"""Sizes and times of the tables, against unsorted snappy Parquet and Delta Lake, on generated articles.

    python benchmarks/tables.py [--articles 100000] [--history 1000000] [--folder DIR]

The first part writes the same articles three ways and asks DuckDB the same questions of each. The second part lets a folder
grow by runs of 1,000 articles and reports what a run costs at the beginning and at the end. Prints Markdown.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.records import Article, Commit, Copy, Fact, PageRow, RunRow
from pipelines.store import Store, compact, connect, verify
from pipelines.store.schema import STORIES, articles_table

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
LANGUAGES = ("vi", "vi", "vi", "de", "ja", "en")
HOSTS = 40
PER_DAY = 5_000


class Newsroom:
    """Makes up articles: a vocabulary per language, standing lines per host, one in five a copy of an earlier article."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.random = np.random.default_rng(7)
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
        self.vocabulary = {
            language: np.array(
                ["".join(self.random.choice(letters, self.random.integers(2, 9))) for _ in range(20_000)]
            )
            for language in dict.fromkeys(LANGUAGES)
        }
        self.standing = [self._text("vi", 40) for _ in range(HOSTS)]
        self.recent: list[tuple[str, str]] = []

    def _text(self, language: str, n: int) -> str:
        picked = np.minimum(self.random.zipf(1.3, n), 20_000) - 1
        return " ".join(self.vocabulary[language][picked])

    def articles(self, first: int, n: int, run_id: str, at: datetime) -> Iterator[Article]:
        for i in range(first, first + n):
            host = int(self.random.integers(HOSTS))
            language = LANGUAGES[host % len(LANGUAGES)]
            copied = self.recent and self.random.random() < 0.2
            if copied:
                of, text = self.recent[int(self.random.integers(len(self.recent)))]
            else:
                of, text = "", "\n".join(self._text(language, self.words // 8) for _ in range(8))
                self.recent = [*self.recent[-200:], (ident(i), text)]
            url = f"https://www.paper{host}.example/{language}/{self._text(language, 6).replace(' ', '-')}-{i}.html"
            yield Article(
                article_id=ident(i),
                url=url,
                canonical_url=url,
                host=f"www.paper{host}.example",
                title=self._text(language, 10),
                text=f"{text}\n{self.standing[host]}",
                fetched_at=at,
                lead=self._text(language, 25),
                publisher=f"paper{host}",
                language=language,
                authors=(self._text(language, 2),),
                published_at=at - timedelta(minutes=int(self.random.integers(600))),
                published_at_source="json_ld",
                content_hash=ident(i + 10**12),
                extractor="extract/1",
                cleaner="clean/1",
                archive_file=f"raw/{at:%Y-%m-%d}.warc.gz",
                archive_offset=i * 20_000,
                run_id=run_id,
                duplicate_of=of or None,
                duplicate_kind="near" if of else None,
                story_id=of or ident(i),
            )

    def commit(self, k: int, size: int, at: datetime) -> Commit:
        """The k-th run: `size` articles, a page for each, a relation for each copy."""
        run_id = f"{at:%Y%m%dT%H%M%SZ}-{k:06x}"
        articles = tuple(self.articles(k * size, size, run_id, at))
        evidence = (Fact("shared", "412"), Fact("verified", "shingles"))
        copies = tuple(
            Copy(a.article_id, a.duplicate_of, "near", 0.8, 0.9, 0.9, 0.85, evidence, at, run_id, "shingles/1")
            for a in articles
            if a.duplicate_of
        )
        pages = tuple(
            PageRow(a.url, a.url, a.publisher, 200, "text/html", 90_000, at, "stored", "", run_id, a.article_id, 1, a.archive_file, a.archive_offset, 0.03)
            for a in articles
        )  # fmt: skip
        row = RunRow(
            run_id, "crawl", "finished", 0, at, at, size, size, {"stored": size}, {"near": len(copies)}, {}, {}, {}
        )
        return Commit(f"{run_id}-0001", run_id, articles, copies, pages, row)


def ident(i: int) -> str:
    """32 hex digits that look like a hash, so that neither sorting nor compression finds an order in them."""
    mixed = (i + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835
    return f"{(mixed ^ (mixed >> 61)) & (2**128 - 1):032x}"


def seconds(work: Callable[[], Any], times: int = 5) -> float:
    """Median wall time."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def cpu(work: Callable[[], Any], times: int = 5) -> float:
    """Seconds of all cores: the smallest of some, which other work on the machine disturbs least."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def size(folder: Path) -> float:
    """MB."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 1e6


# -- three ways of writing the same -------------------------------------------------------------------------------------


def three_ways(folder: Path, n: int) -> None:
    from deltalake import DeltaTable, write_deltalake

    newsroom = Newsroom(words=500)
    hour = 200
    before: list[pa.Table] = []
    with Store.open(folder / "ours") as store:
        for k in range(n // hour):
            at = START + timedelta(days=k * hour // PER_DAY, hours=(k % (PER_DAY // hour)) * 24 * hour / PER_DAY)
            commit = newsroom.commit(k, hour, at)
            store.commit(commit)
            before.append(articles_table(commit.articles, commit.commit_id))
    (folder / "snappy").mkdir()
    for k, table in enumerate(before):
        pq.write_table(table, folder / "snappy" / f"{k:05d}.parquet")
        write_deltalake(str(folder / "delta"), table, mode="append")
    day = PER_DAY // hour
    (folder / "snappy-days").mkdir()
    for k in range(0, len(before), day):
        pq.write_table(pa.concat_tables(before[k : k + day]), folder / "snappy-days" / f"{k:05d}.parquet")
    hourly = {"ours, as committed": folder / "ours" / "articles", "unsorted snappy, as committed": folder / "snappy"}
    sizes = {name: (size(path), len(list(path.rglob("*.parquet")))) for name, path in hourly.items()}
    times = {name: queries([str(p) for p in path.rglob("*.parquet")], n) for name, path in hourly.items()}

    with Store.open(folder / "ours") as store:
        began = time.perf_counter()
        done = compact(store, store_end(n))
        compacting = time.perf_counter() - began
        days = sum(c.folder.startswith("articles/") for c in done)
    delta = DeltaTable(str(folder / "delta"))
    delta.optimize.compact()
    delta = DeltaTable(str(folder / "delta"))
    live = [Path(str(uri).removeprefix("file://")) for uri in delta.file_uris()]
    compacted = {
        "**ours, compacted**": list((folder / "ours" / "articles").rglob("*.parquet")),
        "unsorted snappy, one file a day": list((folder / "snappy-days").rglob("*.parquet")),
        "Delta Lake, optimized (live files only)": live,
    }
    for name, paths in compacted.items():
        sizes[name] = (sum(p.stat().st_size for p in paths) / 1e6, len(paths))
        times[name] = queries([str(p) for p in paths], n)
    print(
        f"\n{n:,} generated articles; MB, and CPU milliseconds of a query, the best of 5 in DuckDB {duckdb.__version__}\n"
    )
    print("| `articles` | files | MB | " + " | ".join(QUESTIONS) + " |")
    print("|---|--:|--:|" + "--:|" * len(QUESTIONS))
    for name, (mb, files) in sizes.items():
        print(f"| {name} | {files} | {mb:.0f} | " + " | ".join(f"{1000 * t:.0f}" for t in times[name]) + " |")
    rows = duckdb.connect().execute(f"SELECT count(*) FROM '{folder}/delta/**/*.parquet'").fetchone()
    print(f"\nA plain glob over the Delta folder after `optimize`: {rows[0] if rows else 0:,} rows.")
    print(f"Compacting {days} days of all tables: {compacting:.1f} s.")


def store_end(n: int) -> Any:
    return (START + timedelta(days=n // PER_DAY + 2)).date()


QUESTIONS = ("articles by language", "titles of one host, one week", "one article by id", "characters of all texts")


def queries(paths: list[str], n: int) -> list[float]:
    """CPU seconds for each of `QUESTIONS`."""
    database = duckdb.connect()
    database.execute("SET threads = 2")
    source = f"read_parquet({paths!r}, hive_partitioning = false)"
    week = (START + timedelta(days=7), START + timedelta(days=14))
    asked = (
        ("SELECT language, count(*) FROM {} GROUP BY 1", []),
        ("SELECT title FROM {} WHERE host = ? AND published_at BETWEEN ? AND ?", ["www.paper7.example", *week]),
        ("SELECT * FROM {} WHERE article_id = ?", [ident(n // 2)]),
        ("SELECT sum(length(text)) FROM {}", []),
    )
    return [cpu(lambda q=q, a=a: database.execute(q.format(source), a).fetchall()) for q, a in asked]


# -- what a run costs when there is much already ------------------------------------------------------------------------


def run(folder: Path, commit: Commit) -> tuple[float, float]:
    """Seconds of opening, and of committing and closing."""
    began = time.perf_counter()
    with Store.open(folder) as store:
        opened = time.perf_counter()
        store.commit(commit)
    return opened - began, time.perf_counter() - opened


def history(folder: Path, n: int) -> None:
    newsroom = Newsroom(words=80)
    runs = n // 1000
    empty: list[tuple[float, float]] = []
    full: list[tuple[float, float]] = []
    for k in range(runs + 30):
        commit = newsroom.commit(k, 1000, START + timedelta(days=k * 1000 // PER_DAY, minutes=k % 1000))
        taken = run(folder / "grown", commit)
        if k >= runs:  # the two in turn, so that whatever else the machine does falls on both
            full.append(taken)
            empty.append(run(folder / f"empty-{k}", commit))
    print("\nA run of 1,000 articles: opening, committing and closing the store; median of 30, the two in turn\n")
    print("| folder | opening, ms | commit, ms | both, against the empty one |")
    print("|---|--:|--:|--:|")
    base = statistics.median(sum(t) for t in empty)
    for name, times in (("empty", empty), (f"{n:,} articles in {runs:,} runs", full)):
        opening, committing = (1000 * statistics.median(t[i] for t in times) for i in (0, 1))
        print(
            f"| {name} | {opening:.1f} | {committing:.1f} | {statistics.median(sum(t) for t in times) / base:.2f} × |"
        )
    n = 1000 * (runs + 30)
    with Store.open(folder / "grown") as store:
        columns = ["article_id", "published_at", "publisher", "language"]
        print("\n| on that folder | seconds |\n|---|--:|")
        print(
            f"| `latest_articles` of {len(columns)} columns | {seconds(lambda: store.latest_articles(columns), 3):.2f} |"
        )
        print(f"| `article` by id | {seconds(lambda: store.article(ident(n // 2)), 3):.2f} |")
        ids = pa.array(sorted(ident(i) for i in range(n)))
        nothing = pa.nulls(n)
        snapshot = pa.table(
            {
                "article_id": ids, "story_id": ids, "canonical_id": ids, "is_canonical": pa.array([True] * n), "reason": pa.array(["only_one"] * n),
                "original_id": ids, "first_published_at": pa.array([START] * n), "delay": pa.array([0.0] * n), "n_articles": pa.array([1] * n, pa.int32()),
                "languages": pa.array([["vi"]] * n), "attributed": nothing,
            }
        ).cast(STORIES)  # fmt: skip
        print(f"| `write_stories`, {n:,} rows | {seconds(lambda: store.write_stories('run', snapshot), 3):.2f} |")
        print(f"| size of that snapshot, MB | {size(folder / 'grown' / 'stories'):.0f} |")
        began = time.perf_counter()
        compact(store, store_end(n))
        print(f"| `compact` of all days | {time.perf_counter() - began:.1f} |")
        began = time.perf_counter()
        found = verify(store)
        print(f"| `verify`, {len(found)} problems | {time.perf_counter() - began:.1f} |")
        print(f"| `article` by id, compacted | {seconds(lambda: store.article(ident(n // 2)), 3):.2f} |")
    with connect(folder / "grown") as database:
        for view in ("clean", "copies_with_titles", "languages"):
            print(
                f"| `SELECT count(*) FROM {view}` | {seconds(lambda v=view: database.execute(f'SELECT count(*) FROM {v}').fetchall(), 3):.2f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--history", type=int, default=1_000_000, help="0 leaves the second part out")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder, removed afterwards)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="copydesk-tables-", dir=options.folder))
    try:
        if options.articles:
            three_ways(folder, options.articles)
        if options.history:
            history(folder, options.history)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
