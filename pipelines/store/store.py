"""The tables of a data folder: one writer, any number of readers with their own tools, at any moment."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import xxhash

from pipelines.records import Article, Commit, Copy, PageRow
from pipelines.store import manifest
from pipelines.store import schema as rows
from pipelines.store.bucket import PATIENCE, BucketFiles, BucketLocks
from pipelines.store.errors import StorageError, storage
from pipelines.store.files import Files, LocalFiles
from pipelines.store.lock import FolderLock
from pipelines.store.manifest import Added, Damaged, Manifest
from pipelines.store.parquet import CHECKED, encode, file_metadata
from pipelines.store.schema import SCHEMAS, whole

_COPY = "manifest.json"
_TABLES = "tables"
"""The lock of a bucket under which its tables are changed."""


class Store:
    """The tables of one data folder. Make it with `Store.open`."""

    def __init__(self, files: Files, lock: FolderLock | BucketLocks | None, parameters: Mapping[str, str]) -> None:
        self.files = files
        self.parameters = dict(parameters)
        self._lock = lock
        self._changing = False
        """Whether we are inside `changing`."""
        self._pending: Manifest | None = None
        """A change that is decided and not yet visible, because something failed in between."""
        self._last = ""
        """The latest time of a change that we know of."""

    @classmethod
    def open(
        cls,
        data: str | Path,
        *,
        lock: bool = True,
        parameters: Mapping[str, str] | None = None,
        command: str = "",
    ) -> Self:
        """Open a folder, or a bucket (`s3://…`). What a dead run left is finished or undone: at once, in a bucket by the first change.

        Without `lock` the store only reads, and nothing is recovered. With it, a folder is locked until `close`; a bucket may
        have other writers, one run on each machine, who take turns (`changing`). `parameters` (how articles were extracted,
        cleaned and compared) go into the metadata of every file; `command` tells others who holds the lock.
        Raises `Locked`, `StorageError`.
        """
        held: FolderLock | BucketLocks | None = None
        files: Files
        with storage(str(data).partition("?")[0]):
            if str(data).startswith("s3://"):
                files = BucketFiles(str(data))
                held = BucketLocks(str(data), files.state, command) if lock else None
            else:
                root = Path(data)
                files = LocalFiles(root)
                if lock:
                    root.mkdir(parents=True, exist_ok=True)
                    held = FolderLock(root / "state" / "lock", command)
                elif not root.is_dir():
                    raise StorageError(str(root), "no such data folder", "name the folder with --data, or crawl first")
        store = cls(files, held, parameters or {})
        if isinstance(held, FolderLock):
            try:
                store._recover()
            except BaseException:
                store.close()
                raise
        return store

    @property
    def shared(self) -> bool:
        """Whether others may change the tables while we hold this store."""
        return isinstance(self._lock, BucketLocks)

    @property
    def state_folder(self) -> Path:
        """Where indexes and frontier live: `state/` of a data folder; for a bucket, a folder of this machine."""
        return self.files.state

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the lock."""
        if self._lock is not None:
            self._lock.release()

    # -- taking turns ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Be the only one to change the tables, wherever they are; what is read inside stays true to the end of it.

        In a bucket this waits for the changes of other machines, and finishes or undoes what a dead one left. Inside another
        `changing` it does nothing. Raises `Locked` after `PATIENCE` seconds, `StorageError`.
        """
        if self._changing or not isinstance(self._lock, BucketLocks):
            yield
            return
        self._lock.take(_TABLES, PATIENCE)
        self._changing = True
        try:
            self._recover()
            yield
        finally:
            self._changing = False
            self._lock.free(_TABLES)

    def claim(self, name: str) -> None:
        """Be the only one with this name among those who write to a bucket, until `close`. In a folder nobody else is there.

        Raises `Locked`, `StorageError`.
        """
        if isinstance(self._lock, BucketLocks):
            self._lock.take(name)

    def require_lock(self) -> None:
        """Raises `StorageError` when this store was opened for reading, or lost its lock."""
        match self._lock:
            case BucketLocks():
                held = self._changing and self._lock.held(_TABLES)
            case FolderLock():
                held = self._lock.held()
            case None:
                held = False
        if not held:
            where = self.files.address("state/lock")
            raise StorageError(where, "this store does not hold the lock (any more)", "run the same command again")

    # -- changing ----------------------------------------------------------------------------------------------------

    def commit(self, commit: Commit) -> None:
        """Make rows visible: all of them, or after an error none.

        Raises `StorageError`; ValueError when the id is taken or a time has no zone.
        """
        with self.changing():
            self._commit(commit)

    def _commit(self, commit: Commit) -> None:
        if self.files.exists(f"state/manifests/{commit.commit_id}.json"):
            raise ValueError(f"{commit.commit_id} is committed already")
        id_ = commit.commit_id
        parts = list(_parts(commit))
        parts += self._empty(id_, {name for name, _, _ in parts})
        metadata = file_metadata(self.parameters)
        self.change(
            id_, "commit", commit.run_id, ((path, len(t), encode(t, name, metadata)) for name, path, t in parts)
        )

    def publish(self, commit_id: str, run_id: str, adds: Sequence[Added]) -> None:
        """Make a commit visible whose files `stage` has written, on this machine or others. Raises as `commit` does."""
        with self.changing():
            if self.files.exists(f"state/manifests/{commit_id}.json"):
                raise ValueError(f"{commit_id} is committed already")
            metadata = file_metadata(self.parameters)
            empty = self._empty(commit_id, {added.path.partition("/")[0] for added in adds})
            files = [(path, len(t), encode(t, name, metadata)) for name, path, t in empty]
            self.change(commit_id, "commit", run_id, files, staged=adds)

    def _empty(self, commit_id: str, brought: AbstractSet[str]) -> list[tuple[str, str, pa.Table]]:
        """Files without rows for tables that have no file yet: an analyst's notebook must not fail because nothing has been copied yet."""
        today = datetime.now(UTC).date()
        return [
            (
                name,
                f"{name}/{'' if name == 'runs' else f'date={today}/'}{commit_id}-empty.parquet",
                schema.empty_table(),
            )
            for name, schema in SCHEMAS.items()
            if name != "stories" and name not in brought and not self.files.names(name)
        ]

    def write_stories(self, run_id: str, stories: pa.Table) -> None:
        """Replace the snapshot of stories. Raises `StorageError`; ValueError when columns or types are wrong."""
        with self.changing():
            self._write_stories(run_id, stories.select(SCHEMAS["stories"].names).cast(SCHEMAS["stories"]))

    def _write_stories(self, run_id: str, table: pa.Table) -> None:
        before = [f"stories/{name}" for name in self.files.names("stories")]
        name = f"stories-{run_id}.parquet"
        # A path never changes its content, for readers may be between its footer and its pages; and `_` sorts behind `.`.
        while any(path.startswith(f"stories/stories-{run_id}") and path >= f"stories/{name}" for path in before):
            name = name.removesuffix(".parquet") + "_.parquet"
        covers = (self.commits() or [""])[-1]
        metadata = {**file_metadata(self.parameters), b"copydesk.commit_id": covers.encode()}
        id_ = name.removesuffix(".parquet")
        file = (f"stories/{name}", len(table), encode(table, "stories", metadata))
        self.change(id_, "stories", run_id, [file], removes=before)

    def change(
        self,
        id_: str,
        kind: manifest.Kind,
        run_id: str,
        parts: Iterable[tuple[str, int, bytes]],
        removes: Sequence[str] = (),
        *,
        staged: Sequence[Added] = (),
        erase: bool = False,
    ) -> None:
        """Stage files (path, rows, content) beside those `staged` already, decide the change, make it visible.

        After an error before the decision nothing has changed; after one behind it, the next change or the next `open`
        completes this one first.
        """
        with self.changing():
            self._change(id_, kind, run_id, parts, removes, staged, erase)

    def _change(
        self,
        id_: str,
        kind: manifest.Kind,
        run_id: str,
        parts: Iterable[tuple[str, int, bytes]],
        removes: Sequence[str],
        staged: Sequence[Added],
        erase: bool,
    ) -> None:
        self.require_lock()
        self._complete()
        staging = f"state/staging/{id_}"
        path = manifest.path(kind, id_)
        try:
            adds = [*staged, *_staged(self.files, id_, parts)]
            change = Manifest(id_, kind, run_id, self.time(), tuple(adds), tuple(removes), erase)
            with storage(self.files.address(path)):
                # A copy stays with the staged files: so there is a folder even when nothing is added, and a second chance.
                self.files.write(f"{staging}/{_COPY}", manifest.dump(change))
                self.files.sync({staging, *(str(PurePosixPath(staging, added.path).parent) for added in adds)})
                self.require_lock()
                self.files.publish(path, manifest.dump(change))
            self._decided_in_time(path)
        except BaseException:
            with contextlib.suppress(OSError):
                if self.files.exists(path):  # it may be there although making it durable failed: then it is decided
                    self._pending = change
                else:
                    self.files.drop(staging)
            raise
        self._pending = change
        self._complete()

    def _decided_in_time(self, path: str) -> None:
        """A machine that stood still may wake up after others counted it dead and undid its change: it takes back what it said."""
        try:
            self.require_lock()
        except StorageError:
            with storage(self.files.address(path)):
                self.files.delete(path)
            raise

    def time(self) -> str:
        """Now, ISO 8601 in UTC, and in any case after every change we know of: clocks of machines differ."""
        now = datetime.now(UTC)
        if self._last:
            now = max(now, datetime.fromisoformat(self._last) + timedelta(microseconds=1))
        self._last = now.isoformat(timespec="microseconds")
        return self._last

    def _complete(self) -> None:
        """Make a decided change visible. Raises `StorageError`."""
        if self._pending is None:
            return
        try:
            with storage(self.files.address("")):
                self._apply(self._pending)
        except StorageError as error:
            what_to_do = (
                "what was committed is safe; mend this and run the same command again, it becomes visible first"
            )
            raise StorageError(error.path, error.what, what_to_do) from error
        self._pending = None

    def _apply(self, change: Manifest) -> None:
        """Make a decided change visible; may be repeated after a death at any moment."""
        staging = f"state/staging/{change.id}"
        folders = sorted({str(PurePosixPath(path).parent) for path in change.removes})
        for added in change.adds:
            folder, source = str(PurePosixPath(added.path).parent), f"{staging}/{added.path}"
            if folder not in folders and self.files.exists(source):
                self.files.move(source, added.path)
        for folder in folders:
            self.files.replace(
                folder,
                [PurePosixPath(p).name for p in change.removes if str(PurePosixPath(p).parent) == folder],
                f"{staging}/{folder}",
                f"state/replaced/{change.id}/{folder}",
            )
        self.files.sync({str(PurePosixPath(a.path).parent) for a in change.adds})
        if change.erase or change.kind == "stories":
            self.files.drop(f"state/replaced/{change.id}")
        if change.kind == "stories":
            for name in self.files.names("state/changes"):
                if name.startswith("stories-") and name != f"{change.id}.json":
                    self.files.delete(f"state/changes/{name}")
        self.files.drop(staging)

    def _recover(self) -> None:
        self._pending = None  # it is in staging, like anybody else's
        with storage(self.files.address("state/staging")):
            for id_ in self.files.names("state/staging"):
                paths = [manifest.path(kind, id_) for kind in ("commit", "stories")]
                decided = [path for path in paths if self.files.exists(path)]
                if decided:
                    self._apply(self._decided(decided[0]))
                elif not (isinstance(self._lock, BucketLocks) and self._lock.taken(f"run-{id_.rpartition('-')[0]}")):
                    # In a bucket a run that is at work may be staging files for its `publish`.
                    self.files.drop(f"state/staging/{id_}")
                    for path in map(PurePosixPath, paths):
                        self.files.delete(str(path.with_name(f".{path.name}.tmp")))

    def _decided(self, path: str) -> Manifest:
        """The manifest at `path`, or when its bytes have changed since, the copy that stands with the staged files."""
        try:
            return self._manifest(path)
        except StorageError:
            change = self._manifest(f"state/staging/{PurePosixPath(path).stem}/{_COPY}")
            self.files.publish(path, manifest.dump(change))
            return change

    def drop_replaced(self, grace: timedelta = timedelta()) -> None:
        """Delete what changes of the tables took out of them longer ago than `grace`."""
        with storage(self.files.address("state/replaced")):
            for id_ in self.files.names("state/replaced"):
                if id_ < f"compact-{datetime.now(UTC) - grace:%Y%m%dT%H%M%S%fZ}" or not id_.startswith("compact-"):
                    self.files.drop(f"state/replaced/{id_}")

    # -- reading -----------------------------------------------------------------------------------------------------

    def commits(self) -> list[str]:
        """Ids of all commits whose rows are visible, runs in the order of their start."""
        decided = [name.removesuffix(".json") for name in self.files.names("state/manifests")]
        unfinished = set(
            self.files.names("state/staging")
        )  # looked at after the manifests: what is in neither is visible
        return [id_ for id_ in decided if id_ not in unfinished]

    def decided_at(self, commit_id: str) -> str:
        """When a commit was decided: no later than those that were decided knowing it. Raises `StorageError` like `articles_of`."""
        return self._manifest(f"state/manifests/{commit_id}.json").at

    def stands_alone(self, commit_id: str) -> bool:
        """Whether a commit's rows are still in files of their own. These do not change: they may be read outside `changing`."""
        change = self._manifest(f"state/manifests/{commit_id}.json")
        return all(self.files.exists(added.path) for added in change.adds)

    def articles_of(self, commit_id: str) -> Iterator[Article]:
        """The articles of one commit. Raises `StorageError` when it is unknown or damaged."""
        for table in self._of("articles", commit_id):
            yield from rows.articles_of_table(table)

    def copies_of(self, commit_id: str) -> Iterator[Copy]:
        """The copies of one commit. Raises `StorageError` when it is unknown or damaged."""
        for table in self._of("copies", commit_id):
            yield from rows.copies_of_table(table)

    def pages_of(self, run_id: str) -> list[PageRow]:
        """The pages of all commits of a run. Raises `StorageError` when one is damaged."""
        mine = [commit_id for commit_id in self.commits() if commit_id.rpartition("-")[0] == run_id]
        return [
            page for commit_id in mine for table in self._of("pages", commit_id) for page in rows.pages_of_table(table)
        ]

    def read(self, table: str, columns: Sequence[str] | None = None, filter: ds.Expression | None = None) -> pa.Table:  # noqa: A002
        """Rows of a table, in no order; columns that a file lacks are null. Raises `StorageError` when a file is damaged."""
        for patience in (True, True, False):
            dataset = self.dataset(table)
            if dataset is None:
                return SCHEMAS[table].empty_table().select(list(columns or SCHEMAS[table].names))
            try:
                return dataset.to_table(columns=list(columns) if columns is not None else None, filter=filter)
            except FileNotFoundError as error:  # compacted between listing and opening: list again
                if not patience:
                    raise self._damaged(table, error) from error
            except (OSError, pa.ArrowException) as error:
                raise self._damaged(table, error) from error
        raise AssertionError

    def _damaged(self, table: str, error: Exception) -> StorageError:
        """The file that made reading a table fail."""
        for path in self.files.walk(table):
            try:
                for _ in ds.dataset(path, filesystem=self.files.fs, format=CHECKED).to_batches():
                    pass
            except (OSError, pa.ArrowException) as found:
                what = f"damaged ({found})"
                return StorageError(self.files.address(path), what, "run `copydesk verify --repair`")
        return StorageError(self.files.address(table), str(error), "run `copydesk verify`")

    def latest_articles(self, columns: Sequence[str] | None = None) -> pa.Table:
        """One row per article, its latest version; in no order."""
        columns = list(columns or SCHEMAS["articles"].names)
        table = self.read("articles", list(dict.fromkeys([*columns, "article_id", "version"])))
        return _latest(table).select(columns)

    def article(self, article_id: str) -> Article | None:
        """The latest version of an article. Raises `StorageError` when a file is damaged."""
        dataset = self.dataset("articles")
        if dataset is None:
            return None
        mine = pc.field("article_id") == article_id
        try:
            # First the file, by the one column: a filter alone would decode every text on the way.
            found = dataset.to_table(columns=["version", "__filename"], filter=mine)
            last = max(found.to_pylist(), key=lambda row: row["version"], default=None)
            if last is None:
                return None
            with self.files.fs.open_input_file(last["__filename"]) as f:
                file = pq.ParquetFile(f, page_checksum_verification=True)
                for group in range(file.num_row_groups):
                    if article_id in file.read_row_group(group, ["article_id"])["article_id"].to_pylist():
                        found = file.read_row_group(group).filter(mine & (pc.field("version") == last["version"]))
                        return rows.articles_of_table(whole(found, SCHEMAS["articles"]))[-1]
        except (OSError, pa.ArrowException) as error:
            raise self._damaged("articles", error) from error
        return None

    def has_stories(self) -> bool:
        return bool(self.files.names("stories"))

    def stories(self) -> pa.Table:
        """The current snapshot; no rows when there is none."""
        return self.read("stories")

    def stories_commit(self) -> str | None:
        """The last commit that the snapshot of stories takes into account; None when there is no snapshot."""
        names = self.files.names("stories")
        if not names:
            return None
        with storage(self.files.address(f"stories/{names[-1]}")):
            said = ds.dataset(f"stories/{names[-1]}", filesystem=self.files.fs, format="parquet").schema.metadata or {}
        return str(said.get(b"copydesk.commit_id", b"").decode()) or None

    def unfinished_runs(self) -> list[str]:
        """Runs that committed something and never their own row: they died."""
        begun = {commit_id.rpartition("-")[0] for commit_id in self.commits()}
        names = self.files.names("runs")
        # A run's row stands in the file of its last commit, until it is compacted: most answers are in the names.
        begun -= {name.removesuffix(".parquet").rpartition("-")[0] for name in names}
        merged = [f"runs/{name}" for name in names if name.startswith("compact-")]
        if begun and merged:
            with storage(self.files.address("runs")):
                found = ds.dataset(merged, schema=SCHEMAS["runs"], filesystem=self.files.fs, format=CHECKED)
                begun -= set(found.to_table(columns=["run_id"])["run_id"].to_pylist())
        return sorted(begun)

    def dataset(self, table: str) -> ds.Dataset | None:
        """A table as an Arrow dataset with the columns of today's schema; None when it has no files."""
        names = self.files.names(table)
        if not names:
            return None
        where = f"{table}/{names[-1]}" if table == "stories" else table
        return ds.dataset(where, schema=SCHEMAS[table], filesystem=self.files.fs, format=CHECKED)

    def _of(self, table: str, commit_id: str) -> Iterator[pa.Table]:
        change = self._manifest(f"state/manifests/{commit_id}.json")
        for path in [added.path for added in change.adds if added.rows and added.path.startswith(f"{table}/")]:
            # Once the day is compacted, the rows stand in another file of the same folder.
            where = path if self.files.exists(path) else str(PurePosixPath(path).parent)
            with storage(self.files.address(where)):
                dataset = ds.dataset(where, schema=SCHEMAS[table], filesystem=self.files.fs, format=CHECKED)
                yield dataset.to_table(filter=pc.field("commit_id") == commit_id)

    def _manifest(self, path: str) -> Manifest:
        with storage(self.files.address(path)):
            content = self.files.read(path)
        if content is None:
            raise StorageError(self.files.address(path), "no such commit", "run `copydesk verify`")
        try:
            change = manifest.load(content)
        except Damaged as error:
            raise StorageError(self.files.address(path), str(error), "run `copydesk verify --repair`") from error
        self._last = max(self._last, change.at)
        return change


