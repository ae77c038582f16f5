"""The store on `s3://`, through pyarrow; the lock needs conditional requests, which only boto3 has (extra `s3`)."""

import contextlib
import json
import os
import re
import socket
import threading
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pyarrow import fs

from pipelines.store.errors import Locked, StorageError
from pipelines.store.lock import describe, signature

LEASE = 300.0
"""Seconds without a sign of life after which the holder of a bucket's lock counts as dead."""


class BucketFiles:
    """A prefix of a bucket. Objects are immutable and appear whole, so that nothing needs to be synced."""

    def __init__(self, uri: str) -> None:
        """`s3://bucket/prefix`, with pyarrow's options (`?region=…&endpoint_override=…&scheme=http`). Raises OSError."""
        found, path = fs.FileSystem.from_uri(uri)
        self.fs = fs.SubTreeFileSystem(path.rstrip("/"), found)
        self._shown = f"s3://{path.rstrip('/')}"  # without options, which may hold keys
        base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        self.state = base / "copydesk" / re.sub(r"[^\w.-]+", "_", path.strip("/"))

    def address(self, path: str) -> str:
        return f"{self._shown}/{path}"

    def write(self, path: str, data: bytes) -> None:
        with self.fs.open_output_stream(path) as out:
            out.write(data)

    publish = write

    def read(self, path: str) -> bytes | None:
        try:
            with self.fs.open_input_stream(path) as f:
                return bytes(f.read())
        except FileNotFoundError:
            return None

    def exists(self, path: str) -> bool:
        return bool(self.fs.get_file_info(path).type == fs.FileType.File)

    def move(self, source: str, target: str) -> None:
        self.fs.move(source, target)

    def delete(self, path: str) -> None:
        if self.exists(path):
            self.fs.delete_file(path)

    def drop(self, folder: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.fs.delete_dir(folder)

    def names(self, folder: str) -> list[str]:
        found = self.fs.get_file_info(fs.FileSelector(folder, allow_not_found=True))
        return sorted(info.base_name for info in found)

    def walk(self, folder: str) -> list[str]:
        found = self.fs.get_file_info(fs.FileSelector(folder, allow_not_found=True, recursive=True))
        return sorted(info.path for info in found if info.type == fs.FileType.File)

    def sync(self, folders: Iterable[str]) -> None:
        pass

    def replace(self, folder: str, removes: Iterable[str], staged: str, aside: str) -> None:
        """Out, then in: a bucket exchanges nothing at once, and rows that are missing for a moment mislead less than rows twice.

        Copies are made beforehand, so the moment lasts as long as the deletions and one copy within the bucket.
        """
        leaving = [name for name in removes if self.exists(f"{folder}/{name}")]
        for name in leaving:
            self.fs.copy_file(f"{folder}/{name}", f"{aside}/{name}")
        for name in leaving:
            self.fs.delete_file(f"{folder}/{name}")
        for path in self.walk(staged):
            self.fs.move(path, f"{folder}/{path.rpartition('/')[2]}")


class BucketLock:
    """An object that is put only where none is (`If-None-Match`), renewed while its holder lives.

    A holder that has not renewed it for `LEASE` seconds by the bucket's clock, or whose process is gone from this
    machine, is dead: its lock is replaced (`If-Match`, so that one of several waiters wins).
    """

    def __init__(self, uri: str, command: str = "") -> None:
        """Take the lock. Raises `Locked`, `StorageError`."""
        try:
            import boto3  # noqa: PLC0415
            import botocore.exceptions  # noqa: PLC0415
        except ImportError as error:
            raise StorageError(_plain(uri), "s3 needs the package boto3", "pip install 'copydesk[s3]'") from error
        parts = urlsplit(uri)
        options = dict(parse_qsl(parts.query))
        self._bucket, self._key = parts.hostname or "", f"{parts.path.strip('/')}/state/lock".lstrip("/")
        endpoint = options.get("endpoint_override")
        self._client: Any = boto3.client(
            "s3",
            region_name=options.get("region"),
            endpoint_url=f"{options.get('scheme', 'https')}://{endpoint}" if endpoint else None,
            aws_access_key_id=parts.username,
            aws_secret_access_key=parts.password,
        )
        self._refused = botocore.exceptions.ClientError
        self._content = signature(command)
        self._etag = ""
        try:
            self._take()
        except (botocore.exceptions.BotoCoreError, self._refused) as error:
            raise StorageError(_plain(uri), str(error), "check bucket, endpoint and credentials") from error
        self._ended = threading.Event()
        self._pulse = threading.Thread(target=self._renew, name="bucket lock", daemon=True)
        self._pulse.start()

    def held(self) -> bool:
        return bool(self._etag)

    def release(self) -> None:
        """Remove the object, if it is still ours."""
        self._ended.set()
        self._pulse.join()
        if self._etag:
            # Not conditional: only a holder that was silent for LEASE seconds could have lost it since the last pulse.
            self._client.delete_object(Bucket=self._bucket, Key=self._key)
            self._etag = ""

    def _take(self) -> None:
        if self._put(IfNoneMatch="*"):
            return
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._key)
        except self._refused as error:
            if _code(error) in ("NoSuchKey", "404") and self._put(IfNoneMatch="*"):
                return
            raise
        content = found["Body"].read()
        now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        silent = (now - found["LastModified"]).total_seconds()
        if (silent > LEASE or _died_here(content)) and self._put(IfMatch=found["ETag"]):
            return
        raise Locked(*describe(content))

    def _put(self, **condition: str) -> bool:
        try:
            answer: Mapping[str, Any] = self._client.put_object(
                Bucket=self._bucket, Key=self._key, Body=self._content, **condition
            )
        except self._refused as error:
            if _code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                return False
            raise
        self._etag = answer["ETag"]
        return True

    def _renew(self) -> None:
        silent = 0.0
        while not self._ended.wait(LEASE / 5):
            try:
                if not self._put(IfMatch=self._etag):
                    break
                silent = 0.0
            except Exception:  # noqa: BLE001  (whatever a network does; the lease says how long it may do so)
                silent += LEASE / 5
                if silent >= LEASE * 3 / 5:
                    break
        else:
            return
        self._etag = ""


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _plain(uri: str) -> str:
    parts = urlsplit(uri)
    return f"s3://{parts.hostname}{parts.path}"


def _died_here(content: bytes) -> bool:
    """Whether the lock's holder was a process of this machine that is gone."""
    try:
        said = json.loads(content)
        if said["machine"] != socket.gethostname():
            return False
        os.kill(said["pid"], 0)
    except ProcessLookupError:
        return True
    except (ValueError, KeyError, TypeError, OSError):
        pass
    return False
