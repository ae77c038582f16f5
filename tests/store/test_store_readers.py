"""Readers with their own tools and a plain glob, without pause, while runs commit, compact and are killed."""

import os
import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import NOON, commit, stories

from pipelines.store import Store, compact

READER = """
import sys, time, os
tool, data, stop = sys.argv[1:]

def duckdb_():
    import duckdb
    n, distinct = duckdb.connect().execute(f"SELECT count(*), count(DISTINCT article_id) FROM read_parquet('{data}/articles/**/*.parquet')").fetchone()
    return n, distinct

def pyarrow_():
    import pyarrow.dataset as ds
    ids = ds.dataset(f"{data}/articles", format="parquet").to_table(columns=["article_id", "text"])["article_id"].to_pylist()
    return len(ids), len(set(ids))

def polars_():
    import polars as pl
    ids = pl.scan_parquet(f"{data}/articles").select("article_id").collect()["article_id"]
    return len(ids), ids.n_unique()

def pandas_():
    import pandas as pd
    ids = pd.read_parquet(f"{data}/articles", columns=["article_id"])["article_id"]
    return len(ids), ids.nunique()

def stories_():
    import duckdb
    n, distinct = duckdb.connect().execute(f"SELECT count(*), count(DISTINCT article_id) FROM read_parquet('{data}/stories/*.parquet')").fetchone()
    return n, distinct

read = globals()[tool + "_"]
GONE = ("No such file", "No files found", "Cannot open file", "Failed to open local file", "does not exist")
last, reads, again = 0, 0, 0
while True:
    stopping = os.path.exists(stop)
    for attempt in range(5):
        try:
            n, distinct = read()
            break
        except Exception as error:
            # Said aloud, and right when repeated: the folder changed between listing and opening.
            if attempt == 4 or not any(word in str(error) for word in GONE):
                raise
            again += 1
    assert n == distinct, f"{n - distinct} rows twice"
    assert n >= last, f"{last} rows, then {n}"
    last, reads = n, reads + 1
    if reads == 1:
        print("reading", flush=True)
    if stopping:
        break
print(last, reads, again)
"""


@pytest.mark.slow
def test_readers_never_see_a_torn_or_doubled_row(tmp_path: Path) -> None:
    data, stop = tmp_path / "data", tmp_path / "stop"
    with Store.open(data) as store:
        store.commit(commit(0, 20))
        store.write_stories("20260314T000000Z-000000", stories(*(a.article_id for a in commit(0, 20).articles)))
    readers = {
        tool: subprocess.Popen(
            [sys.executable, "-c", READER, tool, str(data), str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for tool in ("duckdb", "pyarrow", "polars", "pandas", "stories")
    }
    for reader in readers.values():
        assert reader.stdout is not None
        reader.stdout.readline()
    chance = random.Random(7)
    lives = [chance.uniform(0, 0.3 if n % 2 else 3) for n in range(50)]
    # One process that forks is spared the start of 50 interpreters, which is what most of their short lives would go into.
    killed = 0
    for life in lives:
        child = os.fork()
        if child == 0:
            try:
                _run(data, life)
            finally:
                os._exit(0)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    stop.touch()
    with Store.open(data) as store:
        total = 20 * len(store.commits())
    for tool, reader in readers.items():
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, f"{tool}: {err[-2000:]}"
        last, reads, again = map(int, out.split())
        print(tool, killed, total, "read", reads, "times, repeated", again)
        assert reads > 10
        if tool != "stories":
            assert last <= total
    assert total > 20 * 10
    with Store.open(data) as store:
        assert len(store.read("articles")) == total
        compactions = [name for name in store.files.names("state/changes") if name.startswith("compact-")]
    assert killed > 10
    assert len(compactions) > 10


def _run(data: Path, life: float) -> None:
    """A run that is killed after `life` seconds, wherever it is then."""
    os.fsync = lambda _: None  # nobody cuts the power, and the disk may be slow
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process at once, inside any call
    signal.setitimer(signal.ITIMER_REAL, life)
    with Store.open(data) as store:
        k = len(store.commits())
        for i in range(3):
            store.commit(commit(k + i, 20, at=NOON + timedelta(days=(k + i) % 3)))
        ids = store.latest_articles(["article_id"])["article_id"].to_pylist()
        store.write_stories(commit(k).run_id, stories(*ids))
        compact(store, grace=timedelta())
