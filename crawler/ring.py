"""Bytes for another process, through memory that both have mapped: sending 100 kB through a pipe costs fifty times as much."""

import mmap
import os
import tempfile
from collections import deque

SIZE = 16 << 20
"""Bytes. Bodies are as large as 8 MiB; most of the time a few hundred kilobytes wait, and what is never used takes no memory."""


class Ring:
    """Room that is taken in turn and given back in the same order. One process puts, one gets."""

    def __init__(self, fd: int | None = None) -> None:
        """Make one, or map the one that another process made as `fd`."""
        if fd is None:
            with tempfile.TemporaryFile() as file:  # where there are no files in memory
                fd = os.memfd_create("ring") if hasattr(os, "memfd_create") else os.dup(file.fileno())
            os.truncate(fd, SIZE)
        self.fd = fd
        self._memory = mmap.mmap(fd, SIZE)
        self._taken: deque[tuple[int, int]] = deque()

    def put(self, data: bytes) -> int | None:
        """Where it stands until `free`, or None when there is no room for it."""
        start = self._room(len(data))
        if start is not None:
            self._memory[start : start + len(data)] = data
            self._taken.append((start, start + len(data)))
        return start

    def free(self) -> None:
        """Give back what was put first."""
        self._taken.popleft()

    def get(self, start: int, size: int) -> bytes:
        """What was put there."""
        return self._memory[start : start + size]

    def close(self) -> None:
        self._memory.close()
        os.close(self.fd)

    def _room(self, size: int) -> int | None:
        if not self._taken:
            return 0 if size <= SIZE else None
        first, end = self._taken[0][0], self._taken[-1][1]
        if self._taken[-1][0] < first:  # it has gone round: only the gap up to the first is left
            return end if end + size <= first else None
        if end + size <= SIZE:
            return end
        return 0 if size <= first else None
