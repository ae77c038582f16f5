"""A year of an hourly job in some minutes: what a run costs, what is kept, and how well copies are found while history grows.

    python benchmarks/simulate.py                                  # one hour of every day, 40 articles each
    python benchmarks/simulate.py --every 1 --articles 200         # all of it: 1.75 million articles, a day or more of computing
    python benchmarks/simulate.py --chart docs/simulation.svg

200 publishers write, and copy each other as news is copied: with another headline or dateline, with lines of their own below, cut, embedded in
a longer text, in another order, with typing errors, in another Unicode form or spelling of tones. They also fill in forms (the price of gold) and
go on with yesterday's story, which are no copies. Texts are made up. What is simulated is the clock and the press; `Run`, the tables and the state are
the real ones, and the tables are compacted once a day, as an operator would.

Prints what grew and how much faster than the data; exit code 1 when something did.
"""

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
import time
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from pipelines import run as running
from pipelines import urls
from pipelines.prepare import warm
from pipelines.records import Article
from pipelines.store import Store, compact

START = datetime(2025, 1, 1, tzinfo=UTC)
HOURS = 365 * 24
PUBLISHERS = 200
VOCABULARY = 40_000
TOLERATED = 1.15
"""Nothing may grow faster than the data by more than this: the machine is not alone."""


class Clock(datetime):
    """`datetime` in a world where it is as late as the simulation says."""

    at = START

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # noqa: ARG003
        return cls.at


# -- the press ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """A text, by paragraphs, and the story that it is truly part of."""

    story: int
    title: str
    paragraphs: tuple[str, ...]
    host: int
    edit: str = "original"


class Press:
    """Writes hour after hour, always the same year."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        onsets = ["", *"bcdghklmnprstvx", "ch", "đ", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr"]
        rimes = [
            "a",
            "an",
            "anh",
            "ao",
            "ay",
            "en",
            "eo",
            "i",
            "inh",
            "iên",
            "iêu",
            "oa",
            "oà",
            "oan",
            "on",
            "ong",
            "uy",
            "uý",
            "ương",
            "ươi",
            "ùng",
            "ấn",
            "ế",
            "ệt",
            "ọ",
            "ởi",
        ]
        syllables = np.array([onset + rime for onset in onsets for rime in rimes], dtype=object)
        pairs = self._random.integers(len(syllables), size=(VOCABULARY, 2))
        self._words = syllables[pairs[:, 0]] + " " + syllables[pairs[:, 1]]
        weights = 1 / (np.arange(VOCABULARY) + 2.7)
        self._cumulated = np.cumsum(weights / weights.sum())
        self._standing = [[self._sentence(14) for _ in range(3)] for _ in range(PUBLISHERS)]
        self._forms = [[self._sentence(10) for _ in range(6)] for _ in range(PUBLISHERS)]
        self._recent: deque[Written] = deque(maxlen=600)
        self._stories = 0
        self.edits: dict[str, Callable[[Written], Sequence[str]]] = {
            "verbatim": lambda w: w.paragraphs,
            "dateline": lambda w: (f"(P{self._random.integers(PUBLISHERS)}) - {w.paragraphs[0]}", *w.paragraphs[1:]),
            "boilerplate": lambda w: (*w.paragraphs, *self._standing[self._random.integers(PUBLISHERS)]),
            "cut to 80 %": lambda w: w.paragraphs[: max(2, round(0.8 * len(w.paragraphs)))],
            "cut to 60 %": lambda w: w.paragraphs[: max(2, round(0.6 * len(w.paragraphs)))],
            "embedded": lambda w: (*self._paragraphs(3), *w.paragraphs, *self._paragraphs(3)),
            "reordered": lambda w: [w.paragraphs[i] for i in self._random.permutation(len(w.paragraphs))],
            "typing errors": lambda w: [self._mistyped(paragraph) for paragraph in w.paragraphs],
            "NFD": lambda w: [unicodedata.normalize("NFD", paragraph) for paragraph in w.paragraphs],
            "tones": lambda w: [paragraph.replace("oà", "òa").replace("uý", "úy") for paragraph in w.paragraphs],
        }

    def hour(self, at: datetime, n: int) -> Iterator[tuple[Article, Written]]:
        for i in range(n):
            chance = self._random.random()
            if chance < 0.40 and self._recent:
                written = self._copied()
            elif chance < 0.46:
                written = self._form(at)
            elif chance < 0.50 and self._recent:
                written = self._developed()
            else:
                written = self._original()
            host = f"paper{written.host}.example"
            url = f"https://{host}/{at:%Y/%m/%d/%H}-{i}.html"
            yield (
                Article(
                    article_id=urls.article_id(url),
                    url=url,
                    canonical_url=url,
                    host=host,
                    publisher=f"paper{written.host}",
                    language="vi",
                    title=written.title,
                    text="\n".join(written.paragraphs),
                    fetched_at=at,
                    published_at=at - timedelta(seconds=n - i),
                ),
                written,
            )

    def _original(self) -> Written:
        written = self._new(self._sentence(9), self._paragraphs(int(np.clip(self._random.lognormal(2, 0.5), 3, 30))))
        self._recent.append(written)
        return written

    def _new(self, title: str, paragraphs: Sequence[str], host: int | None = None, edit: str = "original") -> Written:
        self._stories += 1
        host = int(PUBLISHERS * self._random.random() ** 2) if host is None else host
        return Written(self._stories, title, tuple(paragraphs), host, edit)

    def _of_late(self) -> Written:
        return self._recent[-1 - min(len(self._recent) - 1, int(self._random.exponential(40)))]

    def _copied(self) -> Written:
        of = self._of_late()
        edit = list(self.edits)[int(self._random.integers(len(self.edits)))]
        title = self._sentence(9) if self._random.random() < 0.3 else of.title
        host = int(self._random.integers(PUBLISHERS))
        return replace(of, title=title, paragraphs=tuple(self.edits[edit](of)), host=host, edit=edit)

    def _form(self, at: datetime) -> Written:
        """A form of a publisher with today's figures."""
        host = int(self._random.integers(PUBLISHERS))
        lines = [
            f"{line}: {self._random.integers(10_000, 99_999)} / {self._random.integers(10_000, 99_999)}"
            for line in self._forms[host]
        ]
        return self._new(f"{self._forms[host][0]} {at:%d/%m}", lines, host, "form")

    def _developed(self) -> Written:
        """The next report on an event: what is known already in one paragraph, then the news."""
        of = self._of_late()
        return self._new(self._sentence(9), (*self._paragraphs(5), of.paragraphs[-1]), of.host, "developing")

    def _paragraphs(self, n: int) -> list[str]:
        return [" ".join(self._sentence(int(self._random.integers(8, 20))) + "." for _ in range(3)) for _ in range(n)]

    def _sentence(self, n: int) -> str:
        said = " ".join(self._words[np.searchsorted(self._cumulated, self._random.random(n))])
        return said[:1].upper() + said[1:]

    def _mistyped(self, paragraph: str) -> str:
        words = paragraph.split(" ")
        for at in range(int(self._random.integers(40)), len(words), 40):
            words[at] = words[at][::-1]
        return " ".join(words)


