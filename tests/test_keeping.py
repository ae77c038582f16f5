"""compact, verify and forget as commands, over a folder that a crawl of the loopback servers wrote."""

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler import locating
from crawler.archive import Archive, Exchange, Place
from crawler.keeping import blank
from pipelines import sources
from pipelines.store import Store, relocate
from tests.site import Server, address, congluan, edition, vietnam_vn
from tests.stories import BRIDGE, HYDROGEN, NEWSROOM
from tests.test_main_job import ask, copydesk


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keeping")
    now = datetime.now(UTC)
    stories = (HYDROGEN, NEWSROOM, BRIDGE)
    with Server(congluan(now, stories=stories) | vietnam_vn(now, stories=stories, slow=0.0)) as server:
        copydesk("crawl", *(f"--allow-address={one}" for one in server.allow), cwd=folder, code=None)
    return folder / "data"


@pytest.fixture
def mine(data: Path, tmp_path: Path) -> Path:
    """The folder to spoil."""
    return Path(shutil.copytree(data, tmp_path / "data"))


def test_a_folder_as_a_run_left_it_is_in_order(data: Path) -> None:
    assert json.loads(copydesk("verify", cwd=data.parent).stdout)["problems"] == 0


@pytest.mark.parametrize("part", ["index", "anchors", "catalog", "provenance"])
def test_a_lost_index_is_found_and_rebuilt(mine: Path, part: str) -> None:
    before = ask(mine, "SELECT count(*), count(DISTINCT story_id) FROM stories")
    shutil.rmtree(mine / "state" / part)
    done = copydesk("verify", cwd=mine.parent, code=6)
    assert "commits behind" in done.stdout
    assert "verify --repair" in done.stdout
    copydesk("verify", "--repair", cwd=mine.parent)
    copydesk("verify", cwd=mine.parent)
    assert ask(mine, "SELECT count(*), count(DISTINCT story_id) FROM stories") == before


def test_a_flipped_byte_in_the_archive_is_found(mine: Path) -> None:
    ((name, offset),) = ask(
        mine, f"SELECT archive_file, archive_offset FROM pages WHERE url = '{edition(HYDROGEN, 'de')}'"
    )
    path = mine / name
    content = bytearray(path.read_bytes())
    content[offset + 400] ^= 0xFF
    path.write_bytes(content)
    assert path.name in copydesk("verify", cwd=mine.parent, code=6).stdout


def places(data: Path) -> list[tuple[str, datetime, str, int]]:
    """Every row that names a place in the archive."""
    return ask(
        data,
        "SELECT url, fetched_at, archive_file, archive_offset FROM pages WHERE archive_file IS NOT NULL UNION ALL "
        "SELECT url, fetched_at, archive_file, archive_offset FROM articles ORDER BY ALL",
    )


def test_places_that_rows_have_wrong_are_told_from_the_archive(mine: Path) -> None:
    before = places(mine)
    record = {url: offset for url, _, _, offset in before}
    wrong = {
        edition(HYDROGEN, "de"): record[edition(HYDROGEN, "de")] + 1,  # no record begins there
        edition(HYDROGEN, "ja"): record[address(BRIDGE)],  # another page's
        address(HYDROGEN): 10**9,
    }
    with Store.open(mine) as store:
        assert relocate(store, lambda url, _, file, __: (file, wrong[url]) if url in wrong else None) == 6
    done = copydesk("verify", cwd=mine.parent, code=6)
    assert "3 of " in done.stdout
    assert "verify --repair" in done.stdout
    assert "6 rows" in copydesk("verify", "--repair", cwd=mine.parent).stdout
    copydesk("verify", cwd=mine.parent)
    assert places(mine) == before
    page = sources.page_at(mine / before[0][2], record[edition(HYDROGEN, "ja")])
    assert page is not None
    assert page.url == edition(HYDROGEN, "ja")
    assert "mended" not in copydesk("verify", "--repair", cwd=mine.parent).stdout


def test_an_archive_that_was_renamed_is_found_and_what_is_not_in_it_named(mine: Path) -> None:
    before = places(mine)
    (warc,) = (mine / "raw").glob("*.warc.gz")
    lost = next(offset for url, _, _, offset in before if url == edition(HYDROGEN, "de"))
    content = bytearray(warc.read_bytes())
    content[lost + 400] ^= 0xFF
    warc.with_name("copydesk-2026-moved.warc.gz").write_bytes(content)
    warc.unlink()
    copydesk("verify", cwd=mine.parent, code=6)
    done = copydesk("verify", "--repair", cwd=mine.parent, code=6)
    assert edition(HYDROGEN, "de") in done.stdout
    assert "backup" in done.stdout
    assert {(url, file, offset) for url, _, file, offset in places(mine)} == {
        (url, file if offset == lost else "raw/copydesk-2026-moved.warc.gz", offset) for url, _, file, offset in before
    }
    with sqlite3.connect(mine / "state" / "archive.sqlite") as db:
        known = set(db.execute("SELECT file, at FROM payloads").fetchall())
    assert known >= {(file, offset) for _, _, file, offset in places(mine) if offset != lost}
    assert not {at for _, at in known} & {lost}


