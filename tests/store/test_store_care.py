"""compact, verify and forget."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from conftest import NOON, article, commit, copy, page, stories

from pipelines.records import Commit
from pipelines.store import Problem, StorageError, Store, compact, forget, tombstones, verify
from pipelines.store.compacting import MAX_ROWS
from pipelines.store.schema import ARTICLES

LATER = date(2026, 3, 20)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three runs on one day and one on the next, with stories."""
    with Store.open(tmp_path) as store:
        for k in range(4):
            store.commit(commit(k, 5, at=NOON + timedelta(days=k // 3)))
        store.write_stories(
            "20260314T000003Z-000003", stories(*(a.article_id for k in range(4) for a in commit(k, 5).articles))
        )
    return tmp_path


def globbed(data: Path, table: str) -> list[Path]:
    return sorted(data.glob(f"{table}/**/*.parquet"))


# -- compact ----------------------------------------------------------------------------------------------------------


def test_past_days_become_one_file_each(data: Path) -> None:
    with Store.open(data) as store:
        rows = {table: store.read(table) for table in ("articles", "copies", "pages", "runs")}
        done = compact(store, date(2026, 3, 15))
        assert {(c.folder, c.files_before, c.files_after, c.rows) for c in done} == {
            ("articles/date=2026-03-14", 3, 1, 15),
            ("copies/date=2026-03-14", 3, 1, 12),
            ("pages/date=2026-03-14", 3, 1, 15),
            ("runs", 4, 1, 4),
        }
        for table, before in rows.items():
            after = store.read(table)
            assert sorted(map(str, after.to_pylist())) == sorted(map(str, before.to_pylist()))
        assert len(globbed(data, "articles")) == 2
        assert compact(store, date(2026, 3, 15)) == []
        assert verify(store) == []


def test_a_dead_run_is_known_also_when_its_neighbours_are_compacted(data: Path) -> None:
    with Store.open(data) as store:
        store.commit(commit(7, 5, last=False))
        compact(store, LATER)
        assert store.unfinished_runs() == [commit(7).run_id]


def test_compacted_rows_are_sorted_and_a_commit_still_finds_its_own(data: Path) -> None:
    with Store.open(data) as store:
        compact(store, LATER)
        table = pq.read_table(globbed(data, "articles")[0], partitioning=None)
        keys = [(r["language"] or "~", r["host"], r["published_at"]) for r in table.to_pylist()]
        assert keys == sorted(keys)
        for k in range(4):
            assert set(store.articles_of(commit(k).commit_id)) == set(
                commit(k, 5, at=NOON + timedelta(days=k // 3)).articles
            )
            assert len(list(store.copies_of(commit(k).commit_id))) == 4


def test_today_is_left_alone(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    with Store.open(tmp_path) as store:
        for k in range(2):
            store.commit(commit(k, 5, at=datetime.now(UTC) + timedelta(minutes=5)))
        assert [c.folder for c in compact(store)] == ["runs"]
        assert len(compact(store, date(9999, 1, 1))) == 3


def test_replaced_files_stay_readable_for_a_while(data: Path) -> None:
    with Store.open(data) as store:
        open_file = globbed(data, "articles")[0].open("rb")
        compact(store, LATER)
        with open_file:
            assert pq.read_table(open_file).num_rows == 5
        kept = list((data / "state" / "replaced").glob("*/articles/date=2026-03-14/*.parquet"))
        assert len(kept) == 3
        assert ds.dataset([str(path) for path in kept]).count_rows() == 15
        compact(store, LATER)
        assert kept[0].exists()
        compact(store, LATER, grace=timedelta())
        assert not kept[0].exists()


def test_files_of_other_parameters_or_unknown_columns_are_not_mixed_up(tmp_path: Path) -> None:
    for k, parameters in enumerate([{"shingle": "3"}, {"shingle": "5"}, {"shingle": "5"}]):
        with Store.open(tmp_path, parameters=parameters) as store:
            store.commit(commit(k, 5))
    with Store.open(tmp_path) as store:
        compact(store, LATER)
    said = {
        pq.read_schema(path).metadata[b"copydesk.shingle"]: pq.read_metadata(path).num_rows
        for path in globbed(tmp_path, "articles")
    }
    assert said == {b"3": 5, b"5": 10}


def test_a_column_of_a_newer_version_survives(data: Path) -> None:
    path = globbed(data, "articles")[0]
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.append_column("mood", pa.array(["calm"] * len(table))), path)
    with Store.open(data) as store:
        compact(store, LATER)
        moods = [
            r.get("mood") for p in globbed(data, "articles") for r in pq.read_table(p, partitioning=None).to_pylist()
        ]
    assert moods.count("calm") == 5


def test_large_files_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_ROWS >= 50_000
    monkeypatch.setattr("pipelines.store.compacting.MAX_ROWS", 12)
    with Store.open(tmp_path) as store:
        for k in range(5):
            store.commit(commit(k, 5))
        compact(store, LATER)
        sizes = sorted(pq.read_metadata(path).num_rows for path in globbed(tmp_path, "articles"))
    assert sizes == [5, 10, 10]


# -- verify -----------------------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [flip, cut, empty, Path.unlink])
@pytest.mark.parametrize("table", ["articles", "copies", "pages", "runs", "stories"])
def test_a_damaged_table_is_named_and_mended(data: Path, table: str, harm: Callable[[Path], None]) -> None:
    victim = globbed(data, table)[0]
    harm(victim)
    with Store.open(data) as store:
        found = verify(store)
        assert [p for p in found if p.path == str(victim) and "repair" in p.command]
        mended = verify(store, repair=True)
        assert [p for p in mended if p.path == str(victim)]
        after = verify(store)
        # What is left says what the repair cannot do: lost articles are in the archive, stories are derived again.
        assert all(p.command and victim.name not in p.path for p in after)
        if harm is not Path.unlink:
            assert (data / "state" / "damaged" / victim.relative_to(data)).exists()
        store.read(table)


def flip_a_page(path: Path) -> None:
    """One bit of the text, where readers that do not look at checksums see another text."""
    content = bytearray(path.read_bytes())
    content[pq.read_metadata(path).row_group(0).column(ARTICLES.names.index("text")).data_page_offset + 70] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [flip_a_page, cut, empty])
def test_reading_a_damaged_file_names_it(data: Path, harm: Callable[[Path], None]) -> None:
    victim = globbed(data, "articles")[1]
    harm(victim)
    with Store.open(data, lock=False) as store, pytest.raises(StorageError, match=r"verify --repair") as refused:
        store.read("articles")
    assert refused.value.path == str(victim)


def test_no_flipped_bit_of_a_page_goes_unnoticed(data: Path) -> None:
    victim = globbed(data, "articles")[0]
    whole = victim.read_bytes()
    group = pq.read_metadata(victim).row_group(0)
    chance = random.Random(3)
    with Store.open(data, lock=False) as store:
        good = sorted(map(str, store.read("articles").to_pylist()))
        noticed = 0
        for _ in range(80):
            column = group.column(chance.randrange(group.num_columns))
            content = bytearray(whole)
            content[column.data_page_offset + chance.randrange(column.total_compressed_size)] ^= 1 << chance.randrange(
                8
            )
            victim.write_bytes(content)
            try:
                assert sorted(map(str, store.read("articles").to_pylist())) == good  # a byte that says nothing
            except StorageError as refused:
                noticed += refused.path == str(victim)
    assert noticed > 50


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("harm", [flip, cut, empty])
def test_a_damaged_manifest_is_written_anew(data: Path, harm: Callable[[Path], None], compacted: bool) -> None:
    with Store.open(data) as store:
        if compacted:
            compact(store, LATER)
        for victim in (
            list((data / "state" / "manifests").iterdir())[:2] + list((data / "state" / "changes").iterdir())[:2]
        ):
            harm(victim)
            found = verify(store)
            assert [p for p in found if p.path == str(victim) and p.command == "copydesk verify --repair"]
            assert {p.command for p in verify(store, repair=True)} == {""}
            assert verify(store) == []
        assert set(store.articles_of(commit(0).commit_id)) == set(commit(0, 5).articles)


def test_a_damaged_manifest_of_an_unfinished_commit_has_a_second_copy(data: Path, tmp_path: Path) -> None:
    from conftest import Dying, Killed

    store = Store.open(data)
    store.files = Dying(store.files, 9, Killed())
    with pytest.raises(Killed):
        store.commit(commit(9, 5))
    store.close()
    victim = data / "state" / "manifests" / f"{commit(9).commit_id}.json"
    flip(victim)
    with Store.open(data) as store:
        assert len(store.read("articles")) == 25
        assert verify_tables(store) == []


def verify_tables(store: Store) -> list[Problem]:
    return [p for p in verify(store) if "/stories" not in p.path]


def test_rows_that_contradict_each_other(data: Path) -> None:
    with Store.open(data) as store:
        store.commit(Commit("20260314T000007Z-000007-0001", "r", (article(1),), (copy(1, 999),)))
        found = {(Path(p.path).name, p.what.split(",")[0]) for p in verify(store)}
        assert found == {
            ("articles", "1 rows repeat article_id and version"),
            ("copies", "1 values of of_article_id name no article"),
        }
        store.write_stories("20260314T000007Z-000007", stories(article(1).article_id, "nobody"))
        found = {p.what for p in verify(store)}
        assert "19 articles are in no story, 3 ids in stories are no articles" in found


def test_what_does_not_belong_is_named(data: Path) -> None:
    shutil.copy(globbed(data, "articles")[0], data / "articles" / "date=2026-03-14" / "copy.parquet")
    with Store.open(data) as store:
        assert ("copy.parquet", "not committed by copydesk") in {(Path(p.path).name, p.what) for p in verify(store)}
        verify(store, repair=True)
        assert verify(store) == []
        assert len(store.read("articles")) == 20


def test_checks_of_others_are_run_last(data: Path) -> None:
    with Store.open(data, lock=False) as store:
        mine = Problem("state/index", "behind", "copydesk verify --repair")
        assert verify(store, checks=[lambda s: [mine] if s is store else []]) == [mine]
        with pytest.raises(StorageError):
            verify(store, repair=True)


# -- forget -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compacted", [False, True])
def test_an_address_is_forgotten_everywhere(data: Path, compacted: bool) -> None:
    with Store.open(data) as store:
        store.commit(
            Commit(
                "20260316T000000Z-00000f-0001",
                "r",
                (article(3, version=2, text="corrected"),),
                (copy(6, 3),),
                (page(3),),
            )
        )
        if compacted:
            compact(store, LATER)
        gone = forget(store, article(3).url)
        assert gone.article_ids == (article(3).article_id,)
        assert ("raw/2026-03-14.warc.gz", 3000) in gone.archived
        assert store.article(article(3).article_id) is None
        assert len(store.read("articles")) == 19
        for column in ("article_id", "of_article_id"):
            assert article(3).article_id not in store.read("copies")[column].to_pylist()
        assert article(3).article_id not in store.read("pages")["article_id"].to_pylist()
        assert article(3).article_id not in store.stories()["article_id"].to_pylist()
        assert store.stories_commit() is None
        assert [(t.what, t.article_ids) for t in tombstones(store)] == [(article(3).url, gone.article_ids)]
        assert verify(store) == []
    left = [p for p in data.rglob("*") if p.is_file() and article(3).url.encode() in p.read_bytes()]
    assert [p.parent.name for p in left] == ["tombstones"]
    tables = [
        p
        for p in data.rglob("*.parquet")
        if article(3).article_id in str(pq.read_table(p, partitioning=None).to_pylist())
    ]
    assert tables == []


def test_a_host_is_forgotten_with_its_subdomains_and_no_other(tmp_path: Path) -> None:
    hosts = ["bad.example", "www.bad.example", "notbad.example", "bad.example.org"]
    articles = tuple(replace(article(n), host=h, url=f"https://{h}/{n}") for n, h in enumerate(hosts))
    pages = (replace(page(90), url="https://www.bad.example/list", article_id=None), page(91))
    with Store.open(tmp_path) as store:
        store.commit(Commit("20260314T000001Z-000001-0001", "r", articles, (copy(0, 2), copy(3, 2)), pages))
        gone = forget(store, "bad.example")
        assert gone.article_ids == (articles[0].article_id, articles[1].article_id)
        assert sorted(store.read("articles")["host"].to_pylist()) == ["bad.example.org", "notbad.example"]
        assert len(store.read("copies")) == 1
        assert store.read("pages")["url"].to_pylist() == [page(91).url]
        assert ("raw/x.warc.gz", 90) in gone.archived


def test_forgetting_the_last_article_leaves_folders_that_can_be_read(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.commit(commit(0, 1))
        forget(store, article(0).url)
        assert [len(store.read(t)) for t in ("articles", "copies", "pages")] == [0, 0, 0]
        assert verify_tables(store) == []
        store.commit(commit(1, 5))
        assert len(store.read("articles")) == 5


@pytest.mark.parametrize("what", ["paper", "paper.example/x", "two words.example", ""])
def test_what_is_neither_address_nor_host(data: Path, what: str) -> None:
    with Store.open(data) as store, pytest.raises(ValueError, match="neither"):
        forget(store, what)


def test_a_tombstone_holds_no_text(data: Path) -> None:
    with Store.open(data) as store:
        forget(store, article(3).url)
    stone = json.loads(next((data / "state" / "tombstones").iterdir()).read_text())
    assert set(stone) == {"what", "at", "article_ids", "archived", "check"}


def test_forgetting_again_gives_the_same_to_clean(data: Path) -> None:
    """The caller may die before indexes and archive are clean; then forget is run again, over tables that are clean already."""
    with Store.open(data) as store:
        first = forget(store, article(3).url)
        again = forget(store, article(3).url)
        assert (again.article_ids, again.archived) == (first.article_ids, first.archived)
        assert first.archived


def test_a_run_that_commits_meanwhile_is_no_problem(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(data) as writer, Store.open(data, lock=False) as reader:
        real, todo = reader.files.walk, [commit(7, 5)]

        def walk(folder: str) -> list[str]:
            if folder == "articles" and todo:  # after the manifests have been read
                writer.commit(todo.pop())
            return real(folder)

        monkeypatch.setattr(reader.files, "walk", walk)
        assert {Path(p.path).parent.name for p in verify(reader)} == {"stories"}
        assert todo == []
