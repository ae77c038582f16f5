"""One machine and Spark give the same tables, and one goes on where the other ended."""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.config import Config
from crawler.ingesting import placed
from crawler.keeping import verify
from pipelines import sources
from pipelines.records import Article, Page
from pipelines.run import Run, parameters
from pipelines.sources import UnreadableSourceError
from pipelines.spark.session import HoldsRunsError, NoSparkError, check, session
from pipelines.store import Store
from tests.dedup.newsroom import paragraphs, sentences
from tests.java import needs_java
from tests.spark.same import differences
from tests.stories import STORIES

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def line(url: str, text: str, *, language: str = "de", hours: float = 0, **more: str) -> dict[str, str]:
    at = (FIRST + timedelta(hours=hours)).isoformat()
    return {"url": url, "text": text, "language": language, "published_at": at, "fetched_at": at, **more}


def newsroom() -> list[dict[str, str]]:
    """Copies, cuts, one host's boilerplate, a daily form, translations, declared sources, new versions, the same again, nothing, nonsense."""
    found = []
    for n in range(6):
        whole = paragraphs(n)
        found.append(line(f"https://one.example/story-{n}", whole, hours=n))
        found.append(line(f"https://two.example/other-head-{n}", "Vorspann der Agentur.\n" + whole, hours=n + 2))
        found.append(line(f"https://four.example/same-{n}", whole, hours=n + 1))
        cut = "\n".join(whole.split("\n")[: 2 + n % 3])
        found.append(
            line(f"https://three.example/short-{n}", cut, hours=n + 3, source_url=f"https://one.example/story-{n}")
        )
    teaser = " ".join(sentences(900, 8))
    found += [line(f"https://wall.example/a-{n}", f"{paragraphs(50 + n, 3)}\n{teaser}", hours=n) for n in range(5)]
    found += [line(f"https://form.example/day-{day}", form(day), hours=24 * day) for day in range(4)]
    for hours, story in enumerate(STORIES):
        body = "\n".join((story.vi.lead, *story.vi.paragraphs))
        original = f"https://congluan.vn/{story.slug}-post{story.number}.html"
        found.append(line(original, body, language="vi", hours=hours, title=story.vi.title))
        for language, text in story.translations.items():
            body = "\n".join((text.lead, *text.paragraphs))
            url = f"https://www.vietnam.vn/{language}/{story.slug}"
            found.append(line(url, body, language=language, hours=hours + 5, title=text.title, source_url=original))
    found.append(line("https://one.example/story-0", paragraphs(0) + "\nEin Satz kam noch dazu.", hours=9))
    found.append(line("https://one.example/story-1", paragraphs(1), hours=9))
    found.append(line("https://one.example/empty", " ", hours=9))
    found.append({"url": "https://one.example/no-text"})
    return found


def form(day: int) -> str:
    """Every day's other figures."""
    return "\n".join(
        f"Heizöl kostet in der Region {name} heute {(day * 37 + n * 13) % 90 + 10},{(day * 7 + n) % 90 + 10} Euro je Hektoliter frei Haus."
        for n, name in enumerate(("Nord", "Süd", "West", "Ost", "Mitte", "Küste", "Heide", "Marsch"))
    )


