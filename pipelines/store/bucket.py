"""The store on `s3://`, through pyarrow; locks need conditional requests, which only boto3 has (extra `s3`).

Several machines may write to one bucket. Each runs at most one run (a `flock` on its own state folder sees to it), which says
that it lives by renewing `state/machines/<machine>`; its locks are objects under `state/locks/` that are put only where none is
(`If-None-Match`). A lock whose holder has not renewed for `LEASE` seconds by the bucket's clock, or whose machine has begun
another run since, is nobody's: it is replaced (`If-Match`, so that one of several waiters wins).
"""

import contextlib
import json
import logging
import os
import random
import re
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pyarrow import fs

from pipelines.store.errors import Locked, StorageError
from pipelines.store.lock import FolderLock, describe, signature

log = logging.getLogger(__name__)

LEASE = 60.0
"""Seconds without a sign of life after which a machine's run counts as dead."""
PATIENCE = 600.0
"""Seconds to wait for other machines' changes of the tables: each takes as long as one batch, or as deriving the stories."""


class BucketFiles:
    """A prefix of a bucket. Objects are immutable and appear whole, so that nothing needs to be synced."""

    def __init__(self, uri: str) -> None:
        """`s3://bucket/prefix`, with pyarrow's options (`?region=…&endpoint_override=…&scheme=http`). Raises OSError."""
        found, path = fs.FileSystem.from_uri(uri)
        self.fs = fs.SubTreeFileSystem(path.rstrip("/"), found)
        self._shown = f"s3://{path.rstrip('/')}"  # without options, which may hold keys
        base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        self.state = base / "copydesk" / re.sub(r"[^\w.-]+", "_", path.strip("/")) / "state"

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


