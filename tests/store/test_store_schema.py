"""Columns may be added, never changed; and old files are read together with new ones by everybody."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from conftest import NOON, article, commit, copy, page, run, stories
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Article, Copy, Fact, PageRow, RunRow, Story
from pipelines.store import Store, connect
from pipelines.store import schema as rows
from pipelines.store.schema import SCHEMAS
from tests.java import needs_java

NOT_COLUMNS = {"published_offset", "page_lines", "below"}  # the record says so


# -- the released schema ------------------------------------------------------------------------------------------------


def test_no_column_of_a_released_schema_is_gone_or_has_another_type() -> None:
    released = json.loads(resources("pipelines.store").joinpath("schema-1.json").read_text())
    for table, columns in released.items():
        now = {field.name: str(field.type) for field in SCHEMAS[table]}
        assert {name: now.get(name) for name in columns} == columns, (
            f"{table}: a released column changed. Add a new column instead; a change of type breaks every reader of old files."
        )
        assert list(now)[: len(columns)] == list(columns), f"{table}: new columns go behind the old ones"


@pytest.mark.parametrize(
    ("table", "record"),
    [("articles", Article), ("copies", Copy), ("pages", PageRow), ("runs", RunRow), ("stories", Story)],
)
def test_every_field_of_a_record_is_a_column(table: str, record: Any) -> None:
    extra = {"articles": {"n_chars", "commit_id"}, "stories": set()}.get(table, {"commit_id"})
    assert {f.name for f in fields(record)} - NOT_COLUMNS | extra == set(SCHEMAS[table].names)


# -- records and rows ----------------------------------------------------------------------------------------------------

WORDS = st.text(max_size=20)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=7))])
TIMES = st.integers(-(10**15), 10**15).flatmap(lambda us: ZONES.map((NOON + timedelta(microseconds=us)).astimezone))


@given(WORDS, TIMES, st.none() | TIMES, st.lists(WORDS).map(tuple), st.none() | WORDS)
def test_articles_come_back_as_they_were(
    text: str, at: datetime, published: datetime | None, tags: tuple[str, ...], maybe: str | None
) -> None:
    one = replace(article(1), text=text, fetched_at=at, published_at=published, tags=tags, section=maybe)
    assert rows.articles_of_table(rows.articles_table([one, article(2)], "c")) == [one, article(2)]


def test_copies_and_pages_come_back_as_they_were() -> None:
    refuted = replace(copy(1, 2), kind="refuted", similarity=None, evidence=())
    assert rows.copies_of_table(rows.copies_table([copy(3, 1), refuted], "c")) == [copy(3, 1), refuted]
    assert rows.pages_of_table(rows.pages_table([page(1), page(2)], "c")) == [page(1), page(2)]
    table = rows.runs_table([run("r", 3)], "c").to_pylist()
    assert table[0]["outcomes"] == [{"name": "stored", "value": 3}]
    assert table[0]["durations"] == [{"name": "extract", "value": 1.5}]


def test_a_broken_character_costs_no_commit(tmp_path: Path) -> None:
    hostile = replace(article(1), text="half \ud83d a pair", tags=("\udfff",), title="\x00")
    with Store.open(tmp_path) as store:
        store.commit(replace(commit(0, 5), articles=(hostile, article(2))))
        back = store.article(hostile.article_id)
    assert back is not None
    assert (back.text, back.tags, back.title) == ("half \ufffd a pair", ("\ufffd",), "\x00")


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    naive = replace(article(1), published_at=NOON.replace(tzinfo=None))
    with Store.open(tmp_path) as store:
        with pytest.raises(ValueError, match=r"published_at: .* has no time zone"):
            store.commit(replace(commit(0, 5), articles=(naive,)))
        assert store.commits() == []


def test_days_are_days_in_utc(tmp_path: Path) -> None:
    hanoi = timezone(timedelta(hours=7))
    late = article(1, at=datetime(2026, 3, 15, 6, 59, tzinfo=hanoi))
    with Store.open(tmp_path) as store:
        store.commit(replace(commit(0, 5), articles=(late,), copies=(copy(1, 2, at=NOON),)))
    assert [path.parent.name for path in tmp_path.glob("articles/*/*")] == ["date=2026-03-14"]


def test_a_file_says_what_made_it_and_is_written_as_promised(tmp_path: Path) -> None:
    with Store.open(tmp_path, parameters={"shingle": "word-3", "extractor": "extract/1"}) as store:
        store.commit(commit(0, 50))
        store.write_stories("r", stories("a", "b"))
        assert store.stories_commit() == commit(0).commit_id
    for table in SCHEMAS:
        file = pq.ParquetFile(next(tmp_path.glob(f"{table}/**/*.parquet")))
        said = file.schema_arrow.metadata
        assert said[b"copydesk.schema_version"] == b"1"
        assert said[b"copydesk.shingle"] == b"word-3"
        group = file.metadata.row_group(0)
        columns = [group.column(i) for i in range(group.num_columns)]
        assert {c.compression for c in columns} == {"ZSTD"}
        assert all(c.has_offset_index and c.has_column_index for c in columns if c.is_stats_set)
        by_name = {c.path_in_schema: c for c in columns}
        assert by_name["article_id" if table != "runs" else "run_id"].is_stats_set
        assert not any("DICTIONARY" in e for n, c in by_name.items() if n.endswith(("_id", "url", "text")) and n not in ("run_id", "commit_id") for e in c.encodings)  # fmt: skip
    articles = pq.read_table(next(tmp_path.glob("articles/**/*.parquet")), partitioning=None).to_pylist()
    keys = [(r["language"] or "~", r["host"], r["published_at"]) for r in articles]
    assert keys == sorted(keys)


@pytest.mark.parametrize("ids", ["abc", "cab", "", "a", "ba"])
def test_stories_are_sorted_whether_they_come_so_or_not(tmp_path: Path, ids: str) -> None:
    with Store.open(tmp_path) as store:
        store.write_stories("r", stories(*ids))
        assert store.stories()["article_id"].to_pylist() == sorted(ids)


# -- evolution ----------------------------------------------------------------------------------------------------------


def _newest(folder: Path) -> pa.Schema:
    return pq.read_schema(max(folder.glob("*/*.parquet")))


def _spark(folder: Path) -> list[tuple[Any, Any]]:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        found = session.read.option("mergeSchema", "true").parquet(str(folder)).select("article_id", "mood").collect()
    finally:
        session.stop()
    return [(r.article_id, r.mood) for r in found]


READERS: dict[str, Callable[[Path], list[tuple[Any, Any]]]] = {
    "pyarrow": lambda p: [
        (r["article_id"], r.get("mood"))
        for r in ds.dataset(p, schema=_newest(p), format="parquet").to_table().to_pylist()
    ],
    "duckdb": lambda p: duckdb.connect().execute(f"SELECT article_id, mood FROM read_parquet('{p}/**/*.parquet', union_by_name = true)").fetchall(),
    "polars": lambda p: pl.scan_parquet(p, missing_columns="insert", schema=pl.read_parquet_schema(max(p.glob("*/*")))).select("article_id", "mood").collect().rows(),
    "pandas": lambda p: [
        (i, None if pd.isna(m) else m)
        for i, m in pd.read_parquet(p, schema=_newest(p))[["article_id", "mood"]].itertuples(index=False)
    ],
    "spark": _spark,
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_old_and_new_files_are_read_together(tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if reader == "spark":
        needs_java()
    with Store.open(tmp_path) as store:
        store.commit(commit(0, 5))
    known = rows.ARTICLES
    with Store.open(tmp_path) as store:
        newer = known.append(pa.field("mood", pa.string()))
        monkeypatch.setitem(SCHEMAS, "articles", newer)  # type: ignore[arg-type]
        calm = rows.articles_table(commit(1, 5).articles, "c").append_column("mood", pa.array(["calm"] * 5))
        monkeypatch.setattr(rows, "articles_table", lambda articles, _: calm if articles else known.empty_table())
        store.commit(commit(1, 5))
        assert sorted(store.read("articles", ["mood"])["mood"].to_pylist(), key=str) == [None] * 5 + ["calm"] * 5
    found = READERS[reader](tmp_path / "articles")
    assert sorted(found) == [(f"{n:032x}", "calm" if n >= 5 else None) for n in range(10)]


def test_an_older_program_reads_what_a_newer_one_wrote(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.commit(commit(0, 5))
        path = next(tmp_path.glob("articles/*/*"))
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table.append_column("mood", pa.array(["calm"] * 5)), path)
        assert store.article(article(1).article_id) == article(1)
        with connect(tmp_path) as db:
            assert db.execute("SELECT count(*) FROM articles WHERE mood = 'calm'").fetchone() == (5,)


@pytest.mark.parametrize("table", SCHEMAS)
def test_each_reader_takes_each_table_as_a_folder(tmp_path: Path, table: str) -> None:
    with Store.open(tmp_path) as store:
        store.commit(commit(0, 5))
        store.commit(commit(1, 5, at=NOON + timedelta(days=1)))
        store.write_stories("r", stories("a", "b"))
    n = {"copies": 8, "runs": 2, "stories": 2}.get(table, 10)
    folder = tmp_path / table
    glob = f"{folder}/**/*.parquet"
    columns = set(SCHEMAS[table].names) | (set() if table in ("runs", "stories") else {"date"})
    frame = pd.read_parquet(folder)
    assert (len(frame), set(frame.columns)) == (n, columns)
    assert (len(pl.read_parquet(folder)), set(pl.read_parquet(folder).columns)) == (n, columns)
    assert len(pl.read_parquet(glob)) == n
    assert ds.dataset(folder, format="parquet").count_rows() == n
    assert ds.dataset(folder, format="parquet", partitioning="hive").to_table().num_rows == n
    found = duckdb.connect().execute(f"FROM '{glob}'")
    assert len(found.fetchall()) == n
    assert {c[0] for c in found.description or ()} == columns


def test_evidence_keeps_its_order() -> None:
    facts = tuple(Fact(f"f{i}", str(i)) for i in (3, 1, 2))
    one = replace(copy(1, 2), evidence=facts)
    assert rows.copies_of_table(rows.copies_table([one], "c"))[0].evidence == facts
