"""How fast copies are found, and how that grows with history. Texts are made up here, so the run needs no data.

    python benchmarks/dedup_speed.py [--history 10000 1000000] [--batch 1000] [--folder DIR]

With `--folder` the indexes are kept there and used again. Times are of the processor, so that other programs matter less.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import datasketch
import numpy as np

from pipelines import dedup, urls
from pipelines.dedup.fingerprints import signature
from pipelines.records import Article, Fingerprint

START = datetime(2020, 1, 1, tzinfo=UTC)
WORDS, HOSTS, LENGTH = 60_000, 800, 480
Batch = list[tuple[Article, Fingerprint]]


class Texts:
    """Article number n, always the same one: words by Zipf's law, sentences, paragraphs, a host, a day."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        letters = np.array(list("aeioubcdghklmnrstvxyàáảãạăâêôơưđ"))
        sizes = random.integers(2, 9, WORDS)
        self._words = np.array(["".join(random.choice(letters, size)) for size in sizes], dtype=object)
        weights = 1 / (np.arange(WORDS) + 2.7)
        self._cumulated = np.cumsum(weights / weights.sum())

    def article(self, n: int, kept: float = 1.0, name: str = "") -> Article:
        """`kept` < 1 cuts the text there, as a copy would, under the address of `name`."""
        random = np.random.default_rng(n)
        size = int(np.clip(random.lognormal(np.log(LENGTH), 0.5), 60, 3000))
        words = self._words[np.searchsorted(self._cumulated, random.random(size))][: max(1, int(size * kept))]
        lines = [" ".join(words[at : at + 45]) for at in range(0, len(words), 45)]
        host = f"paper{int(HOSTS * random.random() ** 2)}.example"
        url = f"https://{host}/{name or n}"
        at = START + timedelta(minutes=n if not name else 2 * n)
        return Article(
            article_id=urls.article_id(url),
            url=url,
            canonical_url=url,
            host=host,
            title=lines[0][:60],
            text="\n".join(lines),
            fetched_at=at,
            published_at=at,
        )

    def batch(self, first: int, size: int, history: int) -> list[Article]:
        """New articles; every fourth is a copy of an old one, whole or cut."""
        made = []
        for n in range(first, first + size):
            if n % 4 == 0:
                made.append(self.article(n * 7919 % history, 0.5 if n % 8 else 1.0, f"copy-{n}"))
            else:
                made.append(self.article(n))
        return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--backend", default="runs")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.measure:
            print(json.dumps(measure(folder, options.measure, options.batch, options.rounds, options.backend)))
            return
        signatures()
        results = []
        for history in options.history:
            build(folder, history, options.backend)
            command = [sys.executable, __file__, "--measure", str(history), "--folder", str(folder)]
            command += ["--batch", str(options.batch), "--rounds", str(options.rounds), "--backend", options.backend]
            results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            print(report(history, results[-1]), flush=True)
        if len(results) > 1:
            ratio = results[-1]["total"] / results[0]["total"]
            print(
                f"{options.batch} new articles: {ratio:.2f} times as long at {options.history[-1]:,} as at {options.history[0]:,}"
            )


def signatures() -> None:
    """Signature making against datasketch's own, in one run; the values are compared."""
    texts = Texts()
    sets = [dedup.fingerprint(texts.article(n)).shingles for n in range(300)]
    words = [[str(value).encode() for value in one.tolist()] for one in sets]

    def ours() -> None:
        for one in sets:
            signature(one)

    def theirs() -> None:
        for one in words:
            datasketch.MinHash(num_perm=128).update_batch(one)

    mine, sha1 = per_second(ours, len(sets)), per_second(theirs, len(sets))
    print(
        f"signatures a second: datasketch update_batch with SHA-1 {sha1:,.0f}, compiled {mine:,.0f}: {mine / sha1:.1f} times"
    )
    articles = [texts.article(n) for n in range(300)]
    whole = per_second(lambda: [dedup.fingerprint(a) for a in articles], len(articles))
    print(f"fingerprints a second, from text (shingles and signature): {whole:,.0f}")


def per_second(work: Callable[[], object], n: int) -> float:
    work()
    times = []
    for _ in range(5):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return n / min(times)


def build(folder: Path, history: int, backend: str) -> None:
    """An index of `history` articles, added a thousand at a time as runs would, without looking for copies."""
    texts, began = Texts(), time.perf_counter()
    with dedup.open_index(folder / f"{backend}-{history}", backend=backend) as index:
        done = len(index.applied())
        for at in range(done * 1000, history, 1000):
            batch = [texts.article(n) for n in range(at, min(at + 1000, history))]
            index.add(f"commit-{at:09}", [(a, dedup.fingerprint(a)) for a in batch])
    print(f"built {history:,} in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def measure(folder: Path, history: int, size: int, rounds: int, backend: str) -> dict[str, float]:
    """In a process of its own, so that memory is that of one run."""
    built, path = folder / f"{backend}-{history}", folder / f"{backend}-{history}-measured"
    shutil.rmtree(path, ignore_errors=True)
    # What is measured must not grow what was built. Files of runs are only appended to or replaced, so links will do.
    shutil.copytree(built, path, copy_function=os.link if backend == "runs" else shutil.copy2)
    texts = Texts()
    dedup.fingerprint(texts.article(0))
    began = time.perf_counter()
    index = dedup.open_index(path, backend=backend)
    opening = time.perf_counter() - began
    times: dict[str, list[float]] = {"fingerprint": [], "find": [], "add": [], "total": []}
    waited = []
    seen, wanted = 0, 0
    first = history + 10_000_000 + 1000 * len(index.applied())
    for at in range(rounds + 1):
        articles = texts.batch(first + at * size, size, history)
        marks, wall = [time.process_time()], time.perf_counter()
        batch = [(article, dedup.fingerprint(article)) for article in articles]
        marks.append(time.process_time())
        found = index.find(batch, run_id="benchmark", now=START)
        marks.append(time.process_time())
        index.add(f"measured-{first}-{at}", batch)
        marks.append(time.process_time())
        linked = {i for copy in found if copy.kind != "refuted" for i in (copy.article_id, copy.of_article_id)}
        seen += sum("copy-" in article.url and article.article_id in linked for article in articles)
        wanted += sum("copy-" in article.url for article in articles)
        if at:  # the first one warms up
            waited.append(time.perf_counter() - wall)
            for name, spent in zip(times, [*np.diff(marks), marks[-1] - marks[0]], strict=True):
                times[name].append(float(spent))
    count = len(index)
    index.close()
    files = [file for file in path.rglob("*") if file.is_file()]
    return {
        **{name: statistics.median(each) for name, each in times.items()},
        "slowest": max(times["total"]),
        "waited": statistics.median(waited),
        "opening": opening,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "disk": sum(file.stat().st_size for file in files) / count,
        "found": seen,
        "wanted": wanted,
        "cores": os.cpu_count() or 1,
    }


def report(history: int, result: dict[str, float]) -> str:
    stages = " + ".join(f"{name} {1000 * result[name]:.0f}" for name in ("fingerprint", "find", "add"))
    return (
        f"history {history:>9,}: {stages} = {1000 * result['total']:.0f} ms of processor "
        f"(slowest {1000 * result['slowest']:.0f}; {1000 * result['waited']:.0f} by the clock), "
        f"opening {1000 * result['opening']:.0f} ms, memory {result['memory']:.0f} MB, disk {result['disk']:.0f} bytes an article, "
        f"{result['found']:.0f} copies found of {result['wanted']:.0f}"
    )


if __name__ == "__main__":
    main()
