"""Whatever kills a writer, and whenever: the tables are as before the change or as after it."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from conftest import NOON, Dying, Killed, commit, copy, stories

from pipelines.records import Commit
from pipelines.store import Locked, StorageError, Store, compact, forget, relocate, stage
from pipelines.store.files import LocalFiles

TABLES = ("articles", "copies", "pages", "runs", "stories")


def seen(data: Path) -> dict[str, list[str]]:
    """What a plain glob sees: table → what its rows are called, and where their pages stand, sorted."""
    found = {}
    for table in TABLES:
        paths = sorted(str(path) for path in data.glob(f"{table}/**/*.parquet"))
        rows = ds.dataset(paths, format="parquet").to_table().to_pylist() if paths else []
        found[table] = sorted(f"{r.get('article_id') or r.get('run_id')} {r.get('archive_offset')}" for r in rows)
    return found


def names(rows: list[str]) -> list[str]:
    return [row.partition(" ")[0] for row in rows]


def files_of(data: Path) -> dict[str, int]:
    return {table: len(list(data.glob(f"{table}/**/*.parquet"))) for table in TABLES}


CHANGES: dict[str, Callable[[Store], Any]] = {
    "commit": lambda store: store.commit(commit(2, 5)),
    "commit of several days": lambda store: store.commit(
        Commit(
            "20260314T000002Z-000002-0001",
            "r",
            (*commit(2, 5).articles, *commit(3, 5, at=NOON.replace(day=15)).articles),
        )
    ),
    "commit of files staged elsewhere": lambda store: store.publish(
        commit(2, 5).commit_id, "r", stage(store.files.address(""), commit(2, 5), store.parameters)
    ),
    "stories": lambda store: store.write_stories("r2", stories("c", "d")),
    "compact": lambda store: (compact(store, date(2026, 3, 16)), store.drop_replaced()),
    "forget": lambda store: forget(store, "https://paper3.example/story-3.html"),
    "relocate": lambda store: relocate(store, lambda _, __, ___, offset: ("raw/x.warc.gz", (offset or 0) + 10**6)),
}


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with one run of two commits, and stories."""
    with Store.open(tmp_path / "begun") as store:
        store.commit(replace(commit(0, 5), run=None))
        store.commit(replace(commit(1, 5), run=None))
        store.write_stories("r1", stories(*(a.article_id for a in (*commit(0, 5).articles, *commit(1, 5).articles))))
    return tmp_path / "begun"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("error", [Killed(), OSError(errno.ENOSPC, "No space left on device")], ids=["killed", "full"])
def test_every_step_of_a_change_may_be_the_last(begun: Path, tmp_path: Path, change: str, error: Any) -> None:
    before = seen(begun)
    shutil.copytree(begun, tmp_path / "whole")
    with Store.open(tmp_path / "whole") as store:
        CHANGES[change](store)
    after = seen(tmp_path / "whole")
    assert (before != after) == (change != "compact")
    ends = set()
    for step in range(1, 100):
        data = tmp_path / f"{step}"
        shutil.copytree(begun, data)
        store = Store.open(data)
        store.files = Dying(store.files, step, error)
        try:
            CHANGES[change](store)
        except Killed:
            pass
        except StorageError as refused:
            assert "No space left" in refused.what  # noqa: PT017  (some steps are killed, some refused)
        else:
            break
        finally:
            store.close()
        for table, rows in seen(data).items():  # before anybody recovers: nothing but whole files of before and after
            assert set(rows) <= set(before[table]) | set(after[table])
            assert len(rows) == len(set(rows)), "a row is seen twice"
            assert len(rows) >= min(len(before[table]), len(after[table])), "a row is missing"
        with Store.open(data) as store:
            end = seen(data)
            assert end in (before, after)
            ends.add(end == after)
            if end == before:
                CHANGES[change](store)
        assert seen(data) == after
        assert files_of(data) == files_of(tmp_path / "whole")
        left = LocalFiles(data).walk("state")
        assert not [
            path
            for path in left
            if "staging" in path or "replaced" in path or (error.__class__ is Killed and ".tmp" in path)
        ]
    else:
        pytest.fail("the change never completes")
    assert ends == {True, False} or change == "compact"


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from conftest import commit
from pipelines.store import Store
with Store.open(sys.argv[1]) as store:
    k = len(store.commits())
    while True:
        store.commit(commit(k, 20))
        print(k, flush=True)
        k += 1
