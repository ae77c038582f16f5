"""The index as plain files: append-only arrays, and sorted runs that are merged now and then. The default backend.

    manifest.json     what counts: parameters, lengths, checksums, names of runs. Replaced atomically; whatever it does not name is not there
    documents         one record a document: `DOCUMENT` and where its shingles begin
    sizes             2 bytes a document: its number of shingles, at most 65,535
    shingles          4 bytes a shingle, document after document
    commits           one line a commit
    gone              4 bytes for each number that a newer version replaced, or that was erased
    keys-N  ids-N     sorted runs of entries: sketch hash (of article id) and document number, 4 bytes each, of which blocks of 256 are packed into
                      as few bytes an entry as will do, mostly 4; then the first entry of each block, the bytes an entry of each block, how many
                      entries there are, and how many bits a number has. All but the blocks is kept in memory

A run is never changed. A new one is merged with the older ones that are not much larger, so there are few, each entry is rewritten a few times
in its life, and a look-up is one guess in each. Merging and searching go piece by piece; nothing grows in memory with the history but some
six bytes a document.
"""

import json
import mmap
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.dedup.backends import DOCUMENT, Documents, IndexDamaged, IndexMismatch, Ragged

FORMAT = 2
REBUILD = "copydesk verify --repair"
RECORD = np.dtype([("document", DOCUMENT), ("start", "<u8")])
NOT_MUCH_LARGER = 3
"""A run is merged into the next while that is at most so many times as large: r runs then hold more than 3ʳ commits."""
OPENINGS = 5
"""How often to begin again when a writer changes files while they are being opened."""
PIECE = 1 << 20
"""Entries merged, or values checked, at a time."""
CHECKED_AT_ONCE = 16 << 20
"""Files up to this many bytes are checked when the index is opened, larger ones by `verify` only."""

SAME_SHORT = 256
"""Documents whose ids begin with the same four bytes: versions of one article mostly, of which all but the last are gone."""
BLOCK = 256
"""Entries that are packed together."""
SEARCHED = 512
"""Keys looked up at a time, so that few pages are in memory at once."""
KEPT = 64 << 20
"""So many bytes of a run stay in memory once they were touched."""

Entries = NDArray[np.uint64]
NO_ENTRIES: Entries = np.empty(0, np.uint64)
NUMBER = np.uint64(0xFFFFFFFF)
"""The part of an entry that is the document's number."""
LAST = (1 << 64) - 1
"""Above every entry."""


