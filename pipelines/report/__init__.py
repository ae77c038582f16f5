"""`copydesk report`: one self-contained HTML file about a data folder. It loads nothing and runs no script."""

import os
from base64 import b64encode
from collections import defaultdict
from datetime import UTC, date, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from pipelines import quality
from pipelines.report import charts, diff, facts, words
from pipelines.report.svg import INKS

__all__ = ["report"]

SMALL_MULTIPLES = 8
"""Publishers that get a row of their own in the chart; the table has more."""
ALARMS_SHOWN = 30
SHOWN = 1500
"""Characters of each text of a translation."""
ALARM_RUNS = 200


def report(db: duckdb.DuckDBPyConnection, out: Path, *, title: str = "copydesk report") -> Path:
    """Write the report over the views of `pipelines.store.connect` to `out`, in one step, and give `out` back.

    The page has a Content-Security-Policy that allows its one style sheet and nothing else. Raises OSError when `out` cannot be written.
    """
    text = page(db, title=title, now=datetime.now(UTC))
    draft = out.with_name(f".{out.name}.tmp")
    try:
        draft.write_text(text, "utf-8", "replace")
        os.replace(draft, out)  # noqa: PTH105
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return out


def page(db: duckdb.DuckDBPyConnection, *, title: str, now: datetime) -> str:
    """The report as text. The same tables, title and time give the same text."""
    style = files("pipelines.report").joinpath("report.css").read_text("utf-8") + _inks()
    with facts.narrowed(db):
        told = _told(db)
    told |= {
        "title": title,
        "now": now,
        "version": _version(),
        "style": Markup(style),  # noqa: S704  (our own file)
        "style_hash": b64encode(sha256(style.encode()).digest()).decode(),
    }
    template = files("pipelines.report").joinpath("report.html").read_text("utf-8")
    return _environment().from_string(template).render(told)


def _told(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Everything the template asks for."""
    top = facts.headline(db)
    ends = facts.outcomes(db)
    log = facts.runs(db)
    axis = facts.axis(db)
    alarms = quality.history(db, last=ALARM_RUNS)
    told: dict[str, Any] = {
        "top": top,
        "ends": ends,
        "log": log,
        "axis": axis,
        "alarms": alarms[: -ALARMS_SHOWN - 1 : -1],
        "alarm_count": len(alarms),
        "alarm_runs": ALARM_RUNS,
        "last_alarms": [alarm for alarm in alarms if log and alarm.run_id == log[0]["run_id"]],
        "max_pairs": facts.MAX_PAIRS,
        "max_listed": facts.MAX_LISTED,
        "min_day": facts.MIN_DAY,
    }
    if axis and top["articles"]:
        told |= _articles(db, axis) | _copies(db)
    if axis and ends:
        panels = facts.hosts(db, axis)
        marks: dict[str, list[tuple[date, str]]] = defaultdict(list)
        for alarm in alarms:
            if axis.first <= alarm.at.date() <= axis.last:
                marks[alarm.publisher].append((alarm.at.date(), str(alarm)))
        told |= {"rates": charts.rates(panels, axis, marks) if panels else "", "outcome_chart": charts.outcomes(ends)}
    told["sections"] = [
        (name, text)
        for name, text, there in (
            ("articles", "Articles", top["articles"]),
            ("languages", "Languages", top["articles"]),
            ("flows", "Who copies whom", top["articles"]),
            ("stories", "Largest stories", told.get("stories")),
            ("texts", "Side by side", told.get("diffs") or told.get("anchored")),
            ("hosts", "Hosts", ends),
            ("outcomes", "Outcomes", ends),
            ("runs", "Runs", log),
        )
        if there
    ]
    told["next_steps"] = list(dict.fromkeys(alarm.do for alarm in told["last_alarms"]))[:4]
    return told


def _articles(db: duckdb.DuckDBPyConnection, axis: facts.Steps) -> dict[str, Any]:
    by_step, publishers, languages = facts.per_step(db, axis), facts.publishers(db), facts.languages(db)
    return {
        "publishers": publishers,
        "per_day": charts.per_day(by_step, axis),
        "per_publisher": charts.per_publisher(by_step, axis, [row["who"] for row in publishers[:SMALL_MULTIPLES]]),
        "languages": charts.languages(languages),
        "languages_shown": len([row for row in languages if row["language"]]),
    }


def _copies(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    flows, stories = facts.flows(db), facts.stories(db)
    for number, story in enumerate(stories, 1):
        lanes = {(m["who"], m["language"]) for m in story["members"] if m["delay"] is not None}
        story["hidden"] = max(0, len(lanes) - charts.MAX_LANES)
        story["chart"] = charts.timeline(story, f"Timeline of story {number}")
    diffs, anchored = [], []
    for pair in facts.examples(db):
        original, copy = words.text(pair["of_text"]), words.text(pair["text"])
        if pair["kind"] == "translation":
            pair["anchors"] = diff.pairs(pair["evidence"])
            pair["sides"] = diff.anchored(original, copy, pair["anchors"], SHOWN)
            pair["cut"] = (len(original) > SHOWN, len(copy) > SHOWN)
            anchored.append(pair)
        else:
            pair["diff"] = diff.side_by_side(original, copy)
            diffs.append(pair)
    return {
        "flows": flows, "matrix": _matrix(flows), "kinds": facts.copies_by_kind(db), "stories": stories, "diffs": diffs,
        "anchored": anchored,
    }  # fmt: skip


def _matrix(flows: list[facts.Row]) -> dict[str, Any]:
    """The busiest sources against the busiest republishers, with a shade from 0 (none) to 5 (most)."""
    given: dict[str, int] = defaultdict(int)
    taken: dict[str, int] = defaultdict(int)
    for row in flows:
        given[row["source"]] += row["n"]
        taken[row["copier"]] += row["n"]
    cells = {(row["source"], row["copier"]): row for row in flows}
    columns = sorted(taken, key=lambda name: (-taken[name], name))[: facts.MAX_MATRIX]
    sources = sorted(given, key=lambda name: (-given[name], name))[: facts.MAX_MATRIX]
    most = max((row["n"] for row in flows), default=1)
    rows = []
    for source in sources:
        line = []
        for copier in columns:
            flow = cells.get((source, copier))
            n = flow["n"] if flow else 0
            # The square root keeps small routes visible beside a large one.
            heat = min(5, 1 + int(5 * (n / most) ** 0.5)) if n else 0
            told = f"{words.clean(source, 40)} → {words.clean(copier, 40)}: {words.number(n)}"
            if flow:
                told += f", median delay {words.span(flow['delay'])}, source named {words.percent(flow['attributed'])}"
            line.append({"n": n, "heat": heat, "words": told})
        rows.append({"name": source, "cells": line})
    return {"columns": columns, "rows": rows}


def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    environment.filters |= {
        "clean": words.clean,
        "language": words.language,
        "link": words.link,
        "moment": words.moment,
        "number": words.number,
        "percent": words.percent,
        "span": words.span,
    }
    return environment


def _inks() -> str:
    names = (*INKS, "gone", "added")
    return "".join(f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}" for name in names) + "".join(
        f"span.f-{name}{{color:var(--{name})}}" for name in charts.KINDS
    )


def _version() -> str:
    try:
        return version("copydesk")
    except PackageNotFoundError:
        return "(not installed)"
