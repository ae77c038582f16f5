"""Copies across languages, found by what survives translation. See docs/translations.md."""

from pipelines.translations.anchors import Anchors, anchors
from pipelines.translations.embeddings import Encoder, open_encoder
from pipelines.translations.index import METHOD, AnchorIndex, Considered, IndexMismatch, Parameters, open_index
from pipelines.translations.search import Alignment

__all__ = [
    "METHOD",
    "Alignment",
    "AnchorIndex",
    "Anchors",
    "Considered",
    "Encoder",
    "IndexMismatch",
    "Parameters",
    "anchors",
    "open_encoder",
    "open_index",
]