def _latest(articles: pa.Table) -> pa.Table:
    """One row per `article_id`: the one of the highest version."""
    again = articles.filter(pc.greater(articles["version"], 1))["article_id"].unique()
    if not len(again):
        return articles
    # Few articles have versions; only their rows need to be compared.
    several = pc.is_in(articles["article_id"], again)
    some = articles.filter(several)
    newest: dict[str, tuple[int, int]] = {}
    for row, (id_, version) in enumerate(zip(some["article_id"].to_pylist(), some["version"].to_pylist(), strict=True)):
        newest[id_] = max(newest.get(id_, (0, 0)), (version, row))
    last = pa.array([row for _, row in newest.values()], pa.int64())
    return pa.concat_tables([articles.filter(pc.invert(several)), some.take(last)])


def stage(data: str, commit: Commit, parameters: Mapping[str, str]) -> list[Added]:
    """Write the files of a commit where `Store.publish` of the same folder finds them; nothing is visible yet.

    Needs no lock and may run on any machine that reaches `data`. Raises `StorageError`.
    """
    metadata = file_metadata(parameters)
    files: Files = BucketFiles(data) if data.startswith("s3://") else LocalFiles(Path(data))
    parts = ((path, len(table), encode(table, name, metadata)) for name, path, table in _parts(commit))
    return _staged(files, commit.commit_id, parts)


