"""Questions about one article, answered from the tables alone: what is known of it, and why it ended as it did.

Everything takes a DuckDB connection with the views of `pipelines/store/views.sql` and returns plain rows.
"""

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import duckdb

from pipelines import urls
from pipelines.records import Copy, Fact

Row = dict[str, Any]


def rows(db: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[Row]:
    """The answer to a query with `?` marks, as dictionaries."""
    cursor = db.execute(query, values)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def article_id(db: duckdb.DuckDBPyConnection, what: str, keys: Sequence[str] = ()) -> str | None:
    """The id of an article named by its id, the start of its id (8 digits or more), or any of its addresses.

    `keys` are further forms of the address under which it may be known (a publisher's key).
    """
    if re.fullmatch(r"[0-9a-f]{8,32}", what):
        found = rows(db, "SELECT article_id FROM articles WHERE starts_with(article_id, ?) LIMIT 1", what)
        if found:
            return str(found[0]["article_id"])
    forms = [what, *keys]
    try:
        forms.append(urls.canonical(what))
    except ValueError:
        if not keys:
            return None
    ids = [urls.article_id(form) for form in forms]
    found = rows(
        db,
        "SELECT article_id FROM articles WHERE list_contains(?, article_id) OR list_contains(?, url) "
        "OR list_contains(?, canonical_url) LIMIT 1",
        ids, forms, forms,
    )  # fmt: skip
    if not found:
        found = rows(
            db,
            "SELECT article_id FROM pages WHERE article_id IS NOT NULL "
            "AND (list_contains(?, url) OR list_contains(?, requested_url)) LIMIT 1",
            forms, forms,
        )  # fmt: skip
    return str(found[0]["article_id"]) if found else None


def visits(db: duckdb.DuckDBPyConnection, forms: Sequence[str], article: str | None) -> list[Row]:
    """Every time a page was read for this article or for one of these forms of an address, oldest first."""
    return rows(
        db,
        "SELECT fetched_at, url, status, outcome, reason, n_bytes, archive_file, archive_offset, run_id FROM pages "
        "WHERE article_id = ? OR list_contains(?, url) OR list_contains(?, requested_url) ORDER BY fetched_at",
        article, list(forms), list(forms),
    )  # fmt: skip


def versions(db: duckdb.DuckDBPyConnection, article: str) -> list[Row]:
    """Every stored version of an article, oldest first."""
    return rows(db, "SELECT * FROM articles WHERE article_id = ? ORDER BY version", article)


def relations(db: duckdb.DuckDBPyConnection, article: str) -> list[Row]:
    """Every decided relation of an article, with the other article's title; a later row of a pair supersedes an earlier one."""
    return rows(
        db,
        "SELECT c.*, a.title, a.url, a.language, a.host FROM copies c LEFT JOIN articles_latest a "
        "ON a.article_id = CASE WHEN c.article_id = $1 THEN c.of_article_id ELSE c.article_id END "
        "WHERE c.article_id = $1 OR c.of_article_id = $1 ORDER BY c.decided_at, c.score DESC",
        article,
    )


def copies(db: duckdb.DuckDBPyConnection, articles: Sequence[str]) -> list[Copy]:
    """Every decided relation between some articles."""
    found = rows(
        db,
        "SELECT * FROM copies WHERE list_contains($1, article_id) AND list_contains($1, of_article_id)",
        list(articles),
    )
    names = [one.name for one in fields(Copy)]
    return [
        Copy(**{name: row[name] for name in names} | {"evidence": tuple(Fact(**one) for one in row["evidence"] or ())})
        for row in found
    ]


def story(db: duckdb.DuckDBPyConnection, article: str) -> list[Row]:
    """All articles of the article's story, original first, then by time of publication."""
    return rows(
        db,
        "SELECT s.*, a.title, a.url, a.host, a.publisher, a.language, a.published_at, a.n_chars, a.source_url, a.source_name "
        "FROM stories s JOIN articles_latest a USING (article_id) "
        "WHERE s.story_id = (SELECT story_id FROM stories WHERE article_id = ?) "
        "ORDER BY s.article_id <> s.original_id, a.published_at NULLS LAST, a.fetched_at",
        article,
    )
