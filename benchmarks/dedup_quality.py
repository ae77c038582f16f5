"""How well copies are found: each set of real and semi-synthetic news with truth, in this process, scored with the eval folder's own scorer.

    python benchmarks/dedup_quality.py --eval ../shared/eval [--set vims …] [--backend …] [--batch 500] [--shuffle SEED] [--peers] [--orders]

`--peers` adds datasketch and, where it is installed, rensa, each on lower-cased words in threes, and text-dedup when the environment variable
TEXT_DEDUP names a Python that has it. It brings PySpark and more; in a virtual environment of its own `pip install --no-deps text-dedup` and
then `pip install "click<9" click-option-group datasets ftfy regex rich bitarray scipy xxhash tqdm` are enough.

The last line says how many times longer extracting a page takes than finding the copies of an article, measured on pages of the same folder.
`--orders` compares three shuffles, in batches of 1, of 100 and all at once, with the given order instead of scoring, and says how many sketch
hashes are too common for a promise. Texts go through `fingerprint`, `find`, `add` and `stories.derive`; extraction and cleaning are not part of it.
"""

import argparse
import contextlib
import gzip
import json
import os
import random
import re
import runpy
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import datasketch
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import dedup, sources, stories
from pipelines.dedup import index
from pipelines.extract import extract
from pipelines.records import Article, Copy, Page, Rejected
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
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--orders", action="store_true")
    options = parser.parse_args()
    if options.orders:
        for name in options.set:
            orders(
                name,
                [a for a in sources.read(options.eval / "dedup" / name / "docs.jsonl.gz") if isinstance(a, Article)],
            )
        return
    score = runpy.run_path(str(options.eval / "score.py"))["dedup"]
    print("set    pairs F1    P      R   stories F1    P      R   partial R   kinds, processor seconds a document")
    slowest = 0.0
    for name in options.set:
        docs = options.eval / "dedup" / name / "docs.jsonl.gz"
        articles = [article for article in sources.read(docs) if isinstance(article, Article)]
        if options.shuffle is not None:
            random.Random(options.shuffle).shuffle(articles)
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            copies = list(run(articles, Path(folder) / "index", options.backend, options.batch))
            derived = derive(articles, copies)
            spent = time.process_time() - began
            slowest = max(slowest, spent / len(articles))
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
        for peer, find in PEERS.items() if options.peers else ():
            began = processor()
            try:
                found = find([article.text for article in articles])
            except ImportError as error:
                print(f"       {peer}: {error}")
                continue
            spent = processor() - began
            copies = [_copy(articles[one], articles[two]) for one, two in found]
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), articles, copies, derive(articles, copies))
                pairs = score(Path(folder), docs.parent)["pairs"]
            print(
                f"       {pairs['f1']:.4f} {pairs['precision']:.4f} {pairs['recall']:.4f}   {peer}, {spent / len(articles):.6f}",
                flush=True,
            )

    page = extraction(options.eval / "extraction")
    print(
        f"extracting a page takes {1000 * page:.1f} ms of the processor, {page / slowest:.0f} times the slowest set above"
    )


def processor() -> float:
    """Seconds of it, those of programs that were run and have ended included."""
    return sum(os.times()[:4])


def extraction(folder: Path, every: int = 4) -> float:
    """Processor seconds that extracting a page takes, over every fourth page of two sets of news."""
    pages = sorted(path for name in ("aeb", "fundus") for path in (folder / name / "pages").glob("*.html.gz"))[::every]
    bodies = [gzip.decompress(path.read_bytes()) for path in pages]
    read = [Page(url=f"https://paper.example/{n}", body=body, fetched_at=NOW) for n, body in enumerate(bodies)]
    began = 0.0
    for at, page in enumerate([read[0], *read]):
        if at == 1:  # the first one warms up
            began = time.process_time()
        with contextlib.suppress(Rejected):
            extract(page)
    return (time.process_time() - began) / len(read)


