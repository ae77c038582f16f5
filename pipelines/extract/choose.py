"""From chances to a choice."""

from typing import NamedTuple

import numpy as np

from pipelines.extract.blocks import Block
from pipelines.extract.features import Matrix

FLOOR = 0.2
"""No block less likely than this is taken, however little the page has."""
_LONG = 120
"""Squeezed characters from which a block that stands elsewhere already is a repetition, not a refrain."""
_SURE = 0.95
"""A repetition that is as likely as this is meant: a form filled in twice, a list's item that returns."""
_PASSAGE = 60
_WHOLE = 400
"""Squeezed characters of a passage, and of a block that may hold several."""
_LOOKED_AT = 2_000
"""Passages, the longest of the page, that are compared with one another."""
_PIECE = 15
"""Squeezed characters of the pieces of chosen text, end to end, that repetitions are known by."""
_LONGEST = 200_000
"""Squeezed characters of a block that is searched for others."""


def choose(blocks: list[Block], chances: Matrix, titles: frozenset[str], floor: float = FLOOR) -> list[int]:
    """The numbers of the blocks that are the text, in document order: likely enough, not the title, and each passage once.

    What is likely enough depends on the page: the threshold is the one that makes the expected F1 of the choice greatest
    (Ye et al. 2012), so a page where nothing is certain still gives its best part. `titles` are squeezed.
    """
    if not blocks:
        return []
    tight = [block.tight for block in blocks]
    likely = chances.copy()
    _in_pieces(likely, tight)
    likely[[text in titles for text in tight]] = 0
    threshold = max(floor, expected_best(blocks, likely).threshold)
    chosen: list[int] = []
    pieces: set[str] = set()
    for i in sorted(range(len(blocks)), key=lambda i: -likely[i]):
        if likely[i] < threshold:
            break
        text = tight[i]
        if len(text) >= _LONG:
            if likely[i] < _SURE:
                again = sum([text[at : at + _PIECE] in pieces for at in range(len(text) - _PIECE + 1)])
                if again * _PIECE > 0.75 * len(text):
                    continue
            pieces.update([text[at : at + _PIECE] for at in range(0, len(text) - _PIECE + 1, _PIECE)])
        chosen.append(i)
    return sorted(chosen)


def _in_pieces(likely: Matrix, tight: list[str]) -> None:
    """Takes the chance of a block that says once more, in one piece, what several others say, and gives it to those.

    Such a block is the text for machines beside the one for readers; one line of it is no line of the text.
    """
    long = sorted((i for i, text in enumerate(tight) if len(text) >= _PASSAGE), key=lambda i: -len(tight[i]))[
        :_LOOKED_AT
    ]
    for whole in long[: _LOOKED_AT // 50]:
        if _WHOLE <= len(tight[whole]) <= _LONGEST and likely[whole] > 0:
            parts = [i for i in long if len(tight[i]) < len(tight[whole]) and tight[i] in tight[whole]]
            if sum(map(len, {tight[i] for i in parts})) > 0.6 * len(tight[whole]):
                likely[parts] = np.maximum(likely[parts], min(likely[whole], 0.99 * _SURE))  # each of them once
                likely[whole] = 0


class Expected(NamedTuple):
    """The best that a threshold can do on a page, when the chances are right."""

    threshold: float
    f1: float
    """Counting words."""


def expected_best(blocks: list[Block], chances: Matrix) -> Expected:
    """The threshold with the greatest expected F1, and that F1: how sure the chances are of the page. There must be blocks."""
    order = np.argsort(-chances, kind="stable")
    sizes = np.array([block.size for block in blocks], dtype=np.float64)[order]
    hits = np.cumsum(chances[order] * sizes)
    f1 = 2 * hits / (np.cumsum(sizes) + hits[-1] + 1e-9)
    best = int(np.argmax(f1))
    return Expected(float(chances[order[best]]), float(f1[best]))
