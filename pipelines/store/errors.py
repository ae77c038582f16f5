"""The two ways the store says no to people; `exit_code` is what a command line ends with."""

import contextlib
import errno
from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa


class Locked(Exception):  # noqa: N818  (it is an answer: somebody else is at work)
    """Another run holds the lock of this data folder."""

    exit_code = 3

    def __init__(self, holder: str, since: datetime | None) -> None:
        when = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        super().__init__(f"another run is writing: {holder}{when}; wait for it, or stop it")
        self.holder = holder
        """Command, process id and machine, for people."""
        self.since = since


class StorageError(Exception):
    """The data folder cannot be written or read as it must be."""

    exit_code = 6

    def __init__(self, path: str, what: str, what_to_do: str) -> None:
        super().__init__(f"{path}: {what}; {what_to_do}")
        self.path = path
        self.what = what
        self.what_to_do = what_to_do


_FULL = "free some space and run the same command again; nothing was changed"
_WRITABLE = "make it writable for this user, or choose another folder with --data"
_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "raise the limit on the size of files (ulimit -f) and run the same command again; nothing was changed",
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.EROFS: _WRITABLE,
    errno.EXDEV: "keep the whole data folder on one file system",
    errno.ENOENT: "run `copydesk verify`",
}


@contextlib.contextmanager
def storage(path: str) -> Iterator[None]:
    """Turn what goes wrong with the file or folder `path` into a `StorageError`."""
    try:
        yield
    except pa.ArrowException as error:
        raise StorageError(path, f"damaged ({error})", "run `copydesk verify --repair`") from error
    except OSError as error:
        if error.errno is None:  # Arrow's words for what it could not decode, or what a bucket answered
            raise StorageError(path, str(error), "run `copydesk verify`") from error
        advice = _ADVICE.get(error.errno, "look after it, then run the same command again")
        raise StorageError(str(error.filename or path), error.strerror or str(error), advice) from error
