"""The index as plain files: append-only arrays, and sorted runs that are merged now and then. The default backend.

    manifest.json     what counts: parameters, lengths, checksums, names of runs. Replaced atomically; whatever it does not name is not there
    documents         one record a document: `DOCUMENT` and where its shingles begin
    sizes             2 bytes a document: its number of shingles, at most 65,535
    shingles          4 bytes a shingle, document after document
    commits           one line a commit
    gone              4 bytes for each number that a newer version replaced, or that was erased
    keys-N  ids-N     sorted runs of 8-byte entries: 4 bytes of sketch hash (of article id), 4 bytes of document number; then the first entry of
                      each block of 512 again, which is kept in memory so that a look-up touches one page

A run is never changed. A new one is merged with the older ones that are not much larger, so there are few, each entry is rewritten a few times
in its life, and a look-up is one binary search in each. Merging and searching go piece by piece; nothing grows in memory with the history but
some two bytes a document.
"""

import json
import mmap
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.dedup.backends import DOCUMENT, Documents, IndexDamaged, Ragged

FORMAT = 1
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
BLOCK = 512
"""Entries to a page of memory."""
SEARCHED = 512
"""Keys looked up at a time: what is read for them fits into a few megabytes."""
GAP = 2
"""Blocks that nobody asked for and that are read all the same, because one long read costs less than two short ones."""

Entries = NDArray[np.uint64]