def orders(name: str, articles: list[Article]) -> None:
    """What changes with the order of arrival and the size of the batches: pairs, stories, the clean set."""

    def result(given: Sequence[Article], size: int) -> tuple[dict[frozenset[str], str], dict[str, str], set[str]]:
        with tempfile.TemporaryDirectory() as folder:
            copies = list(run(given, Path(folder), "runs", size))
        standing = {frozenset((copy.article_id, copy.of_article_id)): copy.kind for copy in copies}
        rows = derive(articles, copies).to_pylist()
        return (
            {pair: kind for pair, kind in standing.items() if kind != "refuted"},
            {row["article_id"]: row["story_id"] for row in rows},
            {row["article_id"] for row in rows if row["is_canonical"]},
        )

    keys = index.rows([(article, dedup.fingerprint(article)) for article in articles], dedup.PARAMETERS)[2].values
    common = int((np.unique(keys, return_counts=True)[1] > dedup.PARAMETERS.postings).sum())
    pairs, story, clean = result(articles, len(articles))
    print(f"{name}: {len(pairs)} pairs; {common} sketch hashes stand in more than {dedup.PARAMETERS.postings} articles")
    for seed, size in ((1, 1), (2, 100), (3, len(articles))):
        shuffled = random.Random(seed).sample(articles, len(articles))
        pairs_now, story_now, clean_now = result(shuffled, size)
        print(
            f"    shuffle {seed}, batches of {size}: {len(dict(pairs.items() ^ pairs_now.items()))} pairs, "
            f"{sum(story[one] != story_now[one] for one in story)} articles in another story, "
            f"{len(clean ^ clean_now)} in or out of the clean set",
            flush=True,
        )


def run(articles: Sequence[Article], folder: Path, backend: str, size: int) -> Iterator[Copy]:
    """Every row that copy finding gives, batch after batch, as a run of `copydesk` makes them."""
    with dedup.open_index(folder, backend=backend) as opened:
        for at in range(0, len(articles), size):
            batch = [(article, dedup.fingerprint(article)) for article in articles[at : at + size]]
            yield from opened.find(batch, run_id="benchmark", now=NOW)
            opened.add(f"benchmark-{at:09}", batch)


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


# -- peers ----------------------------------------------------------------------------------------------------------------

Found = set[tuple[int, int]]


def threes(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}


def datasketch_links(texts: Sequence[str], **options: Any) -> Found:
    """`MinHashLSH` in memory, as its documentation shows it: what shares a band is linked."""
    lsh, found = datasketch.MinHashLSH(num_perm=options.pop("num_perm", 128), **options), set()
    for at, text in enumerate(texts):
        minhash = datasketch.MinHash(num_perm=lsh.h)
        minhash.update_batch([three.encode() for three in threes(text)])
        found |= {(int(other), at) for other in lsh.query(minhash)}
        lsh.insert(str(at), minhash, check_duplication=False)
    return found


def datasketch_verified(texts: Sequence[str]) -> Found:
    """85 bands of 3 rows and true Jaccard, in Python: the best of forty settings tried on the Vietnamese set."""
    sets = [threes(text) for text in texts]
    candidates = datasketch_links(texts, num_perm=255, params=(85, 3))
    return {(a, b) for a, b in candidates if len(sets[a] & sets[b]) >= 0.36 * len(sets[a] | sets[b])}


def rensa_links(texts: Sequence[str]) -> Found:
    import rensa

    lsh, found = rensa.RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32), set()
    for at, text in enumerate(texts):
        minhash = rensa.RMinHash(num_perm=128, seed=1)
        minhash.update(sorted(threes(text)))
        found |= {(other, at) for other in lsh.query(minhash)}
        lsh.insert(at, minhash)
    return found


def text_dedup_clusters(texts: Sequence[str]) -> Found:
    """The command `python -m text_dedup.minhash` of its documentation. It gives clusters: whoever ended in one is linked."""
    python = os.environ.get("TEXT_DEDUP")
    if not python:
        raise ImportError("TEXT_DEDUP names no Python that has it")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        options = "--path json --data_files texts.jsonl --split train --cache_dir cache --output out --column text --num_proc 1"
        options += " --debug --ngram 3 --min_length 0 --threshold 0.5 --num_perm 128"
        command = [python, "-m", "text_dedup.minhash", *options.split()]
        offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home")}
        subprocess.run(command, cwd=folder, env=offline, check=True, capture_output=True)
        read = "import pickle, json; uf = pickle.load(open('out/uf.pkl', 'rb')); print(json.dumps([(i, uf.find(i)) for i in list(uf.parent)]))"
        said = subprocess.run([python, "-c", read], cwd=folder, env=offline, check=True, capture_output=True).stdout
    clusters: dict[int, list[int]] = {}
    for at, cluster in json.loads(said):
        clusters.setdefault(cluster, []).append(at)
    return {pair for cluster in clusters.values() for pair in combinations(sorted(cluster), 2)}


PEERS: dict[str, Callable[[Sequence[str]], Found]] = {
    "datasketch, threshold 0.5": lambda texts: datasketch_links(texts, threshold=0.5),
    "datasketch, 85 bands of 3, verified at 0.36": datasketch_verified,
    "rensa, 32 bands of 4": rensa_links,
    "text-dedup, threshold 0.5": text_dedup_clusters,
}


def _copy(one: Article, two: Article) -> Copy:
    return Copy(two.article_id, one.article_id, "near", None, None, None, 1.0, (), NOW, "benchmark", "peer")


if __name__ == "__main__":
    main()
