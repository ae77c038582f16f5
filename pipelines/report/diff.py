"""Two texts side by side: what stands in both, what was added and what was left out; and which anchors of translations meet."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MAX_WORDS = 700
"""Words of each text that are compared; difflib takes quadratic time."""
ISLAND = 3
"""Fewer shared words than this between two changes are not shown as shared."""
CONTEXT = 12
"""Words kept at each end of a long passage that is the same."""

_SCRIPTS_WITHOUT_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Thai, Lao, Burmese, Khmer, kana, han
_WORD = re.compile(rf"[{_SCRIPTS_WITHOUT_SPACES}]|[^\s{_SCRIPTS_WITHOUT_SPACES}]+")


_Span = tuple[int, int, str]
_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words of one side. `same` stands on both sides, `only` on this one, `skipped` counts what is not shown."""

    kind: Literal["same", "only", "skipped"]
    text: str


@dataclass(frozen=True, slots=True)
class SideBySide:
    original: tuple[Piece, ...]
    copy: tuple[Piece, ...]
    share: float
    """Share of the copy's words that stand in the original in the same order, 0–1."""
    cut: bool
    """Whether only the beginnings were compared."""


def side_by_side(original: str, copy: str) -> SideBySide:
    """Compare two texts word by word (character by character where a script has no spaces)."""
    spans = [_words(original), _words(copy)]
    cut = any(len(words) > MAX_WORDS for words in spans)
    left, right = (words[:MAX_WORDS] for words in spans)
    matcher = SequenceMatcher(None, [_folded(w) for _, _, w in left], [_folded(w) for _, _, w in right], autojunk=False)
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    opcodes = matcher.get_opcodes()
    same = sum(i2 - i1 for what, i1, i2, _, _ in opcodes if what == "equal")
    for what, i1, i2, j1, j2 in _without_islands(opcodes):
        for side, text, spans_, begin, end in ((0, original, left, i1, i2), (1, copy, right, j1, j2)):
            if end > begin:
                if what == "equal":
                    sides[side].extend(_shortened(text, spans_, begin, end))
                else:
                    sides[side].append(Piece("only", _passage(text, spans_, begin, end)))
    return SideBySide(tuple(sides[0]), tuple(sides[1]), same / len(right) if right else 0.0, cut)


@dataclass(frozen=True, slots=True)
class Anchored:
    """A text in pieces; a piece with a number is the anchor of that number on both sides."""

    pieces: tuple[tuple[str, int | None], ...]


def anchored(
    original: str, copy: str, anchors: Sequence[tuple[str, str]], limit: int = 1500
) -> tuple[Anchored, Anchored]:
    """Mark where each anchor (as written in the original, as written in the copy) stands, numbered in the order given.

    Only the first `limit` characters of each text are shown; an anchor beyond them is not marked.
    """
    return (
        Anchored(_marked(original[:limit], [o for o, _ in anchors])),
        Anchored(_marked(copy[:limit], [c for _, c in anchors])),
    )


def pairs(evidence: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The anchors of `copies.evidence`: facts named `anchor`, written `in the copy ↔ in the original`. As (original, copy)."""
    found = []
    for name, value in evidence:
        here, arrow, there = value.partition(" ↔ ")
        if name == "anchor" and here.strip():
            found.append((there.strip() if arrow else here.strip(), here.strip()))
    return found


def _marked(text: str, anchors: Sequence[str]) -> tuple[tuple[str, int | None], ...]:
    """Each anchor once, at its first place that is free; whole words only, for `5` is not in `2025`."""
    taken: list[tuple[int, int, int]] = []
    for number, anchor in enumerate(anchors, 1):
        pattern = rf"(?<!\w){re.escape(anchor)}(?!\w)" if anchor.isascii() else re.escape(anchor)
        for match in re.finditer(pattern, text, re.IGNORECASE):
            start, end = match.span()
            if all(end <= a or start >= b for a, b, _ in taken):
                taken.append((start, end, number))
                break
    pieces: list[tuple[str, int | None]] = []
    at = 0
    for start, end, number in sorted(taken):
        pieces += [(text[at:start], None), (text[start:end], number)]
        at = end
    return (*pieces, (text[at:], None))


def _words(text: str) -> list[_Span]:
    return [(m.start(), m.end(), m[0]) for m in _WORD.finditer(text)]


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _without_islands(opcodes: Sequence[_Opcode]) -> list[_Opcode]:
    """A word or two that two different sentences happen to share is noise: it joins the changes around it."""
    joined: list[_Opcode] = []
    for n, (what, i1, i2, j1, j2) in enumerate(opcodes):
        island = what == "equal" and i2 - i1 < ISLAND and 0 < n < len(opcodes) - 1
        kind = "equal" if what == "equal" and not island else "replace"
        if joined and joined[-1][0] == kind == "replace":
            _, a1, _, b1, _ = joined[-1]
            joined[-1] = ("replace", a1, i2, b1, j2)
        else:
            joined.append((kind, i1, i2, j1, j2))
    return joined


def _passage(text: str, words: Sequence[_Span], begin: int, end: int) -> str:
    """The text of some words with the space that follows them, so that lines stay lines."""
    return text[words[begin][0] : words[end][0] if end < len(words) else words[end - 1][1]]


def _shortened(text: str, words: Sequence[_Span], begin: int, end: int) -> list[Piece]:
    if end - begin <= 3 * CONTEXT:
        return [Piece("same", _passage(text, words, begin, end))]
    return [
        Piece("same", _passage(text, words, begin, begin + CONTEXT)),
        Piece("skipped", str(end - begin - 2 * CONTEXT)),
        Piece("same", _passage(text, words, end - CONTEXT, end)),
    ]