def test_the_page_of_a_visit_without_one_is_that_of_the_visit_it_refers_to(tmp_path: Path) -> None:
    began = datetime(2026, 3, 14, 12, tzinfo=UTC)
    times = [began + timedelta(hours=n) for n in range(4)]
    a, b = "https://a.example/x", "https://b.example/y"
    with Archive(tmp_path) as archive:
        sent = [
            archive.put(Exchange(url, at, status, "", body=body)).result()
            for url, at, status, body in (
                (a, times[0], 200, b"<p>one"),
                (b, times[1], 200, b"<p>one"),
                (a, times[2], 200, b"<p>two"),
                (a, times[3], 304, b""),
            )
        ]
    first, again, second, unchanged = sent
    assert again == first
    assert None not in (first, second, unchanged)
    archived = locating.Archived.of(tmp_path)
    nowhere = Place(first.file, 3)  # type: ignore[union-attr]
    assert [archived.find(url, at, nowhere) for url, at in zip((a, b, a, a), times, strict=True)] == [
        first, first, second, second,
    ]  # fmt: skip
    assert archived.find(b, times[1], first) is None  # type: ignore[arg-type]
    assert archived.find(b, times[1], second) == first  # type: ignore[arg-type]
    assert archived.find(a, times[3], first) is None  # type: ignore[arg-type]  # any page that stands may be the one
    assert archived.find(a, times[0] + timedelta(seconds=1), nowhere) is None


def test_a_truncated_table_is_found_and_named(mine: Path) -> None:
    table = next((mine / "articles").rglob("*.parquet"))
    table.write_bytes(table.read_bytes()[:-100])
    assert table.name in copydesk("verify", cwd=mine.parent, code=6).stdout


def test_compact_keeps_every_row(mine: Path) -> None:
    copydesk(
        "crawl", "--replay", next((mine / "raw").glob("*.warc.gz")), cwd=mine.parent, code=None
    )  # a second commit of the same day
    before = {name: ask(mine, f"SELECT count(*) FROM {name}") for name in ("articles", "copies", "pages", "runs")}
    copydesk("compact", "--before", "2100-01-01", cwd=mine.parent)
    assert {name: ask(mine, f"SELECT count(*) FROM {name}") for name in before} == before
    copydesk("verify", cwd=mine.parent)


def test_forget_removes_an_article_everywhere_and_keeps_it_out(mine: Path) -> None:
    gone = edition(HYDROGEN, "de")
    before = {page.url for warc in (mine / "raw").glob("*.warc.gz") for page in sources.read(warc)}
    assert gone in before
    copydesk("forget", gone, cwd=mine.parent)
    for name, column in (("articles", "url"), ("pages", "url")):
        assert ask(mine, f"SELECT 1 FROM {name} WHERE {column} = '{gone}'") == []
    assert {page.url for warc in (mine / "raw").glob("*.warc.gz") for page in sources.read(warc)} == before - {gone}
    assert not any(
        gone.encode() in path.read_bytes()
        for path in mine.rglob("*")
        if path.is_file() and "tombstones" not in path.parts and "frontier" not in path.parts
    )
    copydesk("verify", cwd=mine.parent)
    ((n,),) = ask(
        mine, f"SELECT n_articles FROM stories JOIN articles USING (article_id) WHERE url = '{address(HYDROGEN)}'"
    )
    assert n == 5
    now = datetime.now(UTC)
    with Server(vietnam_vn(now, stories=(HYDROGEN, BRIDGE), slow=0.0)) as server:
        copydesk("crawl", gone, *(f"--allow-address={one}" for one in server.allow), cwd=mine.parent, code=None)
    assert ask(mine, f"SELECT outcome, reason FROM pages WHERE url = '{gone}'") in ([("rejected", "forgotten")], [])
    assert ask(mine, f"SELECT 1 FROM articles WHERE url = '{gone}'") == []


def test_blanking_leaves_every_other_record_in_its_place(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "raw", tmp_path / "raw")
    (warc,) = (tmp_path / "raw").glob("*.warc.gz")
    before = {(p.archive_offset, p.url) for p in sources.read(warc)}  # type: ignore[union-attr]
    victim = sorted(before, key=str)[len(before) // 2]
    assert blank(tmp_path, f"raw/{warc.name}", {victim[0] or 0}) == 2  # the response and its request
    assert {(p.archive_offset, p.url) for p in sources.read(warc)} == before - {victim}  # type: ignore[union-attr]
    assert blank(tmp_path, f"raw/{warc.name}", ()) == 0
