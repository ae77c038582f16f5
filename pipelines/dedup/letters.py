"""What each character counts as when texts are compared: a table over the Basic Multilingual Plane, made once per process.

Two texts a reader would call the same must give the same tokens, whatever keyboard, font or content system they came through:

- case, width and compatibility forms: NFKC by the caller, case folding here;
- Vietnamese tone marks stand on another vowel in the old and the new spelling (hòa, hoà): tones are taken off the letter and
  counted for the whole syllable, so that the place does not matter and the tone still does;
- German umlauts and ligatures are spelt out (ä → ae, ß → ss), digits of every script become ASCII digits;
- Arabic and Hebrew vowel points, joiners, soft hyphens and other format characters are skipped.
"""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEPARATOR, WORD, MARK, IDEOGRAPH, SYLLABIC, SKIPPED = range(6)
"""Classes of characters. Tokens are runs of WORD and MARK; an IDEOGRAPH, or a SYLLABIC with its MARKs, is a token by itself."""

TONES = {"\u0300": 1, "\u0301": 1 << 4, "\u0303": 1 << 8, "\u0309": 1 << 12, "\u0323": 1 << 16}
"""Grave, acute, tilde, hook, dot: each counted in four bits of its own."""
SPELT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "å": "aa", "ð": "đ", "ɖ": "đ"}
"""Two spellings of one letter. ð and ɖ only stand for đ, which shares its capital's shape with theirs (Đ Ð Ɖ)."""

UNSPACED_SYLLABIC = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x1950, 0x19DF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAADF),
)
"""Thai, Lao, Burmese, Khmer, Tai scripts: letters with marks, no spaces between words."""
UNSPACED_IDEOGRAPHS = (
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
)
"""Han and kana."""
UNIFORM = ((0x3400, 0x9FFF, IDEOGRAPH), (0xAC00, 0xD7A3, WORD), (0xD800, 0xF8FF, SEPARATOR))
"""Long ranges where every character is the same class and folds to itself: no need to ask for each."""
POINTS = ((0x0591, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06ED))
"""Hebrew and Arabic vowel points, and the Arabic stretching stroke: written or not at will."""

SIZE = 0x10000


class Letters(NamedTuple):
    """Arrays of 65,536 entries, one per code point."""

    kind: NDArray[np.uint8]
    base: NDArray[np.uint32]
    """The folded letter without tone."""
    second: NDArray[np.uint32]
    """The second letter of one that is spelt out, else 0."""
    tone: NDArray[np.uint32]
    """Sum of `TONES`."""


@cache
def letters() -> Letters:
    """The table. Takes some 50 ms once."""
    table = Letters(
        np.zeros(SIZE, np.uint8), np.arange(SIZE, dtype=np.uint32), np.zeros(SIZE, np.uint32), np.zeros(SIZE, np.uint32)
    )
    uniform = np.zeros(SIZE, bool)
    for first, last, kind in UNIFORM:
        table.kind[first : last + 1] = kind
        uniform[first : last + 1] = True
    for code in np.flatnonzero(~uniform).tolist():
        character = chr(code)
        table.kind[code] = _kind(code, unicodedata.category(character))
        if table.kind[code] == WORD:
            _fold(table, code, character)
    return table


def _kind(code: int, category: str) -> int:
    if category == "Cf" or _within(code, POINTS):
        return SKIPPED
    if category[0] == "M":
        return MARK
    if category[0] != "L" and category not in ("Nd", "Nl", "No"):
        return SEPARATOR
    if category[0] == "L" and _within(code, UNSPACED_SYLLABIC):
        return SYLLABIC
    if category[0] == "L" and _within(code, UNSPACED_IDEOGRAPHS):
        return IDEOGRAPH
    return WORD


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _fold(table: Letters, code: int, character: str) -> None:
    digit = unicodedata.digit(character, None)
    folded = str(digit) if digit is not None else character.casefold()
    parts = unicodedata.normalize("NFD", folded)
    bare = unicodedata.normalize("NFC", "".join(p for p in parts if p not in TONES))
    spelt = "".join(SPELT.get(letter, letter) for letter in bare) or folded
    table.base[code] = ord(spelt[0])
    table.second[code] = ord(spelt[1]) if len(spelt) > 1 else 0
    table.tone[code] = sum(TONES.get(p, 0) for p in parts)
