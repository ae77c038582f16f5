"""Whether the tables are what was committed; and what can be done when they are not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import xxhash

from pipelines.store import manifest as manifests
from pipelines.store.errors import StorageError, storage
from pipelines.store.forgetting import tombstones
from pipelines.store.manifest import Added, Damaged, Manifest
from pipelines.store.parquet import CHECKED
from pipelines.store.schema import SCHEMAS
from pipelines.store.store import Store

REPAIR = "copydesk verify --repair"
REWRITTEN = ("compact-", "forget-", "repair-")
"""How files are called that hold rows of commits whose own files are gone."""
KEYS = {"articles": ("article_id", "version"), "runs": ("run_id",), "stories": ("article_id",)}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was committed."""

    path: str
    what: str
    command: str
    """What mends it; after a repair, what is still left to do, or "" when nothing is."""


Check = Callable[[Store], Iterable[Problem]]
"""A check of what follows the tables (indexes, frontier, archive). Stages do not know each other, so the caller brings them."""


def verify(store: Store, repair: bool = False, *, checks: Sequence[Check] = ()) -> list[Problem]:
    """Compare every file with its manifest, byte for byte, then the rows with each other, then run `checks`.

    With `repair` (the store must hold the lock, in a bucket be `changing`): a damaged manifest is written anew from the rows of its commit, a damaged file
    moves to `state/damaged/` so that the others can be read again, and stories that do not fit are dropped, to be derived
    again. What a moved file held is lost to the tables; `copydesk reextract` brings it back from the archive.
    Returns what was found. Raises `StorageError` when the folder cannot be read or written at all.
    """
    if repair:
        store.require_lock()
    problems: list[Problem] = []
    problems += _staging(store)
    files = list(_files(store, repair))
    if files and not repair:  # without the lock a run may be committing right now; what is wrong stays wrong
        again = set(_files(store, repair))
        files = [problem for problem in files if problem in again]
    problems += files
    every: list[Check] = [_tombstones, partial(_rows, repair=repair), *checks]
    for check in every:
        try:
            problems += check(store)
        except StorageError as error:  # a file that cannot be read: rows cannot be compared without it
            if error.path not in {problem.path for problem in problems}:
                problems.append(Problem(error.path, error.what, error.what_to_do))
    return problems


def _tombstones(store: Store) -> Iterator[Problem]:
    tombstones(store)
    return iter(())


def _staging(store: Store) -> Iterator[Problem]:
    for id_ in store.files.names("state/staging"):
        path = store.files.address(f"state/staging/{id_}")
        yield Problem(path, "a run is at work, or died here", "any copydesk command that writes finishes or undoes it")


def _files(store: Store, repair: bool) -> Iterator[Problem]:
    known, damaged = _manifests(store)
    rebuilt: list[Manifest] = []
    for path, error in damaged:
        address = store.files.address(path)
        if repair:
            if path.startswith("state/manifests/"):
                anew = _manifest_of(store, path)
                with storage(address):
                    store.files.publish(path, manifests.dump(anew))
                rebuilt.append(anew)
                yield Problem(address, f"{error}; written anew from the rows of its commit", "")
            else:
                with storage(address):
                    store.files.move(path, f"state/damaged/{path}")
                yield Problem(address, f"{error}; moved to state/damaged", "")
        else:
            yield Problem(address, str(error), REPAIR)
    live = manifests.live([*known, *rebuilt])
    standing = {path for table in SCHEMAS for path in store.files.walk(table)}
    bad = []
    for path in sorted(live.keys() | standing):
        if path not in standing and _stands_elsewhere(store, live[path]):
            continue
        what = _difference(store, path, live.get(path)) if path in standing else "missing"
        if path in standing and path not in live:
            if damaged:  # its manifest may be the damaged one
                continue
            what = what or "not committed by copydesk"
        if not what:
            continue
        bad.append(path)
        if not repair:
            yield Problem(store.files.address(path), what, REPAIR)
        else:
            mend = "" if path.startswith("stories/") else "copydesk reextract"
            yield Problem(store.files.address(path), f"{what}; moved to state/damaged", mend)
    if damaged and repair:
        _adopt(store, sorted(standing - live.keys() - set(bad)))
    if bad and repair:
        _set_aside(store, bad)


def _manifests(store: Store) -> tuple[list[Manifest], list[tuple[str, Damaged]]]:
    known, damaged = [], []
    for path in [*store.files.walk("state/manifests"), *store.files.walk("state/changes")]:
        if "/." in path:
            continue
        with storage(store.files.address(path)):
            content = store.files.read(path)
        try:
            known.append(manifests.load(content or b""))
        except Damaged as error:
            damaged.append((path, error))
    return known, damaged


def _difference(store: Store, path: str, told: Added | None) -> str:
    """How a file differs from what was committed, or ""."""
    with storage(store.files.address(path)):
        content = store.files.read(path)
    if content is None:
        return "missing"
    if told is not None and told.xxh3 == xxhash.xxh3_128_hexdigest(content):
        return ""
    if told is not None and told.xxh3:
        cut = f"{len(content):,} of {told.bytes:,} bytes" if len(content) != told.bytes else "its bytes have changed"
        return f"damaged ({cut})"
    try:
        rows = sum(len(batch) for batch in ds.dataset(path, filesystem=store.files.fs, format=CHECKED).to_batches())
    except (OSError, pa.ArrowException) as error:
        return f"damaged ({error})"
    return "" if told is None or rows == told.rows else f"{rows} rows instead of {told.rows}"


