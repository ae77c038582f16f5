"""From text to shingles: overlapping windows of three words, hashed.

Three words (Vietnamese: syllables) are short enough to survive edits and long enough to be rare. Scripts without spaces have no words to
count, so each token carries a width, and a shingle is a window at least `SPAN` wide: three words, six ideographs or kana, or twelve
Thai, Lao, Khmer or Burmese letters, which hold about as much meaning; mixed text mixes.

Bit 32 of a shingle's hash says whether a digit stands in it (`WITH_DIGIT`): what changes between two editions of a template is its figures.
"""

import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.dedup.letters import IDEOGRAPH, MARK, SEPARATOR, SKIPPED, WORD, letters

SCHEME = "words-3/1"
"""Name and version of everything in this module and in `letters`; to be raised when any hash of any text changes."""
SPAN = 12
WORD_WIDTH, IDEOGRAPH_WIDTH, SYLLABIC_WIDTH = 4, 2, 1

_K1, _K2, _K3 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_FNV = np.uint64(0x100000001B3)
_START = np.uint64(0xCBF29CE484222325)
_I, _Y = np.uint64(ord("i")), np.uint64(ord("y"))
_ZERO, _NINE = np.uint64(ord("0")), np.uint64(ord("9"))
WITH_DIGIT = np.uint64(1 << 32)
_BEFORE_Y = np.zeros(128, np.bool_)
_BEFORE_Y[[ord(c) for c in "hklmstvu"]] = True
"""Vietnamese spells the vowel after these as i or y at will (kĩ thuật, kỹ thuật); after u only in qu, which is near enough."""


class Shingled(NamedTuple):
    """A text cut into shingles."""

    hashes: NDArray[np.uint64]
    """One per shingle, in the order of the text, shape (n,)."""
    lines: NDArray[np.int32]
    """The line each shingle begins on, shape (n,)."""
    line_hashes: NDArray[np.uint64]
    """One per line, 0 for a line without a token, shape (number of lines,)."""


def shingle(text: str) -> Shingled:
    """Cut `text` into shingles. A text shorter than one window gives one shingle; a text without a token none."""
    codes = np.frombuffer(unicodedata.normalize("NFKC", text).encode("utf-32-le", "replace"), np.uint32)
    return Shingled(*_shingle(codes, *letters()))


@compiled
def mix(h):  # type: ignore[no-untyped-def]  # compiled: uint64 → uint64
    """The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every input bit over all output bits."""
    h = (h ^ (h >> _S30)) * _K2
    h = (h ^ (h >> _S27)) * _K3
    return h ^ (h >> _S31)


@compiled
def _kind_of(code, kind):  # type: ignore[no-untyped-def]
    if code < 0x10000:
        return kind[code]
    if 0x20000 <= code < 0x40000:
        return IDEOGRAPH
    return SEPARATOR if code >= 0x1F000 else WORD  # beyond: emoji and pictographs


@compiled
def _shingle(codes, kind, base, second, tone):  # type: ignore[no-untyped-def]
    n_lines = 1
    for code in codes:
        n_lines += code == 10
    tokens = np.empty(len(codes), np.uint64)
    widths = np.empty(len(codes), np.uint8)
    digits = np.empty(len(codes), np.bool_)
    line_of = np.empty(len(codes), np.int32)
    line_hashes = np.zeros(n_lines, np.uint64)
    n, line, i = 0, 0, 0
    while i < len(codes):
        what = _kind_of(codes[i], kind)
        if what in (SEPARATOR, SKIPPED, MARK):
            line += codes[i] == 10
            i += 1
            continue
        h, before, tones = _START, _START, np.uint64(0)
        digit = False
        last, last_but_one = np.uint64(0), np.uint64(0)
        first = i
        while i < len(codes):
            code = codes[i]
            here = _kind_of(code, kind)
            if here == SKIPPED:
                i += 1
                continue
            if here == SEPARATOR or (i > first and here != MARK and (here != WORD or what != WORD)):
                break
            letter, more = np.uint64(code), np.uint64(0)
            if code < 0x10000:
                letter, more = np.uint64(base[code]), np.uint64(second[code])
                tones += np.uint64(tone[code])
            before, h = h, (h ^ letter) * _FNV
            last_but_one, last = last, letter
            digit = digit or bool(_ZERO <= letter <= _NINE)
            if more:
                before, h = h, (h ^ more) * _FNV
                last_but_one, last = last, more
            i += 1
        if last == _Y and (last_but_one == 0 or (last_but_one < 128 and _BEFORE_Y[last_but_one])):
            h = (before ^ _I) * _FNV
        tokens[n] = mix(h + tones * _K1)
        widths[n] = WORD_WIDTH if what == WORD else IDEOGRAPH_WIDTH if what == IDEOGRAPH else SYLLABIC_WIDTH
        digits[n] = digit
        line_of[n] = line
        line_hashes[line] = mix((line_hashes[line] ^ tokens[n]) + _K1)
        n += 1

    hashes = np.empty(n, np.uint64)
    m = 0
    for i in range(n):
        h, width, digit = _START, 0, False
        j = i
        while j < n and width < SPAN:
            h = mix((h ^ tokens[j]) + _K1)
            width += widths[j]
            digit = digit or digits[j]
            j += 1
        if width < SPAN and i > 0:
            break
        hashes[m] = h | WITH_DIGIT if digit else h & ~WITH_DIGIT
        m += 1
    return hashes[:m], line_of[:m].copy(), line_hashes
