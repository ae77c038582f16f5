"""`copydesk compact`, `verify` and `forget`: the tables, and everything beside them that has to stay in step."""

import os
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import IO

from crawler import locating, show
from crawler.archive import INDEX
from crawler.config import Config, ConfigurationError
from crawler.locating import REPAIR
from crawler.session import FRONTIER
from pipelines import dedup, store, stories
from pipelines.run import parameters
from pipelines.seal import damage, unsealed
from pipelines.state import State, files
from pipelines.store import Forgotten, Problem, StorageError, Store

DERIVED = ("anchors", "catalog", "index", "lines", "provenance")
"""Folders under `state/` that are made from the tables alone."""
OK, DAMAGED = 0, 6


def compact(settings: Config, before: date | None) -> int:
    """Merge the files of past days; print what changed."""
    _there(settings)
    with show.working("merging"), Store.open(settings.data, command="compact", parameters=parameters()) as tables:
        merged = store.compact(tables, before)
    show.table(
        ("folder", "files before", "files now", "rows"),
        [(m.folder, m.files_before, m.files_after, m.rows) for m in merged],
    )
    if not merged and show.as_text():
        show.out.print("nothing to merge")
    return OK


def verify(settings: Config, *, repair: bool) -> int:
    """Check everything; with `repair` rebuild what is derived. Returns 0, or 6 when something is (still) wrong."""
    _there(settings)
    opened = Store.open(settings.data, lock=repair, command="verify", parameters=parameters())
    with show.working("checking every file"), opened as tables:
        # State and archive are files of this machine, also when the tables are in a bucket.
        data = tables.state_folder.parent
        alone = not settings.data.startswith("s3://")
        state, archive = _state(data, whole=alone), locating.check(data, whole=alone)
        if repair:
            with tables.changing():
                problems = store.verify(tables, repair=True)
            _rebuild(tables, data)
            problems = [p for p in problems if p.command != REPAIR] + list(locating.mend(tables, data))
            left = store.verify(tables, checks=(state, archive))
        else:
            problems = []
            left = store.verify(tables, checks=(state, archive))
        rows = (
            0
            if left
            else sum(len(tables.read(name, [key])) for name, key in (("articles", "article_id"), ("pages", "url")))
        )
    for problem in problems:
        if show.as_text():
            show.say(f"mended: {show.safe(problem.path, 500)}: {show.safe(problem.what, 500)}")
        else:
            show.emit({"mended": problem.path, "problem": problem.what})
    if left:
        show.table(("file", "problem", "do"), [(p.path, p.what, p.command) for p in left])
    elif show.as_text():
        show.out.print(f"everything is as it was committed ({rows} rows of articles and pages)")
    else:
        show.emit({"problems": 0, "rows": rows})
    return DAMAGED if left else OK


def _there(settings: Config) -> None:
    """A data folder that is not there is a name mistyped, and not one to make."""
    if "://" not in settings.data and not Path(settings.data).is_dir():
        raise StorageError(settings.data, "no such data folder", "name the folder with --data, or crawl first")


def _state(data: Path, *, whole: bool) -> Callable[[Store], Iterator[Problem]]:
    """A check that everything under `state/` can be opened and has learned every commit, and no other.

    Beside other machines it is behind whenever one of them has committed; the next run learns that.
    """

    def check(tables: Store) -> Iterator[Problem]:
        folder = data / "state"
        if not any((folder / name).exists() for name in DERIVED):
            if tables.commits():
                yield Problem(str(folder), "the indexes are missing", REPAIR)
            return
        damaged = {path: what for path in _databases(data) if (what := damage(path))}
        for path, what in damaged.items():
            yield Problem(str(path), what, REPAIR)
        if damaged:
            return
        try:
            with State(folder) as state:
                state.index.verify()
                commits = set(tables.commits())
                for name, applied in state.applied().items():
                    if whole and (missing := commits - applied):
                        yield Problem(str(folder / name), f"{len(missing)} commits behind the tables", REPAIR)
                    if unknown := applied - commits:
                        yield Problem(
                            str(folder / name), f"knows {len(unknown)} commits that the tables do not hold", REPAIR
                        )
        except (dedup.IndexMismatch, dedup.IndexDamaged) as error:
            yield Problem(str(folder / "index"), str(error), REPAIR)
        except (sqlite3.Error, ValueError, OSError) as error:
            yield Problem(str(folder), str(error), REPAIR)

    return check


def _databases(data: Path) -> list[Path]:
    """Every SQLite file of a data folder."""
    return [*files(data / "state"), data / FRONTIER, data / "state" / "archive.sqlite"]


