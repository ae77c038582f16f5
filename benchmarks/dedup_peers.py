"""Copy finding against the libraries that people use for it, on the same made-up articles, in one run.

    python benchmarks/dedup_peers.py speed  [--articles 100000]     # all copies among them: datasketch and rensa, with verification
    python benchmarks/dedup_peers.py memory [--history 1000000]     # resident memory with that much history, against datasketch in memory
    python benchmarks/dedup_peers.py hourly [--history 1000000]     # 1,000 new articles, against computing everything again

Articles are those of `dedup_speed.py`, every fourth a copy of an earlier one: whole, with every thirtieth word another, without its last
third, or its first two thirds and as much of another article. Everything runs in a process of its own, on one core, and is timed by the
processor. A pair counts as found when it is one of copy and original, or of two copies of one original; F1 is over pairs.

datasketch and rensa compare words in threes. Both find candidates in bands and then compare the sets themselves, in Python, at least
Jaccard .3: that is what makes their precision ours. Their bands are the ones whose recall comes near ours: `--bands 42` of 3 rows.
rensa is also measured as its documentation shows it, without verification.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from dedup_speed import Texts

from pipelines import dedup
from pipelines.records import Article

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500
VERIFIED = 0.3
Pairs = set[tuple[int, int]]


def made(texts: Texts, n: int) -> Article:
    """Article n; every fourth is a copy of `original(n)`."""
    of = original(n)
    if of == n:
        return texts.article(n)
    copy = texts.article(of, name=f"copy-{n}")
    words, kind = copy.text.split(" "), n // 4 % 4
    random = np.random.default_rng(n)
    if kind == 1:
        for at in range(int(random.integers(30)), len(words), 30):
            words[at] = f"w{random.integers(1 << 30)}"
    elif kind == 2:
        words = words[: max(40, len(words) * 2 // 3)]
    elif kind == 3:
        words = words[: max(40, len(words) * 2 // 3)] + texts.article(n).text.split(" ")[: len(words) * 2 // 3]
    return _with_text(copy, " ".join(words))


def _with_text(article: Article, text: str) -> Article:
    from dataclasses import replace

    return replace(article, text=text)


def original(n: int) -> int:
    """The number of what article n repeats, itself when it is no copy."""
    if n % 4 or n < 100:
        return n
    of = int(np.random.default_rng(n + (1 << 40)).integers(n))
    return of + (of % 4 == 0)


def truth(n: int) -> Pairs:
    families: dict[int, list[int]] = {}
    for one in range(n):
        families.setdefault(original(one), []).append(one)
    return {pair for family in families.values() for pair in combinations(sorted(family), 2)}


# -- who finds copies -----------------------------------------------------------------------------------------------------


def ours(articles: Sequence[Article]) -> Pairs:
    """As a run does it: batches of 500, on a durable index, with evidence for each pair."""
    number = {article.article_id: n for n, article in enumerate(articles)}
    found: dict[tuple[int, int], bool] = {}
    with tempfile.TemporaryDirectory() as folder, dedup.open_index(Path(folder) / "index") as index:
        for at in range(0, len(articles), BATCH):
            batch = [(article, dedup.fingerprint(article)) for article in articles[at : at + BATCH]]
            for copy in index.find(batch, run_id="benchmark", now=NOW):
                one, two = number[copy.article_id], number[copy.of_article_id]
                found[min(one, two), max(one, two)] = copy.kind != "refuted"
            index.add(f"benchmark-{at:09}", batch)
    return {pair for pair, stands in found.items() if stands}


def threes(article: Article) -> set[str]:
    words = f"{article.title} {article.text}".lower().split()
    return {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}


def verified(sets: Sequence[set[str]], candidates: Iterator[tuple[int, int]]) -> Pairs:
    return {(a, b) for a, b in candidates if len(sets[a] & sets[b]) >= VERIFIED * len(sets[a] | sets[b])}


def with_datasketch(articles: Sequence[Article], bands: int) -> Pairs:
    import datasketch

    sets = [threes(article) for article in articles]
    lsh = datasketch.MinHashLSH(num_perm=3 * bands, params=(bands, 3))

    def candidates() -> Iterator[tuple[int, int]]:
        for n, one in enumerate(sets):
            minhash = datasketch.MinHash(num_perm=3 * bands)
            minhash.update_batch([three.encode() for three in one])
            yield from ((other, n) for other in lsh.query(minhash))
            lsh.insert(n, minhash, check_duplication=False)

    return verified(sets, candidates())


def with_rensa(articles: Sequence[Article], bands: int, *, verify: bool = True) -> Pairs:
    import rensa

    lsh = rensa.RMinHashLSH(threshold=0.5, num_perm=3 * bands if verify else 128, num_bands=bands if verify else 32)
    sets = [threes(article) for article in articles]

    def candidates() -> Iterator[tuple[int, int]]:
        for n, one in enumerate(sets):
            minhash = rensa.RMinHash(num_perm=3 * bands if verify else 128, seed=1)
            minhash.update(list(one))
            yield from ((other, n) for other in lsh.query(minhash))
            lsh.insert(n, minhash)

    return verified(sets, candidates()) if verify else set(candidates())


FINDERS: dict[str, Callable[[Sequence[Article], int], Pairs]] = {
    "copydesk": lambda articles, _: ours(articles),
    "datasketch MinHashLSH, verified": with_datasketch,
    "rensa RMinHashLSH, verified": with_rensa,
    "rensa RMinHashLSH, 32 bands of 4, not verified": lambda articles, bands: with_rensa(articles, bands, verify=False),
}


def speed(options: argparse.Namespace) -> None:
    print("| all copies of | core seconds | copydesk takes | F1 | precision | recall | MB |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    base = 0.0
    for name in FINDERS:
        said = child("find", name, options)
        base = base or said["seconds"]
        print(
            f"| {options.articles:,} articles: {name} | {said['seconds']:.1f} | 1/{said['seconds'] / base:.2f} "
            f"| {said['f1']:.4f} | {said['precision']:.4f} | {said['recall']:.4f} | {said['memory']:.0f} |",
            flush=True,
        )


def find(name: str, options: argparse.Namespace) -> dict[str, float]:
    texts = Texts()
    articles = [made(texts, n) for n in range(options.articles)]
    FINDERS[name](articles[:200], options.bands)  # loads and compiles
    before = memory()
    began = time.process_time()
    found = FINDERS[name](articles, options.bands)
    seconds = time.process_time() - began
    true = truth(options.articles)
    hits = len(found & true)
    precision, recall = hits / max(1, len(found)), hits / max(1, len(true))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"seconds": seconds, "f1": f1, "precision": precision, "recall": recall, "memory": peak() - before}


# -- memory -----------------------------------------------------------------------------------------------------------------


def remember(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Resident memory that `history` articles add to a process that then looks for copies of 1,000 more.

    Signatures are made up: what an index holds in memory does not depend on what they say.
    """
    return history_of_datasketch(options.history) if name == "datasketch" else history_of_ours(options)


