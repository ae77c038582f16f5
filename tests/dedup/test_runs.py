"""The default backend on disk: it survives a kill at any moment, notices damage, and stays small in files and memory."""

import json
import os
import random
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pipelines.dedup import Index, IndexDamaged, IndexMismatch, open_index
from pipelines.dedup.backends import DOCUMENT, Backend, Documents, Ragged
from pipelines.dedup.runs import RunsBackend
from pipelines.dedup.sqlite import SqliteBackend
from tests.dedup.newsroom import article, feed, pair, paragraphs, printed, standing


class Killed(BaseException):
    """Like SIGKILL: nothing may catch it."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[list[int]]:
    """The `step`-th write that is made durable is never finished: half of what was written last is lost with it."""
    taken: list[int] = []
    fsync = os.fsync

    def dying(descriptor: int) -> None:
        taken.append(descriptor)
        if len(taken) == step:
            size = os.fstat(descriptor).st_size
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            if path.is_file() and path.name not in ("documents", "sizes", "shingles", "commits", "gone"):
                os.truncate(path, size // 2)
            raise Killed
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", dying)
        yield taken


OLD = [article(f"old-{n}", paragraphs(n)) for n in range(4)]
NEW = [article(f"new-{n}", paragraphs(n), days=1) for n in range(2, 6)]


def steps_of_an_add(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    with open_index(folder) as index, killed_at(monkeypatch, -1) as taken:
        index.add("new", printed(NEW))
    return len(taken)


def check(index: Index, *, new: bool) -> None:
    """The index holds what it should, and finds it."""
    index.verify()
    assert index.applied() == ({"old-0000", "new"} if new else {"old-0000"})
    assert len(index) == (8 if new else 4)
    copies = [article(f"copy-{n}", paragraphs(n), days=2) for n in range(7)]
    rows = index.find(printed(copies), run_id="run", now=copies[0].fetched_at)
    known = OLD + (NEW if new else [])
    same = [(one, two) for one in known for two in copies if one.text == two.text]
    assert standing(rows) == {pair(one, two): "near" for one, two in same}


def test_a_kill_in_the_middle_of_an_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_index(tmp_path / "whole") as index:
        feed(index, OLD, size=4, commit="old")
    steps = steps_of_an_add(tmp_path / "whole", monkeypatch)
    assert steps >= 6
    for step in range(1, steps + 1):
        folder = tmp_path / f"killed-{step}"
        with open_index(folder) as index:
            feed(index, OLD, size=4, commit="old")
        with pytest.raises(Killed), open_index(folder) as index, killed_at(monkeypatch, step):
            index.add("new", printed(NEW))
        with open_index(folder) as index:
            visible = "new" in index.applied()
            assert not visible or step == steps  # only the folder's own fsync comes after it counts
            check(index, new=visible)
            index.add("new", printed(NEW))
            check(index, new=True)


def test_a_kill_in_the_middle_of_an_erasure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [OLD[0].article_id, OLD[2].article_id]
    for step in range(1, 12):
        folder = tmp_path / f"killed-{step}"
        with open_index(folder) as index:
            feed(index, OLD, size=4, commit="old")
            try:
                with killed_at(monkeypatch, step):
                    index.remove(wanted)
            except Killed:
                pass
        with open_index(folder) as index:
            index.remove(wanted)
            index.add("new", printed(NEW))
            index.verify()
            copies = [article(f"copy-{n}", paragraphs(n), days=2) for n in range(6)]
            found = standing(index.find(printed(copies), run_id="run", now=copies[0].fetched_at))
            left = [*OLD[1:2], *OLD[3:], *NEW]
            assert found == {pair(one, two): "near" for one in left for two in copies if one.text == two.text}
        assert b"".join(bytes.fromhex(one) for one in wanted[:1]) not in (folder / "documents").read_bytes()


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def test_every_damaged_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with open_index(folder) as index:
        feed(index, OLD)
        feed(index, [article("old-1", paragraphs(9))], commit="again")  # so that something is gone
    for path in files(folder):
        whole = path.read_bytes()
        middle = len(whole) // 2
        for broken in (whole[:middle], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):
            path.write_bytes(broken)
            with pytest.raises(IndexDamaged, match=rf"{path.name}.*copydesk verify --repair"):
                open_index(folder)
        path.unlink()
        with pytest.raises(IndexDamaged, match=path.name):
            open_index(folder)
        path.write_bytes(whole)
    assert {path.name.split("-")[0] for path in files(folder)} >= {
        "documents",
        "shingles",
        "commits",
        "gone",
        "keys",
        "ids",
    }


def test_large_files_are_checked_by_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.dedup.runs.CHECKED_AT_ONCE", 100)
    with open_index(tmp_path) as index:
        feed(index, OLD)
    path = tmp_path / "shingles"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with open_index(tmp_path) as index, pytest.raises(IndexDamaged, match="shingles is damaged"):
        index.verify()


def test_damaged_sqlite(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"this is no database, but it is long enough to be one" * 20)
    with pytest.raises(IndexDamaged, match=r"index.sqlite.*copydesk verify --repair"):
        open_index(tmp_path, backend="sqlite")


@pytest.mark.parametrize("size", [1, 3])
def test_few_runs_whatever_the_number_of_commits(tmp_path: Path, size: int) -> None:
    random_ = np.random.default_rng(1)
    backend = RunsBackend(tmp_path)
    backend.initialize({})
    for commit in range(200):
        backend.add(f"{commit}", *rows(random_, size))
        assert len(list(tmp_path.glob("keys-*"))) <= 6
        assert len(list(tmp_path.glob("ids-*"))) <= 6
    assert len(backend) == 200 * size
    assert len(backend.applied()) == 200
    backend.verify()


def test_look_ups_in_runs_of_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a plain table: keys close together and far apart, common ones, and new versions, merged piece by piece."""
    monkeypatch.setattr("pipelines.dedup.runs.PIECE", 2000)
    monkeypatch.setattr("pipelines.dedup.runs.KEPT", 4096)
    random_ = np.random.default_rng(3)
    backend = RunsBackend(tmp_path)
    backend.initialize({})
    holders: dict[int, list[int]] = {}
    for commit in range(6):
        documents, shingles, _ = rows(random_, 400, ids=1500)
        dense, sparse = random_.integers(0, 3000, (400, 8)), random_.integers(0, 1 << 32, (400, 4))
        keys = [np.unique(np.append(one, two)).astype(np.uint32) for one, two in zip(dense, sparse, strict=True)]
        replaced = set(backend.numbers(document["id"].tobytes() for document in documents).values())
        holders = {key: [n for n in held if n not in replaced] for key, held in holders.items()}
        for number, one in enumerate(keys, len(backend)):
            for key in one.tolist():
                holders.setdefault(key, []).append(number)
        backend.add(f"{commit}", documents, shingles, Ragged.of(keys))
        asked = np.array(sorted({*holders, *range(3000), 0, (1 << 32) - 1}), np.uint32)
        for limit in (3, 1000):
            at, found = backend.lookup(asked, limit)
            expected = [(i, n) for i, key in enumerate(asked.tolist()) for n in holders.get(key, [])[:limit]]
            assert list(zip(at.tolist(), found.tolist(), strict=True)) == expected
    backend.verify()


