"""The quality gate: silent while all is well or nothing can be known, loud when a publisher breaks."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import quality
from pipelines.quality import Attempt, Tally, judged
from pipelines.store import connect
from tests.report import folder

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def run_at(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}-abcdef"


def tally(at: datetime, n: int = 40, *, chars: float = 3000.0, **more: object) -> Tally:
    log = math.log(chars)
    usual = Tally(
        run_at(at), "congluan", "vi", articles=n, titled=n, dated=n, new=n, duplicates=n // 10, log_chars=n * log,
        log_chars_squared=n * (log**2 + 0.64), answered=n + n // 20, got=n,
    )  # fmt: skip
    return replace(usual, **more)  # type: ignore[arg-type]


def week(every: timedelta = timedelta(hours=24), n: int = 40, days: int = 7) -> list[Tally]:
    count = timedelta(days=days) // every
    return [tally(NOW - every * i, n) for i in range(1, count + 1)]


def attempts(rows: list[Tally]) -> list[Attempt]:
    return [Attempt(run_id, frozenset({"congluan"})) for run_id in {row.run_id for row in rows}]


def kinds(rows: list[Tally], at: datetime = NOW, tried: list[Attempt] | None = None) -> list[str]:
    return [alarm.kind for alarm in judged(run_at(at), rows, attempts(rows) if tried is None else tried)]


def test_an_ordinary_run_is_silent() -> None:
    assert kinds([*week(), tally(NOW)]) == []


BROKEN: list[tuple[str, Callable[[Tally], Tally]]] = [
    ("title", lambda row: replace(row, titled=20)),
    ("date", lambda row: replace(row, dated=0)),
    ("text", lambda row: replace(row, answered=80)),
    ("duplicates", lambda row: replace(row, duplicates=38)),
    ("length", lambda row: replace(row, log_chars=row.articles * math.log(400))),
    ("length", lambda row: replace(row, log_chars=row.articles * math.log(12000))),
]


@pytest.mark.parametrize(("kind", "broken"), BROKEN)
@pytest.mark.parametrize("every", [timedelta(hours=24), timedelta(hours=1)])
def test_what_breaks_is_named(kind: str, broken: Callable[[Tally], Tally], every: timedelta) -> None:
    assert kinds([*week(every), broken(tally(NOW))]) == [kind]


@pytest.mark.parametrize(("kind", "broken"), BROKEN)
def test_a_young_folder_never_alarms(kind: str, broken: Callable[[Tally], Tally]) -> None:
    assert kinds([broken(tally(NOW))]) == []
    assert kinds([*week(days=2), broken(tally(NOW))]) == []


@pytest.mark.parametrize(("kind", "broken"), BROKEN)
def test_a_handful_of_articles_proves_nothing(kind: str, broken: Callable[[Tally], Tally]) -> None:
    few = broken(tally(NOW))
    few = replace(
        few, articles=4, titled=few.titled // 10, dated=few.dated // 10, new=4, duplicates=few.duplicates // 10,
        log_chars=few.log_chars / 10, log_chars_squared=few.log_chars_squared / 10, answered=few.answered // 10, got=4,
    )  # fmt: skip
    assert kinds([*week(), few]) == []


def test_small_runs_are_judged_together() -> None:
    """An hourly crawl of five articles would else never see that the layout changed."""
    rows = week(timedelta(hours=1), n=5)
    assert kinds([*rows, tally(NOW, 5)]) == []
    hours = [NOW - timedelta(hours=i) for i in range(1, 6)]
    broken = [replace(row, dated=0) if row.at in hours else row for row in rows]
    assert kinds([*broken, tally(NOW, 5, dated=0)]) == ["date"]


def test_small_drops_and_waves_are_no_alarm() -> None:
    assert kinds([*week(), tally(NOW, dated=36)]) == []
    assert kinds([*week(), tally(NOW, duplicates=12)]) == []
    assert kinds([*week(), tally(NOW, chars=3900)]) == []


def test_a_publisher_that_always_wavers_is_left_alone() -> None:
    rows = [replace(row, dated=row.articles * (i % 2)) for i, row in enumerate(week())]
    assert kinds([*rows, tally(NOW, dated=10)]) == []


def test_other_languages_are_not_other_lengths() -> None:
    """A run that holds only Japanese pages today has shorter texts, and nothing is wrong."""
    rows = [*week(), *(tally(row.at, chars=900, language="ja") for row in week())]
    assert kinds([*rows, tally(NOW, chars=900, language="ja")]) == []
    (alarm,) = judged(run_at(NOW), [*rows, tally(NOW, chars=300, language="ja")], [])
    assert (alarm.kind, alarm.language) == ("length", "ja")


# -- nothing new ----------------------------------------------------------------------------------------------------------


def empty(at: datetime) -> Tally:
    return Tally(run_at(at), "congluan", answered=3, got=3)


def test_a_daily_publisher_that_falls_silent_alarms_at_once() -> None:
    rows = week()
    tried = [*attempts(rows), Attempt(run_at(NOW), frozenset({"congluan"}))]
    (alarm,) = judged(run_at(NOW), rows, tried)
    assert alarm.kind == "nothing_new"
    assert "every run brought at least 40" in str(alarm)
    assert kinds([*rows, empty(NOW)], tried=tried) == ["nothing_new"]


def test_who_was_not_asked_for_is_not_missed() -> None:
    rows = week()
    assert kinds(rows, tried=attempts(rows)) == []
    assert kinds(rows, tried=[*attempts(rows), Attempt(run_at(NOW), frozenset({"other"}))]) == []


def test_nights_are_quiet() -> None:
    """Hourly: nothing from midnight to six. Five empty hours at night are nothing, a silent day is."""
    start = NOW.replace(hour=0) - timedelta(days=6)
    hours = [start + timedelta(hours=i) for i in range(6 * 24 + 6)]
    rows = [tally(at, 6) for at in hours if at.hour >= 6]
    tried = [Attempt(run_at(at), frozenset({"congluan"})) for at in hours]
    assert kinds(rows, at=hours[-1], tried=tried) == []
    later = [hours[-1] + timedelta(hours=i) for i in range(1, 4)]
    tried += [Attempt(run_at(at), frozenset({"congluan"})) for at in later]
    assert kinds(rows, at=later[-1], tried=tried) == ["nothing_new"]


def test_a_weekly_day_off_is_known() -> None:
    """Nothing on Sundays, for two months: the second Sunday is no news."""
    days = [NOW - timedelta(days=i) for i in range(60)]
    rows = [tally(at) for at in days if at.weekday() != 6]
    tried = [Attempt(run_at(at), frozenset({"congluan"})) for at in days]
    assert [at.date() for at in days[:40] if kinds(rows, at=at, tried=tried)] == []


def test_a_publisher_of_one_article_a_day_is_not_missed_at_once() -> None:
    rows = week(n=1)
    assert kinds(rows, tried=[*attempts(rows), Attempt(run_at(NOW), frozenset({"congluan"}))]) == []


# -- rates of false and true alarms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [1, 24])
def test_a_steady_publisher_does_not_alarm_for_months(hours: int) -> None:
    """Shares of 94 %, waves of duplicates, lognormal lengths: chance alone must not wake anybody."""
    rng = random.Random(8)
    rows: list[Tally] = []
    alarms = 0
    for i in range(60 * 24 // hours):
        at = NOW - timedelta(days=60) + timedelta(hours=hours * i)
        n = max(1, round(rng.gauss(12 * hours**0.5, 3)))
        wave = min(0.9, max(0.05, rng.gauss(0.4, 0.08)))
        logs = [rng.gauss(8, 0.8) for _ in range(n)]
        refused = sum(rng.random() < 0.06 for _ in range(n))
        row = Tally(
            run_at(at), "congluan", "vi", n, n, sum(rng.random() < 0.94 for _ in range(n)), n, sum(rng.random() < wave for _ in range(n)),
            sum(logs), sum(x * x for x in logs), n + refused, n,
        )  # fmt: skip
        rows.append(row)
        near = [r for r in rows if at - r.at < timedelta(days=9)]
        alarms += len(judged(row.run_id, near, attempts(near)))
    assert alarms == 0


# -- from the tables ------------------------------------------------------------------------------------------------------


def test_a_layout_change_is_found_in_the_tables(tmp_path: Path) -> None:
    tables = folder.made_up(9000, days=30)
    names = [p[0] for p in folder.PUBLISHERS]
    with connect(folder.write(tmp_path / "all", tables)) as db:
        history = quality.history(db)
        first = next(alarm for alarm in history if (alarm.publisher, alarm.kind) == ("tuoitre", "date"))
        here = quality.judge(db, first.run_id, publishers=names)
    assert {(a.publisher, a.kind) for a in history} >= {("tuoitre", "date"), ("baogialai", "text")}
    assert [a.run_id for a in history] == sorted(a.run_id for a in history)
    assert here == [a for a in history if a.run_id == first.run_id]
    for alarm in history:
        assert str(alarm).startswith(alarm.publisher)
        assert alarm.do.startswith("copydesk ")

    # A run is judged before its row is written: nothing may hang on it.
    tables["runs"] = [row for row in tables["runs"] if row["run_id"] != first.run_id]
    with connect(folder.write(tmp_path / "before", tables)) as db:
        assert quality.judge(db, first.run_id, publishers=names) == here


def test_an_empty_folder_has_no_alarms(tmp_path: Path) -> None:
    with connect(tmp_path) as db:
        assert quality.history(db) == []
        assert quality.judge(db, run_at(NOW), publishers=["congluan"]) == []


def test_foreign_run_ids_are_left_out(tmp_path: Path) -> None:
    folder.write(tmp_path, folder.hostile())
    with connect(tmp_path) as db:
        assert quality.history(db) == []
