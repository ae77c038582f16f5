# ruff: noqa: S608  (what is put into a query is a constant of this module or a date)
"""What the report says, asked of the tables: every list is bounded, so that the page is small however large the folder is.

Everything is aggregated by DuckDB; only the texts of the few pairs that are shown side by side are read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

Row = dict[str, Any]

MAX_PUBLISHERS = 30
MAX_LANGUAGES = 20
MAX_MATRIX = 12
MAX_PAIRS = 20
MAX_STORIES = 10
MAX_DOTS = 200
"""Copies drawn per story."""
MAX_LISTED = 15
"""Copies listed per story."""
MAX_HOSTS = 8
MAX_RUNS = 12
MAX_REASONS = 25
SAME_LANGUAGE_SHOWN = 4
TRANSLATIONS_SHOWN = 3
TITLE = 300
"""Characters of a title that are read at all."""
MIN_DAY = 10
"""Pages (or new articles) from which a rate of one day and host means something."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The time axis: buckets of `days` days each, from `first` to `last`."""

    first: date
    last: date
    days: int

    @property
    def starts(self) -> list[date]:
        n = (self.last - self.first).days // self.days + 1
        return [self.first + timedelta(days=i * self.days) for i in range(n)]

    @property
    def word(self) -> str:
        return {1: "day", 7: "week", 28: "four weeks"}[self.days]

    def sql(self, column: str) -> str:
        """The start of the bucket in which a time falls."""
        days = f"date_diff('day', DATE '{self.first}', CAST({column} AT TIME ZONE 'UTC' AS DATE))"
        return f"DATE '{self.first}' + CAST(floor({days} / {self.days}) * {self.days} AS INTEGER)"


def steps(first: datetime, last: datetime) -> Steps:
    """Days up to four months, weeks up to two years, then four weeks at a time."""
    span = (last.date() - first.date()).days
    size = 1 if span <= 120 else 7 if span <= 730 else 28
    return Steps(first.date(), last.date(), size)


