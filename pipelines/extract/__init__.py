"""One page in, one article out. `extract` is the whole of it; `extract_batch` does many."""

from pipelines.extract.article import EXTRACTOR, body, extract, language_of

__all__ = ["EXTRACTOR", "body", "extract", "language_of"]
