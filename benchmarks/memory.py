"""Does memory stay flat? A crawl of many small loopback pages with extraction, copy finding and commits, or a batch of real pages.

    python -m benchmarks.memory --pages 50000 --chart docs/memory.png
    python -m benchmarks.memory --pages 20000 --extract ../shared/eval     # copydesk extract --batch over its pages, again and again

Every second the resident memory of the process itself and of its largest worker is read from /proc. Prints the median of each
fifth of the run; flat means that the last is not above the second by more than noise. For a batch also how many cores were used.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import crawl
from benchmarks.chaos import SYLLABLES
from crawler import budgets
from tests.site import template_b
from tests.stories import NewsStory, Text

ROOT = Path(__file__).parents[1]


def small_page(number: int) -> bytes:
    """Three paragraphs of words nobody else has; 2–3 kB."""
    dice = random.Random(number)
    paragraphs = tuple(" ".join(dice.choices(SYLLABLES, k=40)).capitalize() + "." for _ in range(3))
    text = Text(f"Bản tin số {number}", "Tóm tắt.", paragraphs, "Phóng viên")
    return template_b(NewsStory(f"x-{number}", number, "xe", 0, (), text), crawl.NOW).encode()


def resident(pid: int) -> float:
    """MB, or 0 when the process is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def offspring(pid: int) -> list[int]:
    try:
        found = [
            int(c) for task in Path(f"/proc/{pid}/task").iterdir() for c in (task / "children").read_text().split()
        ]
    except FileNotFoundError:
        return []
    return [*found, *(grandchild for child in found for grandchild in offspring(child))]


def processor_seconds(pid: int) -> float:
    """What the process has used of a core until now, or 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(process: subprocess.Popen[str]) -> tuple[list[tuple[float, float, float]], float]:
    """Until the process ends, each second: seconds since the beginning, MB of the process, MB of the largest of its workers.

    With the processor seconds that all of them used, but for what a worker used in its last second.
    """
    seen: list[tuple[float, float, float]] = []
    used: dict[int, float] = {}
    began = time.monotonic()
    while process.poll() is None:
        pids = offspring(process.pid)
        workers = [resident(pid) for pid in pids]
        seen.append((time.monotonic() - began, resident(process.pid), max(workers, default=0.0)))
        used |= {pid: seconds for pid in (process.pid, *pids) if (seconds := processor_seconds(pid))}
        time.sleep(1)
    return seen, sum(used.values())


def report(seen: list[tuple[float, float, float]], pages: int, who: str) -> None:
    fifth = max(1, len(seen) // 5)
    print(f"{pages} pages in {seen[-1][0]:.0f} s")
    for name, column in ((who, 1), ("largest worker", 2)):
        medians = [statistics.median(s[column] for s in seen[n * fifth : (n + 1) * fifth]) for n in range(5)]
        print(
            f"{name:<15} MB, median of each fifth: "
            + "  ".join(f"{m:.0f}" for m in medians)
            + f"   peak {max(s[column] for s in seen):.0f}"
        )


def extract(eval_dir: Path, pages: int) -> None:
    """`copydesk extract --batch` over the pages of the extraction sets, repeated under new ids until there are enough."""
    truths = [
        {"url": row["url"] or "", "path": str((truth.parent / row["page"]).resolve())}
        for truth in sorted((eval_dir / "extraction").glob("*/truth.jsonl"))
        for row in map(json.loads, truth.read_text("utf8").splitlines())
    ]
    with tempfile.TemporaryDirectory() as folder:
        listing, out = Path(folder) / "pages.jsonl", Path(folder) / "out.jsonl"
        rows = (truths[n % len(truths)] | {"id": str(n)} for n in range(pages))
        listing.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf8")
        with out.open("w") as file:
            command = [sys.executable, "-m", "crawler", "extract", "--batch", str(listing)]
            seen, used = watch(subprocess.Popen(command, cwd=ROOT, stdout=file, text=True))
        answers = [json.loads(line) for line in out.read_text("utf8").splitlines()]
    report(seen, pages, "batch")
    print(f"{1000 * used / pages:.0f} ms of a core a page, {used / seen[-1][0]:.2f} cores used on average")
    print(f"{len(answers)} answers, {sum(answer['text'] is not None for answer in answers)} of them articles")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=50_000)
    parser.add_argument("--chart", type=Path)
    parser.add_argument(
        "--extract", type=Path, metavar="EVAL", help="a batch of the evaluation's pages instead of a crawl"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        crawl.page = small_page
        budgets.PER_HOST = 2 * json.loads(asked.child)["pages"]  # one host plays many
        crawl.child(**json.loads(asked.child))
        return
    if asked.extract:
        extract(asked.extract, asked.pages)
        return

    def start(what: str, port: int, data: str) -> subprocess.Popen[str]:
        given = json.dumps({"what": what, "port": port, "pages": asked.pages, "data": data})
        command = [sys.executable, "-m", "benchmarks.memory", "--child", given]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    server = start("serve", 0, "")
    assert server.stdout is not None
    port = int(server.stdout.readline())
    with tempfile.TemporaryDirectory() as folder:
        seen, _ = watch(start("everything", port, folder))
    server.terminate()
    report(seen, asked.pages, "crawl")
    if asked.chart:
        draw(seen, asked.chart, asked.pages)


def draw(seen: list[tuple[float, float, float]], out: Path, pages: int) -> None:
    """The two lines as a picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3))
    axes.plot([s[0] / 60 for s in seen], [s[1] for s in seen], label="crawl: reactor and writer")
    axes.plot([s[0] / 60 for s in seen], [s[2] for s in seen], label="largest worker")
    axes.set(xlabel="minutes", ylabel="resident MB", ylim=(0, None), title=f"Memory over a crawl of {pages:,} pages")
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main()
