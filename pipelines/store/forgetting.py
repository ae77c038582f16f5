"""Take-down: an article leaves the tables, with every version, relation and visit, and stays out."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import xxhash

from pipelines.store.errors import StorageError, storage
from pipelines.store.parquet import CHECKED, copydesk_metadata, encode
from pipelines.store.store import Store


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a take-down removed; the tombstone says the same."""

    what: str
    """The address or host that was asked for."""
    at: str
    """ISO 8601 in UTC."""
    article_ids: tuple[str, ...]
    archived: tuple[tuple[str, int], ...] = ()
    """WARC file and offset of every visit removed. Forgetting again gives them again, should the archive not be cleaned yet."""


def forget(store: Store, what: str) -> Forgotten:
    """Remove every article, relation, page and story row of an address, or of a host with its subdomains.

    The tombstone is written first: after a death, `forget` again completes it. Files are rewritten without the rows and the
    old ones deleted at once, also those that `compact` kept. Indexes and archive are the caller's to clean, and the stories of
    the articles that stay to be derived again; `duplicate_of` of those keeps an id that leads nowhere.
    Raises `StorageError`; ValueError when `what` is neither.
    """
    with store.changing():
        return _forget(store, what)


def _forget(store: Store, what: str) -> Forgotten:
    match = _Matcher(what)
    seen = store.read("articles", ["article_id", "url", "canonical_url", "host", "archive_file", "archive_offset"])
    mine = seen.filter(match(seen))
    pages = store.read("pages", ["url", "requested_url", "article_id", "archive_file", "archive_offset"])
    pages = pages.append_column("host", pa.array([_host(u) for u in pages["url"].to_pylist()], pa.string()))
    visits = pages.filter(match(pages))
    # Forgetting again after a death: the first attempt may have come as far as `articles`, the tombstone knows.
    stones = [t for t in tombstones(store) if t.what == what]
    before = {i for t in stones for i in t.article_ids}
    ids = sorted(before | {*mine["article_id"].to_pylist(), *visits["article_id"].drop_null().to_pylist()})
    places = {
        (file, at)
        for table in (mine, visits, pages.filter(pc.is_in(pages["article_id"], pa.array(ids, pa.string()))))
        for file, at in zip(table["archive_file"].to_pylist(), table["archive_offset"].to_pylist(), strict=True)
        if file is not None and at is not None
    }
    places |= {place for t in stones for place in t.archived}
    stone = Forgotten(what, datetime.now(UTC).isoformat(timespec="seconds"), tuple(ids), tuple(sorted(places)))
    path = f"state/tombstones/{xxhash.xxh3_128_hexdigest(what.encode())}.json"
    with storage(store.files.address(path)):
        store.files.publish(path, _dump(stone))
    _rewrite(store, ids, match)
    store.drop_replaced()
    with storage(store.files.address("state/damaged")):
        store.files.drop("state/damaged")
    return stone


def tombstones(store: Store) -> list[Forgotten]:
    """What has been forgotten and must not come back. Raises `StorageError`, also when a tombstone is damaged."""
    found = []
    for name in store.files.names("state/tombstones"):
        address = store.files.address(f"state/tombstones/{name}")
        with storage(address):
            content = store.files.read(f"state/tombstones/{name}")
        try:
            said = json.loads(content or b"")
            archived = tuple((file, at) for file, at in said["archived"])
            stone = Forgotten(said["what"], said["at"], tuple(said["article_ids"]), archived)
            if _dump(stone) != content:
                raise ValueError("its content does not agree with its checksum")
        except (ValueError, KeyError, TypeError) as error:
            what_to_do = "run `copydesk forget` for what it keeps out, then delete it"
            raise StorageError(address, f"damaged ({error})", what_to_do) from error
        found.append(stone)
    return found


def _dump(stone: Forgotten) -> bytes:
    content = asdict(stone)
    check = xxhash.xxh3_128_hexdigest(json.dumps(content, sort_keys=True).encode())
    return json.dumps({**content, "check": check}).encode()


def _rewrite(store: Store, ids: list[str], match: "_Matcher") -> None:
    gone = pa.array(ids, pa.string())
    kept: list[tuple[str, str, pa.Table]] = []
    removes = []
    for table, keys in (
        ("articles", ("article_id",)),
        ("copies", ("article_id", "of_article_id")),
        ("pages", ("article_id", "url", "requested_url")),
        ("stories", ("article_id",)),
    ):
        for path in store.files.walk(table):
            with storage(store.files.address(path)):
                file = ds.dataset(path, filesystem=store.files.fs, format=CHECKED)
                rows = file.to_table(columns=list(keys))
                out = pc.is_in(rows[keys[0]], gone)
                if table == "copies":
                    out = pc.or_(out, pc.is_in(rows["of_article_id"], gone))
                if table == "pages":
                    hosts = pa.array([_host(u) for u in rows["url"].to_pylist()], pa.string())
                    out = pc.or_(out, match(rows.append_column("host", hosts)))
                if pc.any(out).as_py():
                    removes.append(path)
                    kept.append((table, path, file.to_table().filter(pc.invert(out))))
    if not removes:
        return
    id_ = f"forget-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"

    def parts() -> Iterator[tuple[str, int, bytes]]:
        for i, (table, path, rows) in enumerate(kept):
            folder = path.rpartition("/")[0]
            name = (
                f"{path.rpartition('/')[2].removesuffix('.parquet')}_.parquet"
                if table == "stories"
                else f"{id_}-{i:04d}.parquet"
            )
            metadata = copydesk_metadata(rows.schema)
            if table == "stories":
                metadata.pop(b"copydesk.commit_id", None)  # it takes no commit into account as it should
            if len(rows) or table == "stories":
                yield f"{folder}/{name}", len(rows), encode(rows, table, metadata)

    store.change(id_, "forget", "", parts(), removes=removes, erase=True)


class _Matcher:
    """Which rows a take-down is about, by their `url`, `canonical_url`, `requested_url` and `host`."""

    def __init__(self, what: str) -> None:
        self.url = what if "://" in what else ""
        self.host = "" if self.url else what.lower().rstrip(".")
        if not self.url and ("/" in what or "." not in what.strip(".") or " " in what):
            raise ValueError(f"{what}: neither an address with https:// nor a host")

    def __call__(self, rows: pa.Table) -> pa.Array:
        if self.host:
            host = rows["host"]
            return pc.fill_null(pc.or_(pc.equal(host, self.host), pc.ends_with(host, f".{self.host}")), False)
        out = pc.equal(rows["url"], self.url)
        for column in ("canonical_url", "requested_url"):
            if column in rows.column_names:
                out = pc.or_(pc.fill_null(out, False), pc.equal(rows[column], self.url))
        return pc.fill_null(out, False)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
