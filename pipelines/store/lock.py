"""One writer at a time."""

import contextlib
import fcntl
import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from pipelines.store.errors import Locked


class FolderLock:
    """`flock` on a file: the system frees it when its holder dies, however it dies.

    The lock belongs to the open file, which `fork` shares: children close it at once, so that a worker that outlives
    a killed run does not go on holding the lock.
    """

    def __init__(self, path: Path, command: str = "") -> None:
        """Take the lock. Raises `Locked` when somebody else has it, OSError when the file cannot be made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 4096, 0)
            self._close()
            raise Locked(*describe(holder)) from None
        os.register_at_fork(after_in_child=self._close)
        with contextlib.suppress(OSError):  # a full disk must not keep the lock from being held
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, signature(command), 0)

    def held(self) -> bool:
        return self._fd is not None

    def release(self) -> None:
        """Free the lock, in children too."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        self._close()

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def signature(command: str) -> bytes:
    """What the lock says about who holds it."""
    return json.dumps(
        {
            "pid": os.getpid(),
            "machine": socket.gethostname(),
            "command": command or " ".join(sys.argv)[:200],
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    ).encode()


def describe(content: bytes) -> tuple[str, datetime | None]:
    """Holder and time from what the lock says; vague when it says nothing (its holder is about to write it)."""
    try:
        said = json.loads(content)
        return f"{said['command']} (process {said['pid']} on {said['machine']})", datetime.fromisoformat(said["since"])
    except (ValueError, KeyError, TypeError):
        return "a run that has just begun", None