class BucketLocks:
    """The locks that one run on this machine holds in a bucket; all of them go with it."""

    def __init__(self, uri: str, state: Path, command: str = "") -> None:
        """Begin: from now on nobody else on this machine may. Raises `Locked`, `StorageError`, OSError."""
        try:
            import boto3  # noqa: PLC0415
            import botocore.exceptions  # noqa: PLC0415
        except ImportError as error:
            raise StorageError(_plain(uri), "s3 needs the package boto3", "pip install 'copydesk[s3]'") from error
        parts = urlsplit(uri)
        options = dict(parse_qsl(parts.query))
        self._shown = _plain(uri)
        self._bucket, self._prefix = parts.hostname or "", f"{parts.path.strip('/')}/state".lstrip("/")
        endpoint = options.get("endpoint_override")
        self._client: Any = boto3.client(
            "s3",
            region_name=options.get("region"),
            endpoint_url=f"{options.get('scheme', 'https')}://{endpoint}" if endpoint else None,
            aws_access_key_id=parts.username,
            aws_secret_access_key=parts.password,
        )
        self._refused = botocore.exceptions.ClientError
        self._errors = (botocore.exceptions.BotoCoreError, self._refused)
        self._folder = FolderLock(state / "lock", command)
        self._ended = threading.Event()
        self._held: set[str] = set()
        try:
            said = {"machine_id": _machine_id(state), "run": secrets.token_hex(8)}
            self._content = json.dumps(json.loads(signature(command)) | said).encode()
            self._sign = f"machines/{said['machine_id']}"
            with self._told():
                self._client.put_object(Bucket=self._bucket, Key=f"{self._prefix}/{self._sign}", Body=self._content)
        except BaseException:
            self._folder.release()
            raise
        self._pulse = threading.Thread(target=self._renew, name="bucket lock", daemon=True)
        self._pulse.start()

    def take(self, name: str, patience: float = 0.0) -> None:
        """Take a lock, waiting `patience` seconds for it. Taking it again is harmless. Raises `Locked`, `StorageError`."""
        until, pause = time.monotonic() + patience, 0.02
        while True:
            with self._told():
                holder = self._try(f"locks/{name}")
            if holder is None:
                self._held.add(name)
                return
            if time.monotonic() >= until:
                raise Locked(*describe(holder))
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (so that waiters do not ask in step)
            pause = min(2 * pause, 1.0)

    def held(self, name: str) -> bool:
        """Whether the lock is ours, by the bucket's word. Raises `StorageError`."""
        if name not in self._held:
            return False
        with self._told():
            found = self._get(f"locks/{name}")
        return found is not None and found[0] == self._content

    def taken(self, name: str) -> bool:
        """Whether a run that is at work holds the lock, this one or another. Raises `StorageError`."""
        with self._told():
            found = self._get(f"locks/{name}")
            return found is not None and self._lives(found[0])

    def free(self, name: str) -> None:
        """Give a lock back, if it is still ours. When the bucket does not answer, it goes with the run."""
        try:
            # Not conditional: only a run that was silent for LEASE seconds could have lost it since it was asked for.
            if self.held(name):
                with self._told():
                    self._client.delete_object(Bucket=self._bucket, Key=f"{self._prefix}/locks/{name}")
        except StorageError as error:
            log.warning("%s", error)
        self._held.discard(name)

    def release(self) -> None:
        """End: give everything back."""
        self._ended.set()
        self._pulse.join()
        for name in sorted(self._held):
            self.free(name)
        with contextlib.suppress(*self._errors):
            self._client.delete_object(Bucket=self._bucket, Key=f"{self._prefix}/{self._sign}")
        self._folder.release()

    def _try(self, key: str) -> bytes | None:
        """Take a lock, or say who holds it."""
        for _ in range(3):
            if self._put(key, IfNoneMatch="*"):
                return None
            found = self._get(key)
            if found is None:
                continue  # given back just now
            content, etag = found
            if content == self._content:  # ours: the answer to a request was lost, and it was sent again
                return None
            if self._lives(content):
                return content
            if self._put(key, IfMatch=etag):
                return None
        return b""

    def _lives(self, content: bytes) -> bool:
        """Whether the run that wrote a lock is at work."""
        try:
            said = json.loads(content)
            sign = self._get(f"machines/{said['machine_id']}", fresh=True)
            return sign is not None and json.loads(sign[0])["run"] == said["run"]
        except (ValueError, KeyError, TypeError):
            return False

    def _get(self, key: str, *, fresh: bool = False) -> tuple[bytes, str] | None:
        """Content and ETag of an object; None when there is none, or with `fresh` when it is older than `LEASE`."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=f"{self._prefix}/{key}")
        except self._refused as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise
        content = found["Body"].read()
        now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        if fresh and (now - found["LastModified"]).total_seconds() > LEASE:
            return None
        return content, found["ETag"]

    def _put(self, key: str, **condition: str) -> bool:
        try:
            self._client.put_object(Bucket=self._bucket, Key=f"{self._prefix}/{key}", Body=self._content, **condition)
        except self._refused as error:
            if _code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404"):
                return False
            raise
        return True

    def _renew(self) -> None:
        while not self._ended.wait(LEASE / 5):
            try:
                self._client.put_object(Bucket=self._bucket, Key=f"{self._prefix}/{self._sign}", Body=self._content)
            except Exception as error:  # noqa: BLE001  (whatever a network does: whether a lock was lost, the bucket says)
                log.warning("%s: could not say that this run lives: %s", self._shown, error)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise StorageError(self._shown, str(error), "check bucket, endpoint and credentials") from error


def _machine_id(state: Path) -> str:
    """What this machine is called in the bucket: made once, kept in its state folder."""
    path = state / "machine"
    if not path.exists():
        draft = path.with_name(".machine.tmp")
        draft.write_text(secrets.token_hex(8), "ascii")
        draft.replace(path)
    return path.read_text("ascii")


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _plain(uri: str) -> str:
    parts = urlsplit(uri)
    return f"s3://{parts.hostname}{parts.path}"