def written(path: Path, lines: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf8")
    return path


def ingest(data: Path, *files: Path) -> None:
    with Store.open(data, command="test", parameters=parameters()) as store:
        run = Run(store, data / "state", command="test", processes=0, batch=10_000, patience=3600)
        for file in files:
            for read in sources.read(file):
                run.submit(placed(read) if isinstance(read, Page) else read)
        run.close()


@dataclass(frozen=True)
class Made:
    files: tuple[Path, ...]
    one: Path
    spark: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    needs_java()
    from pipelines.spark import job

    folder = tmp_path_factory.mktemp("spark")
    lines = newsroom()
    files = (written(folder / "a.jsonl", lines[::2]), written(folder / "b.jsonl", lines[1::2]))
    ingest(folder / "one", *files)
    with session("local[2]") as spark:
        row = job.run(spark, [str(folder / "*.jsonl")], str(folder / "spark"), placed, command="spark")
        assert row.n_pages == len(lines) == sum(row.outcomes.values())
        with pytest.raises(HoldsRunsError, match="holds runs already"):
            job.run(spark, [str(files[0])], str(folder / "spark"), placed)
    return Made(files, folder / "one", folder / "spark")


def test_the_tables_are_those_of_one_machine(made: Made) -> None:
    unlike = differences(made.one, made.spark)
    assert unlike == {name: [] for name in unlike}
    with Store.open(made.spark, lock=False) as store:
        assert {"exact", "near", "partial", "translation"} <= set(store.read("copies")["kind"].to_pylist())
        ends = {f"{row['outcome']}/{row['reason']}" for row in store.read("pages").to_pylist()}
        assert ends == {"stored/", "duplicate/", "unchanged/", "rejected/empty", "failed/corrupt_record"}
        (row,) = store.read("runs").to_pylist()
        assert row["status"] == "partial"
        assert "sketch hashes" in row["message"]
        at_the_wall = {row["article_id"] for row in store.read("articles").to_pylist() if row["host"] == "wall.example"}
        assert len(at_the_wall) == 5
        assert not at_the_wall & set(store.read("copies")["article_id"].to_pylist())


def test_nothing_is_left_between_the_tables(made: Made) -> None:
    assert not list((made.spark / "state").glob("work-*"))
    assert not list((made.spark / "state" / "staging").glob("*"))
    tables = {name: pq.read_schema(next((made.spark / name).rglob("*.parquet"))) for name in ("articles", "copies")}
    for name, schema in tables.items():
        assert schema.equals(pq.read_schema(next((made.one / name).rglob("*.parquet"))), check_metadata=False)
        assert schema.metadata[b"copydesk.copies.shingles"]


def test_a_single_machine_goes_on_from_there(made: Made, tmp_path: Path) -> None:
    data = shutil.copytree(made.spark, tmp_path / "data")
    assert verify(Config(data=str(data)), repair=True) == 0
    late = written(tmp_path / "late.jsonl", [line("https://five.example/again", paragraphs(3), hours=60)])
    ingest(data, late, made.files[0])
    with Store.open(data, lock=False) as store:
        last = store.read("runs").sort_by("started_at").to_pylist()[-1]
        assert {end["name"]: end["value"] for end in last["outcomes"]}["duplicate"] == 1
        new = [row for row in store.read("articles").to_pylist() if row["host"] == "five.example"]
        old = [row for row in store.read("articles").to_pylist() if row["url"] == "https://one.example/story-3"]
        assert new[0]["story_id"] == old[0]["story_id"]


def test_what_cannot_be_started_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(NoSparkError, match="apt install openjdk"):
        check()
    monkeypatch.setattr("pipelines.spark.session.find_spec", lambda _: None)
    with pytest.raises(NoSparkError, match=r"pip install 'copydesk\[spark\]'"):
        check()


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    from pipelines.spark.reading import expand

    for source in (tmp_path / "none.jsonl", tmp_path / "*.warc.gz"):
        with pytest.raises(UnreadableSourceError, match="no such file"):
            expand(str(source))
    (tmp_path / "data" / "articles" / "date=2026-03-01").mkdir(parents=True)
    table = tmp_path / "data" / "articles" / "date=2026-03-01" / "x.parquet"
    pq.write_table(pa.table({"url": ["https://one.example/x"], "body": [b"<p>x</p>"]}), table)
    assert expand(str(tmp_path / "data")) == [str(table)]


def test_articles_and_pages_are_read_from_parquet(tmp_path: Path) -> None:
    ingest(tmp_path / "data", written(tmp_path / "a.jsonl", newsroom()[:4]))
    found = [read for path in (tmp_path / "data" / "articles").rglob("*.parquet") for read in sources.read(path)]
    assert len(found) == 4
    assert all(isinstance(read, Article) and read.content_hash and not read.story_id for read in found)
    ingest(tmp_path / "again", *(tmp_path / "data" / "articles").rglob("*.parquet"))
    unlike = differences(tmp_path / "data", tmp_path / "again")  # which of two came first is not in the rows
    assert unlike["copies"] == unlike["stories"] == []

    pq.write_table(
        pa.table({"url": ["https://one.example/x"], "body": ["<p>Hallo</p>"], "status": [404]}), tmp_path / "p.parquet"
    )
    (page,) = sources.read(tmp_path / "p.parquet")
    assert isinstance(page, Page)
    assert (page.url, page.body, page.status) == ("https://one.example/x", b"<p>Hallo</p>", 404)
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    with pytest.raises(UnreadableSourceError, match="neither articles"):
        sources.check(tmp_path / "other.parquet")
    whole = (tmp_path / "p.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableSourceError, match="not a Parquet file"):
        sources.check(tmp_path / "cut.parquet")