def rows(db: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[Row]:
    """The answer to a query with `?` marks, as dictionaries."""
    cursor = db.execute(query, values)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def narrowed(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """For the time of the block: `report_articles`, one narrow row per article, and `report_copies`, one per pair that stands."""
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE report_articles AS
        WITH first AS (SELECT article_id, min(fetched_at) AS first_fetched_at FROM articles GROUP BY article_id)
        SELECT
            a.article_id, coalesce(nullif(a.publisher, ''), a.host, '') AS who, a.host, coalesce(a.language, '') AS language,
            left(a.title, {TITLE}) AS title, a.url, a.n_chars, a.published_at, a.published_at IS NOT NULL AS dated,
            f.first_fetched_at, a.duplicate_kind, coalesce(s.story_id, a.article_id) AS story_id,
            coalesce(s.original_id, a.article_id) AS original_id, s.canonical_id, s.delay, s.attributed,
            coalesce(s.n_articles, 1) AS n_articles, coalesce(s.is_canonical, a.duplicate_of IS NULL) AS clean
        FROM articles_latest a JOIN first f USING (article_id) LEFT JOIN stories s USING (article_id)
    """)
    db.execute("""
        CREATE OR REPLACE TEMP TABLE report_copies AS
        WITH standing AS (
            SELECT article_id, of_article_id, kind, similarity, containment, containment_of, score
            FROM copies
            QUALIFY row_number() OVER (
                PARTITION BY least(article_id, of_article_id), greatest(article_id, of_article_id)
                ORDER BY decided_at DESC, commit_id DESC
            ) = 1
        )
        SELECT * FROM standing WHERE kind <> 'refuted'
    """)
    try:
        yield
    finally:
        db.execute("DROP TABLE IF EXISTS report_articles; DROP TABLE IF EXISTS report_copies")


def headline(db: duckdb.DuckDBPyConnection) -> Row:
    """The numbers on top. All are 0 or None over an empty folder."""
    return rows(
        db,
        """
        SELECT count(*) AS articles, count(*) FILTER (clean) AS clean, count(DISTINCT story_id) AS stories,
            count(DISTINCT nullif(language, '')) AS languages, count(DISTINCT nullif(who, '')) AS publishers,
            count(*) FILTER (n_articles > 1) AS in_copied_stories,
            count(DISTINCT story_id) FILTER (n_articles > 1) AS copied_stories,
            min(first_fetched_at) AS first, max(first_fetched_at) AS last
        FROM report_articles
        """,
    )[0]


def axis(db: duckdb.DuckDBPyConnection) -> Steps | None:
    """The time the report spans, from the first page or article to the last; None when there is neither."""
    (first, last), *_ = db.execute(
        "SELECT min(seen), max(seen) FROM (SELECT first_fetched_at AS seen FROM report_articles UNION ALL SELECT fetched_at FROM pages)"
    ).fetchall()
    return steps(first, last) if first else None


def copies_by_kind(db: duckdb.DuckDBPyConnection) -> list[Row]:
    return rows(db, "SELECT kind, count(*) AS n FROM report_copies GROUP BY kind ORDER BY n DESC, kind")


def per_step(db: duckdb.DuckDBPyConnection, axis: Steps) -> list[Row]:
    """Per bucket and publisher: articles first seen then, and how many of them are clean."""
    return rows(
        db,
        f"""SELECT {axis.sql("first_fetched_at")} AS step, who, count(*) AS articles, count(*) FILTER (clean) AS clean
        FROM report_articles GROUP BY ALL ORDER BY ALL""",
    )


def publishers(db: duckdb.DuckDBPyConnection) -> list[Row]:
    return rows(
        db,
        f"""SELECT who, count(*) AS articles, count(*) FILTER (clean) AS clean, count(DISTINCT nullif(language, '')) AS languages,
            median(n_chars) AS n_chars, avg(CAST(dated AS INTEGER)) AS dated, avg(CAST(title <> '' AS INTEGER)) AS titled,
            count(*) FILTER (original_id <> article_id) AS taken,
            max(first_fetched_at) AS last
        FROM report_articles GROUP BY who ORDER BY articles DESC, who LIMIT {MAX_PUBLISHERS}""",
    )


def languages(db: duckdb.DuckDBPyConnection) -> list[Row]:
    return rows(
        db,
        f"""SELECT language, count(*) AS articles, count(*) FILTER (clean) AS clean FROM report_articles
        GROUP BY language ORDER BY articles DESC, language LIMIT {MAX_LANGUAGES}""",
    )


def flows(db: duckdb.DuckDBPyConnection) -> list[Row]:
    """Who republishes whom: each article that is not its story's original counts once. All pairs; delays in seconds."""
    return rows(
        db,
        """SELECT o.who AS source, a.who AS copier, count(*) AS n, median(a.delay) AS delay,
            quantile_cont(a.delay, 0.1) AS fast, quantile_cont(a.delay, 0.9) AS slow,
            avg(CAST(a.attributed AS INTEGER)) AS attributed,
            count(*) FILTER (a.language <> o.language) AS translated
        FROM report_articles a JOIN report_articles o ON o.article_id = a.original_id
        WHERE a.article_id <> a.original_id
        GROUP BY ALL ORDER BY n DESC, source, copier""",
    )


def stories(db: duckdb.DuckDBPyConnection) -> list[Row]:
    """The largest stories, each with `members`: the original first, then by delay."""
    largest = rows(
        db,
        f"""SELECT story_id, count(*) AS n, count(DISTINCT nullif(language, '')) AS languages, count(DISTINCT who) AS publishers,
            max(delay) AS span
        FROM report_articles WHERE n_articles > 1 GROUP BY story_id HAVING n > 1 ORDER BY n DESC, story_id LIMIT {MAX_STORIES}""",
    )
    for story in largest:
        story["members"] = rows(
            db,
            f"""SELECT a.article_id, a.who, a.host, a.language, a.title, a.url, a.published_at, a.delay, a.attributed, a.n_chars,
                a.article_id = a.original_id AS is_original, a.clean,
                CASE WHEN a.article_id = a.original_id THEN 'original' ELSE coalesce(c.kind, a.duplicate_kind, 'near') END AS kind,
                c.similarity, c.containment, c.score
            FROM report_articles a LEFT JOIN report_copies c
                ON least(c.article_id, c.of_article_id) = least(a.article_id, a.original_id)
                AND greatest(c.article_id, c.of_article_id) = greatest(a.article_id, a.original_id)
            WHERE a.story_id = ?
            ORDER BY NOT is_original, a.delay NULLS LAST, a.article_id LIMIT {MAX_DOTS}""",
            story["story_id"],
        )
    return largest


def hosts(db: duckdb.DuckDBPyConnection, axis: Steps) -> list[Row]:
    """Per busiest host, `points`: per bucket pages answered, articles got out of them, new articles, duplicates among them.

    A host that never had `MIN_DAY` pages in one bucket is left out.
    """
    found = rows(
        db,
        f"""
        WITH read AS (
            SELECT coalesce(regexp_extract(url, '^[a-zA-Z]+://(?:[^/@]*@)?([^/:?#]+)', 1), '') AS host, publisher,
                {axis.sql("fetched_at")} AS step,
                outcome <> 'failed' AS answered, outcome IN ('stored', 'duplicate', 'unchanged') AS got,
                outcome IN ('stored', 'duplicate') AS new, outcome = 'duplicate' AS duplicate
            FROM pages
        ), busiest AS (
            SELECT host FROM read WHERE host <> '' GROUP BY host ORDER BY count(*) DESC, host LIMIT {MAX_HOSTS}
        )
        SELECT host, step, any_value(publisher) AS publisher, count(*) AS pages, count(*) FILTER (answered) AS answered,
            count(*) FILTER (got) AS got, count(*) FILTER (new) AS new, count(*) FILTER (duplicate) AS duplicate
        FROM read SEMI JOIN busiest USING (host) GROUP BY host, step ORDER BY host, step
        """,
    )
    panels: dict[str, Row] = {}
    for row in found:
        panel = panels.setdefault(
            row["host"], {"host": row["host"], "publisher": row["publisher"], "pages": 0, "points": []}
        )
        panel["pages"] += row["pages"]
        panel["points"].append(row)
    drawn = [
        p for p in panels.values() if any(max(point["answered"], point["new"]) >= MIN_DAY for point in p["points"])
    ]
    return sorted(drawn, key=lambda panel: (-panel["pages"], panel["host"]))


def outcomes(db: duckdb.DuckDBPyConnection) -> list[Row]:
    """How pages ended, with the publisher (or host) where it happened most."""
    return rows(
        db,
        f"""
        WITH ends AS (
            SELECT outcome, reason, coalesce(nullif(publisher, ''),
                regexp_extract(url, '^[a-zA-Z]+://(?:[^/@]*@)?([^/:?#]+)', 1), '') AS who, count(*) AS n
            FROM pages GROUP BY ALL
        )
        SELECT outcome, reason, CAST(sum(n) AS BIGINT) AS n, arg_max(who, n) AS most, CAST(max(n) AS BIGINT) AS most_n,
            sum(n) / sum(sum(n)) OVER () AS share
        FROM ends GROUP BY outcome, reason
        ORDER BY list_position(['stored', 'duplicate', 'unchanged', 'rejected', 'failed'], outcome), n DESC, reason
        LIMIT {MAX_REASONS}
        """,
    )


def runs(db: duckdb.DuckDBPyConnection) -> list[Row]:
    """The last runs, newest first."""
    return rows(
        db,
        f"""SELECT run_id, command, status, exit_code, started_at, epoch(finished_at) - epoch(started_at) AS seconds, n_pages,
            n_articles, coalesce(list_sum(list_transform(copies, lambda c: c.value)), 0) AS n_copies, left(message, 300) AS message,
            versions, parameters
        FROM runs ORDER BY run_id DESC LIMIT {MAX_RUNS}""",
    )


def examples(db: duckdb.DuckDBPyConnection) -> list[Row]:
    """A few pairs worth looking at, with their texts: same-language copies that were edited, and translations.

    Of each kind the most telling: near copies around three quarters alike, partial ones around a third, the best translations;
    never two of one story or of the same two publishers while there are others.
    """
    picked: list[Row] = []
    for kinds, order, wanted in (
        (("near",), "abs(c.similarity - 0.75)", SAME_LANGUAGE_SHOWN // 2),
        (("partial",), "abs(coalesce(c.similarity, 0) - 0.35)", SAME_LANGUAGE_SHOWN // 2),
        (("translation",), "-c.score", TRANSLATIONS_SHOWN),
    ):
        found = rows(
            db,
            f"""
            SELECT c.*, a.title, a.url, a.who, a.language, a.published_at, o.title AS of_title, o.url AS of_url, o.who AS of_who,
                o.language AS of_language, o.published_at AS of_published_at, epoch(a.published_at) - epoch(o.published_at) AS delay
            FROM report_copies c JOIN report_articles a USING (article_id)
                JOIN report_articles o ON o.article_id = c.of_article_id
            WHERE list_contains(?, c.kind)
            QUALIFY row_number() OVER (PARTITION BY a.story_id ORDER BY {order}, c.article_id) = 1
            ORDER BY row_number() OVER (PARTITION BY a.who, o.who ORDER BY {order}, c.article_id),
                NOT (a.n_chars BETWEEN 500 AND 8000 AND o.n_chars BETWEEN 500 AND 8000), {order}, c.article_id
            LIMIT {wanted}
            """,
            list(kinds),
        )
        picked += found
    _add_texts(db, picked)
    _add_evidence(db, picked)
    return picked


def _add_texts(db: duckdb.DuckDBPyConnection, pairs: Sequence[Row]) -> None:
    ids = sorted({pair[key] for pair in pairs for key in ("article_id", "of_article_id")})
    if not ids:
        return
    marks = ", ".join("?" * len(ids))
    found = rows(
        db,
        f"SELECT article_id, arg_max(concat_ws(chr(10), nullif(lead, ''), text), version) AS text FROM articles "
        f"WHERE article_id IN ({marks}) GROUP BY article_id",
        *ids,
    )
    texts = {row["article_id"]: row["text"] or "" for row in found}
    for pair in pairs:
        pair["text"], pair["of_text"] = texts.get(pair["article_id"], ""), texts.get(pair["of_article_id"], "")


def _add_evidence(db: duckdb.DuckDBPyConnection, pairs: Sequence[Row]) -> None:
    ids = sorted({pair["article_id"] for pair in pairs})
    if not ids:
        return
    marks = ", ".join("?" * len(ids))
    found = rows(
        db,
        f"SELECT article_id, of_article_id, arg_max(evidence, decided_at) AS evidence, arg_max(method, decided_at) AS method "
        f"FROM copies WHERE article_id IN ({marks}) GROUP BY article_id, of_article_id",
        *ids,
    )
    told = {(row["article_id"], row["of_article_id"]): row for row in found}
    for pair in pairs:
        row = told.get((pair["article_id"], pair["of_article_id"]), {})
        pair["evidence"] = [(fact["name"], fact["value"]) for fact in row.get("evidence") or ()]
        pair["method"] = row.get("method", "")
