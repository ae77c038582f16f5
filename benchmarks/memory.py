"""Does a crawl's memory stay flat? A crawl of many small loopback pages with extraction, copy finding and commits.

    python -m benchmarks.memory --pages 50000 --chart docs/memory.png

Every second the resident memory of the crawl's own process and of its largest worker is read from /proc. Prints the median of each
fifth of the crawl; flat means that the last is not above the second by more than noise.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import crawl
from benchmarks.chaos import SYLLABLES
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=50_000)
    parser.add_argument("--chart", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        crawl.page = small_page
        crawl.child(**json.loads(asked.child))
        return

    def start(what: str, port: int, data: str) -> subprocess.Popen[str]:
        given = json.dumps({"what": what, "port": port, "pages": asked.pages, "data": data})
        command = [sys.executable, "-m", "benchmarks.memory", "--child", given]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    server = start("serve", 0, "")
    assert server.stdout is not None
    port = int(server.stdout.readline())
    seen: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        crawling = start("everything", port, folder)
        began = time.monotonic()
        while crawling.poll() is None:
            workers = [resident(pid) for pid in offspring(crawling.pid)]
            seen.append((time.monotonic() - began, resident(crawling.pid), max(workers, default=0.0)))
            time.sleep(1)
    server.terminate()
    fifth = max(1, len(seen) // 5)
    print(f"{asked.pages} pages in {seen[-1][0]:.0f} s")
    for name, column in (("crawl", 1), ("largest worker", 2)):
        medians = [statistics.median(s[column] for s in seen[n * fifth : (n + 1) * fifth]) for n in range(5)]
        print(
            f"{name:<15} MB, median of each fifth: "
            + "  ".join(f"{m:.0f}" for m in medians)
            + f"   peak {max(s[column] for s in seen):.0f}"
        )
    if asked.chart:
        draw(seen, asked.chart, asked.pages)


def draw(seen: list[tuple[float, float, float]], out: Path, pages: int) -> None:
    """The two lines as a picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3))
    axes.plot([s[0] / 60 for s in seen], [s[1] for s in seen], label="crawl: reactor, archive, writer")
    axes.plot([s[0] / 60 for s in seen], [s[2] for s in seen], label="largest worker")
    axes.set(xlabel="minutes", ylabel="resident MB", ylim=(0, None), title=f"Memory over a crawl of {pages:,} pages")
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main()
