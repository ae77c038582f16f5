"""Several machines, one bucket: together they write what one machine would have written."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.records import Article
from pipelines.run import Run, parameters
from pipelines.store import Store, forget, verify
from tests.site import Server, address, congluan, edition, vietnam_vn
from tests.stories import STORIES
from tests.test_main_job import ROOT, copydesk
from tests.test_run import articles, facts, process


def by_host(given: list[Article]) -> list[list[Article]]:
    hosts = list(dict.fromkeys(a.host for a in given))
    return [[a for a in given if a.host == one] for one in hosts]


def only_stories_wait(uri: str) -> None:
    with Store.open(uri, lock=False) as store:
        assert verify(store) == []


def test_copies_between_two_runs_at_the_same_time_are_found_once(
    uri: str, machine: Callable[[str], None], tmp_path: Path
) -> None:
    """Both machines open before either commits: every pair stands between two commits of which one came first."""
    process(tmp_path / "one", articles())
    shares = by_host(articles())
    assert len(shares) == 3
    stores, runs = [], []
    for n in range(len(shares)):
        machine(f"m{n}")
        stores.append(store := Store.open(uri, command=f"m{n}", parameters=parameters()))
        runs.append(Run(store, store.state_folder, command=f"m{n}", processes=0, batch=2, patience=0.01))
    for turn in range(max(map(len, shares))):
        for run, share in zip(runs, shares, strict=True):
            for article in share[turn : turn + 1]:
                run.submit(article)
    for run, store in zip(runs, stores, strict=True):
        assert run.close().n_articles > 0
        store.close()
    assert facts(uri) == facts(tmp_path / "one")
    only_stories_wait(uri)


def test_the_same_source_read_by_two_machines_is_stored_once(
    uri: str, machine: Callable[[str], None], tmp_path: Path
) -> None:
    process(tmp_path / "one", articles())
    with Store.open(uri, parameters=parameters()) as one:
        machine("b")
        with Store.open(uri, parameters=parameters()) as two:
            runs = [Run(s, s.state_folder, command="x", processes=0, batch=4, patience=0.01) for s in (one, two)]
            for article in articles():
                for run in runs:
                    run.submit(article)
            rows = [run.close() for run in runs]
    assert sum(row.n_articles for row in rows) == len(articles())
    assert sum(row.outcomes.get("unchanged", 0) for row in rows) == len(articles())
    assert facts(uri) == facts(tmp_path / "one")


def test_what_is_forgotten_on_one_machine_is_forgotten_by_a_run_of_another(
    uri: str, machine: Callable[[str], None]
) -> None:
    gone, *_ = articles()
    rest = [article for article in articles() if STORIES[0].slug not in article.url]  # no copies, which keep its id
    assert STORIES[0].slug in gone.url
    with Store.open(uri, parameters=parameters()) as one:
        run = Run(one, one.state_folder, command="x", processes=0, batch=1, patience=0.01)
        run.submit(gone)
        run.submit(rest[0])
        machine("b")
        with Store.open(uri, parameters=parameters()) as two:
            while gone.article_id not in two.read("articles")["article_id"].to_pylist():
                pass
            forget(two, gone.url)
        run.submit(rest[1])
        run.submit(gone)
        row = run.close()
        assert row.outcomes["rejected/forgotten"] == 1
        files = [path for path in one.state_folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if gone.article_id.encode() in path.read_bytes()]
    assert not [path for path in files if bytes.fromhex(gone.article_id) in path.read_bytes()]
    with Store.open(uri, lock=False) as store:
        assert gone.article_id not in store.read("articles")["article_id"].to_pylist()
        assert gone.article_id not in store.stories()["article_id"].to_pylist()


MACHINE = """
import signal, sys
from pipelines.run import Run, parameters
from pipelines.store import Store
from tests.test_machines import by_host
from tests.test_run import articles
uri, share, life = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
share = by_host(articles())[share]
print("ready", flush=True)
sys.stdin.readline()
signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process at once, inside any call
signal.setitimer(signal.ITIMER_REAL, life)
with Store.open(uri, command=f"machine {sys.argv[2]}", parameters=parameters()) as store:
    run = Run(store, store.state_folder, command="test", processes=0, batch=2, patience=0.01)
    for article in share:
        run.submit(article)
    run.close()
