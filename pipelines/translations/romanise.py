"""Names in any script as Latin letters, and the consonant skeletons under which transliterations of one name meet.

A name crosses scripts by sound, and vowels are what changes most. So names are compared by the classes of their consonants, as
Soundex (Russell 1918) does within one script and Dolgopolsky's classes (1964) do between languages: labials, velars, dentals,
sibilants, m, n, liquids; vowels, h and glides are dropped except at the start.
"""

import re
from functools import lru_cache

import pykakasi
from anyascii import anyascii

# Digraphs first, so that each stands for one class. Where spellings disagree between languages (c, g, j) the alternatives below help.
_CLASSES: tuple[tuple[str, str], ...] = (
    ("sch", "S"), ("tsch", "S"), ("tch", "S"), ("shch", "S"), ("zh", "S"), ("sh", "S"), ("ch", "S"), ("ts", "S"), ("tz", "S"), ("dj", "S"), ("dzh", "S"),
    ("ck", "K"), ("kh", "K"), ("gh", "K"), ("qu", "K"), ("x", "KS"), ("ph", "P"), ("th", "T"), ("dh", "T"), ("bh", "P"), ("ng", "N"), ("mb", "MP"), ("mp", "MP"),
    ("ce", "S"), ("ci", "S"), ("cy", "S"), ("b", "P"), ("p", "P"), ("f", "P"), ("v", "P"), ("k", "K"), ("c", "K"), ("g", "K"), ("q", "K"),
    ("t", "T"), ("d", "T"), ("s", "S"), ("z", "S"), ("j", "S"), ("m", "M"), ("n", "N"), ("l", "L"), ("r", "L"),
)  # fmt: skip
_CLASS = dict(_CLASSES)
_SOUND = re.compile("|".join(sorted(_CLASS, key=len, reverse=True)))
_CODA_R = re.compile(r"r(?=[^aeiouy]|$)")
_START_VOWEL = re.compile(r"h?[aeiouy]|w")
_NOT_LETTER = re.compile(r"[^a-z]+")
_GREEK = (("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("τζ", "z"))
_KAKASI: list[pykakasi.kakasi] = []


@lru_cache(maxsize=65536)
def skeleton(latin: str) -> str:
    """The consonant classes of a romanised name in lower case: `blinken` and `burinken` both give `PLNKN`. "" when nothing is left."""
    letters = _NOT_LETTER.sub("", latin)
    start = "A" if _START_VOWEL.match(letters) else ""
    classes = "".join(_CLASS[sound.group()] for sound in _SOUND.finditer(letters))
    squeezed = re.sub(r"(.)\1+", r"\1", classes)
    return start + re.sub(r"M(?=[PTKSL])", "N", squeezed)


@lru_cache(maxsize=65536)
def skeletons(latin: str) -> tuple[str, ...]:
    """The skeleton and, when different, the one without the r's that Japanese, Chinese and Thai do not write."""
    full = skeleton(latin)
    bare = skeleton(_CODA_R.sub("", latin))
    return (full,) if bare == full else (full, bare)


@lru_cache(maxsize=65536)
def romanise(word: str) -> str:
    """The word in lower-case ASCII by anyascii's tables; Greek writes b, d and g with two letters."""
    lower = word.lower()
    for pair, letter in _GREEK:
        lower = lower.replace(pair, letter)
    return anyascii(lower).lower()


def japanese(text: str) -> list[tuple[str, str, int]]:
    """The words of a Japanese text as (surface, Hepburn reading, offset)."""
    if not _KAKASI:
        _KAKASI.append(pykakasi.kakasi())  # type: ignore[no-untyped-call]
    words, offset = [], 0
    for word in _KAKASI[0].convert(text):
        words.append((word["orig"], word["hepburn"], offset))
        offset += len(word["orig"])
    return words


@lru_cache(maxsize=65536)
def pinyin(char: str) -> str:
    """The most common pinyin of one Chinese character, "" when it is none."""
    import pypinyin  # noqa: PLC0415  (half a second, and only Chinese needs it)

    readings = pypinyin.lazy_pinyin(char, errors="ignore")
    return readings[0] if readings else ""
