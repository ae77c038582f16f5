"""A data folder as the store needs it: durable writes, moves that a reader sees whole, folders exchanged in one step.

Paths are relative to the data folder, with `/`. Every method raises OSError and nothing else.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Protocol

from pyarrow import fs


class Files(Protocol):
    """What local folders and buckets have in common."""

    fs: fs.FileSystem
    """For Arrow readers, rooted at the data folder."""

    state: Path
    """Where this machine keeps what only the writer needs."""

    def address(self, path: str) -> str:
        """`path` as a person would write it."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Make a new file, on disk when this returns (its folder's entry after `sync`)."""
        ...

    def publish(self, path: str, data: bytes) -> None:
        """Make or replace a file in one step, on disk when this returns."""
        ...

    def read(self, path: str) -> bytes | None:
        """The content, or None when there is no such file."""
        ...

    def exists(self, path: str) -> bool: ...

    def move(self, source: str, target: str) -> None:
        """Make `source` visible as `target`."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file; nothing when there is none."""
        ...

    def drop(self, folder: str) -> None:
        """Remove a folder with all that is in it; nothing when there is none."""
        ...

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted, without hidden ones (a dead `publish` may leave a draft); empty when there is no such folder."""
        ...

    def walk(self, folder: str) -> list[str]:
        """Paths of all files below a folder, sorted; empty when there is no such folder."""
        ...

    def sync(self, folders: Iterable[str]) -> None:
        """Make the entries of folders durable."""
        ...

    def replace(self, folder: str, removes: Iterable[str], staged: str, aside: str) -> None:
        """Take files out of `folder` and bring those of `staged` in, as nearly at once as this place can.

        `removes` are names. What was taken out stands in `aside` afterwards. May be repeated after a death at any moment,
        with the same result.
        """
        ...


class LocalFiles:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "state"
        self.fs = fs.SubTreeFileSystem(str(root.absolute()), fs.LocalFileSystem())

    def address(self, path: str) -> str:
        return str(self.root / path)

    def write(self, path: str, data: bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())

    def publish(self, path: str, data: bytes) -> None:
        target = PurePosixPath(path)
        draft = str(target.with_name(f".{target.name}.tmp"))
        try:
            self.write(draft, data)
            (self.root / draft).replace(self.root / path)
        except OSError:
            (self.root / draft).unlink(missing_ok=True)
            raise
        self.sync([str(target.parent)])

    def read(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def move(self, source: str, target: str) -> None:
        (self.root / target).parent.mkdir(parents=True, exist_ok=True)
        (self.root / source).replace(self.root / target)

    def delete(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    def drop(self, folder: str) -> None:
        if (self.root / folder).exists():
            shutil.rmtree(self.root / folder)

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(path.name for path in (self.root / folder).iterdir() if path.name[0] != ".")
        except (FileNotFoundError, NotADirectoryError):
            return []

    def walk(self, folder: str) -> list[str]:
        top = self.root / folder
        found = (Path(where) / name for where, _, names in os.walk(top) for name in names)
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def sync(self, folders: Iterable[str]) -> None:
        for folder in sorted({str(p) for f in folders for p in (PurePosixPath(f), *PurePosixPath(f).parents)}):
            fd = os.open(self.root / folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def replace(self, folder: str, removes: Iterable[str], staged: str, aside: str) -> None:
        removes = set(removes)
        live, draft, old = self.root / folder, self.root / staged, self.root / aside
        _finish_exchange(draft, live)
        standing, staged_names = set(self.names(folder)), set(self.names(staged))
        if removes & standing or staged_names - removes - standing:  # else the death came after the exchange
            draft.mkdir(parents=True, exist_ok=True)
            for name in standing - removes - staged_names:
                os.link(live / name, draft / name)
            self.sync([staged])
            _exchange(draft, live)
            self.sync([folder, staged])
        if draft.exists():
            old.parent.mkdir(parents=True, exist_ok=True)
            draft.rename(old)
        if live.exists() and not any(live.iterdir()):
            live.rmdir()


_RENAME_EXCHANGE = 2  # linux/fs.h
_AT_FDCWD = -100


def _exchange(draft: Path, live: Path) -> None:
    """Let two folders change places in one step; where the system has no such call, in two renames."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        done = renameat2(_AT_FDCWD, os.fsencode(draft), _AT_FDCWD, os.fsencode(live), _RENAME_EXCHANGE)
        if done == 0:
            return
        code = ctypes.get_errno()
        if code not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(code, os.strerror(code), str(live))
    live.rename(draft.with_name(f"{draft.name}.old"))
    _finish_exchange(draft, live)


def _finish_exchange(draft: Path, live: Path) -> None:
    """Complete an exchange in two renames that a death cut short."""
    between = draft.with_name(f"{draft.name}.old")
    if between.exists():
        if not live.exists():
            draft.rename(live)
        between.rename(draft)
