"""Pages and texts from what is already here."""

import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.warcwriter import WARCWriter

from pipelines import sources
from pipelines.records import Article, Page

PAGE = b"<html><head><link rel='canonical' href='https://paper.example/news/a-story-1.html'></head><p>Text</p></html>"


def write_warc(path: Path, urls: list[str], body: bytes = PAGE) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        writer.write_record(writer.create_warcinfo_record("x.warc.gz", {"software": "test"}))
        for url in urls:
            response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
            writer.write_record(
                writer.create_warc_record(
                    url, "response", payload=io.BytesIO(response), length=len(response),
                    warc_headers_dict={"WARC-Date": "2026-11-20T10:00:00Z"},
                )
            )  # fmt: skip


def pages(path: Path, **window: object) -> list[Page | Article]:
    return list(sources.read(path, sources.Window(**window)))  # type: ignore[arg-type]


class TestWarc:
    def test_responses_with_their_place(self, tmp_path: Path) -> None:
        write_warc(tmp_path / "a.warc.gz", ["https://www.paper.example/1", "https://other.example/2"])
        first, second = pages(tmp_path / "a.warc.gz")
        assert isinstance(first, Page) and isinstance(second, Page)  # noqa: PT018
        assert (first.url, first.body, first.status) == ("https://www.paper.example/1", PAGE, 200)
        assert first.fetched_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
        assert first.headers["content-type"] == "text/html; charset=utf-8"
        assert (first.archive_file, second.archive_file) == ("a.warc.gz", "a.warc.gz")
        assert 0 < (first.archive_offset or 0) < (second.archive_offset or 0)

    def test_only_the_wanted_hosts_and_times(self, tmp_path: Path) -> None:
        write_warc(tmp_path / "a.warc.gz", ["https://www.paper.example/1", "https://other.example/2"])
        found = pages(tmp_path / "a.warc.gz", hosts=frozenset({"paper.example"}))
        assert [page.url for page in found] == ["https://www.paper.example/1"]
        assert pages(tmp_path / "a.warc.gz", since=datetime(2026, 11, 21, tzinfo=UTC)) == []

    def test_a_torn_archive_gives_what_is_whole_and_says_where_it_broke(self, tmp_path: Path) -> None:
        write_warc(tmp_path / "a.warc.gz", ["https://paper.example/1", "https://paper.example/2"])
        whole = (tmp_path / "a.warc.gz").read_bytes()
        (tmp_path / "torn.warc.gz").write_bytes(whole[:-40])
        first, last = pages(tmp_path / "torn.warc.gz")
        assert (first.url, last.error) == ("https://paper.example/1", "corrupt_record")  # type: ignore[union-attr]
        assert "torn.warc.gz" in last.url

    def test_a_page_over_the_limit(self, tmp_path: Path) -> None:
        write_warc(tmp_path / "a.warc.gz", ["https://paper.example/1"], b"x" * (sources.MAX_BODY + 1))
        (page,) = pages(tmp_path / "a.warc.gz")
        assert isinstance(page, Page)
        assert (page.error, len(page.body)) == ("too_large", sources.MAX_BODY)


class TestFolder:
    def test_manifest_then_declared_then_invalid(self, tmp_path: Path) -> None:
        folder = tmp_path / "My Pages"
        folder.mkdir()
        (folder / "1.html").write_bytes(PAGE)
        (folder / "2.html").write_bytes(PAGE)
        (folder / "3.html").write_bytes(b"<p>no address</p>")
        (folder / "4.html.gz").write_bytes(gzip.compress(b"<link rel='canonical' href='https://paper.example/'>"))
        (folder / "notes.txt").write_text("not a page")
        row = {"path": "1.html", "url": "https://paper.example/one", "fetched_at": "2026-11-20T12:00:00+07:00"}
        (folder / "manifest.jsonl").write_text(json.dumps(row))
        found = pages(folder)
        assert [page.url for page in found] == [
            "https://paper.example/one",
            "https://paper.example/news/a-story-1.html",
            "https://my-pages.invalid/3.html",
            "https://my-pages.invalid/4.html.gz",  # a home page is nobody's address
        ]
        assert found[0].fetched_at == datetime(2026, 11, 20, 5, tzinfo=UTC)

    def test_a_broken_file_is_one_page_with_its_error(self, tmp_path: Path) -> None:
        (tmp_path / "a.html.gz").write_bytes(gzip.compress(PAGE)[:-10])
        (page,) = pages(tmp_path)
        assert isinstance(page, Page)
        assert page.error == "corrupt_record"


class TestJsonLines:
    def test_ready_texts(self, tmp_path: Path) -> None:
        rows = [
            {
                "id": 7,
                "url": "https://paper.example/7",
                "text": "Hello",
                "title": "T",
                "published_at": "2026-11-20T01:00:00+07:00",
            },
            {"id": "8", "language": "de", "text": "Hallo"},
        ]
        (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
        first, second = pages(tmp_path / "a.jsonl.gz")
        assert isinstance(first, Article)
        assert (first.url, first.title, first.text) == ("https://paper.example/7", "T", "Hello")
        assert first.published_at == datetime(2026, 11, 19, 18, tzinfo=UTC)
        assert (first.published_at_source, second.url) == ("given", "https://de.example/8")

    @pytest.mark.parametrize(
        "line",
        ["{", "[]", '"text"', '{"id": 1}', '{"id": 1, "text": 5}', '{"text": "x", "url": "ftp://a/b"}', "\x00\xff"],
    )
    def test_a_bad_line_says_where_and_the_rest_goes_on(self, tmp_path: Path, line: str) -> None:
        (tmp_path / "a.jsonl").write_text(line + '\n{"id": "ok", "text": "fine"}\n', encoding="latin-1")
        bad, good = pages(tmp_path / "a.jsonl")
        assert isinstance(bad, Page)
        assert (bad.error, bad.url) == ("corrupt_record", "file:///a.jsonl#line=1")
        assert isinstance(good, Article)


def test_progress_adds_up_to_the_size(tmp_path: Path) -> None:
    write_warc(tmp_path / "a.warc.gz", [f"https://paper.example/{n}" for n in range(5)])
    (tmp_path / "b.jsonl").write_text('{"id": 1, "text": "x"}\n' * 100)
    for name in ("a.warc.gz", "b.jsonl"):
        seen: list[int] = []
        list(sources.read(tmp_path / name, on_bytes=seen.append))
        assert sum(seen) == sources.size(tmp_path / name)


@pytest.mark.parametrize("name", ["missing.warc.gz", "table.csv"])
def test_a_source_that_cannot_be_read_says_so_before_the_first_page(tmp_path: Path, name: str) -> None:
    (tmp_path / "table.csv").write_text("a,b")
    with pytest.raises(sources.UnreadableSourceError, match=name):
        sources.read(tmp_path / name)