def history_of_datasketch(history: int) -> dict[str, float]:
    import datasketch

    before = memory()
    lsh = datasketch.MinHashLSH(threshold=0.5, num_perm=128)
    random = np.random.default_rng(0)
    permutations = datasketch.MinHash(128, scheme="affine32").permutations
    for n in range(history):
        values = random.integers(0, 1 << 32, 128, dtype=np.uint32)
        minhash = datasketch.MinHash(hashvalues=values, scheme="affine32", permutations=permutations)
        lsh.insert(f"{n:032x}", minhash, check_duplication=False)
    return {"memory": memory() - before}


def history_of_ours(options: argparse.Namespace) -> dict[str, float]:
    texts = Texts()
    dedup.fingerprint(texts.article(0))
    before = memory()
    with dedup.open_index(options.folder / f"runs-{options.history}") as index:
        found = 0
        for at in range(3):
            articles = texts.batch(options.history + 1000 * at, 1000, options.history)
            found += len(index.find([(a, dedup.fingerprint(a)) for a in articles], run_id="benchmark", now=NOW))
    return {"memory": peak() - before, "found": found}


def memory() -> float:
    """MB that are resident now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def remembered(options: argparse.Namespace) -> None:
    built(options)
    mine, theirs = (child("remember", name, options)["memory"] for name in ("copydesk", "datasketch"))
    print("| memory with a history of | MB | of that of datasketch |\n|---|--:|--:|")
    print(
        f"| {options.history:,} articles: copydesk, peak, looking for copies of 3,000 more | {mine:.0f} | 1/{theirs / mine:.1f} |"
    )
    print(
        f"| {options.history:,} articles: datasketch MinHashLSH(threshold=0.5, num_perm=128), inserted | {theirs:.0f} | 1 |"
    )


# -- one more hour ----------------------------------------------------------------------------------------------------------


def hour(_: str, options: argparse.Namespace) -> dict[str, float]:
    """Core seconds of 1,000 new articles on the history, and of a sample of finding everything again, in turns."""
    texts = Texts()
    new = [texts.batch(options.history + 1000 * at, 1000, options.history) for at in range(6)]
    spent = []
    with dedup.open_index(options.folder / f"runs-{options.history}") as index:
        for articles in new:
            began = time.process_time()
            index.find([(a, dedup.fingerprint(a)) for a in articles], run_id="benchmark", now=NOW)
            spent.append(time.process_time() - began)
    sample = [made(texts, n) for n in range(options.articles)]
    began = time.process_time()
    ours(sample)
    return {"hour": float(np.median(spent[1:])), "again": (time.process_time() - began) / options.articles}


def hourly(options: argparse.Namespace) -> None:
    built(options)
    said = child("hour", "", options)
    everything = said["again"] * (options.history + 1000)
    print("| finding the copies of | core seconds | times |\n|---|--:|--:|")
    print(f"| 1,000 articles, new on a history of {options.history:,} | {said['hour']:.2f} | 1 |")
    print(
        f"| all {options.history + 1000:,} again, as batch tools do (from {options.articles:,}, linearly) "
        f"| {everything:.0f} | {everything / said['hour']:.0f} |"
    )


def built(options: argparse.Namespace) -> None:
    """The index of the history: `dedup_speed.py` makes it, in some minutes, and with `--folder` it is kept."""
    from dedup_speed import build

    build(options.folder, options.history, "runs")


def child(what: str, name: str, options: argparse.Namespace) -> Any:
    command = [sys.executable, __file__, what, "--name", name, "--folder", str(options.folder)]
    command += ["--articles", str(options.articles), "--history", str(options.history), "--bands", str(options.bands)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    asked = {"speed": speed, "memory": remembered, "hourly": hourly}
    children = {"find": find, "remember": remember, "hour": hour}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*asked, *children], metavar="|".join(asked))
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--history", type=int, default=1_000_000)
    parser.add_argument("--bands", type=int, default=42)
    parser.add_argument("--folder", type=Path, help="keep the index of the history there, and use it again")
    parser.add_argument("--name", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.what in children:
        print(json.dumps(children[options.what](options.name, options)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        options.folder = options.folder or Path(temporary)
        asked[options.what](options)


if __name__ == "__main__":
    main()