class _Run:
    """A sorted run, open for look-ups; a run that a writer replaces meanwhile stays readable."""

    def __init__(self, path: Path, size: int) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self._n = _n_entries(size)
        self._fences = np.empty(size // 8 - self._n, "<u8")
        """The first entry of each block."""
        os.preadv(self._descriptor, [self._fences.data.cast("B")], 8 * self._n)

    def __del__(self) -> None:
        os.close(self._descriptor)

    def around(self, keys: NDArray[np.uint32], limit: int) -> Entries:
        """The blocks that can hold some of the sorted `keys`, up to `limit` entries of each, one after the other.

        Read rather than mapped: a page that is mapped at its first touch costs more than copying it, and counts as memory of the process.
        """
        wanted = keys.astype(np.uint64) << np.uint64(32)
        first = np.maximum(np.searchsorted(self._fences, wanted) - 1, 0)
        last = np.searchsorted(self._fences, wanted | np.uint64(0xFFFFFFFF), side="right") - 1
        last = np.clip(last, first, first + limit // BLOCK + 1)
        apart = np.flatnonzero(first[1:] > np.maximum.accumulate(last)[:-1] + GAP) + 1
        starts = first[np.concatenate([[0], apart])] * BLOCK
        ends = np.minimum((np.maximum.reduceat(last, np.concatenate([[0], apart])) + 1) * BLOCK, self._n)
        entries = np.empty(int((ends - starts).sum()), "<u8")
        view, at = entries.data.cast("B"), 0
        for start, end in zip((8 * starts).tolist(), (8 * ends).tolist(), strict=True):
            os.preadv(self._descriptor, [view[at : at + end - start]], start)
            at += end - start
        return entries


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
            if crc != zlib.crc32(_canonical(said)) or said["format"] != FORMAT:
                raise ValueError("it is not what was written")
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
        size, keep = entries.nbytes, len(runs)
        while keep and runs[keep - 1].bytes <= NOT_MUCH_LARGER * size:
            keep -= 1
            size += runs[keep].bytes
        merged = [self._mapped(run) for run in runs[keep:]]
        run = self._write_run(f"{kind}-{manifest.next_run}", [*merged, entries])
        changed = {kind: (*runs[:keep], *([run] if run.bytes else [])), "next_run": manifest.next_run + 1}
        return replace(manifest, **changed)  # type: ignore[arg-type]

    def _write_run(self, name: str, sources: Sequence[Entries]) -> _File:
        """Merge sorted `sources` into one file, leaving out what is gone. Goes piece by piece through the range of keys."""
        total = sum(len(source) for source in sources)
        samples = [source[:: max(1, PIECE // 8)] for source in sources]
        bounds = (
            np.sort(np.concatenate(samples))[:: max(1, 8 * len(sources))] if total > PIECE else np.empty(0, np.uint64)
        )
        cuts = [[0, *np.searchsorted(source, bounds).tolist(), len(source)] for source in sources]
        file, fences, n = _File(name), [np.empty(0, "<u8")], 0
        with (self._folder / name).open("wb") as out:
            for piece in range(len(bounds) + 1):
                parts = [s[c[piece] : c[piece + 1]] for s, c in zip(sources, cuts, strict=True)]
                entries = np.sort(np.concatenate(parts))
                number = (entries & np.uint64(0xFFFFFFFF)).astype(np.int64)
                entries = (
                    entries[(number >= self._n) | self._alive[np.minimum(number, self._n - 1)]] if self._n else entries
                )
                fences.append(entries[-n % BLOCK :: BLOCK])
                n += len(entries)
                file = _write_on(out, file, entries.astype("<u8").tobytes())
                _forget(sources)
            file = _write_on(out, file, np.concatenate(fences).astype("<u8").tobytes())
            out.flush()
            os.fsync(out.fileno())
        return file

    def _unlink(self, superseded: Iterable[_File]) -> None:
        used = {file.name for file in self._the_manifest.files()}
        for file in superseded:
            if file.name not in used:
                (self._folder / file.name).unlink(missing_ok=True)

    # -- asking -------------------------------------------------------------------------------------------------------------

    def lookup(self, keys: NDArray[np.uint32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        at, numbers = self._search(self._the_manifest.keys, keys, limit)
        alive = self._alive[numbers]
        return at[alive], numbers[alive]

    def _search(
        self, runs: Sequence[_File], keys: NDArray[np.uint32], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        counts, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for file in runs:
            run = self._run(file)
            for first in range(0, len(keys), SEARCHED):
                some = keys[first : first + SEARCHED]
                entries = run.around(some, limit)
                count, found, _ = _holders(entries, entries[::BLOCK].copy(), some, limit)
                counts.append(count)
                numbers.append(found)
        each = np.concatenate(counts).reshape(len(runs), len(keys))
        return np.repeat(np.arange(len(keys)), each.sum(axis=0)), _by_key(each, np.concatenate(numbers))

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
        numbers, at = numbers[self._alive[numbers]], order[at[self._alive[numbers]]]
        found = [document["id"].tobytes() for document in self.documents(numbers)]
        return {id_: n for id_, i, n in zip(found, at.tolist(), numbers.tolist(), strict=True) if id_ == wanted[i]}

    def _run(self, file: _File) -> _Run:
        """A run never changes, and its name is not used again."""
        return self._runs.get(file.name) or _Run(self._folder / file.name, file.bytes)

    def _mapped(self, file: _File) -> Entries:
        """All entries of a run, for merging."""
        with (self._folder / file.name).open("rb") as source:
            mapped = mmap.mmap(source.fileno(), file.bytes, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, "<u8")[: _n_entries(file.bytes)]

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
        keys = self._write_run(f"keys-{n}", [self._mapped(run) for run in manifest.keys])
        ids = self._write_run(f"ids-{n}", [self._mapped(run) for run in manifest.ids])
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
    return IndexDamaged(f"{path} is damaged ({why}); rebuild the index with: copydesk verify --repair")


def _entries(keys: NDArray[np.uint32], numbers: NDArray[np.uint64]) -> Entries:
    return np.sort((keys.astype(np.uint64) << np.uint64(32)) | numbers)


@compiled
def _holders(entries, fences, keys, limit):  # type: ignore[no-untyped-def]
    """For each of the sorted `keys` how many documents hold it, at most `limit`, and their numbers one after the other.

    What a look-up costs is waiting for memory. Keys are hashes, so where one stands in its block can be guessed well enough to touch one or two
    lines of the cache, where a binary search touches seven; and all guesses are touched first, so that the processor waits for many at once.
    """
    guesses = np.empty(len(keys), np.int64)
    block, touched = 0, np.uint64(0)
    for k in range(len(keys)):
        wanted = np.uint64(keys[k]) << np.uint64(32)
        low, step = block, 1  # the keys are sorted: go on from where the last one was
        while low + step < len(fences) and fences[low + step] < wanted:
            low += step
            step *= 2
        high = min(low + step, len(fences))
        while low < high:
            middle = (low + high) // 2
            if fences[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        block = low  # the first entry not below is in the block before, or opens this one
        begin, end = max(0, (block - 1) * BLOCK), min(len(entries), block * BLOCK)
        guess = begin
        if 0 < block < len(fences):
            before, after = fences[block - 1], fences[block]
            guess += int((end - begin) * (float(wanted - before) / float(after - before)))
        guesses[k] = guess
        if guess < len(entries):
            touched ^= entries[guess]
    counts = np.zeros(len(keys), np.int64)
    found = np.empty(len(keys) * 4 + limit, np.int64)
    n = 0
    for k in range(len(keys)):
        wanted = np.uint64(keys[k]) << np.uint64(32)
        low = high = guesses[k]
        step = 8
        while low > 0 and entries[low - 1] >= wanted:  # everything before `low` is below
            high = low - 1
            low = max(0, low - step)
            step *= 2
        step = 8
        while high < len(entries) and entries[high] < wanted:  # `high` is not below
            low = high + 1
            high = min(len(entries), high + step)
            step *= 2
        while low < high:
            middle = (low + high) // 2
            if entries[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        if n + limit > len(found):
            found = np.concatenate((found, np.empty(len(found), np.int64)))
        while low < len(entries) and counts[k] < limit and entries[low] >> np.uint64(32) == np.uint64(keys[k]):
            found[n] = entries[low] & np.uint64(0xFFFFFFFF)
            counts[k] += 1
            n += 1
            low += 1
    return counts, found[:n].copy(), touched


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


def _n_entries(size: int) -> int:
    """Of a run of so many bytes: n entries and ⌈n / BLOCK⌉ fences."""
    return (size // 8 * BLOCK) // (BLOCK + 1)


def _forget(maps: Iterable[Entries]) -> None:
    """Give pages of mapped files back, so that what a process holds does not grow to the size of the index."""
    for entries in maps:
        base: Any = entries
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, memoryview):
            base = base.obj
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)


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
