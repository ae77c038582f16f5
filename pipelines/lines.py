"""The hash under which a line of text is known, shared by extraction, cleaning and the state of a host."""

import re
import unicodedata

import xxhash

_NOT_WORD = re.compile(r"[\W_]+")


def line_hash(text: str) -> int:
    """64 bits of a line, blind to case, width, spacing and punctuation; 0 for a line without a letter or digit.

    Digits count: "Comments (3)" and "Comments (4)" are two lines, as two tables of prices are.
    """
    folded = _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return xxhash.xxh3_64_intdigest(folded.encode("utf-8", "replace")) if folded else 0
