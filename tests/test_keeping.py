"""compact, verify and forget as commands, over a folder that a crawl of the loopback servers wrote."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.keeping import blank
from pipelines import sources
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
