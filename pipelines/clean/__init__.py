"""Article in, Article out: markers taken out of the text and remembered, what they say about the source put into fields."""

from pipelines.clean.cleaner import CLEANER, clean, content_hash

__all__ = ["CLEANER", "clean", "content_hash"]
