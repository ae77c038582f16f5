"""The hash under which a line of text is known, shared by extraction, cleaning and the state of a host."""

import re
import unicodedata
from functools import lru_cache

import xxhash

_NOT_WORD = re.compile(r"[\W_]+")


SHORT = 80
"""Characters of a line that is remembered: menus recur from page to page, sentences do not."""


def line_hash(text: str) -> int:
    """64 bits of a line, blind to case, width, spacing and punctuation; 0 for a line without a letter or digit.

    Digits count: "Comments (3)" and "Comments (4)" are two lines, as two tables of prices are.
    """
    return _remembered(text) if len(text) <= SHORT else _hash(text)


def _hash(text: str) -> int:
    folded = _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return xxhash.xxh3_64_intdigest(folded.encode("utf-8", "replace")) if folded else 0


_remembered = lru_cache(maxsize=32_768)(_hash)