"""


def writer(data: Path) -> subprocess.Popen[str]:
    here = str(Path(__file__).parent)
    return subprocess.Popen([sys.executable, "-c", WRITER, str(data), here], stdout=subprocess.PIPE, text=True)


def test_kill_minus_nine_at_any_instant(tmp_path: Path) -> None:
    data = tmp_path / "data"
    told = 0
    for n in range(8):
        process = writer(data)
        assert process.stdout is not None
        told = max(told, int(process.stdout.readline()) + 1)
        time.sleep(0.004 * n)
        process.kill()
        told = max([told, *(int(line) + 1 for line in process.stdout)])
        process.wait()
        process.stdout.close()
        with Store.open(data) as store:  # the lock is free at once
            commits = store.commits()
            assert len(commits) in (told, told + 1), "a commit that was told is lost"
            told = len(commits)
            rows = seen(data)
            assert names(rows["articles"]) == sorted(
                {a.article_id for k in range(told) for a in commit(k, 20).articles}
            )
            assert len(rows["copies"]) == 19 * told
            assert len(rows["pages"]) == 20 * told
            assert len(rows["runs"]) == told


def test_files_that_may_not_grow(begun: Path, tmp_path: Path) -> None:
    """RLIMIT_FSIZE just below each file of a commit: the real error of a real write, at every one of them."""
    shutil.copytree(begun, tmp_path / "whole")
    with Store.open(tmp_path / "whole") as store:
        store.commit(commit(2, 5))
        known = set(LocalFiles(begun).walk(""))
        sizes = {(tmp_path / "whole" / path).stat().st_size for path in store.files.walk("") if path not in known}
    before = seen(begun)
    assert len(sizes) >= 4
    with Store.open(begun) as store:
        for size in sorted(sizes):
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, hard))
            try:
                with pytest.raises(StorageError, match=r"File too large.*ulimit") as refused:
                    store.commit(commit(2, 5))
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert refused.value.exit_code == 6
            assert seen(begun) == before
            assert store.files.walk("state/staging") == []
        store.commit(commit(2, 5))
    assert len(seen(begun)["articles"]) == 15


def test_a_manifest_that_is_there_decides_even_when_it_could_not_be_made_durable(begun: Path) -> None:
    class LateError(LocalFiles):
        def publish(self, path: str, data: bytes) -> None:
            super().publish(path, data)
            raise OSError(errno.EIO, "Input/output error")

    with Store.open(begun) as store:
        store.files = LateError(begun)
        with pytest.raises(StorageError, match="Input/output error"):
            store.commit(commit(2, 5))
    with Store.open(begun) as store:
        assert len(store.commits()) == 3
        assert len(store.read("articles")) == 15


def test_what_could_not_be_made_visible_comes_before_the_next_change(begun: Path) -> None:
    class Failing(LocalFiles):
        fails = True

        def move(self, source: str, target: str) -> None:
            if self.fails:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().move(source, target)

        def replace(self, folder: str, removes: Any, staged: str, aside: str) -> None:
            if self.fails:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().replace(folder, removes, staged, aside)

    with Store.open(begun) as store:
        files = store.files = Failing(begun)
        for change in (lambda: store.commit(commit(2, 5)), lambda: store.write_stories("r2", stories("c", "d"))):
            files.fails = True
            with pytest.raises(StorageError, match="what was committed is safe"):
                change()
            files.fails = False
            store.commit(commit(3 + len(store.commits()), 5))
        store.write_stories("r2", stories("e", "f", "g"))
        assert len(store.commits()) == 5
    found = seen(begun)
    assert len(found["articles"]) == 25
    assert names(found["stories"]) == ["e", "f", "g"]


def test_the_second_run_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    process = writer(tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(Locked, match=rf"process {process.pid} on .* since 20\d\d-") as refused:
        Store.open(tmp_path)
    assert refused.value.exit_code == 3
    assert refused.value.since is not None
    assert Store.open(tmp_path, lock=False).commits()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    Store.open(tmp_path).close()


def test_a_forked_worker_does_not_keep_the_lock(tmp_path: Path) -> None:
    ready, say = os.pipe()
    holder = os.fork()
    if holder == 0:
        try:
            Store.open(tmp_path)
            if os.fork() == 0:
                os.write(say, f"{os.getpid()}".encode())
            time.sleep(60)
        finally:
            os._exit(0)
    worker = int(os.read(ready, 20))
    try:
        with pytest.raises(Locked):
            Store.open(tmp_path)
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)
        Store.open(tmp_path).close()
    finally:
        os.kill(worker, signal.SIGKILL)


def test_a_store_opened_for_reading_changes_nothing(begun: Path) -> None:
    before = LocalFiles(begun).walk("")
    with Store.open(begun, lock=False) as store, pytest.raises(StorageError, match="does not hold the lock"):
        store.commit(commit(2, 5))
    assert LocalFiles(begun).walk("") == before


def test_an_id_is_committed_once(begun: Path) -> None:
    with Store.open(begun) as store, pytest.raises(ValueError, match="committed already"):
        store.commit(commit(0, 5))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"file.*(Not a directory|File exists)"):
        Store.open(tmp_path / "file")
    with pytest.raises(StorageError, match="no such data folder"):
        Store.open(tmp_path / "nowhere", lock=False)


def test_copies_never_stand_before_their_articles(tmp_path: Path) -> None:
    """Between the manifest and the last move readers may see articles without their copies, not the other way round."""
    order = []

    class Watched(LocalFiles):
        def move(self, source: str, target: str) -> None:
            super().move(source, target)
            order.append(target.split("/", maxsplit=1)[0])

    with Store.open(tmp_path) as store:
        store.files = Watched(tmp_path)
        days = tuple(copy(1, 2, at=NOON.replace(day=d)) for d in (1, 2))
        store.commit(Commit("20260314T000001Z-000001-0001", "r", commit(2, 5).articles, days, commit(2, 5).pages))
    assert order == ["articles", "copies", "copies", "pages", "runs"]


def test_every_table_but_stories_can_be_read_after_the_first_commit(tmp_path: Path) -> None:
    import pandas as pd

    with Store.open(tmp_path) as store:
        store.commit(Commit("20260314T000001Z-000001-0001", "r", commit(2, 5).articles))
        assert store.stories_commit() is None
        assert store.unfinished_runs() == ["20260314T000001Z-000001"]
    for table in ("articles", "copies", "pages", "runs"):
        assert len(pd.read_parquet(tmp_path / table)) == (5 if table == "articles" else 0)


def test_everything_is_on_disk_before_it_is_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power may fail at any moment, and what was not synced by then may be lost."""
    synced: set[str] = set()
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.add(str(Path(f"/proc/self/fd/{fd}").readlink().relative_to(tmp_path)))
    )

    class Watched(LocalFiles):
        def publish(self, path: str, data: bytes) -> None:
            staged = [Path(p) for p in self.walk("state/staging")]
            assert len(staged) == 5  # four tables and the copy of the manifest
            assert {str(p) for p in staged} <= synced
            assert {str(folder) for p in staged for folder in p.parents} <= synced
            synced.clear()
            super().publish(path, data)
            assert "state/manifests" in synced

        def drop(self, folder: str) -> None:
            # Only now may the staging folder go: without it nobody would finish the moves.
            assert {"articles/date=2026-03-14", "articles", "copies/date=2026-03-14", "runs", "."} <= synced
            super().drop(folder)

    with Store.open(tmp_path) as store:
        store.files = Watched(tmp_path)
        store.commit(commit(1))