# -- the job --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Mark:
    """What one run cost and, now and then, what is there after it."""

    articles: int
    stages: dict[str, float]
    """Core seconds; `all` with opening and closing. What waits for the disk is not in it."""
    tables: float = 0.0
    state: float = 0.0
    """MB on the disk."""
    files: int = 0
    memory: float = 0.0
    """MB resident."""
    f1: float = 0.0


def simulate(data: Path, options: argparse.Namespace) -> list[Mark]:
    running.datetime = Clock  # type: ignore[attr-defined,misc]
    running.time = SimpleNamespace(perf_counter=time.process_time, monotonic=time.monotonic)  # type: ignore[attr-defined,assignment]
    warm()
    press, marks, day = Press(), [], START.date()
    truth: dict[str, int] = {}
    hours = range(0, options.hours, options.every)
    checks = {hours[len(hours) * k // options.checks - 1] for k in range(1, options.checks + 1)}
    for hour in hours:
        Clock.at = START + timedelta(hours=hour)
        written = list(press.hour(Clock.at, options.articles))
        truth |= {article.article_id: w.story for article, w in written}
        began = time.process_time()
        with Store.open(data, command="simulate") as store:
            with running.Run(store, data / "state", command="simulate", processes=0) as run:
                for article, _ in written:
                    run.submit(article)
            spent = {**run.counts.seconds, "all": time.process_time() - began}
            if Clock.at.date() != day:
                day, began = Clock.at.date(), time.process_time()
                compact(store, day, grace=timedelta())
                spent["compact"] = time.process_time() - began
            mark = Mark(len(truth), spent)
            if hour in checks:
                look(mark, store, data, truth)
                print(f"{Clock.at:%Y-%m-%d} {mark}", file=sys.stderr, flush=True)
        marks.append(mark)
    return marks


def look(mark: Mark, store: Store, data: Path, truth: dict[str, int]) -> None:
    for path in data.rglob("*"):
        if path.is_file():
            part = "state" if path.relative_to(data).parts[0] == "state" else "tables"
            setattr(mark, part, getattr(mark, part) + path.stat().st_size / 1e6)
            mark.files += 1
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    mark.memory = pages * resource.getpagesize() / 1e6
    stories = store.stories()
    told = dict(zip(stories["article_id"].to_pylist(), stories["story_id"].to_pylist(), strict=True))
    mark.f1 = f1([(told[article], story) for article, story in truth.items()])


def f1(both: Sequence[tuple[str, int]]) -> float:
    """Of the pairs that are in one story, told against true."""
    hits, told, true = (
        sum(n * (n - 1) // 2 for n in Counter(keys).values())
        for keys in (both, [t for t, _ in both], [t for _, t in both])
    )
    return 2 * hits / max(1, told + true)


# -- what grew ------------------------------------------------------------------------------------------------------------


def grown(marks: Sequence[Mark]) -> list[tuple[str, float, float]]:
    """(what, in the second tenth of the checks, at the end): compared with the data at the same times."""
    looked = [mark for mark in marks if mark.files]
    early, late = looked[max(1, len(looked) // 10)], looked[-1]
    rows = [
        (name, float(getattr(early, name)), float(getattr(late, name)))
        for name in ("articles", "tables", "state", "files", "memory")
    ]
    tenth = max(1, len(marks) // 20)
    at = marks.index(early)
    for name in ("all", "find", "commit", "learn", "stories", "compact"):
        first, last = (
            [mark.stages[name] for mark in part if name in mark.stages]
            for part in (marks[max(0, at - tenth) : at + tenth], marks[-2 * tenth :])
        )
        rows.append((f"{name}, ms a run", 1000 * statistics.median(first), 1000 * statistics.median(last)))
    return rows


def chart(marks: Sequence[Mark], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, ((costs, sizes), (held, found)) = plt.subplots(2, 2, figsize=(9, 5.6), layout="constrained")
    thousands = np.array([mark.articles / 1000 for mark in marks])
    window = max(1, len(marks) // 60)
    for name in ("all", "find", "commit", "learn", "stories"):
        values = np.array([1000 * mark.stages.get(name, 0.0) for mark in marks])
        n = len(values) // window
        costs.plot(
            thousands[: n * window].reshape(n, window).mean(1),
            np.median(values[: n * window].reshape(n, window), 1),
            label=name,
        )
    costs.set(title="a run, ms of processor", ylim=0)
    looked = [mark for mark in marks if mark.files]
    x = [mark.articles / 1000 for mark in looked]
    for name in ("tables", "state"):
        sizes.plot(x, [1000 * getattr(mark, name) / mark.articles for mark in looked], label=name)
    sizes.set(title="on the disk, kB an article", ylim=0)
    held.plot(x, [mark.memory for mark in looked], label="resident MB")
    held.plot(x, [mark.files for mark in looked], label="files")
    held.set(title="memory and files", ylim=0)
    found.plot(x, [mark.f1 for mark in looked], label="F1 of pairs in a story")
    found.set(title="copies found", ylim=(0.8, 1.005))
    for axes in (costs, sizes, held, found):
        axes.set_xlabel("thousand articles of history")
        axes.legend(fontsize="small", frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=24, help="hours between runs")
    parser.add_argument("--articles", type=int, default=40, help="articles a run")
    parser.add_argument("--hours", type=int, default=HOURS)
    parser.add_argument("--checks", type=int, default=20, help="how often to look at sizes and stories")
    parser.add_argument("--folder", type=Path, help="where to keep the data (default: a temporary folder)")
    parser.add_argument("--chart", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="copydesk-simulate-"))
    try:
        marks = simulate(folder / "data", options)
    finally:
        if options.folder is None:
            shutil.rmtree(folder)
    if options.chart:
        chart(marks, options.chart)
    rows = grown(marks)
    data = rows[0][2] / rows[0][1]
    print(f"{len(marks):,} runs of {options.articles} articles; F1 {marks[-1].f1:.4f} at the end\n")
    print("| | early | at the end | times |\n|---|--:|--:|--:|")
    for name, early, late in rows:
        print(f"| {name} | {early:,.0f} | {late:,.0f} | {late / max(early, 1e-9):.2f} |")
    faster = [name for name, early, late in rows if late > TOLERATED * data * early]
    if faster:
        sys.exit(f"grew faster than the data: {', '.join(faster)}")


if __name__ == "__main__":
    main()
