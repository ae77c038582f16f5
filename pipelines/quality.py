"""The quality gate: did this run bring what its publishers usually bring? Exit code 5 when not, after everything is stored.

A publisher that changes its page layout, or quietly serves a wall, breaks no program: pages come, articles do not. So each run is
compared with the seven days before it, publisher by publisher. Every test is a control chart (Shewhart 1931): a value alarms when
it is off by an amount that matters *and* by more than chance explains, given how much the runs and the days waver among
themselves. A young folder, a small run and a publisher with few articles never alarm, because then nobody can know.

`judge` and `history` read the tables once, as `Tally` rows (one per run, publisher and language); everything after that is pure.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Any, Literal

import duckdb

AlarmKind = Literal["nothing_new", "title", "date", "text", "duplicates", "length"]

WINDOW = timedelta(days=7)
"""What a run is compared with."""
BUCKET = timedelta(hours=24)
"""The window is cut into days counted back from the run, so that no run depends on the hour it starts."""
MIN_SAMPLE = 10
"""Articles (or pages) a run is judged by. A smaller run is judged together with the runs of the 24 hours before it."""
MIN_DAY = 5
"""Articles (or pages) of a day it is compared with."""
MIN_DAYS = 3
"""Days with so many that make a habit."""
MIN_HISTORY = 60
"""Articles (or pages) of all these days together."""
COVERAGE_DROP = 0.15
"""A share of titles, dates or texts that falls by less than this is not worth a night's sleep."""
DUPLICATE_JUMP = 0.25
"""Syndication comes in waves; a share of duplicates that rises by less is news, not a fault."""
LENGTH_FACTOR = 1.6
"""Texts this many times longer or shorter than usual: the extractor takes the whole page, or only the lead."""
ODDS = 1e-5
"""The chance below which a share is no accident. An hourly crawl asks 35,000 times a year and publisher."""
SIGMAS = 4.5
"""The same for lengths, in standard errors."""
MIN_RUNS = 5
"""Earlier runs (or series of runs) in the window before an empty one is remarkable."""
MIN_MISSED = 5
"""New articles that the runs in question have always brought so far."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is not as it usually is."""

    run_id: str
    at: datetime
    """Start of the run."""
    publisher: str
    kind: AlarmKind
    value: float
    """The run's share (0–1), mean length in characters, or number of empty runs in a row."""
    usual: float
    """The same over the window: the median of its days; for `nothing_new` the fewest articles that
    as many runs in a row brought."""
    n: int
    """Articles, pages or runs that `value` stands on."""
    language: str = ""
    """Set for `length`, which is judged per language."""

    def __str__(self) -> str:
        return f"{self.publisher}: {_SAYS[self.kind](self)}"

    @property
    def do(self) -> str:
        """The command that shows more."""
        return _DO[self.kind].format(publisher=self.publisher)


def _only(alarm: Alarm) -> str:
    return f"only {alarm.value:.0%}" if alarm.value else "none"


