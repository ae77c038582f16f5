"""What tests in several folders stand on: a bucket on loopback, and machines that share it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    """`host:port` of an object store on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Be another machine from now on: one is told from another by its state folder."""

    def become(name: str) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))

    become("a")
    return become


@pytest.fixture
def bucket(bucket_server: str, machine: object, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of the object store."""
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return boto3.client("s3", endpoint_url=f"http://{bucket_server}", region_name="us-east-1")


@pytest.fixture
def uri(bucket_server: str, bucket: Any, request: pytest.FixtureRequest) -> str:
    """The address of an empty folder in a bucket of the test's own."""
    name = re.sub(r"[^a-z]+", "-", request.node.name).strip("-")[:50]
    bucket.create_bucket(Bucket=name)
    return f"s3://{name}/news/data?region=us-east-1&scheme=http&endpoint_override={bucket_server}"