"""


@pytest.mark.slow
def test_three_machines_that_are_killed_again_and_again(uri: str, tmp_path: Path) -> None:
    process(tmp_path / "one", articles())
    chance = random.Random(5)
    waiting = {n: [chance.uniform(0.1, 2.5), chance.uniform(0.1, 5.0), 0.0] for n in range(3)}
    killed = 0
    while any(waiting.values()):  # all that are left run at the same time
        lives = {n: left.pop(0) for n, left in waiting.items() if left}
        processes = {
            n: subprocess.Popen(
                [sys.executable, "-c", MACHINE, uri, str(n), str(life)],
                env=os.environ | {"XDG_STATE_HOME": str(tmp_path / f"m{n}"), "PYTHONPATH": str(ROOT)},
                cwd=tmp_path,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for n, life in lives.items()
        }
        for one in processes.values():
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for n, one in processes.items():
            _, said = one.communicate("go\n", timeout=240)
            killed += one.returncode == -14
            assert one.returncode == -14 if lives[n] and one.returncode else one.returncode == 0, said[-3000:]
    assert killed >= 3
    assert facts(uri) == facts(tmp_path / "one")
    only_stories_wait(uri)
    with Store.open(uri) as store, store.changing():
        assert store.files.names("state/staging") == []
        assert store.unfinished_runs() == []


def test_two_machines_crawl_and_a_third_is_told_who_does(uri: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Server(congluan(now) | vietnam_vn(now, slow=0.2)) as server:
        allowed = [f"--allow-address={one}" for one in server.allow]
        paper = {"XDG_STATE_HOME": str(tmp_path / "paper"), "COPYDESK_PROCESSES": "1"}
        aggregator = {"XDG_STATE_HOME": str(tmp_path / "aggregator")}
        crawl = [sys.executable, "-m", "crawler", "crawl", "--data", uri, *allowed]
        clean = {n: v for n, v in os.environ.items() if not n.startswith("COPYDESK_")} | {"PYTHONPATH": str(ROOT)}
        other = subprocess.Popen(
            [*crawl, "vietnam_vn"],
            cwd=tmp_path,
            env=clean | paper | aggregator,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        copydesk("crawl", "congluan", "--data", uri, *allowed, cwd=tmp_path, code=None, **paper)
        _, said = other.communicate(timeout=180)
        assert other.returncode in (0, 4), said[-3000:]
        with Store.open(uri) as store:
            store.claim("publisher-congluan")
            refused = copydesk("crawl", "congluan", "--data", uri, *allowed, cwd=tmp_path, code=3, **paper)
            assert "another run is writing" in refused.stderr
            assert "since" in refused.stderr
        # What one of them could not know while the other was at work, its next run asks for.
        copydesk("crawl", "congluan", "--data", uri, *allowed, cwd=tmp_path, code=None, **paper)
        copydesk("crawl", "vietnam_vn", "--data", uri, *allowed, cwd=tmp_path, code=None, **paper | aggregator)
        done = copydesk("verify", "--data", uri, cwd=tmp_path, code=None, **paper)
        assert done.returncode == 0, done.stdout
    with Store.open(uri, lock=False) as store:
        rows = {r["article_id"]: r["url"] for r in store.read("articles").to_pylist()}
        assert len(rows) == len(store.read("articles"))
        found: dict[str, set[str]] = {}
        for row in store.stories().to_pylist():
            found.setdefault(row["story_id"], set()).add(rows[row["article_id"]])
    expected = [{address(s)} | {edition(s, language) for language in ("vi", *s.translations)} for s in STORIES]
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected))
