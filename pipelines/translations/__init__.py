"""Copies across languages, found by what survives translation. See docs/translations.md."""

from pipelines.translations.anchors import Anchors, anchors
from pipelines.translations.index import METHOD, Alignment, AnchorIndex, Parameters, open_index

__all__ = ["METHOD", "Alignment", "AnchorIndex", "Anchors", "Parameters", "anchors", "open_index"]