def _stands_elsewhere(store: Store, lost: Added) -> bool:
    """Whether the rows of a missing file stand in the other files of its folder: it was compacted, and that record is lost."""
    folder, _, name = lost.path.rpartition("/")
    if not store.files.names(folder) or lost.path.startswith("stories/"):
        return False
    try:
        dataset = ds.dataset(folder, filesystem=store.files.fs, format=CHECKED)
        found = dataset.count_rows(filter=pc.field("commit_id") == name.removesuffix(".parquet"))
    except (OSError, pa.ArrowException):
        return False
    return bool(found == lost.rows)


def _manifest_of(store: Store, path: str) -> Manifest:
    """A commit's manifest, told from the files and rows that carry its id."""
    id_ = path.rpartition("/")[2].removesuffix(".json")
    adds = []
    for table in SCHEMAS:
        for file in store.files.walk(table):
            if file.rpartition("/")[2] in (f"{id_}.parquet", f"{id_}-empty.parquet"):
                adds.append(_added(store, file))
            elif table in ("articles", "copies", "pages") and file.rpartition("/")[2].startswith(REWRITTEN):
                with storage(store.files.address(file)):
                    rows = ds.dataset(file, filesystem=store.files.fs, format=CHECKED).count_rows(
                        filter=pc.field("commit_id") == id_
                    )
                if rows:  # the commit's own file is gone, but where its rows stand is told by the path it had
                    adds.append(Added(f"{file.rpartition('/')[0]}/{id_}.parquet", rows, 0, ""))
    return Manifest(id_, "commit", id_.rpartition("-")[0], store.time(), tuple(adds))


def _added(store: Store, path: str) -> Added:
    with storage(store.files.address(path)):
        content = store.files.read(path) or b""
        rows = pq.ParquetFile(pa.BufferReader(content)).metadata.num_rows
    return Added(path, rows, len(content), xxhash.xxh3_128_hexdigest(content))


def _adopt(store: Store, paths: list[str]) -> None:
    """Take files into the manifests again whose own manifest is lost; they have been read through."""
    if paths:
        change = Manifest(_id(), "repair", "", store.time(), tuple(_added(store, path) for path in paths))
        with storage(store.files.address(change.path)):
            store.files.publish(change.path, manifests.dump(change))


def _set_aside(store: Store, paths: list[str]) -> None:
    for path in paths:
        with storage(store.files.address(path)):
            if store.files.exists(path):
                store.files.move(path, f"state/damaged/{path}")
    change = Manifest(_id(), "repair", "", store.time(), (), tuple(paths))
    with storage(store.files.address(change.path)):
        store.files.publish(change.path, manifests.dump(change))


def _rows(store: Store, repair: bool) -> Iterator[Problem]:
    for table, keys in KEYS.items():
        rows = store.read(table, list(keys))
        twice = len(rows) - len(rows.group_by(list(keys)).aggregate([]))
        if twice:
            yield Problem(store.files.address(table), f"{twice} rows repeat {' and '.join(keys)}", "copydesk reextract")
    # Read against the order in which a commit becomes visible: a run may be committing right now.
    stories = store.read("stories", ["article_id", "canonical_id", "original_id"])
    copies = store.read("copies", ["article_id", "of_article_id"])
    articles = store.read("articles", ["article_id"])["article_id"].unique()
    forgotten = {i for stone in tombstones(store) for i in stone.article_ids}
    back = [i for i in articles.to_pylist() if i in forgotten]
    if back:
        what = f"{len(back)} forgotten articles are back, the first is {back[0]}"
        yield Problem(store.files.address("articles"), what, "copydesk forget")
    for column in ("article_id", "of_article_id"):
        lost = copies.filter(pc.invert(pc.is_in(copies[column], articles)))[column].unique().to_pylist()
        lost = [i for i in lost if i not in forgotten]
        if lost:
            what = f"{len(lost)} values of {column} name no article, the first is {lost[0]}"
            yield Problem(store.files.address("copies"), what, "copydesk reextract")
    names = store.files.names("stories")
    if not names and len(articles):
        yield Problem(store.files.address("stories"), "no stories yet", REPAIR)
    elif names:
        uncovered = len(articles) - pc.sum(pc.is_in(articles, stories["article_id"])).as_py() if len(articles) else 0
        foreign = sum(
            pc.sum(pc.invert(pc.is_in(stories[c], articles))).as_py() or 0
            for c in ("article_id", "canonical_id", "original_id")
        )
        if uncovered or foreign:
            path = f"stories/{names[-1]}"
            what = f"{uncovered} articles are in no story, {foreign} ids in stories are no articles"
            if repair:
                _set_aside(store, [path])
                what += "; dropped, to be derived again"
            yield Problem(store.files.address(path), what, "" if repair else REPAIR)


def _id() -> str:
    return f"repair-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
