"""Time, memory and size of the report, and how fast Chromium opens it, on made-up articles.

    python benchmarks/report.py [--articles 100000] [--screenshots DIR]

Prints Markdown. Without Chromium the last two lines are left out. With `--screenshots` the pages as seen on a desk in both themes, on a
phone and on paper are written there; look at them after every change of the style sheet.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the made-up folder is the tests' one

from pipelines.report import report
from pipelines.store import connect
from tests.report import folder
from tests.report.chromium import PROGRAM, Chromium

VIEWS = {
    "light": (1100, False, ""),
    "dark": (1100, True, ""),
    "phone": (390, False, ""),
    "print": (794, False, "print"),
}
LENGTH = 3100
"""Characters of a median article; the made-up ones are shorter."""
TIMES = """JSON.stringify({
    load: performance.getEntriesByType('navigation')[0].duration,
    paint: (performance.getEntriesByName('first-contentful-paint')[0] || {startTime: 0}).startTime,
})"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--articles", type=int, default=100_000)
    options.add_argument("--screenshots", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        place = Path(name)
        tables = folder.made_up(asked.articles)
        for row in tables["articles"]:
            row["text"] = "\n".join([row["text"]] * (LENGTH // len(row["text"]) + 1))
            row["n_chars"] = len(row["text"])
        data = folder.write(place / "data", tables)
        del tables
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, cpu = time.perf_counter(), time.process_time()
        with connect(data) as db:
            out = report(db, place / "report.html")
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(f"| report of {asked.articles:,} articles | |\n|---|--:|")
        print(f"| writing it, wall clock (core seconds) | {wall:.1f} s ({cpu:.1f}) |")
        print(
            f"| memory beyond the generator's | {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MB |"
        )
        print(f"| size | {out.stat().st_size / 1e6:.2f} MB |")
        if not PROGRAM:
            return
        with Chromium(place / "profile") as browser:
            times = []
            for width, dark, media in list(VIEWS.values()) * 2:
                browser.look(width=width, dark=dark, media=media)
                browser.open(out)
                times.append(json.loads(browser.ask(TIMES)))
            print(f"| Chromium: first paint, slowest of {len(times)} | {max(t['paint'] for t in times) / 1000:.2f} s |")
            print(f"| Chromium: loaded, slowest of {len(times)} | {max(t['load'] for t in times) / 1000:.2f} s |")
            for view, (width, dark, media) in VIEWS.items() if asked.screenshots else ():
                asked.screenshots.mkdir(parents=True, exist_ok=True)
                browser.look(width=width, dark=dark, media=media)
                browser.open(out)
                browser.screenshot(asked.screenshots / f"report-{view}.png")


if __name__ == "__main__":
    main()