class _Run:
    """A sorted run, mapped; one that a writer replaces meanwhile stays readable."""

    def __init__(self, path: Path, size: int) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        self._n, bits = np.frombuffer(self._map[-16:], "<u8").tolist()
        self._bits = np.uint64(bits)
        blocks = -(-self._n // BLOCK)
        packed = size - 16 - 9 * blocks
        if not 0 < blocks <= packed:
            raise _damaged(path, "it does not say how long it is")
        self.fences = np.frombuffer(self._map, "<u8", blocks, packed).copy()
        """The first entry of each block."""
        self._widths = np.frombuffer(self._map, np.uint8, blocks, packed + 8 * blocks).astype(np.int64)
        self._starts = np.append(0, np.cumsum(self._widths * BLOCK))
        self._starts[-1] -= self._widths[-1] * (blocks * BLOCK - self._n)
        if self._starts[-1] != packed or self._widths.min() < 1 or self._widths.max() > 8:
            raise _damaged(path, "its blocks are not where they should be")
        self._packed = np.frombuffer(self._map, np.uint8, packed)

    def __len__(self) -> int:
        return int(self._n)

    def between(self, low: int, high: int) -> Entries:
        """All entries from `low` on and below `high`."""
        first, last = np.searchsorted(self.fences, np.array([low, high], np.uint64))
        first = max(0, first - 1)
        blocks, ends = slice(first, last), self._starts[first + 1 : last + 1]
        entries: Entries = _unpacked(
            self._packed, self.fences[blocks], self._starts[blocks], ends, self._widths[blocks], self._bits
        )
        self.forget()
        return entries[_range(entries, low, high)]

    def holders(self, keys: NDArray[np.uint32], alive: NDArray[np.bool_], room: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers that hold each of the sorted `keys` and are `alive`, one key after the other: of each at most `room`, which shrinks."""
        after = np.searchsorted(self.fences, keys.astype(np.uint64) << np.uint64(32))
        numbers = [np.empty(0, np.int64)]
        for first in range(0, len(keys), SEARCHED):
            some = slice(first, first + SEARCHED)
            found, _ = _holders(
                self._packed, self.fences, self._starts, self._widths, self._bits,
                keys[some], after[some], alive, room[some],
            )  # fmt: skip
            numbers.append(found)
            self.forget()
        return np.concatenate(numbers)

    def forget(self) -> None:
        """Give pages back, so that what a process holds does not grow to the size of the index."""
        if len(self._map) > KEPT:
            self._map.madvise(mmap.MADV_DONTNEED, KEPT)


@dataclass(frozen=True, slots=True)
class _File:
    """A file, or the beginning of one, as it must be."""

    name: str
    bytes: int = 0
    crc32: int = 0


@dataclass(frozen=True, slots=True)
class _Manifest:
    parameters: Mapping[str, str]
    format: int = FORMAT
    documents: _File = _File("documents")
    sizes: _File = _File("sizes")
    shingles: _File = _File("shingles")
    commits: _File = _File("commits")
    gone: _File = _File("gone")
    keys: tuple[_File, ...] = ()
    ids: tuple[_File, ...] = ()
    next_run: int = 0
    erasing: tuple[int, ...] = field(default=())
    """Numbers whose erasure has begun; the next writer finishes it."""

    def files(self) -> list[_File]:
        return [self.documents, self.sizes, self.shingles, self.commits, self.gone, *self.keys, *self.ids]


class RunsBackend:
    """A `Backend`; see there for the promises. Several processes may read while one writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: dict[str, _Run] = {}
        self._manifest: _Manifest | None = None
        self._n = 0
        self._mapped_records: NDArray[np.void] | None = None
        self._mapped_sizes: NDArray[np.uint16] | None = None
        self._commits: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "manifest.json").exists():
            self._open()
        elif (folder / "documents").exists():
            raise _damaged(folder / "manifest.json", "it is missing")

    def _open(self) -> None:
        for attempt in range(OPENINGS):
            manifest = self._read_manifest()
            try:
                for file in manifest.files():
                    self._check(file, wholly=file.bytes <= CHECKED_AT_ONCE and not manifest.erasing)
                self._use(manifest)
            except (IndexDamaged, FileNotFoundError):
                if attempt + 1 == OPENINGS or manifest == self._read_manifest():
                    raise
                continue  # a writer has merged runs in between
            self._commits = set(self._bytes(manifest.commits).decode().split())
            return

    # -- what counts --------------------------------------------------------------------------------------------------------

    @property
    def _the_manifest(self) -> _Manifest:
        if self._manifest is None:
            raise ValueError(f"{self._folder} has not been initialized")
        return self._manifest

    def parameters(self) -> Mapping[str, str] | None:
        return None if self._manifest is None else self._manifest.parameters

    def initialize(self, parameters: Mapping[str, str]) -> None:
        self._publish(_Manifest(dict(parameters)))

    def applied(self) -> set[str]:
        return set(self._commits)

    def __len__(self) -> int:
        return self._n

    def _read_manifest(self) -> _Manifest:
        path = self._folder / "manifest.json"
        try:
            said = json.loads(path.read_bytes())
            crc = said.pop("crc32")
            if crc != zlib.crc32(_canonical(said)):
                raise ValueError("it is not what was written")
            if said["format"] != FORMAT:
                raise IndexMismatch(
                    f"{path} has format {said['format']}, this version writes {FORMAT}; rebuild the index with: {REBUILD}"
                )
            for name in ("documents", "sizes", "shingles", "commits", "gone"):
                said[name] = _File(**said[name])
            for name in ("keys", "ids"):
                said[name] = tuple(_File(**one) for one in said[name])
            return _Manifest(**said | {"erasing": tuple(said["erasing"])})
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path, str(error)) from error

    def _publish(self, manifest: _Manifest) -> None:
        """From here on `manifest` is what counts."""
        said = asdict(manifest)
        path = self._folder / "manifest.json"
        temporary = self._folder / ".manifest.json.tmp"
        _write(temporary, json.dumps(said | {"crc32": zlib.crc32(_canonical(said))}).encode())
        temporary.replace(path)
        _sync(self._folder)
        self._use(manifest)

    def _use(self, manifest: _Manifest) -> None:
        self._manifest = manifest
        self._n = manifest.documents.bytes // RECORD.itemsize
        self._mapped_records = self._mapped_sizes = None
        self._runs = {run.name: self._run(run) for run in (*manifest.keys, *manifest.ids)}
        self._alive = np.ones(self._n, np.bool_)
        self._alive[np.frombuffer(self._bytes(manifest.gone), np.uint32)] = False

    # -- adding -------------------------------------------------------------------------------------------------------------

    def add(self, commit_id: str, documents: Documents, shingles: Ragged, keys: Ragged) -> None:
        if commit_id in self._commits:
            return
        self._finish_erasing()
        manifest, first = self._the_manifest, self._n
        records = np.zeros(len(documents), RECORD)
        records["document"] = documents
        records["start"] = manifest.shingles.bytes // 4 + shingles.offsets[:-1]
        old = self.numbers(document["id"].tobytes() for document in documents)

        numbers = np.arange(first, first + len(documents), dtype=np.uint64)
        entries = _entries(keys.values, np.repeat(numbers, np.diff(keys.offsets)))
        ids = _entries(_short(documents["id"]), numbers)

        manifest = replace(
            manifest,
            shingles=self._append(manifest.shingles, shingles.values.astype("<u4").tobytes()),
            documents=self._append(manifest.documents, records.tobytes()),
            sizes=self._append(manifest.sizes, np.minimum(documents["size"], 0xFFFF).astype("<u2").tobytes()),
            commits=self._append(manifest.commits, f"{commit_id}\n".encode()),
            gone=self._append(manifest.gone, np.array(sorted(old.values()), "<u4").tobytes()),
        )
        superseded = (*manifest.keys, *manifest.ids)
        manifest = self._add_run(manifest, "keys", entries)
        manifest = self._add_run(manifest, "ids", ids)
        self._publish(manifest)
        self._commits.add(commit_id)
        self._unlink(superseded)

    def _append(self, file: _File, data: bytes) -> _File:
        if not data:
            return file
        path = self._folder / file.name
        with path.open("r+b" if path.exists() else "w+b") as out:
            out.truncate(file.bytes)  # a writer that died may have left more
            out.seek(file.bytes)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return _File(file.name, file.bytes + len(data), zlib.crc32(data, file.crc32))

    def _add_run(self, manifest: _Manifest, kind: str, entries: Entries) -> _Manifest:
        """Write `entries` as a run of `kind` ("keys" or "ids"), together with the newest runs that are not much larger."""
        runs: tuple[_File, ...] = getattr(manifest, kind)
        size, keep = len(entries), len(runs)
        while keep and len(self._run(runs[keep - 1])) <= NOT_MUCH_LARGER * size:
            keep -= 1
            size += len(self._run(runs[keep]))
        run = self._write_run(f"{kind}-{manifest.next_run}", runs[keep:], entries)
        changed = {kind: (*runs[:keep], *([run] if run.bytes else [])), "next_run": manifest.next_run + 1}
        return replace(manifest, **changed)  # type: ignore[arg-type]

    def _write_run(self, name: str, files: Sequence[_File], new: Entries = NO_ENTRIES) -> _File:
        """Merge runs and sorted `new` entries into one file, leaving out what is gone. Goes piece by piece through the range of keys."""
        runs = [self._run(file) for file in files]
        more = int((new & NUMBER).max(initial=0)) + 1 - self._n
        alive = np.append(self._alive, np.ones(max(0, more), np.bool_))
        bits = np.uint64(len(alive).bit_length())
        every = PIECE // BLOCK
        bounds = np.sort(np.concatenate([new[::BLOCK], *(run.fences for run in runs)]))[every::every]
        file, n, rest, fences, widths = _File(name), 0, NO_ENTRIES, [NO_ENTRIES], [np.empty(0, np.uint8)]
        with (self._folder / name).open("wb") as out:
            for low, high in pairwise([0, *bounds.tolist(), LAST]):
                parts = [new[_range(new, low, high)], *(run.between(low, high) for run in runs)]
                entries = np.sort(np.concatenate(parts))
                entries = np.concatenate([rest, entries[alive[entries & NUMBER]]])
                whole = len(entries) if high == LAST else len(entries) // BLOCK * BLOCK
                entries, rest = entries[:whole], entries[whole:]
                packed, width = _packed(entries, bits)
                fences.append(entries[::BLOCK])
                widths.append(width)
                n += len(entries)
                file = _write_on(out, file, packed.tobytes())
            if n:
                end = [np.concatenate(fences).astype("<u8"), np.concatenate(widths), np.array([n, bits], "<u8")]
                file = _write_on(out, file, b"".join(part.tobytes() for part in end))
            out.flush()
            os.fsync(out.fileno())
        if not n:
            (self._folder / name).unlink()
        return file

    def _unlink(self, superseded: Iterable[_File]) -> None:
        used = {file.name for file in self._the_manifest.files()}
        for file in superseded:
            if file.name not in used:
                (self._folder / file.name).unlink(missing_ok=True)

    # -- asking -------------------------------------------------------------------------------------------------------------

    def lookup(self, keys: NDArray[np.uint32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self._search(self._the_manifest.keys, keys, limit)

    def _search(
        self, runs: Sequence[_File], keys: NDArray[np.uint32], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        room = np.full(len(keys), limit)
        left, numbers = [room.copy()], [np.empty(0, np.int64)]
        for file in runs:
            numbers.append(self._run(file).holders(keys, self._alive, room))
            left.append(room.copy())
        return np.repeat(np.arange(len(keys)), limit - room), _by_key(-np.diff(left, axis=0), np.concatenate(numbers))

    def documents(self, numbers: NDArray[np.int64]) -> Documents:
        records = self._records(numbers)["document"]
        records["alive"] = self._alive[numbers]
        return records

    def _records(self, numbers: NDArray[np.int64]) -> NDArray[np.void]:
        if not len(numbers):
            return np.zeros(0, RECORD)
        return np.array(self._all_records()[numbers])

    def _all_records(self) -> NDArray[np.void]:
        if self._mapped_records is None:
            records = np.zeros(0, RECORD)
            if self._n:
                records = np.memmap(self._folder / "documents", RECORD, "r", shape=(self._n,))
            self._mapped_records = np.asarray(records)
        return self._mapped_records

    def sizes(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        if self._mapped_sizes is None:
            self._mapped_sizes = np.zeros(0, "<u2")
            if self._n:
                self._mapped_sizes = np.asarray(np.memmap(self._folder / "sizes", "<u2", "r", shape=(self._n,)))
        return self._mapped_sizes[numbers].astype(np.int64)

    def shingles(self, numbers: NDArray[np.int64]) -> Ragged:
        if not len(numbers):
            return Ragged.of([])
        records = self._records(numbers)
        sizes = records["document"]["size"].astype(np.int64)
        offsets = np.zeros(len(numbers) + 1, np.int64)
        np.cumsum(sizes, out=offsets[1:])
        values = np.empty(offsets[-1], "<u4")
        view = values.data.cast("B")
        with (self._folder / "shingles").open(
            "rb", buffering=0
        ) as file:  # not mapped: what was read once need not stay
            starts = (records["start"] * 4).tolist()
            for i, start in enumerate(starts):
                os.preadv(file.fileno(), [view[4 * offsets[i] : 4 * offsets[i + 1]]], start)
        return Ragged(values, offsets)

    def numbers(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        wanted = list(dict.fromkeys(ids))
        short = _short(np.frombuffer(b"".join(wanted), "V16"))
        order = np.argsort(short, kind="stable")
        at, numbers = self._search(self._the_manifest.ids, short[order], SAME_SHORT)
        found = [document["id"].tobytes() for document in self.documents(numbers)]
        at = order[at]
        return {id_: n for id_, i, n in zip(found, at.tolist(), numbers.tolist(), strict=True) if id_ == wanted[i]}

    def _run(self, file: _File) -> _Run:
        """A run never changes, and its name is not used again."""
        return self._runs.get(file.name) or _Run(self._folder / file.name, file.bytes)

    # -- erasing ------------------------------------------------------------------------------------------------------------

    def remove(self, ids: Iterable[bytes]) -> int:
        self._finish_erasing()
        wanted = set(ids)
        short = np.unique(_short(np.frombuffer(b"".join(wanted), "V16")))
        records = self._all_records()
        suspects = np.flatnonzero(
            np.isin(_short(records["document"]["id"]), short)
        )  # older versions are in no run any more
        numbers = [n for n in suspects.tolist() if records[n]["document"]["id"].tobytes() in wanted]
        if not numbers:
            return 0
        gone = self._append(self._the_manifest.gone, np.array(numbers, "<u4").tobytes())
        self._publish(replace(self._the_manifest, gone=gone, erasing=tuple(numbers)))
        self._finish_erasing()
        return len(numbers)

    def _finish_erasing(self) -> None:
        """Zeros over ids and shingles, and runs without the numbers. May be done twice."""
        manifest = self._the_manifest
        if not manifest.erasing:
            return
        records = self._records(np.array(manifest.erasing))
        with (self._folder / "documents").open("r+b") as documents, (self._folder / "shingles").open("r+b") as shingles:
            for number, record in zip(manifest.erasing, records, strict=True):
                documents.seek(number * RECORD.itemsize)
                documents.write(bytes(16))
                shingles.seek(int(record["start"]) * 4)
                shingles.write(bytes(int(record["document"]["size"]) * 4))
            for file in (documents, shingles):
                file.flush()
                os.fsync(file.fileno())
        superseded = (*manifest.keys, *manifest.ids)
        n = manifest.next_run
        keys = self._write_run(f"keys-{n}", manifest.keys)
        ids = self._write_run(f"ids-{n}", manifest.ids)
        manifest = replace(
            manifest,
            documents=replace(manifest.documents, crc32=self._crc(manifest.documents)),
            shingles=replace(manifest.shingles, crc32=self._crc(manifest.shingles)),
            keys=(keys,) if keys.bytes else (),
            ids=(ids,) if ids.bytes else (),
            next_run=n + 1,
            erasing=(),
        )
        self._publish(manifest)
        self._unlink(superseded)

    # -- checking -----------------------------------------------------------------------------------------------------------

    def verify(self) -> None:
        for file in self._the_manifest.files():
            self._check(file, wholly=not self._the_manifest.erasing)

    def _check(self, file: _File, *, wholly: bool) -> None:
        path = self._folder / file.name
        there = path.stat().st_size if path.exists() else 0
        if there < file.bytes:
            raise _damaged(path, f"{there} of {file.bytes} bytes are there")
        if wholly and self._crc(file) != file.crc32:
            raise _damaged(path, "its checksum is wrong")

    def _crc(self, file: _File) -> int:
        crc, left = 0, file.bytes
        if left:
            with (self._folder / file.name).open("rb") as source:
                while left and (data := source.read(min(left, PIECE))):
                    crc = zlib.crc32(data, crc)
                    left -= len(data)
        return crc

    def _bytes(self, file: _File) -> bytes:
        if not file.bytes:
            return b""
        with (self._folder / file.name).open("rb") as source:
            return source.read(file.bytes)

    def close(self) -> None:
        self._runs, self._mapped_records, self._mapped_sizes = {}, None, None


def _damaged(path: Path, why: str) -> IndexDamaged:
    return IndexDamaged(f"{path} is damaged ({why}); rebuild the index with: {REBUILD}")


def _entries(keys: NDArray[np.uint32], numbers: NDArray[np.uint64]) -> Entries:
    return np.sort((keys.astype(np.uint64) << np.uint64(32)) | numbers)


@compiled
def _packed(entries, bits):  # type: ignore[no-untyped-def]
    """Block after block as a file has them, and the width of each."""
    widths = np.zeros((len(entries) + BLOCK - 1) // BLOCK, np.uint8)
    packed = np.empty(8 * len(entries), np.uint8)
    n = 0
    for block in range(len(widths)):
        some = entries[block * BLOCK : (block + 1) * BLOCK]
        key = some[0] >> np.uint64(32)
        largest = ((some[-1] >> np.uint64(32)) - key) << bits | ((np.uint64(1) << bits) - np.uint64(1))
        width = 0
        while largest:
            largest >>= np.uint64(8)
            width += 1
        widths[block] = width
        for entry in some:
            value = ((entry >> np.uint64(32)) - key) << bits | (entry & NUMBER)
            for _ in range(width):
                packed[n] = value & np.uint64(0xFF)
                value >>= np.uint64(8)
                n += 1
    return packed[:n].copy(), widths


@compiled
def _value(packed, at, width):  # type: ignore[no-untyped-def]
    value = np.uint64(0)
    for i in range(width):
        value |= np.uint64(packed[at + i]) << np.uint64(8 * i)
    return value


@compiled
def _unpacked(packed, fences, starts, ends, widths, bits):  # type: ignore[no-untyped-def]
    """The entries of some blocks."""
    entries = np.empty(BLOCK * len(fences), np.uint64)
    mask = (np.uint64(1) << bits) - np.uint64(1)
    n = 0
    for block in range(len(fences)):
        key = fences[block] >> np.uint64(32)
        for at in range(starts[block], ends[block], widths[block]):
            value = _value(packed, at, widths[block])
            entries[n] = (value >> bits) + key << np.uint64(32) | value & mask
            n += 1
    return entries[:n].copy()


@compiled
def _holders(packed, fences, starts, widths, bits, keys, after, alive, room):  # type: ignore[no-untyped-def]
    """The numbers that hold each of the sorted `keys` and are `alive`, one key after the other: of each at most `room`, which shrinks. The first
    block that begins with no smaller entry is `after`, so the first entry of a key is in the block before, or opens this one.

    What a look-up costs is waiting for memory. Keys are hashes, so where one stands in its block can be guessed well enough to touch one or two
    lines of the cache, where a binary search touches seven; and all guesses are touched first, so that the processor waits for many at once.
    """
    mask = (np.uint64(1) << bits) - np.uint64(1)
    guesses = np.zeros(len(keys), np.int64)
    touched = 0
    for k in range(len(keys)):
        block = max(0, after[k] - 1)
        if 0 < after[k] < len(fences):
            wanted, before = np.uint64(keys[k]) << np.uint64(32), fences[block]
            guesses[k] = int(BLOCK * (float(wanted - before) / float(fences[block + 1] - before)))
        touched ^= packed[starts[block] + guesses[k] * widths[block]]
    found = np.empty(len(keys) * 4, np.int64)
    n = 0
    for k in range(len(keys)):
        key, block = np.uint64(keys[k]), max(0, after[k] - 1)
        start, width, first = starts[block], widths[block], fences[block] >> np.uint64(32)
        size = (starts[block + 1] - start) // width
        at = 0
        if after[k]:  # look around the guess, ever further away
            wanted = (key - first) << bits
            low = high = guesses[k]
            step = 4
            while low > 0 and _value(packed, start + (low - 1) * width, width) >= wanted:
                high = low - 1
                low = max(0, low - step)
                step *= 2
            step = 4
            while high < size and _value(packed, start + high * width, width) < wanted:
                low = high + 1
                high = min(size, high + step)
                step *= 2
            while low < high:  # everything before `low` is below, `high` is not
                middle = (low + high) // 2
                if _value(packed, start + middle * width, width) < wanted:
                    low = middle + 1
                else:
                    high = middle
            at = low
        while room[k]:
            if at == size:
                block += 1
                if block == len(fences):
                    break
                start, width, first = starts[block], widths[block], fences[block] >> np.uint64(32)
                size = (starts[block + 1] - start) // width
                at = 0
            value = _value(packed, start + at * width, width)
            if (value >> bits) + first != key:
                break
            at += 1
            number = np.int64(value & mask)
            if number < len(alive) and alive[number]:
                if n == len(found):
                    found = np.concatenate((found, np.empty(n, np.int64)))
                found[n] = number
                room[k] -= 1
                n += 1
    return found[:n].copy(), touched


@compiled
def _by_key(counts, numbers):  # type: ignore[no-untyped-def]
    """`numbers` stand run by run, and in a run key by key, `counts[run, key]` of each; sorted by key, then run, as newer runs hold larger numbers."""
    at = np.zeros(counts.shape[1], np.int64)  # where the next one of each key goes
    n = 0
    for key in range(counts.shape[1]):
        at[key] = n
        for run in range(counts.shape[0]):
            n += counts[run, key]
    out = np.empty(len(numbers), np.int64)
    n = 0
    for run in range(counts.shape[0]):
        for key in range(counts.shape[1]):
            for _ in range(counts[run, key]):
                out[at[key]] = numbers[n]
                at[key] += 1
                n += 1
    return out


def _short(ids: NDArray[np.void]) -> NDArray[np.uint32]:
    """Four bytes of each id; ids are hashes already."""
    return np.ascontiguousarray(ids).view("<u4").reshape(-1, 4)[:, 0].copy()


def _range(entries: Entries, low: int, high: int) -> slice:
    """Those from `low` on and below `high`."""
    first, last = np.searchsorted(entries, np.array([low, high], np.uint64)).tolist()
    return slice(first, last)


def _write_on(out: IO[bytes], file: _File, data: bytes) -> _File:
    out.write(data)
    return _File(file.name, file.bytes + len(data), zlib.crc32(data, file.crc32))


def _canonical(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True).encode()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
