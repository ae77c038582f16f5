"""Copies across languages, found by what survives translation. See docs/translations.md."""

from pipelines.translations.anchors import Anchors, anchors
from pipelines.translations.embeddings import Encoder, open_encoder
from pipelines.translations.index import (
    METHOD,
    AnchorIndex,
    Considered,
    IndexMismatch,
    Parameters,
    copies,
    open_index,
    time_of,
)
from pipelines.translations.search import Alignment, Entry, Search

__all__ = [
    "METHOD",
    "Alignment",
    "AnchorIndex",
    "Anchors",
    "Considered",
    "Encoder",
    "Entry",
    "IndexMismatch",
    "Parameters",
    "Search",
    "anchors",
    "copies",
    "open_encoder",
    "open_index",
    "time_of",
]