def test_an_index_of_another_format_is_refused(tmp_path: Path) -> None:
    open_index(tmp_path).close()
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    del manifest["crc32"]
    manifest["format"] = 1
    crc = zlib.crc32(json.dumps(manifest, sort_keys=True).encode())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"crc32": crc}))
    with pytest.raises(IndexMismatch, match=r"has format 1.*copydesk verify --repair"):
        open_index(tmp_path)


def rows(random_: np.random.Generator, n: int, ids: int = 1 << 30) -> tuple[Documents, Ragged, Ragged]:
    documents = np.zeros(n, DOCUMENT)
    documents["alive"] = True
    documents["host"] = random_.integers(0, 5, n)
    documents["time"] = random_.integers(0, 1000, n)
    names = random_.choice(ids, n, replace=False)
    for i, name in enumerate(names.tolist()):
        documents["id"][i] = np.void(zlib.crc32(str(name).encode()).to_bytes(4, "big") * 4)
    texts = [random_.integers(0, 500, random_.integers(0, 40), dtype=np.uint32) for _ in range(n)]
    texts = [one[np.sort(np.unique(one, return_index=True)[1])] for one in texts]
    documents["size"] = [len(one) for one in texts]
    return documents, Ragged.of(texts), Ragged.of([np.sort(one)[:9] for one in texts])


def test_both_backends_say_the_same(tmp_path: Path) -> None:
    """Random adds, new versions and erasures; every answer compared."""
    random_, pick = np.random.default_rng(7), random.Random(7)
    backends: list[Backend] = [RunsBackend(tmp_path / "runs"), SqliteBackend(tmp_path / "sqlite")]
    for backend in backends:
        backend.initialize({"a": "b"})
    ids: set[bytes] = set()
    for commit in range(40):
        given = rows(random_, pick.randrange(6), ids=60)
        ids.update(document["id"].tobytes() for document in given[0])
        gone = pick.sample(sorted(ids), 2) if commit % 10 == 9 else []
        answers = []
        for backend in backends:
            backend.add(f"commit-{commit}", *given)
            erased = backend.remove(gone)
            numbers = backend.numbers([*ids, b"0123456789abcdef"])
            living = np.array(sorted(numbers.values()), np.int64)
            documents, shingles = backend.documents(living), backend.shingles(living)
            at, found = backend.lookup(np.arange(500, dtype=np.uint32), 1000)
            answers.append(
                (
                    erased,
                    len(backend),
                    backend.applied(),
                    numbers,
                    documents.tolist(),
                    shingles.values.tolist(),
                    list(zip(at.tolist(), found.tolist(), strict=True)),
                )
            )
            backend.verify()
        assert answers[0] == answers[1]
    assert len(backends[0].parameters() or {}) == 1


def test_a_reader_beside_the_writer(tmp_path: Path) -> None:
    with open_index(tmp_path) as writer:
        feed(writer, OLD)
        with open_index(tmp_path) as reader:
            feed(writer, NEW, commit="new")
            check_old = standing(reader.find(printed(NEW[:2]), run_id="run", now=OLD[0].fetched_at))
        assert check_old == {pair(NEW[0], OLD[2]): "near", pair(NEW[1], OLD[3]): "near"}