def _rebuild(tables: Store, data: Path) -> None:
    """Make everything under `state/` that is derived again, from the tables, and the stories."""
    for name in DERIVED:
        shutil.rmtree(data / "state" / name, ignore_errors=True)
    for path in _databases(data):
        if what := damage(
            path
        ):  # what is left are the frontier, which hears from the tables what was fetched, and the archive's memory
            aside = data / "state" / "damaged" / path.relative_to(data)
            aside.parent.mkdir(parents=True, exist_ok=True)
            path.replace(aside)
            for rest in path.parent.glob(f"{path.name}[.-]*"):
                rest.unlink()
            show.say(
                f"mended: {show.safe(str(path), 500)}: {what}; moved to {show.safe(str(aside), 500)}, the next crawl begins a new one"
            )
    with unsealed(files(data / "state")), State(data / "state") as state:
        state.read_ahead(tables)
        with tables.changing():
            state.catch_up(tables)
            _derive(tables)


def _derive(tables: Store) -> None:
    """Make the stories again."""
    if tables.commits():
        derived = stories.derive(tables.latest_articles(list(stories.ARTICLE_COLUMNS)), tables.read("copies"))
        tables.write_stories(tables.commits()[-1].rpartition("-")[0], derived)


def forget(settings: Config, what: str) -> int:
    """Remove an article or a host everywhere; print what went. Raises `ConfigurationError` when `what` is neither."""
    _there(settings)
    with Store.open(settings.data, command="forget", parameters=parameters()) as tables, tables.changing():
        data = tables.state_folder.parent
        try:
            gone = store.forget(tables, what)
        except ValueError as error:
            raise ConfigurationError(f"{error}; name an article's address or a host") from None
        with unsealed(files(data / "state")), State(data / "state") as state:
            state.catch_up(tables)
            state.remove(gone.article_ids)
        with unsealed([data / "state" / "archive.sqlite"]):
            blanked = blank_all(data, [gone])
        _derive(tables)
    show.out.print(
        f"forgotten: {len(gone.article_ids)} articles, {blanked} archive records; a tombstone keeps {show.safe(what)} out from now on"
    )
    return OK


def blank_all(data: Path, gone: Iterable[Forgotten]) -> int:
    """Overwrite in this machine's archives what was taken down, here or on another machine. Returns how many records that were."""
    count = 0
    for stone in gone:
        for file in sorted({name for name, _ in stone.archived}):
            count += blank(data, file, {at for name, at in stone.archived if name == file})
    return count


def blank(data: Path, name: str, offsets: Iterable[int]) -> int:
    """Overwrite records of one archive, and the requests that belong to them, with tombstones of the same length.

    Every other record keeps its place, so the offsets in `pages` and `articles` stay true. A gzip member may carry a comment of
    any length (RFC 1952, 2.3.1), which makes a small record as long as the one it replaces. Returns how many were overwritten:
    none that had been before.
    """
    path = data / name
    if path.resolve().parent != (data / "raw").resolve() or not path.is_file():
        return 0  # an archive that was only read (a replay's, CC-NEWS) is not ours to change
    with path.open("r+b") as file:
        wanted = {at for at in offsets if not _is_tombstone(file, at)}
        if not wanted:
            return 0
        members = [(r.offset, r.length, r.url) for r in locating.records(path)]
        addresses = {url for at, _, url in members if at in wanted}
        gone = [(at, length) for at, length, url in members if at in wanted or url in addresses]
        # Requests first: an answer that is gone tells whoever comes after a death that its request is too.
        for at, length in sorted(gone, key=lambda place: place[0] in wanted):
            file.seek(at)
            file.write(_tombstone(length))
        file.flush()
        os.fsync(file.fileno())
    index = data / "state" / "archive.sqlite"
    if index.exists():
        with sqlite3.connect(index) as db:
            db.executescript(INDEX)
            db.executemany("DELETE FROM payloads WHERE url = ?", [(url,) for url in addresses])
        db.close()
    return len(gone)


_TOMBSTONE = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
"""Head of a gzip member that carries a comment, as no other of ours does."""


def _is_tombstone(file: IO[bytes], at: int) -> bool:
    file.seek(at)
    return file.read(len(_TOMBSTONE)) == _TOMBSTONE


def _tombstone(length: int) -> bytes:
    """A gzip member of exactly this many bytes that holds an empty `metadata` record."""
    record = b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(record) + deflate.flush()
    tail = struct.pack("<II", zlib.crc32(record), len(record))
    fixed = len(_TOMBSTONE) + 1 + len(body) + len(tail)
    if length < fixed:
        raise ValueError(f"a record of {length} bytes is too short for a tombstone")
    return _TOMBSTONE + b"-" * (length - fixed) + b"\0" + body + tail
