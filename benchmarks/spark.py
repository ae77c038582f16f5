"""Whether Spark and one machine give the same tables, and how Spark's cost grows.

    python -m benchmarks.spark same --eval ../shared/eval [--set synth …] [--generated 100000]
    python -m benchmarks.spark cost [--articles 10000 100000 1000000] [--master 'local[2]']

`same` runs each set through `Run` in one batch and through the job, and prints what they say differently. `cost` makes articles up (a quarter are
copies, whole or cut), runs the job in a process of its own for each size, and prints seconds, processor seconds, shuffled and stored bytes an article.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.dedup_speed import Texts
from benchmarks.timed import Timed, timed
from crawler.ingesting import placed
from pipelines import sources
from pipelines.records import Page
from pipelines.run import Run, parameters
from pipelines.spark.session import session
from pipelines.store import Store
from tests.spark.same import differences

SETS = ("synth", "insm", "vims", "vnmds", "bbc")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("same", "cost", "one"))
    parser.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--set", nargs="*", default=list(SETS))
    parser.add_argument("--generated", type=int, default=100_000)
    parser.add_argument("--articles", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.what == "one":
            print(json.dumps(one(folder, options.articles[0], options.master)))
        elif options.what == "same":
            same(folder, options)
        else:
            for n in options.articles:
                here = folder / str(n)
                generated(here / "generated.jsonl", n)
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.spark",
                    "one",
                    "--articles",
                    str(n),
                    "--master",
                    options.master,
                ]
                print(report(n, timed([*command, "--folder", str(here)])), flush=True)


# -- the same answer ------------------------------------------------------------------------------------------------------


def same(folder: Path, options: argparse.Namespace) -> None:
    from pipelines.spark import job

    inputs = {name: options.eval / "dedup" / name / "docs.jsonl.gz" for name in options.set}
    if options.generated:
        inputs[f"generated {options.generated:,}"] = generated(folder / "generated.jsonl", options.generated)
    with session(options.master) as spark:
        for name, file in inputs.items():
            data = folder / name.replace(" ", "-")
            began = time.perf_counter()
            with Store.open(data / "one", command="benchmark", parameters=parameters()) as store:
                run = Run(store, data / "one" / "state", command="benchmark", processes=0, batch=1 << 40, patience=1e9)
                for read in sources.read(file):
                    run.submit(placed(read) if isinstance(read, Page) else read)
                row = run.close()
            between = time.perf_counter()
            job.run(spark, [str(file)], str(data / "spark"), placed, command="benchmark")
            unlike = differences(data / "one", data / "spark")
            counts = ", ".join(f"{len(some)} of {table}" for table, some in unlike.items())
            spent = f"one machine {between - began:.0f} s, Spark {time.perf_counter() - between:.0f} s"
            print(
                f"{name}: {row.n_articles:,} articles, {sum(row.copies.values()):,} copies; different: {counts} ({spent})",
                flush=True,
            )
            for some in unlike.values():
                for said in some[:5]:
                    print(f"    {said[:1000]}")


# -- the cost -------------------------------------------------------------------------------------------------------------


def generated(path: Path, n: int) -> Path:
    """The articles 0 … n − 1; every fourth is a copy of one of the others, whole or cut in half."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = Texts()
        with path.open("w", encoding="utf8") as file:
            for number in range(n):
                base = (number * 7919 % n) | 1
                article = (
                    texts.article(base, 0.5 if number % 8 else 1.0, f"copy-{number}")
                    if number % 4 == 0
                    else texts.article(number)
                )
                at = article.fetched_at.isoformat()
                row = {"url": article.url, "title": article.title, "text": article.text, "language": "en"}
                file.write(json.dumps(row | {"published_at": at, "fetched_at": at}, ensure_ascii=False) + "\n")
    return path


def one(folder: Path, n: int, master: str) -> dict[str, Any]:
    from pipelines.spark import job

    file = generated(folder / "generated.jsonl", n)
    with session(master) as spark:
        row = job.run(spark, [str(file)], str(folder / "data"), placed, command="benchmark")
        # what Spark's own monitoring knows of its executors
        executors = spark.sparkContext._jsc.sc().statusStore().executorList(True)  # noqa: SLF001
        told = [executors.apply(i) for i in range(executors.size())]
        written = sum(each.totalShuffleWrite() for each in told)
    tables = sum(path.stat().st_size for path in (folder / "data").rglob("*.parquet"))
    return {
        "shuffled": written, "tables": tables, "copies": dict(row.copies),
        "durations": dict(row.durations), "message": row.message,
    }  # fmt: skip


def report(n: int, cost: Timed) -> str:
    result = json.loads(cost.output.splitlines()[-1])
    stages: Iterable[tuple[str, float]] = sorted(result["durations"].items(), key=lambda pair: -pair[1])
    most = ", ".join(f"{name} {seconds:.0f}" for name, seconds in list(stages)[:6])
    return (
        f"{n:>9,} articles: {cost.seconds:.0f} s, {cost.processor:.0f} s of processor ({1000 * cost.processor / n:.1f} ms an article), "
        f"shuffled {result['shuffled'] / n:,.0f} bytes an article, tables {result['tables'] / n:,.0f}; copies {result['copies']}; {most}; {result['message']}"
    )


if __name__ == "__main__":
    main()
