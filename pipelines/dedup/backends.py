"""What an index needs of its storage, so that storages can be exchanged. All decisions are made above it, in `pipelines.dedup.index`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

DOCUMENT = np.dtype([("id", "V16"), ("host", "<u8"), ("time", "<i8"), ("size", "<u4"), ("dated", "?"), ("alive", "?")])
"""One known version of one article: the 16 bytes of its id, a hash of its host, POSIX seconds of its publication (of its fetch when that is
unknown, and then it is not `dated`), its number of shingles, and whether it is the latest version and not erased."""

Documents = NDArray[np.void]
"""An array of `DOCUMENT`."""


class IndexDamaged(Exception):  # noqa: N818  (said of the index, as users read it)
    """A file of the index is missing, cut, or not what was written. The message names it and the command that rebuilds the index."""


class IndexMismatch(Exception):  # noqa: N818
    """The index was made with other parameters. The message names those that differ and the command that rebuilds the index."""


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Lists of different lengths in one array: list `i` is `values[offsets[i]:offsets[i + 1]]`."""

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def __getitem__(self, i: int) -> NDArray[Any]:
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    @classmethod
    def of(cls, lists: Sequence[NDArray[Any]]) -> "Ragged":
        offsets = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(one) for one in lists], out=offsets[1:])
        return cls(np.concatenate(lists) if lists else np.empty(0, np.uint32), offsets)


class Backend(Protocol):
    """Documents are numbered 0, 1, 2 … in the order in which they were added; numbers never change. One writer, one reader, one thread."""

    def parameters(self) -> Mapping[str, str] | None:
        """What was given to `initialize`, or None for an empty folder."""

    def initialize(self, parameters: Mapping[str, str]) -> None: ...

    def applied(self) -> set[str]:
        """Ids of the commits that are durably in."""

    def __len__(self) -> int:
        """How many numbers were given, erased ones included."""

    def add(self, commit_id: str, documents: Documents, shingles: Ragged, keys: Ragged) -> None:
        """Durable and all or nothing when it returns. Documents of an id already known replace the older ones. `keys` are what a document is
        found by, `shingles` what is kept of it."""

    def lookup(self, keys: NDArray[np.uint32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions in `keys` (which are sorted) and the numbers of living documents that hold them, as two arrays of one length, sorted by
        position, then number.

        A key that more than `limit` documents hold may give only some `limit` of them.
        """

    def documents(self, numbers: NDArray[np.int64]) -> Documents: ...

    def sizes(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """`size` of many documents, which is asked far more often than the rest; from 65,535 on it may be that."""

    def shingles(self, numbers: NDArray[np.int64]) -> Ragged: ...

    def numbers(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """The living document of each id (16 bytes) that has one."""

    def remove(self, ids: Iterable[bytes]) -> int:
        """Erase every version of the articles, shingles included; how many documents went."""

    def verify(self) -> None:
        """Read everything and check it. Raises IndexDamaged."""

    def close(self) -> None: ...
