"""The columns of the five tables, and the way between records and Arrow.

A schema grows by columns at the end of a table, never by a change of type: readers join old and new files by name
(`tests/store/test_schema.py` compares with the released `schema-1.json`). Every list and struct is one that pandas,
Polars, DuckDB and Spark read alike; Arrow maps are not (Polars returns structs, pandas pairs), so pairs of name and
value are lists of structs.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.records import Article, Copy, Declaration, Fact, Image, PageRow, Removed, RunRow

SCHEMA_VERSION = 1

_TIME = pa.timestamp("us", "UTC")
_TEXT = pa.string()
_ID = pa.string()


def _structs(**fields: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct([pa.field(name, kind) for name, kind in fields.items()]))


def _schema(required: Sequence[str], **columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=name not in required) for name, kind in columns.items()])


ARTICLES = _schema(
    ("article_id", "version", "url", "title", "text", "n_chars", "fetched_at", "run_id", "commit_id"),
    article_id=_ID,
    version=pa.int32(),
    content_hash=_ID,
    url=_TEXT,
    canonical_url=_TEXT,
    host=_TEXT,
    publisher=_TEXT,
    language=_TEXT,
    title=_TEXT,
    lead=_TEXT,
    text=_TEXT,
    authors=pa.list_(_TEXT),
    published_at=_TIME,
    published_at_source=_TEXT,
    modified_at=_TIME,
    section=_TEXT,
    tags=pa.list_(_TEXT),
    images=_structs(url=_TEXT, caption=_TEXT),
    source_name=_TEXT,
    source_url=_TEXT,
    credits=pa.list_(_TEXT),
    dateline=_TEXT,
    declarations=_structs(kind=_TEXT, value=_TEXT, where=_TEXT, language=_TEXT),
    removed=_structs(kind=_TEXT, text=_TEXT),
    n_chars=pa.int32(),
    rights=_TEXT,
    fetched_at=_TIME,
    run_id=_ID,
    extractor=_TEXT,
    cleaner=_TEXT,
    archive_file=_TEXT,
    archive_offset=pa.int64(),
    duplicate_of=_ID,
    duplicate_kind=_TEXT,
    story_id=_ID,
    commit_id=_ID,
)

COPIES = _schema(
    ("article_id", "of_article_id", "kind", "score", "decided_at", "run_id", "method", "commit_id"),
    article_id=_ID,
    of_article_id=_ID,
    kind=_TEXT,
    similarity=pa.float64(),
    containment=pa.float64(),
    containment_of=pa.float64(),
    score=pa.float64(),
    evidence=_structs(name=_TEXT, value=_TEXT),
    decided_at=_TIME,
    run_id=_ID,
    method=_TEXT,
    commit_id=_ID,
)

PAGES = _schema(
    ("url", "status", "n_bytes", "fetched_at", "outcome", "reason", "run_id", "commit_id"),
    url=_TEXT,
    requested_url=_TEXT,
    publisher=_TEXT,
    status=pa.int32(),
    content_type=_TEXT,
    n_bytes=pa.int64(),
    fetched_at=_TIME,
    outcome=_TEXT,
    reason=_TEXT,
    run_id=_ID,
    article_id=_ID,
    version=pa.int32(),
    archive_file=_TEXT,
    archive_offset=pa.int64(),
    seconds=pa.float64(),
    commit_id=_ID,
)

RUNS = _schema(
    ("run_id", "command", "status", "started_at", "finished_at", "n_pages", "n_articles", "commit_id"),
    run_id=_ID,
    command=_TEXT,
    status=_TEXT,
    exit_code=pa.int32(),
    started_at=_TIME,
    finished_at=_TIME,
    n_pages=pa.int64(),
    n_articles=pa.int64(),
    outcomes=_structs(name=_TEXT, value=pa.int64()),
    copies=_structs(name=_TEXT, value=pa.int64()),
    versions=_structs(name=_TEXT, value=_TEXT),
    parameters=_structs(name=_TEXT, value=_TEXT),
    durations=_structs(name=_TEXT, value=pa.float64()),
    message=_TEXT,
    commit_id=_ID,
)

STORIES = _schema(
    ("article_id", "story_id", "canonical_id", "is_canonical", "reason", "original_id", "n_articles"),
    article_id=_ID,
    story_id=_ID,
    canonical_id=_ID,
    is_canonical=pa.bool_(),
    reason=_TEXT,
    original_id=_ID,
    first_published_at=_TIME,
    delay=pa.float64(),
    n_articles=pa.int32(),
    languages=pa.list_(_TEXT),
    attributed=pa.bool_(),
)

SCHEMAS: Mapping[str, pa.Schema] = {
    "articles": ARTICLES,
    "copies": COPIES,
    "pages": PAGES,
    "runs": RUNS,
    "stories": STORIES,
}
"""Table name → its schema, in the order in which a commit makes the tables visible."""

SORTED_BY: Mapping[str, tuple[str, ...]] = {
    "articles": ("language", "host", "published_at"),
    "copies": ("kind", "of_article_id", "article_id"),
    "pages": ("publisher", "url"),
    "runs": ("run_id",),
    "stories": ("article_id",),
}


def _unbroken(value: Any) -> Any:
    """`value` with lone surrogates replaced by U+FFFD: one page must not cost a commit."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {k: _unbroken(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_unbroken(v) for v in value]
    return value


