"""The same promises on `s3://`, against a server on loopback."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow.dataset as ds
import pytest
from conftest import Dying, Killed, article, commit

from pipelines.store import Locked, Problem, StorageError, Store, compact, connect, forget, tombstones, verify
from pipelines.store import bucket as locks
from pipelines.store import store as store_module


def test_commits_are_read_by_glob_and_by_record(uri: str) -> None:
    with Store.open(uri) as store:
        store.commit(commit(0))
        store.commit(commit(1))
        assert store.commits() == [commit(0).commit_id, commit(1).commit_id]
        assert set(store.articles_of(commit(1).commit_id)) == set(commit(1).articles)
        assert store.article(commit(0).articles[3].article_id) == commit(0).articles[3]
        articles = ds.dataset("articles", filesystem=store.files.fs, format="parquet")
        assert articles.count_rows() == 20
        assert store.files.walk("state/staging") == []
    with connect(uri) as db:
        assert db.execute("SELECT count(*), count(DISTINCT host) FROM articles_latest").fetchone() == (20, 7)
        assert db.execute("SELECT count(*) FROM copies_with_titles").fetchone() == (18,)
        assert db.execute("SELECT count(*) FROM stories").fetchone() == (0,)


def test_every_step_of_a_commit_may_be_the_last(uri: str) -> None:
    ends = set()
    for step in range(1, 50):
        store = Store.open(uri)
        before = store.commits()
        store.files = Dying(store.files, step, Killed())
        died = False
        try:
            store.commit(commit(step))
        except Killed:
            died = True
        finally:
            store.close()
        with Store.open(uri) as again, again.changing():
            after = again.commits()
            assert after in (before, [*before, commit(step).commit_id])
            n = len(after)
            counts = {table: len(again.read(table)) for table in ("articles", "copies", "pages", "runs")}
            assert counts == {"articles": 10 * n, "copies": 9 * n, "pages": 10 * n, "runs": n}
            assert again.files.names("state/staging") == []
        ends.add(after == before)
        if not died:
            break
    assert ends == {True, False}


def test_one_run_per_machine(uri: str, machine: Callable[[str], None]) -> None:
    with Store.open(uri, command="copydesk crawl"):
        with pytest.raises(Locked, match=r"copydesk crawl .process") as refused:
            Store.open(uri)
        assert refused.value.since is not None
        assert Store.open(uri, lock=False).commits() == []
    Store.open(uri).close()


def test_machines_take_turns(uri: str, machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PATIENCE", 0.1)
    with Store.open(uri, command="copydesk crawl a") as a:
        machine("b")
        with Store.open(uri) as b:
            a.commit(commit(0))
            b.commit(commit(1))
            with a.changing():
                with pytest.raises(Locked, match=r"copydesk crawl a .process .* since"):
                    b.commit(commit(2))
                a.commit(commit(3))
            b.commit(commit(2))
            a.claim("paper")
            a.claim("paper")
            with pytest.raises(Locked, match="copydesk crawl a"):
                b.claim("paper")
            b.claim("another paper")
            assert a.commits() == b.commits() == [commit(k).commit_id for k in range(4)]
            times = [b.decided_at(commit(k).commit_id) for k in (0, 1, 3, 2)]
            assert times == sorted(times)
    with Store.open(uri) as store:
        store.claim("paper")
        assert len(store.read("articles")) == 40
        assert unstoried(verify(store)) == []


def unstoried(problems: list[Problem]) -> list[Problem]:
    """Without those of the stories, which the tests here do not derive."""
    return [problem for problem in problems if "stories" not in problem.path]


def test_changes_keep_their_order_when_clocks_differ(uri: str, machine: Callable[[str], None]) -> None:
    with Store.open(uri) as a:
        machine("b")
        with Store.open(uri) as b:
            a._last = "2099-01-01T00:00:00.000000+00:00"  # its clock is ahead
            a.commit(commit(0))
            assert b.decided_at(commit(0).commit_id).startswith("2099-01-01")
            b.commit(commit(1))
            assert b.decided_at(commit(1).commit_id) > b.decided_at(commit(0).commit_id)


HOLDER = """
import sys, time
from pipelines.store import Store
with Store.open(sys.argv[1], command="the dead one") as store:
    store.claim("paper")
    with store.changing():
        print("holds", flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_locks_go_with_a_run_that_is_killed(
    uri: str, machine: Callable[[str], None], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PATIENCE", 0.0)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, uri], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline()
    holder.kill()
    holder.communicate()
    if where == "elsewhere":
        machine("b")
        with Store.open(uri) as store:
            with pytest.raises(Locked, match="the dead one"):  # it may be slow, and is given a minute
                store.claim("paper")
            monkeypatch.setattr(locks, "LEASE", -1.0)
            store.claim("paper")
            store.commit(commit(0))
    else:
        with Store.open(uri) as store:
            store.claim("paper")
            store.commit(commit(0))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_machine_that_stood_still(
    uri: str, machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """It wakes up just before, or just after, it asked for the last time whether the lock is still its own."""
    with Store.open(uri) as a:
        machine("b")
        with Store.open(uri) as b:

            def meanwhile() -> None:
                monkeypatch.setattr(locks, "LEASE", -1.0)
                b.commit(commit(1))

            class Late:
                def __getattr__(self, name: str) -> Any:
                    if name == ("sync" if moment == "before" else "publish"):
                        meanwhile()
                    return getattr(files, name)

            files = a.files
            a.files = Late()  # type: ignore[assignment]
            with pytest.raises(StorageError, match="does not hold the lock"):
                a.commit(commit(0))
            a.files = files
            assert b.commits() == [commit(1).commit_id]
            assert len(b.read("articles")) == 10
            a.commit(commit(0))  # its batch is decided anew
            assert len(b.read("articles")) == 20
            assert unstoried(verify(b)) == []


def test_rows_of_a_commit_are_not_looked_for_before_they_stand(uri: str, machine: Callable[[str], None]) -> None:
    with Store.open(uri) as a:
        files, a.files = a.files, Dying(a.files, 8, Killed())
        with pytest.raises(Killed):
            a.commit(commit(0))
        assert files.names("state/manifests") == [f"{commit(0).commit_id}.json"]
        machine("b")
        assert Store.open(uri, lock=False).commits() == []


def test_compact_and_forget_beside_another_machine(uri: str, machine: Callable[[str], None]) -> None:
    with Store.open(uri) as a:
        for k in range(3):
            a.commit(commit(k, 5))
        machine("b")
        with Store.open(uri) as b:
            done = compact(b, date(2026, 3, 20))
            assert ("articles/date=2026-03-14", 3, 1) in {(c.folder, c.files_before, c.files_after) for c in done}
            assert set(a.articles_of(commit(1).commit_id)) == set(commit(1, 5).articles)
            assert not a.stands_alone(commit(1).commit_id)
            forget(b, article(3).url)
            a.commit(commit(3, 5))
            assert len(a.read("articles")) == 19
            assert [stone.article_ids for stone in tombstones(a)] == [(article(3).article_id,)]
            assert unstoried(verify(b)) == []


def test_damage_in_a_bucket_is_named_and_mended(uri: str) -> None:
    with Store.open(uri) as store:
        store.commit(commit(0))
        store.commit(commit(1))
        victim = f"articles/date=2026-03-14/{commit(1).commit_id}.parquet"
        store.files.write(victim, (store.files.read(victim) or b"")[:-20])
        (found,) = unstoried(verify(store))
        assert found.path == store.files.address(victim)
        assert found.command == "copydesk verify --repair"
        with store.changing():
            verify(store, repair=True)
        assert len(store.read("articles")) == 10
        assert store.files.exists(f"state/damaged/{victim}")
        manifest = f"state/manifests/{commit(0).commit_id}.json"
        store.files.write(manifest, b"{")
        assert [p.path for p in verify(store) if "manifests" in p.path] == [store.files.address(manifest)]
        with store.changing():
            verify(store, repair=True)
        assert set(store.articles_of(commit(0).commit_id)) == set(commit(0).articles)


def test_keys_in_an_address_are_not_shown(bucket_server: str, bucket: Any) -> None:
    with pytest.raises(StorageError, match="nobodys-bucket") as refused:
        Store.open(f"s3://key:secret@nobodys-bucket/x?region=us-east-1&scheme=http&endpoint_override={bucket_server}")
    assert "secret" not in str(refused.value)
