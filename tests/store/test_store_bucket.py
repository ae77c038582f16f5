"""The same promises on `s3://`, against a server on loopback."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow.dataset as ds
import pytest
from conftest import Dying, Killed, commit
from moto.server import ThreadedMotoServer

from pipelines.store import Locked, StorageError, Store, bucket, connect


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return boto3.client("s3", endpoint_url=f"http://{server}", region_name="us-east-1")


@pytest.fixture
def uri(server: str, client: Any, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"[^a-z]+", "-", request.node.name)[:50]
    client.create_bucket(Bucket=name)
    return f"s3://{name}/news/data?region=us-east-1&scheme=http&endpoint_override={server}"


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
        with Store.open(uri) as again:
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


def test_one_writer(uri: str, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where = {"Bucket": uri.split("/")[2], "Key": "news/data/state/lock"}
    with Store.open(uri, command="copydesk crawl"):
        with pytest.raises(Locked, match=r"copydesk crawl .process") as refused:
            Store.open(uri)
        assert refused.value.since is not None
        assert Store.open(uri, lock=False).commits() == []
    with pytest.raises(client.exceptions.NoSuchKey):
        client.get_object(**where)

    elsewhere = {"pid": 1, "machine": "another", "command": "copydesk crawl", "since": "2026-03-14T00:00:00+00:00"}
    client.put_object(**where, Body=json.dumps(elsewhere).encode())
    with pytest.raises(Locked, match="another"):
        Store.open(uri)
    monkeypatch.setattr(bucket, "LEASE", -1.0)  # silent for longer than that
    Store.open(uri).close()


def test_a_holder_of_this_machine_that_died_is_no_holder(uri: str, client: Any) -> None:
    import socket
    import subprocess
    import sys

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = {"pid": gone.pid, "machine": socket.gethostname(), "command": "x", "since": "2026-03-14T00:00:00+00:00"}
    client.put_object(Bucket=uri.split("/")[2], Key="news/data/state/lock", Body=json.dumps(dead).encode())
    Store.open(uri).close()


def test_a_writer_that_lost_its_lock_commits_no_more(uri: str, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "LEASE", 0.5)
    with Store.open(uri) as store:
        client.put_object(Bucket=uri.split("/")[2], Key="news/data/state/lock", Body=b"somebody else's")
        lock = store._lock
        assert isinstance(lock, bucket.BucketLock)
        lock._pulse.join(10)
        with pytest.raises(StorageError, match="does not hold the lock"):
            store.commit(commit(0))
        assert store.commits() == []


def test_keys_in_an_address_are_not_shown(server: str, client: Any) -> None:
    with pytest.raises(StorageError, match="nobodys-bucket") as refused:
        Store.open(f"s3://key:secret@nobodys-bucket/x?region=us-east-1&scheme=http&endpoint_override={server}")
    assert "secret" not in str(refused.value)
