"""The charts. Each takes rows of `facts.py` and gives SVG for desk and phone; none is drawn of nothing."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.report.facts import MIN_DAY, Row, Steps
from pipelines.report.svg import INK, Canvas, chart
from pipelines.report.words import clean, language, number, percent, span

KINDS = ("original", "exact", "near", "partial", "translation", "declared")
OUTCOMES = ("stored", "duplicate", "unchanged", "rejected", "failed")


def per_day(rows: Sequence[Row], axis: Steps) -> Markup:
    """Articles per bucket, and the clean ones in front of them."""
    total = _summed(rows, axis)

    def draw(canvas: Canvas) -> None:
        ax = canvas.axes(44, 12, canvas.width - 4, canvas.height - 24)
        _bars(canvas, ax, total, axis)
        _time(canvas, ax, axis)
        ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v) if v else ""))

    return chart(f"Articles and clean articles per {axis.word}", draw, (220, 180))


def per_publisher(rows: Sequence[Row], axis: Steps, names: Sequence[str]) -> Markup:
    """The same, one row per publisher, each on its own scale."""
    by_name: dict[str, list[Row]] = {name: [] for name in names}
    for row in rows:
        if row["who"] in by_name:
            by_name[row["who"]].append(row)
    step, head = 58, 4

    def draw(canvas: Canvas) -> None:
        left = 4 if canvas.narrow else 168
        for i, name in enumerate(names):
            top = head + i * step
            total = _summed(by_name[name], axis)
            ax = canvas.axes(left, top + 20 if canvas.narrow else top + 6, canvas.width - 48, top + step - 4)
            _bars(canvas, ax, total, axis, name)
            _time(canvas, ax, axis, labels=i == len(names) - 1)
            ax.grid(visible=False)
            ax.set_yticks([])
            most = max((n for n, _ in total.values()), default=0)
            canvas.figure.text(
                (canvas.width - 42) / canvas.width,
                1 - (top + 28) / canvas.height,
                number(most),
                color=INK["muted"],
                va="center",
            )
            where = (4, top + 12) if canvas.narrow else (4, top + 34)
            canvas.figure.text(
                where[0] / canvas.width,
                1 - where[1] / canvas.height,
                clean(name, 24) or "(no host)",
                va="center",
                weight="bold",
            )

    height = head + len(names) * step + 22
    return chart(f"Articles and clean articles per {axis.word} and publisher", draw, (height, height))


def languages(rows: Sequence[Row]) -> Markup:
    """Articles per language, the clean ones in front."""
    step = 24

    def draw(canvas: Canvas) -> None:
        ax = canvas.axes(132, 2, canvas.width - 96, 2 + step * len(rows))
        places = np.arange(len(rows))
        every = ax.barh(places, [r["articles"] for r in rows], height=0.66, color=INK["all"])
        good = ax.barh(places, [r["clean"] for r in rows], height=0.66, color=INK["clean"])
        for row, a, b in zip(rows, every, good, strict=True):
            words = f"{language(row['language'])}: {number(row['articles'])} articles, {number(row['clean'])} clean"
            canvas.tip(a, words)
            canvas.tip(b, words)
        for place, row in zip(places, rows, strict=True):
            ax.annotate(
                number(row["articles"]), (row["articles"], place), xytext=(6, 0), textcoords="offset points", va="center",
                color=INK["muted"],
            )  # fmt: skip
        ax.set_yticks(places, [clean(language(r["language"]), 18) for r in rows])
        ax.tick_params(axis="y", labelcolor=INK["text"])
        ax.set_xticks([])
        ax.grid(visible=False)
        ax.spines["bottom"].set_visible(False)
        ax.invert_yaxis()
        ax.set_xlim(0, max(r["articles"] for r in rows))

    return chart("Articles per language", draw, (4 + step * len(rows),) * 2)


MAX_LANES = 12
"""Lines of one story; later ones are only listed."""
TICKS = (
    (0, "0"), (600, "10 min"), (3600, "1 h"), (6 * 3600, "6 h"), (86400, "1 d"), (7 * 86400, "1 w"), (30 * 86400, "1 mo"),
    (365 * 86400, "1 y"),
)  # fmt: skip


def timeline(story: Row, label: str) -> Markup | None:
    """When each copy of a story appeared, one line per publisher and language, on a scale that widens early hours.

    None when the original or all copies have no time.
    """
    members = [m for m in story["members"] if m["delay"] is not None]
    if len(members) < 2:
        return None
    lanes: dict[tuple[str, str], list[Row]] = {}
    for member in members:
        lanes.setdefault((member["who"], member["language"]), []).append(member)
    shown = list(lanes.items())[:MAX_LANES]
    step = 22
    last = max(member["delay"] for member in members)
    end = max(last * 1.05, 3600)

    def draw(canvas: Canvas) -> None:
        left = 146 if canvas.narrow else 196
        ax = canvas.axes(left, 2, canvas.width - 22, 6 + step * len(shown))
        ax.set_xscale("function", functions=(_stretch, _unstretch))
        for place, (_, copies) in enumerate(shown):
            ax.plot(
                [0, max(0, *(m["delay"] for m in copies))], [place, place], color=INK["line"], linewidth=1.25, zorder=1
            )
            for member in copies:
                (dot,) = ax.plot(
                    [max(0, member["delay"])], [place], marker="D" if member["is_original"] else "o", linestyle="",
                    markersize=8 if member["is_original"] else 7, color=INK[_kind(member)], markeredgecolor=INK["paper"],
                    markeredgewidth=1.2, zorder=3, clip_on=False,
                )  # fmt: skip
                delay = "original" if member["is_original"] else f"{_kind(member)} copy after {span(member['delay'])}"
                canvas.tip(
                    dot,
                    f"{clean(member['who'], 40)} ({member['language'] or '?'}), {delay}: {clean(member['title'], 90)}",
                )
        names = [_lane(who, code, 20 if canvas.narrow else 28) for (who, code), _ in shown]
        ax.set_yticks(range(len(shown)), names)
        ax.tick_params(axis="y", labelcolor=INK["text"], pad=9)
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.set_xlim(0, end)
        wide = (canvas.width - 22 - left) / float(_stretch(end))
        ticks: list[tuple[int, str]] = []
        for seconds, word in TICKS:
            if seconds <= end and (not ticks or wide * float(_stretch(seconds) - _stretch(ticks[-1][0])) > 46):
                ticks.append((seconds, word))
        ax.set_xticks([seconds for seconds, _ in ticks], [word for _, word in ticks])
        ax.xaxis.set_minor_locator(MaxNLocator(1))
        ax.tick_params(axis="x", which="minor", size=0, labelsize=0)
        ax.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
        ax.grid(visible=True, axis="x")
        ax.grid(visible=False, axis="y")
        ax.spines["bottom"].set_visible(False)

    return chart(label, draw, (step * len(shown) + 28,) * 2)


def rates(panels: Sequence[Row], axis: Steps, alarms: Mapping[str, Sequence[tuple[date, str]]]) -> Markup:
    """Per host: share of pages that gave an article, share of new articles that were duplicates, and a mark at each alarm.

    `alarms` are (day, words) by publisher. A rate of fewer than `MIN_DAY` pages is not drawn.
    """

    def draw(canvas: Canvas) -> None:
        columns = 1 if canvas.narrow else 2
        gap, step = 56, 132
        wide = (canvas.width - 40 - 8 - gap * (columns - 1)) / columns
        for i, panel in enumerate(panels):
            row, column = divmod(i, columns)
            left, top = 40 + column * (wide + gap), row * step
            ax = canvas.axes(left, top + 30, left + wide, top + step - 24)
            canvas.figure.text(
                (left - 36) / canvas.width,
                1 - (top + 14) / canvas.height,
                clean(panel["host"], 34),
                va="center",
                weight="bold",
            )
            canvas.figure.text(
                (left + wide) / canvas.width, 1 - (top + 14) / canvas.height, f"{number(panel['pages'])} page{'s' * (panel['pages'] != 1)}", va="center",
                ha="right", color=INK["muted"],
            )  # fmt: skip
            _rate(canvas, ax, panel, "got", "answered", "stored", "of pages gave an article")
            _rate(canvas, ax, panel, "duplicate", "new", "duplicate", "of new articles were duplicates")
            for day, words in alarms.get(panel["publisher"] or panel["host"], ()):
                ax.axvline(_place(day) + 0.5, color=INK["alarm"], linewidth=1, linestyle=(0, (2, 2)), zorder=2)
                (mark,) = ax.plot(
                    [_place(day) + 0.5], [1.0], marker="v", markersize=9, color=INK["alarm"], clip_on=False, zorder=5
                )
                canvas.tip(mark, f"{day}: {words}")
            ax.set_ylim(0, 1.0)
            ax.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
            _time(canvas, ax, axis, few=True)

    return chart(
        f"Extraction and duplicate rates per host and {axis.word}", draw,
        (132 * math.ceil(len(panels) / 2), 132 * len(panels)),
    )  # fmt: skip


def outcomes(rows: Sequence[Row]) -> Markup:
    """One bar: how all pages ended."""
    totals = {kind: sum(int(r["n"]) for r in rows if r["outcome"] == kind) for kind in OUTCOMES}
    whole = sum(totals.values())

    def draw(canvas: Canvas) -> None:
        ax = canvas.axes(0, 2, canvas.width, 30)
        at = 0
        for kind, n in totals.items():
            if n:
                (bar,) = ax.barh([0], [n], left=at, height=1, color=INK[kind], edgecolor=INK["paper"], linewidth=1.5)
                canvas.tip(bar, f"{kind}: {number(n)} pages, {percent(n / whole)}")
            at += n
        ax.set_xlim(0, whole)
        ax.set_ylim(-0.5, 0.5)
        ax.set_axis_off()

    return chart("How pages ended", draw, (32, 32))


# -- parts ----------------------------------------------------------------------------------------------------------------


def _summed(rows: Sequence[Row], axis: Steps) -> dict[date, tuple[int, int]]:
    total = dict.fromkeys(axis.starts, (0, 0))
    for row in rows:
        articles, good = total.get(row["step"], (0, 0))
        total[row["step"]] = (articles + row["articles"], good + row["clean"])
    return total


def _bars(canvas: Canvas, ax: Axes, total: Mapping[date, tuple[int, int]], axis: Steps, name: str = "") -> None:
    days = [_place(day) + axis.days / 2 for day in total]
    width = 0.8 * axis.days
    # A lone day must not become a wall.
    every = ax.bar(days, [n for n, _ in total.values()], width, color=INK["all"])
    good = ax.bar(days, [n for _, n in total.values()], width, color=INK["clean"])
    for (day, (n, clean_)), a, b in zip(total.items(), every, good, strict=True):
        if n:
            words = f"{clean(name, 40) + ', ' if name else ''}{day}: {number(n)} articles, {number(clean_)} clean"
            canvas.tip(a, words)
            canvas.tip(b, words)
        else:
            a.remove()
            b.remove()
    ax.set_ylim(0, max(1, *(n for n, _ in total.values())))


def _time(canvas: Canvas, ax: Axes, axis: Steps, *, labels: bool = True, few: bool = False) -> None:
    first, last = axis.starts[0], axis.starts[-1] + timedelta(days=axis.days)
    spare = max(0, 10 - (last - first).days) / 2  # a young folder's few days stand in the middle
    ax.set_xlim(_place(first) - spare, _place(last) + spare)
    shown = _ticks(first, last, 4 if canvas.narrow or few else 10)
    middle = axis.days / 2 if axis.days == 1 else 0
    ax.set_xticks([_place(day) + middle for day, _ in shown], [word if labels else "" for _, word in shown])


def _ticks(first: date, last: date, most: int) -> list[tuple[date, str]]:
    """Days, Mondays, months or years: the finest that are not too many. A January carries its year."""
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    firsts = [day for day in days if day.day == 1]
    mondays = [day for day in days if day.weekday() == 0]
    finest = (
        days,
        *(days[::every] for every in (2, 3) if len(days) < 21),
        *(mondays[::every] for every in (1, 2, 3)),
        *([day for day in firsts if (day.month - 1) % every == 0] for every in (1, 2, 3, 6)),
        *([day for day in firsts if day.month == 1 and day.year % every == 0] for every in (1, 2, 5, 10, 25)),
    )
    chosen = next((ticks for ticks in finest if 0 < len(ticks) <= most), [first])
    by_month = all(day.day == 1 for day in chosen) and len(days) > 31
    return [
        (day, str(day.year) if day.month == 1 and by_month else f"{day:%b}" if by_month else f"{day:%b} {day.day}")
        for day in chosen
    ]


def _rate(canvas: Canvas, ax: Axes, panel: Row, part: str, whole: str, ink: str, words: str) -> None:
    points = [(row["step"], row[part] / row[whole], row[whole]) for row in panel["points"] if row[whole] >= MIN_DAY]
    days = [_place(day) + 0.5 for day, _, _ in points]
    ax.plot(days, [share for _, share, _ in points], color=INK[ink], zorder=3)
    for at, (day, share, n) in zip(days, points, strict=True):
        (dot,) = ax.plot([at], [share], marker="o", markersize=3.5, color=INK[ink], zorder=4, clip_on=False)
        canvas.tip(dot, f"{day}: {percent(share)} {words} ({number(n)})")


def _place(day: date) -> float:
    """Where a day begins on matplotlib's time axis: days since 1970."""
    return float(day.toordinal() - date(1970, 1, 1).toordinal())


def _kind(member: Row) -> str:
    return member["kind"] if member["kind"] in KINDS else "near"


def _lane(who: str, code: str, limit: int) -> str:
    return f"{clean(who, limit - 5)} · {clean(code, 8)}" if code else clean(who, limit)


def _stretch(seconds: Any) -> Any:
    return np.log1p(np.maximum(np.asarray(seconds, float), 0) / 900)


def _unstretch(place: Any) -> Any:
    return 900 * np.expm1(np.asarray(place, float))