def _column(values: list[Any], field: pa.Field) -> pa.Array:
    if pa.types.is_timestamp(field.type):
        for value in values:
            if value is not None and value.tzinfo is None:
                raise ValueError(f"{field.name}: {value.isoformat()} has no time zone")
    try:
        return pa.array(values, field.type)
    except UnicodeEncodeError:
        return pa.array(_unbroken(values), field.type)


def _table(schema: pa.Schema, rows: Sequence[Any], special: Mapping[str, list[Any]]) -> pa.Table:
    columns = [
        _column(special[field.name] if field.name in special else [getattr(row, field.name) for row in rows], field)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def articles_table(articles: Sequence[Article], commit_id: str) -> pa.Table:
    """The rows of `articles`, in the order given. Raises ValueError for a time without zone."""
    return _table(
        ARTICLES,
        articles,
        {
            "images": [[{"url": i.url, "caption": i.caption} for i in a.images] for a in articles],
            "declarations": [
                [{"kind": d.kind, "value": d.value, "where": d.where, "language": d.language} for d in a.declarations]
                for a in articles
            ],
            "removed": [[{"kind": r.kind, "text": r.text} for r in a.removed] for a in articles],
            "commit_id": [commit_id] * len(articles),
        },
    )


def copies_table(copies: Sequence[Copy], commit_id: str) -> pa.Table:
    """The rows of `copies`, in the order given. Raises ValueError for a time without zone."""
    evidence = [[{"name": f.name, "value": f.value} for f in c.evidence] for c in copies]
    return _table(COPIES, copies, {"evidence": evidence, "commit_id": [commit_id] * len(copies)})


def pages_table(pages: Sequence[PageRow], commit_id: str) -> pa.Table:
    """The rows of `pages`, in the order given. Raises ValueError for a time without zone."""
    return _table(PAGES, pages, {"commit_id": [commit_id] * len(pages)})


def runs_table(runs: Sequence[RunRow], commit_id: str) -> pa.Table:
    """The rows of `runs`, in the order given. Raises ValueError for a time without zone."""
    pairs: dict[str, list[Any]] = {
        name: [[{"name": k, "value": v} for k, v in getattr(run, name).items()] for run in runs]
        for name in ("outcomes", "copies", "versions", "parameters", "durations")
    }
    return _table(RUNS, runs, {**pairs, "commit_id": [commit_id] * len(runs)})


def articles_of_table(table: pa.Table) -> list[Article]:
    """The records of rows of `articles`; `table` must have all columns but may lack `commit_id`."""
    return [
        Article(
            **{
                **_record(row, ARTICLES, leave=("n_chars", "commit_id")),
                "images": tuple(Image(**i) for i in row["images"] or ()),
                "declarations": tuple(Declaration(**d) for d in row["declarations"] or ()),
                "removed": tuple(Removed(**r) for r in row["removed"] or ()),
            }
        )
        for row in table.to_pylist()
    ]


def copies_of_table(table: pa.Table) -> list[Copy]:
    """The records of rows of `copies`."""
    return [
        Copy(
            **{
                **_record(row, COPIES, leave=("commit_id",)),
                "evidence": tuple(Fact(**f) for f in row["evidence"] or ()),
            }
        )
        for row in table.to_pylist()
    ]


def pages_of_table(table: pa.Table) -> list[PageRow]:
    """The records of rows of `pages`."""
    return [PageRow(**_record(row, PAGES, leave=("commit_id",))) for row in table.to_pylist()]


def _record(row: Mapping[str, Any], schema: pa.Schema, leave: Sequence[str]) -> dict[str, Any]:
    record = {}
    for field in schema:
        if field.name in leave:
            continue
        value = row[field.name]
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
        elif isinstance(value, list):
            value = tuple(value)
        record[field.name] = value
    return record


def days(times: Iterable[datetime]) -> list[date]:
    """The UTC day of each time."""
    return [t.astimezone(UTC).date() for t in times]


def whole(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`table` with all columns of `schema` and no others; those it lacks are null."""
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def in_order(table: pa.Table, name: str) -> pa.Table:
    """`table` sorted as files of the table `name` are: neighbours share columns, so the file is smaller and filters skip."""
    first, *others = SORTED_BY[name]
    if not others:  # stories come sorted, a million at a time; looking costs a fortieth of sorting
        column = table[first].combine_chunks()
        if pc.all(pc.less_equal(column[:-1], column[1:])).as_py() is not False and not column.null_count:
            return table
    keys = [(column, "ascending") for column in SORTED_BY[name]]
    return table.take(pc.sort_indices(table, sort_keys=keys))
