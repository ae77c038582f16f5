"""WARC out and in: what readers find, and what a crash leaves."""

import asyncio
import gzip
import json
import random
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from crawler.archive import Archive, ArchiveProcess, Exchange, Place, forbids_archiving, whole_length
from crawler.replay import DamagedArchiveError, Replay
from tests.crawler.conftest import ROOT

AT = datetime(2026, 11, 24, 3, 0, 0, 123456, tzinfo=UTC)


def exchange(number: int, body: bytes | None = None, **more: object) -> Exchange:
    values = {
        "url": f"https://congluan.vn/bai-{number}.html?x=1",
        "at": AT + timedelta(seconds=number),
        "status": 200,
        "reason": "OK",
        "request_headers": [("User-Agent", "copydesk")],
        "headers": [("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
        "body": f"<p>Bài số {number}</p>".encode() if body is None else body,
        "ip": "1.2.3.4",
    }
    return Exchange(**{**values, **more})  # type: ignore[arg-type]


def write(data: Path, exchanges: list[Exchange], **more: int) -> list[Place | None]:
    with Archive(data, operator="desk@example.org", **more) as archive:
        return [future.result(10) for future in [archive.put(one) for one in exchanges]]


def files(data: Path) -> list[Path]:
    return sorted((data / "raw").glob("*.warc.gz"))


def records(path: Path) -> list[tuple[str, str, bytes, int]]:
    """(type, target, payload, offset) of every record."""
    with path.open("rb") as file:
        reader = ArchiveIterator(file, check_digests="raise")
        return [
            (
                record.rec_type,
                record.rec_headers.get_header("WARC-Target-URI"),
                record.content_stream().read(),
                reader.get_record_offset(),  # last: it reads the record to its end
            )
            for record in reader
        ]


def test_every_answer_is_a_response_and_a_request_where_its_place_says(tmp_path: Path) -> None:
    exchanges = [exchange(n) for n in range(5)]
    places = write(tmp_path, exchanges)
    found = records(files(tmp_path)[0])
    assert [kind for kind, *_ in found] == ["warcinfo"] + ["response", "request"] * 5
    at = {offset: (target, body) for kind, target, body, offset in found if kind == "response"}
    for one, place in zip(exchanges, places, strict=True):
        assert place is not None
        assert place.file == f"raw/{files(tmp_path)[0].name}"
        assert at[place.offset] == (one.url, one.body)


def test_the_archive_is_warc_1_1_with_exact_times_and_all_headers(tmp_path: Path) -> None:
    write(tmp_path, [exchange(7)])
    text = gzip.decompress(files(tmp_path)[0].read_bytes()).decode()
    assert text.count("WARC/1.1\r\n") == 3
    assert "WARC-Date: 2026-11-24T03:00:07.123456Z" in text
    assert "Set-Cookie: a=1\r\nSet-Cookie: b=2" in text
    assert "GET /bai-7.html?x=1 HTTP/1.1" in text
    assert "operator: desk@example.org" in text
    assert "WARC-IP-Address: 1.2.3.4" in text


def test_a_payload_that_is_there_already_is_a_revisit_of_it(tmp_path: Path) -> None:
    first, other, again = write(tmp_path, [exchange(1), exchange(2), exchange(3, body=exchange(1).body)])
    later = write(tmp_path, [exchange(4, body=exchange(2).body)])
    assert again == first
    assert later == [other]
    assert [kind for kind, *_ in records(files(tmp_path)[0])].count("revisit") == 2
    assert Replay(files(tmp_path)).find(exchange(4).url) is not None


def test_an_answer_without_news_is_a_revisit_too(tmp_path: Path) -> None:
    write(tmp_path, [exchange(1, body=b"", status=304, reason="Not Modified")])
    assert records(files(tmp_path)[0])[1][0] == "revisit"


def test_files_are_rotated_by_size_and_each_can_be_read_alone(tmp_path: Path) -> None:
    bodies = [random.Random(n).randbytes(4000) for n in range(12)]
    places = []
    for n, body in enumerate(bodies):
        places += write(tmp_path, [exchange(n, body=body)], max_bytes=10_000)
    assert len(files(tmp_path)) > 2
    read = [body for path in files(tmp_path) for kind, _, body, _ in records(path) if kind == "response"]
    assert read == bodies
    assert len({place.file for place in places if place}) == len(files(tmp_path))


@pytest.mark.parametrize("behind", [-300, -20, -1, 0, 1, 30], ids=lambda n: f"{n} bytes of the response's end")
@pytest.mark.parametrize("forget", [False, True], ids=["index there", "index lost"])
def test_a_record_that_a_crash_cut_off_is_cut_away(tmp_path: Path, behind: int, forget: bool) -> None:
    write(tmp_path, [exchange(1), exchange(2)])
    (path,) = files(tmp_path)
    end = next(offset for kind, target, _, offset in records(path) if (kind, target) == ("request", exchange(2).url))
    path.write_bytes(path.read_bytes()[: end + behind])
    if forget:
        (tmp_path / "state" / "archive.sqlite").unlink()
    (place,) = write(tmp_path, [exchange(3, body=exchange(2).body)])
    assert place is not None
    whole = behind >= 0
    written = [] if whole and not forget else [exchange(3).url]  # a revisit of the second if that is there and known
    found = [target for kind, target, _, _ in records(path) if kind == "response"]
    assert found == [exchange(1).url, *([exchange(2).url] if whole else []), *written]
    assert files(tmp_path) == [path]


@given(st.lists(st.binary(max_size=300), max_size=6), st.data())
def test_the_whole_length_is_the_end_of_the_last_whole_member(members: list[bytes], data: st.DataObject) -> None:
    import tempfile

    packed = [zlib.compress(member, wbits=31) for member in members]
    ends = [sum(map(len, packed[:n])) for n in range(len(packed) + 1)]
    size = data.draw(st.integers(0, ends[-1]))
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(packed)[:size])
        assert whole_length(file, 0) == max(end for end in ends if end <= size)


def test_in_a_process_of_its_own_it_gives_the_same_places(tmp_path: Path) -> None:
    exchanges = [exchange(n) for n in range(50)] + [exchange(60, body=exchange(1).body)]
    forbidden = exchange(70, headers=[("X-Robots-Tag", "noarchive")])

    async def put() -> list[Place | None]:
        archive = ArchiveProcess(tmp_path / "a")
        places = list(await asyncio.gather(*(archive.put(one) for one in [*exchanges, forbidden])))
        archive.put(exchange(80))
        archive.close()
        return places

    *places, refused = asyncio.run(put())
    stands = {offset: target for kind, target, _, offset in records(files(tmp_path / "a")[0]) if kind == "response"}
    assert [stands[place.offset] for place in places if place] == [
        *(one.url for one in exchanges[:50]),
        exchange(1).url,
    ]
    assert refused is None
    assert records(files(tmp_path / "a")[0])[-1][1] == exchange(80).url  # also what nobody waited for


def test_when_its_process_dies_everyone_who_waits_hears_of_it(tmp_path: Path) -> None:
    async def put() -> None:
        archive = ArchiveProcess(tmp_path)
        await archive.put(exchange(1))
        archive._process.kill()
        waiting = [archive.put(exchange(n)) for n in range(2, 5)]
        for done in waiting:
            with pytest.raises(OSError, match=r"died|Broken pipe|reset"):
                await asyncio.wait_for(done, 10)
        archive.close()

    asyncio.run(put())
    assert write(tmp_path, [exchange(1)])[0] is not None  # the next one goes on


def test_when_the_crawl_dies_its_process_ends_and_the_next_waits_for_it(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys; from pathlib import Path; from tests.crawler.test_archive import exchange; "
        "from crawler.archive import ArchiveProcess\n"
        "async def die():\n"
        "    archive = ArchiveProcess(Path(sys.argv[1]))\n"
        "    for n in range(200): archive.put(exchange(n))\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(die())"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=ROOT).returncode == -9
    (place,) = write(tmp_path, [exchange(1000)])
    found = {offset: target for kind, target, _, offset in records(files(tmp_path)[0]) if kind == "response"}
    assert place is not None
    assert found[place.offset] == exchange(1000).url
    assert len(found) == len(set(found.values()))


def test_a_disk_that_is_full_is_an_error_of_everyone_who_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crawler.archive.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        archive.put(exchange(1)).result(10)
    with pytest.raises(OSError, match="No space left"):
        archive.put(exchange(2)).result(10)
    monkeypatch.undo()
    archive.close()
    (place,) = write(tmp_path, [exchange(3)])
    assert place is not None


@pytest.mark.parametrize(
    ("headers", "body", "forbidden"),
    [
        ([], b'<meta name="robots" content="noarchive">', True),
        ([], b"<META CONTENT='noindex,NOARCHIVE' NAME='ROBOTS'>", True),
        ([], b"<meta name=copydesk content=none>", True),
        ([], b'<meta name="googlebot" content="noarchive">', False),
        ([], b'<meta name="robots" content="index, follow">', False),
        ([], b'<meta name="description" content="noarchive">', False),
        ([("X-Robots-Tag", "noindex, noarchive")], b"", True),
        ([("x-robots-tag", "copydesk: noarchive")], b"", True),
        ([("X-Robots-Tag", "max-snippet:10")], b"", False),
        ([("Content-Encoding", "gzip")], gzip.compress(b'<meta name="robots" content="noarchive">', mtime=0), True),
        ([("Content-Encoding", "gzip")], b"damaged", False),
    ],
)
def test_who_does_not_want_to_be_archived_says_so_in_many_ways(
    headers: list[tuple[str, str]], body: bytes, forbidden: bool
) -> None:
    assert forbids_archiving(headers, body) is forbidden


def test_a_replay_answers_with_the_last_capture_decoded_and_its_time(tmp_path: Path) -> None:
    url = "https://congluan.vn/bai-1.html"
    packed = gzip.compress("<p>mới</p>".encode())
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip")]
    write(tmp_path, [exchange(1, url=url), exchange(9, url=url, body=packed, headers=headers)])
    replay = Replay(files(tmp_path))
    found = replay.answer("HTTPS://congluan.vn:443/bai-1.html#x")
    assert found is not None
    capture, response = found
    assert response.body == "<p>mới</p>".encode()
    assert capture.at == AT + timedelta(seconds=9)
    assert replay.now == capture.at
    assert replay.answer("https://congluan.vn/bai-2.html") is None


def test_a_damaged_archive_is_named_with_the_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.warc.gz"
    broken.write_bytes(gzip.compress(json.dumps({"no": "warc"}).encode()))
    with pytest.raises(DamagedArchiveError, match=r"broken\.warc\.gz: damaged after byte"):
        Replay([broken])
