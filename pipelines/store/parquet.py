"""How the tables are written as Parquet."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipelines.store.schema import SCHEMA_VERSION, SCHEMAS, SORTED_BY, in_order

CHECKED = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)
"""How we read: every page carries a checksum, so that a flipped bit is an error and not a row."""

ROW_GROUP = 30_000
"""Rows. Between 20,000 and 50,000 a filter skips enough and a group still compresses well (docs/data.md)."""

_DICTIONARIES: Mapping[str, tuple[str, ...]] = {
    "articles": (
        "host", "publisher", "language", "published_at_source", "section", "source_name", "dateline", "rights", "run_id", "extractor", "cleaner",
        "archive_file", "duplicate_kind", "commit_id", "declarations.list.element.kind", "declarations.list.element.where",
        "declarations.list.element.language", "removed.list.element.kind",
    ),
    "copies": ("kind", "run_id", "method", "commit_id", "evidence.list.element.name"),
    "pages": ("publisher", "status", "content_type", "outcome", "reason", "run_id", "archive_file", "commit_id"),
    "runs": (),
    "stories": ("reason", "languages.list.element"),
}  # fmt: skip
"""Columns of few values. A dictionary of URLs or ids only costs: it is as long as the column."""

_NO_STATISTICS: Mapping[str, tuple[str, ...]] = {"articles": ("title", "lead", "text")}
"""Nobody filters by a range of text, and the smallest and largest text would stand in every footer."""


def file_metadata(parameters: Mapping[str, str]) -> dict[bytes, bytes]:
    """What every file says about what made it; keys start with `copydesk.`."""
    said = {"schema_version": str(SCHEMA_VERSION), **parameters}
    return {f"copydesk.{name}".encode(): value.encode() for name, value in sorted(said.items())}


def copydesk_metadata(schema: pa.Schema) -> dict[bytes, bytes]:
    """What a file that was read says about what made it."""
    return {k: v for k, v in (schema.metadata or {}).items() if k.startswith(b"copydesk.")}


def writer(
    sink: object, name: str, metadata: Mapping[bytes, bytes], schema: pa.Schema | None = None
) -> pq.ParquetWriter:
    """A Parquet writer for a file of the table `name`."""
    schema = (schema or SCHEMAS[name]).with_metadata(dict(metadata))
    leaves = [path for path in _leaves(schema) if path not in _NO_STATISTICS.get(name, ())]
    order = pq.SortingColumn.from_ordering(schema, [(c, "ascending") for c in SORTED_BY[name]])
    return pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=1
        if name == "stories"
        else 3,  # hashes do not shrink; trying harder costs half a second a million
        use_dictionary=list(_DICTIONARIES[name]) or False,
        write_statistics=leaves,
        write_page_index=True,
        write_page_checksum=True,
        sorting_columns=order,
    )


def encode(table: pa.Table, name: str, metadata: Mapping[bytes, bytes]) -> bytes:
    """`table`, sorted, as one Parquet file of the table `name`."""
    sink = pa.BufferOutputStream()
    with writer(sink, name, metadata, table.schema) as out:
        out.write_table(in_order(table, name), row_group_size=ROW_GROUP)
    return bytes(sink.getvalue())


def _leaves(schema: pa.Schema) -> list[str]:
    """Paths of the leaf columns, as Parquet names them."""

    def below(path: str, kind: pa.DataType) -> list[str]:
        if pa.types.is_list(kind):
            return below(f"{path}.list.element", kind.value_type)
        if pa.types.is_struct(kind):
            return [leaf for field in kind for leaf in below(f"{path}.{field.name}", field.type)]
        return [path]

    return [leaf for field in schema for leaf in below(field.name, field.type)]