_SAYS = {
    "nothing_new": lambda a: (
        f"nothing new in {a.n} runs in a row (any {a.n} brought at least {a.usual:.0f} before)"
        if a.n > 1
        else f"nothing new (every run brought at least {a.usual:.0f} before)"
    ),
    "title": lambda a: f"{_only(a)} of {a.n} articles have a title (usually {a.usual:.0%})",
    "date": lambda a: f"{_only(a)} of {a.n} articles have a date (usually {a.usual:.0%})",
    "text": lambda a: f"{_only(a)} of {a.n} pages gave an article (usually {a.usual:.0%})",
    "duplicates": lambda a: f"{a.value:.0%} of {a.n} new articles are duplicates (usually {a.usual:.0%})",
    "length": lambda a: (
        f"articles in {a.language or 'an unknown language'} have {a.value:,.0f} characters (usually {a.usual:,.0f}; {a.n} articles)"
    ),
}
_DO = {
    "nothing_new": "copydesk publishers check {publisher}",
    "title": "copydesk publishers check {publisher}",
    "date": "copydesk publishers check {publisher}",
    "text": "copydesk publishers check {publisher}",
    "duplicates": "copydesk report",
    "length": "copydesk publishers check {publisher}",
}
"""What to run next; docs/operating.md says what to look for."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one run read of one publisher in one language. Numbers add up over tallies."""

    run_id: str
    publisher: str
    language: str = ""
    articles: int = 0
    titled: int = 0
    dated: int = 0
    new: int = 0
    """Articles seen for the first time."""
    duplicates: int = 0
    """Of `new`."""
    log_chars: float = 0.0
    """Sum of ln(characters) over `articles`: lengths of texts are lognormal, so their typical length is exp of the mean."""
    log_chars_squared: float = 0.0
    answered: int = 0
    """Pages that came; failures are not the extractor's."""
    got: int = 0
    """Of `answered`, those that hold an article."""

    @property
    def at(self) -> datetime:
        return started(self.run_id)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that looked for news of some publishers."""

    run_id: str
    publishers: frozenset[str]

    @property
    def at(self) -> datetime:
        return started(self.run_id)


def judge(db: duckdb.DuckDBPyConnection, run_id: str, *, publishers: Iterable[str] = ()) -> list[Alarm]:
    """The alarms of one run, whose pages and articles are committed (its own row need not be).

    `publishers` are those the run looked for news of; without them `nothing_new` is not judged. Those of earlier runs are read
    from `runs.command` (`crawl congluan vietnam_vn`). `db` has the store's views.
    Takes one pass over the last eight days.
    """
    at = started(run_id)
    runs = attempts(db, at - WINDOW, at)
    runs = [run for run in runs if run.run_id != run_id] + [Attempt(run_id, frozenset(publishers))]
    return judged(run_id, tallies(db, at - WINDOW - BUCKET, at), runs)


def history(db: duckdb.DuckDBPyConnection, *, last: int = 200) -> list[Alarm]:
    """The alarms of the last runs, oldest first, as each run would have seen them."""
    found = db.execute("SELECT run_id FROM runs ORDER BY run_id DESC LIMIT ?", [last]).fetchall()
    ids = sorted(str(row[0]) for row in found if _ID.match(str(row[0])))
    if not ids:
        return []
    since, until = started(ids[0]) - WINDOW - BUCKET, started(ids[-1])
    rows, runs = tallies(db, since, until), attempts(db, since, until)
    return [alarm for run_id in ids for alarm in judged(run_id, rows, runs)]


def judged(run_id: str, rows: Sequence[Tally], runs: Sequence[Attempt]) -> list[Alarm]:
    """The alarms of one run, by publisher and kind. Pure: rows and runs may hold more than is needed, in any order."""
    at = started(run_id)
    by_publisher: dict[str, list[Tally]] = defaultdict(list)
    for row in rows:
        if row.publisher and at - WINDOW - BUCKET <= row.at <= at and row.run_id <= run_id:
            by_publisher[row.publisher].append(row)
    attempted = next((run.publishers for run in runs if run.run_id == run_id), frozenset())
    alarms = []
    for publisher in sorted({*by_publisher, *attempted}):
        own = by_publisher[publisher]
        if publisher in attempted:
            alarms += _empty(run_id, publisher, own, runs)
        if any(row.run_id == run_id for row in own):
            alarms += _shares(run_id, publisher, own)
            for language in sorted({row.language for row in own if row.articles}):
                alarms += _length(run_id, publisher, language, [row for row in own if row.language == language])
    return alarms


# -- the tests ------------------------------------------------------------------------------------------------------------


def _empty(run_id: str, publisher: str, rows: Sequence[Tally], runs: Sequence[Attempt]) -> list[Alarm]:
    """Nothing new in k runs, where any k runs in a row of the window (nights and Sundays too) brought `MIN_MISSED` or more."""
    at = started(run_id)
    new: Counter[str] = Counter()
    for row in rows:
        new[row.run_id] += row.new
    tried = sorted(
        {run.run_id for run in runs if publisher in run.publishers and at - WINDOW <= run.at and run.run_id <= run_id}
    )
    empty = 0
    while empty < len(tried) and not new[tried[-1 - empty]]:
        empty += 1
    before = tried[: len(tried) - empty]
    spans = [sum(new[i] for i in before[j : j + empty]) for j in range(len(before) - empty + 1)]
    habit = len(spans) >= MIN_RUNS and started(before[-1]) - started(before[0]) >= (MIN_DAYS - 1) * BUCKET
    if empty and habit and min(spans) >= MIN_MISSED:
        return [Alarm(run_id, at, publisher, "nothing_new", empty, min(spans), empty)]
    return []


_SHARES: tuple[tuple[AlarmKind, str, str, int, float], ...] = (
    ("title", "titled", "articles", -1, COVERAGE_DROP),
    ("date", "dated", "articles", -1, COVERAGE_DROP),
    ("text", "got", "answered", -1, COVERAGE_DROP),
    ("duplicates", "duplicates", "new", +1, DUPLICATE_JUMP),
)


def _shares(run_id: str, publisher: str, rows: Sequence[Tally]) -> list[Alarm]:
    """Shares that fell (coverage) or rose (duplicates)."""
    alarms = []
    for kind, part, whole, sign, matters in _SHARES:
        sample, days = _compared(run_id, rows, whole)
        n = _sum(sample, whole)
        if n < MIN_SAMPLE or len(days) < MIN_DAYS:
            continue
        shares = [_sum(day, part) / _sum(day, whole) for day in days]
        past = [row for day in days for row in day]
        m = _sum(past, whole)
        usual, value = median(shares), _sum(sample, part) / n
        # A median of small days can be 100 % where the truth is 94 %: the whole window has a say too, with one miss and one hit
        # more than it saw (Laplace), so that "never" is not taken for "impossible".
        likely = (_sum(past, part) + 1) / (m + 2)
        if min(sign * (value - usual), sign * (value - likely)) <= matters:
            continue
        middle = (usual * m + 1) / (m + 2)  # the median: a day that broke already must not make the others look odd
        waver = max(_dispersion(groups, part, whole, middle) for groups in (days, _by_run(past)))
        hits, share = (_sum(sample, part), likely) if sign < 0 else (n - _sum(sample, part), 1 - likely)
        if _chance(hits, n, share, waver) < ODDS:
            alarms.append(Alarm(run_id, started(run_id), publisher, kind, value, usual, n))
    return alarms


def _length(run_id: str, publisher: str, language: str, rows: Sequence[Tally]) -> list[Alarm]:
    """Texts that became longer or shorter. Judged on a logarithmic scale, per language, for a run may hold other languages today."""
    sample, days = _compared(run_id, rows, "articles")
    n = _sum(sample, "articles")
    if n < MIN_SAMPLE or len(days) < MIN_DAYS:
        return []
    means = [_sum(day, "log_chars") / _sum(day, "articles") for day in days]
    past = [row for day in days for row in day]
    m = _sum(past, "articles")
    usual, value, mean = median(means), _sum(sample, "log_chars") / n, _sum(past, "log_chars") / m
    variance = max(1e-9, _sum(past, "log_chars_squared") / m - mean**2)
    squares = [_sum(day, "articles") * (one - mean) ** 2 / variance for day, one in zip(days, means, strict=True)]
    noise = SIGMAS * math.sqrt(variance * max(1.0, median(squares) / 0.4549) * (1 / n + 1 / m))
    if abs(value - usual) > max(math.log(LENGTH_FACTOR), noise):
        return [Alarm(run_id, started(run_id), publisher, "length", math.exp(value), math.exp(usual), n, language)]
    return []


def _compared(run_id: str, rows: Sequence[Tally], whole: str) -> tuple[list[Tally], list[list[Tally]]]:
    """The run's rows (with earlier ones of 24 hours while they are too few), and the days before them that are large enough."""
    at = started(run_id)
    sample: list[Tally] = [row for row in rows if row.run_id == run_id]
    if not sum(getattr(row, whole) for row in sample):
        return [], []
    begins = at
    for earlier in sorted({row.run_id for row in rows if at - BUCKET < row.at and row.run_id < run_id}, reverse=True):
        if sum(getattr(row, whole) for row in sample) >= MIN_SAMPLE:
            break
        sample += [row for row in rows if row.run_id == earlier]
        begins = started(earlier)
    taken = {row.run_id for row in sample}
    days: dict[int, list[Tally]] = defaultdict(list)
    for row in rows:
        if row.run_id not in taken and begins - WINDOW <= row.at <= begins and getattr(row, whole):
            days[min(6, (begins - row.at) // BUCKET)].append(row)
    large = [day for day in days.values() if _sum(day, whole) >= MIN_DAY]
    return sample, large if sum(_sum(day, whole) for day in large) >= MIN_HISTORY else []


def _sum(rows: Iterable[Tally], what: str) -> Any:
    return sum(getattr(row, what) for row in rows)


def _by_run(rows: Sequence[Tally]) -> list[list[Tally]]:
    groups: dict[str, list[Tally]] = defaultdict(list)
    for row in rows:
        groups[row.run_id].append(row)
    return list(groups.values())


def _dispersion(groups: Sequence[Sequence[Tally]], part: str, whole: str, share: float) -> float:
    """How much more a share wavers from group to group than coins would, at least 1: the median of the squared z-scores over that of
    chi-square (Devlin and Roeder 1999, "genomic control"), so that one broken day does not excuse the next."""
    found: list[tuple[int, int]] = [(_sum(group, part), _sum(group, whole)) for group in groups]
    squares = [(hits - n * share) ** 2 / (n * share * (1 - share)) for hits, n in found if n]
    return max(1.0, median(squares) / 0.4549)


def _chance(hits: int, n: int, share: float, waver: float) -> float:
    """The chance of `hits` or fewer of `n`: a binomial tail over as many independent articles as the n are worth."""
    worth = max(1, round(n / waver))
    most = min(worth, round(hits / waver))
    logs = [
        math.lgamma(worth + 1) - math.lgamma(k + 1) - math.lgamma(worth - k + 1) + k * math.log(share) + (worth - k) * math.log1p(-share)
        for k in range(most + 1)
    ]  # fmt: skip
    return math.fsum(map(math.exp, logs))


# -- from the tables ------------------------------------------------------------------------------------------------------

_ID = re.compile(r"\d{8}T\d{6}Z-")


@lru_cache(maxsize=10_000)
def started(run_id: str) -> datetime:
    """When a run began, which its id tells. Raises ValueError."""
    return datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def tallies(db: duckdb.DuckDBPyConnection, since: datetime, until: datetime) -> list[Tally]:
    """One row per run, publisher and language, for runs that started between two times. Pages without a publisher are left out."""
    low, high = f"{since:%Y%m%dT%H%M%SZ}", f"{until:%Y%m%dT%H%M%SZ}~"
    found = db.execute(
        r"""
        WITH read AS (
            SELECT run_id, publisher, '' AS language, 0 AS articles, 0 AS titled, 0 AS dated, 0 AS new, 0 AS duplicates,
                0.0 AS log_chars, 0.0 AS log_chars_squared,
                count(*) FILTER (outcome <> 'failed') AS answered,
                count(*) FILTER (outcome IN ('stored', 'duplicate', 'unchanged')) AS got
            FROM pages WHERE publisher <> '' AND run_id BETWEEN $1 AND $2 AND regexp_matches(run_id, '^\d{8}T\d{6}Z-')
            GROUP BY run_id, publisher
            UNION ALL
            SELECT run_id, publisher, coalesce(language, ''), count(*), count(*) FILTER (title <> ''), count(published_at),
                count(*) FILTER (version = 1), count(*) FILTER (version = 1 AND duplicate_of IS NOT NULL),
                sum(ln(n_chars + 1)), sum(ln(n_chars + 1) ** 2), 0, 0
            FROM articles WHERE publisher <> '' AND run_id BETWEEN $1 AND $2 AND regexp_matches(run_id, '^\d{8}T\d{6}Z-')
            GROUP BY run_id, publisher, coalesce(language, '')
        )
        SELECT * FROM read ORDER BY run_id, publisher, language
        """,
        [low, high],
    )
    return [Tally(*row) for row in found.fetchall()]


def attempts(db: duckdb.DuckDBPyConnection, since: datetime, until: datetime) -> list[Attempt]:
    """The crawls that started between two times and ended by themselves, with the publishers their command names."""
    found = db.execute(
        r"""
        SELECT run_id, command FROM runs
        WHERE status IN ('finished', 'partial') AND starts_with(command, 'crawl ') AND run_id BETWEEN $1 AND $2
            AND regexp_matches(run_id, '^\d{8}T\d{6}Z-')
        ORDER BY run_id
        """,
        [f"{since:%Y%m%dT%H%M%SZ}", f"{until:%Y%m%dT%H%M%SZ}~"],
    ).fetchall()
    return [
        Attempt(run_id, frozenset(re.findall(r"(?<!\S)[a-z0-9_]+(?!\S)", command[5:]))) for run_id, command in found
    ]
