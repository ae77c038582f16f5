"""What people and machines see: messages, progress, summaries. Text on a terminal, one JSON object a line otherwise.

Results go to stdout, everything about the work to stderr, so that a pipe carries results only.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from pipelines.records import RunRow

WIDTH = 160
"""Columns where there is no terminal to ask."""
err = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)
CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(0x7F, 0xA0)) if code != 9}
BIDI = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)}


LIBRARIES = ("scrapy", "twisted", "trafilatura", "htmldate", "urllib3", "numba", "asyncio", "warcio", "py", "py4j")
TOLD = ("crawler.session", "pipelines.sources")
"""What these warn of is in the summary too; people need not read it twice."""


class _Way:
    """How this process speaks. Set once by `setup`."""

    text = True
    quiet = False


class TextLines(logging.Handler):
    """One line per event for people, above whatever progress is shown; control characters escaped."""

    def emit(self, record: logging.LogRecord) -> None:
        colour = "red" if record.levelno >= logging.ERROR else "yellow"
        err.print(f"[{colour}]{record.levelname.lower()}:[/{colour}] {safe(record.getMessage(), 2000)}")


class JsonLines(logging.Formatter):
    """One JSON object per event; never a page, newlines and control characters escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage()[:2000],
        }
        if record.exc_info and record.exc_info[1]:
            event["error"] = repr(record.exc_info[1])[:2000]
        return json.dumps(event, ensure_ascii=True)


def setup(log: str, *, quiet: bool) -> None:
    """Choose text or JSON lines (`auto`: text on a terminal) and send the log there."""
    _Way.text = log == "text" or (log == "auto" and out.is_terminal)
    _Way.quiet = quiet
    handler: logging.Handler = TextLines() if _Way.text else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    quieter = dict.fromkeys((*LIBRARIES, *(TOLD if _Way.text else ())), logging.ERROR)
    least = logging.WARNING if _Way.text or quiet else logging.INFO
    # A filter rather than levels: Scrapy sets its loggers' levels again when a crawl starts.
    handler.addFilter(lambda record: record.levelno >= quieter.get(_logger(record.name), least))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)


def _logger(name: str) -> str:
    """The name itself when it has a rule of its own, else its package."""
    return name if name in TOLD else name.partition(".")[0]


def safe(text: object, limit: int = 200) -> str:
    """Text from the web, harmless on a terminal: control and direction characters shown as escapes, cut, markup escaped."""
    shown = str(text).translate(CONTROL | BIDI)
    return escape(shown if len(shown) <= limit else shown[: limit - 1] + "…")


def as_text() -> bool:
    """Whether results are for people."""
    return _Way.text


def say(message: str) -> None:
    """A line about the work, for people only."""
    if _Way.text and not _Way.quiet:
        err.print(message)


def error(message: str, do: str = "") -> None:
    """What is wrong, and what to do about it."""
    lines = [safe(line, 2000) for line in message.splitlines() or [""]]
    err.print(
        "\n".join((f"[bold red]copydesk:[/bold red] {lines[0]}", *lines[1:], *([f"  → {safe(do)}"] if do else ())))
    )


def bug(problem: BaseException) -> None:
    """Something nobody foresaw: say so, with what is needed to report it."""
    import traceback  # noqa: PLC0415

    err.print("[bold red]copydesk: this is a bug[/bold red]; what was committed is safe. Please report this:")
    err.print(escape("".join(traceback.format_exception(problem))))


def emit(row: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """Rows as a table on a terminal, as JSON lines otherwise."""
    if not _Way.text:
        for row in rows:
            emit(dict(zip(columns, row, strict=True)))
        return
    grid = Table(*columns, title=title or None, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for row in rows:
        grid.add_row(*(safe("" if cell is None else cell, 120) for cell in row))
    out.print(grid)


def shows_progress() -> bool:
    """Whether somebody is watching who can see a line change."""
    return _Way.text and not _Way.quiet and err.is_terminal


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")


def bars(unit: str) -> Progress:
    """Progress bars on a terminal, one per task: how many of how many, how many a second, time gone, time left."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TextColumn(unit),
        Rate(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=err, transient=True, speed_estimate_period=120)


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar over bytes on a terminal; silent otherwise. Yields the function that advances it."""
    if not shows_progress():
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(safe(label), total=total)
        yield lambda step: bar.advance(task, step)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Says on a terminal what is being done that has no measure."""
    if not shows_progress():
        yield
        return
    with err.status(what + " …"):
        yield


def summary(
    row: RunRow,
    by_publisher: Mapping[str, Mapping[str, int]],
    failed: Sequence[str] = (),
    *,
    requests: int | None = None,
    alarms: Sequence[str] = (),
) -> None:
    """What a run did: per publisher how its pages ended, what was added, which copies were found."""
    if _Way.quiet:
        return
    if not _Way.text:
        emit(
            asdict(row)
            | {"requests": requests, "publishers": by_publisher, "failures": list(failed), "alarms": list(alarms)}
        )
        return
    kinds = ("stored", "duplicate", "unchanged", "rejected", "failed")
    rows: list[tuple[str | int, ...]] = []
    for name, outcomes in sorted(by_publisher.items()):
        per_kind = [sum(n for word, n in outcomes.items() if word.partition("/")[0] == kind) for kind in kinds]
        rows.append((name or "(none)", sum(outcomes.values()), *per_kind))
    if len(rows) > 1:
        rows.append(("all", *(sum(int(r[i]) for r in rows) for i in range(1, 7))))
    if rows:
        table(("publisher", "pages", *kinds), rows)
    else:
        out.print("no pages: nothing is new")
    for word, n in sorted(row.outcomes.items()):
        if "/" in word:
            out.print(f"  {n} × {safe(word)}")
    found = ", ".join(f"{n} {kind}" for kind, n in sorted(row.copies.items())) or "none"
    seconds = (row.finished_at - row.started_at).total_seconds()
    asked = f"{requests} requests · " if requests is not None else ""
    out.print(f"{asked}{row.n_articles} new articles · copies found: {found} · {seconds:.1f} s · run {row.run_id}")
    failures(failed)
    for alarm in alarms:
        out.print(f"[red]not as usual:[/red] {safe(alarm, 500)}")


def findings(found: Sequence[Any], *, as_json: bool) -> int:
    """What the doctor found: level, what, detail, and the next step. Returns 0, or 2 when something has to be mended first."""
    colours = {"ok": "green", "warn": "yellow", "error": "red"}
    for one in found:
        if as_json:
            emit(asdict(one))
            continue
        out.print(
            f"[{colours[one.level]}]{one.level:>5}[/{colours[one.level]}]  [bold]{safe(one.what)}[/bold]: {safe(one.detail, 1000)}"
        )
        if one.do:
            out.print(f"       [dim]→ {safe(one.do, 500)}[/dim]")
    return 2 if any(one.level == "error" for one in found) else 0


def failures(failed: Sequence[str]) -> None:
    """Which publishers or sources failed, and why."""
    for failure in failed:
        if _Way.text:
            out.print(f"[yellow]failed:[/yellow] {safe(failure, 500)}")
        else:
            emit({"failed": failure})
