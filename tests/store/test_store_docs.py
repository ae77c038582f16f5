"""What the pages say about the tables is true: columns, examples, views."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import NOON, article, commit, copy

from pipelines.records import Commit
from pipelines.store import VIEWS, StorageError, Store, connect
from pipelines.store.schema import SCHEMAS, STORIES
from tests.java import needs_java

ROOT = Path(__file__).parents[2]


def type_name(kind: pa.DataType) -> str:
    """A type as data/README.md writes it."""
    if pa.types.is_timestamp(kind):
        return "time"
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return f"list<struct<{', '.join(field.name for field in kind.value_type)}>>"
    if pa.types.is_list(kind):
        return f"list<{type_name(kind.value_type)}>"
    return str(kind)


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_column_is_described(table: str) -> None:
    section = (ROOT / "data" / "README.md").read_text().split(f"\n## {table}\n")[1].split("\n## ")[0]
    described = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("|")
    ]
    assert described[0] == ["column", "type", "meaning", "null when"]
    assert [(row[0], row[1]) for row in described[2:]] == [(f.name, type_name(f.type)) for f in SCHEMAS[table]]
    assert all(len(row) == 4 and row[2] and row[3] for row in described[2:])
    never = {row[0] for row in described[2:] if row[3] == "never"}
    assert {f.name for f in SCHEMAS[table] if not f.nullable} <= never


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten articles in two commits; 1 and 2 are copies of 0, 3 was once, and there is a second version of 4."""
    folder = tmp_path_factory.mktemp("docs") / "data"
    later = NOON + timedelta(days=1)
    with Store.open(folder) as store:
        copies = (copy(1, 0), copy(2, 0), copy(3, 0))
        store.commit(
            Commit(
                "20260314T000000Z-000000-0001",
                "20260314T000000Z-000000",
                commit(0, 5).articles,
                copies,
                commit(0, 5).pages,
            )
        )
        taken_back = copy(0, 3, at=later)
        new = (*commit(1, 5).articles, article(4, version=2, text="corrected", at=later))
        last = commit(1, 5)
        store.commit(Commit(last.commit_id, last.run_id, new, (replace_kind(taken_back),), last.pages, last.run))
        ids = [f"{n:032x}" for n in range(10)]
        story = [ids[0]] * 3 + ids[3:]
        store.write_stories(
            "r",
            pa.table(
                {
                    "article_id": ids, "story_id": story, "canonical_id": story, "is_canonical": [i == s for i, s in zip(ids, story, strict=True)],
                    "reason": ["earliest_complete"] * 3 + ["only_one"] * 7, "original_id": story, "first_published_at": pa.array([NOON] * 10),
                    "delay": [0.0, 600.0, 1200.0, *[0.0] * 7], "n_articles": pa.array([3] * 3 + [1] * 7, pa.int32()),
                    "languages": [["de", "vi"]] * 3 + [["vi"]] * 7, "attributed": [None, True, False, *[None] * 7],
                }
            ).cast(STORIES),
        )  # fmt: skip
    return folder


def replace_kind(row: object) -> object:
    from dataclasses import replace

    return replace(row, kind="refuted")  # type: ignore[type-var]


def test_views_say_what_they_promise(data: Path) -> None:
    with connect(data) as db:
        assert {
            row[0] for row in db.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        } == set(VIEWS)
        assert db.execute("SELECT count(*), count(DISTINCT article_id) FROM articles_latest").fetchone() == (10, 10)
        assert db.execute("SELECT text FROM articles_latest WHERE version = 2").fetchall() == [("corrected",)]
        assert db.execute("SELECT count(*), count(DISTINCT story_id) FROM clean").fetchone() == (8, 8)
        pairs = db.execute("SELECT title, of_title, kind, delay FROM copies_with_titles ORDER BY 1").fetchall()
        assert pairs == [("Story 1", "Story 0", "near", -3600.0), ("Story 2", "Story 0", "near", -7200.0)]
        assert db.execute("FROM syndication").fetchall() == [
            ("paper0", "paper1", 1, 1, 1, 600.0),
            ("paper0", "paper2", 1, 1, 0, 1200.0),
        ]
        assert dict(db.execute("SELECT language, n_copies FROM languages").fetchall()) == {"vi": 0, "de": 1, None: 1}
        assert db.execute("SELECT typeof(date) FROM articles LIMIT 1").fetchone() == ("DATE",)


@pytest.mark.parametrize("state", ["empty folder", "no stories"])
def test_views_stand_over_what_is_not_there_yet(tmp_path: Path, state: str) -> None:
    if state == "no stories":
        with Store.open(tmp_path) as store:
            store.commit(commit(0, 3))
    with connect(tmp_path) as db:
        for view in VIEWS:
            db.execute(f"SELECT * FROM {view}").fetchall()
        for table, schema in SCHEMAS.items():
            columns = db.execute(f"DESCRIBE {table}").fetchall()
            assert [c[0] for c in columns][: len(schema)] == schema.names
            assert "NULL" not in {c[1] for c in columns}
        assert db.execute("SELECT count(*) FROM clean").fetchone() == (0,)


def test_views_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such data folder"):
        connect(tmp_path / "nowhere")


def test_a_folder_with_a_quote_in_its_name(tmp_path: Path) -> None:
    with Store.open(tmp_path / "it's") as store:
        store.commit(commit(0, 3))
    with connect(tmp_path / "it's") as db:
        assert db.execute("SELECT count(*) FROM articles").fetchone() == (3,)


def test_the_empty_tables_of_the_views_have_the_types_of_the_files(data: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("empty").mkdir()
    with connect(data) as full, connect(tmp_path / "empty") as empty:
        for table in SCHEMAS:
            types = [
                dict(d.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall())
                for d in (full, empty)
            ]
            assert types[0] == types[1]


def examples() -> Iterator[tuple[str, str]]:
    text = (ROOT / "docs" / "data.md").read_text()
    for i, match in enumerate(re.finditer(r"^```(python|sql)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)):
        heading = re.findall(r"^##+ (.*)$", text[: match.start()], re.MULTILINE)[-1]
        yield pytest.param(match[1], match[2], id=f"{i}-{heading}")  # type: ignore[misc]


@pytest.mark.parametrize(("language", "code"), examples())
def test_examples_of_the_documentation_run(
    language: str, code: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data.parent)
    if language == "sql":
        with connect("data") as db:
            assert db.execute(code).fetchall()
        return
    if "pyspark" in code:
        needs_java()
        # A Java machine keeps the working directory it was started in, and lives as long as its Python: it gets its own.
        subprocess.run([sys.executable, "-c", code], check=True)
        return
    exec(code, {"__name__": "example"})


def test_every_tool_has_an_example() -> None:
    code = "\n".join(example.values[1] for example in examples())  # type: ignore[attr-defined]
    for tool in ("pandas", "polars", "duckdb", "pyspark", "pyarrow", "pipelines.store"):
        assert f"import {tool}" in code or f"from {tool}" in code