def _staged(files: Files, id_: str, parts: Iterable[tuple[str, int, bytes]]) -> list[Added]:
    adds = []
    for target, n, content in parts:
        with storage(files.address(target)):
            files.write(f"state/staging/{id_}/{target}", content)
        adds.append(Added(target, n, len(content), xxhash.xxh3_128_hexdigest(content)))
    return adds


def _parts(commit: Commit) -> Iterator[tuple[str, str, pa.Table]]:
    """The files of a commit: table, path, rows."""
    id_ = commit.commit_id
    for name, table, times in (
        ("articles", rows.articles_table(commit.articles, id_), [a.fetched_at for a in commit.articles]),
        ("copies", rows.copies_table(commit.copies, id_), [c.decided_at for c in commit.copies]),
        ("pages", rows.pages_table(commit.pages, id_), [p.fetched_at for p in commit.pages]),
    ):
        for day, part in _by_day(table, rows.days(times)):
            yield name, f"{name}/date={day}/{id_}.parquet", part
    if commit.run is not None:
        yield "runs", f"runs/{id_}.parquet", rows.runs_table([commit.run], id_)


def _by_day(table: pa.Table, days: Sequence[date]) -> Iterator[tuple[date, pa.Table]]:
    for day in sorted(set(days)):
        yield day, table.filter(pa.array([d == day for d in days]))
