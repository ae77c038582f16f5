"""How well copies are found: each set of real and semi-synthetic news with truth, in this process, scored with the eval folder's own scorer.

    python benchmarks/dedup_quality.py --eval ../shared/eval [--set vims …] [--backend …] [--batch 500] [--shuffle SEED]

Texts go through `fingerprint`, `find`, `add` and `stories.derive`; extraction and cleaning are not part of it.
"""

import argparse
import json
import random
import runpy
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import dedup, sources, stories
from pipelines.records import Article, Copy
from pipelines.store.schema import articles_table, copies_table

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETS = ("synth", "insm", "vims", "vnmds", "bbc")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--set", nargs="*", default=list(SETS))
    parser.add_argument("--backend", default="runs")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--shuffle", type=int)
    options = parser.parse_args()
    score = runpy.run_path(str(options.eval / "score.py"))["dedup"]
    print("set    pairs F1    P      R   stories F1    P      R   partial R   kinds, seconds a document")
    for name in options.set:
        docs = options.eval / "dedup" / name / "docs.jsonl.gz"
        articles = [article for article in sources.read(docs) if isinstance(article, Article)]
        if options.shuffle is not None:
            random.Random(options.shuffle).shuffle(articles)
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            copies = list(run(articles, Path(folder) / "index", options.backend, options.batch))
            derived = derive(articles, copies)
            spent = time.perf_counter() - began
            write(Path(folder) / "out", articles, copies, derived)
            result: dict[str, Any] = score(Path(folder) / "out", docs.parent)
        pairs, story, partial = result["pairs"], result["stories"], result["partial"]
        kinds = json.dumps(Counter(copy.kind for copy in copies))
        print(
            f"{name:6}   {pairs['f1']:.4f} {pairs['precision']:.4f} {pairs['recall']:.4f}"
            f"      {story['f1']:.4f} {story['precision']:.4f} {story['recall']:.4f}      {partial['recall']:.4f}"
            f"   {kinds} {spent / len(articles):.6f}",
            flush=True,
        )


def run(articles: Sequence[Article], folder: Path, backend: str, size: int) -> Iterator[Copy]:
    """Every row that copy finding gives, batch after batch, as a run of `copydesk` makes them."""
    with dedup.open_index(folder, backend=backend) as index:
        for at in range(0, len(articles), size):
            batch = [(article, dedup.fingerprint(article)) for article in articles[at : at + size]]
            yield from index.find(batch, run_id="benchmark", now=NOW)
            index.add(f"benchmark-{at:09}", batch)


def derive(articles: Sequence[Article], copies: Sequence[Copy]) -> pa.Table:
    return stories.derive(articles_table(articles, "benchmark"), copies_table(copies, "benchmark"))


def write(folder: Path, articles: Sequence[Article], copies: Sequence[Copy], derived: pa.Table) -> None:
    """The standing decisions only: the scorer reads copies in no particular order."""
    standing = {frozenset((copy.article_id, copy.of_article_id)): copy for copy in copies}
    kept = [copy for copy in standing.values() if copy.kind != "refuted"]
    tables = {
        "articles": articles_table(articles, "benchmark"),
        "copies": copies_table(kept, "benchmark"),
        "stories": derived,
    }
    for name, table in tables.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(table, folder / name / f"{name}-benchmark.parquet")


if __name__ == "__main__":
    main()
