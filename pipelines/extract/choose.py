"""From chances to a choice."""

import numpy as np

from pipelines.extract.blocks import Block, size, squeeze
from pipelines.extract.features import Matrix

FLOOR = 0.2
"""No block less likely than this is taken, however little the page has."""
_LONG = 120
"""Squeezed characters from which a block that stands elsewhere already is a repetition, not a refrain."""
_SURE = 0.9
"""A repetition that is as likely as this is meant: a form filled in twice, a list's item that returns."""
_PASSAGE = 60
_WHOLE = 400
"""Squeezed characters of a passage, and of a block that may hold several."""
_LOOKED_AT = 2_000
"""Passages, the longest of the page, that are compared with one another."""
_PIECE = 15
_REMEMBERED = 200_000
"""Pieces of chosen text that repetitions are known by."""


def choose(blocks: list[Block], chances: Matrix, titles: frozenset[str], floor: float = FLOOR) -> list[int]:
    """The numbers of the blocks that are the text, in document order: likely enough, not the title, and each passage once.

    What is likely enough depends on the page: the threshold is the one that makes the expected F1 of the choice greatest
    (Ye et al. 2012), so a page where nothing is certain still gives its best part. `titles` are squeezed.
    """
    if not blocks:
        return []
    tight = [squeeze(block.text) for block in blocks]
    likely = chances.copy()
    _in_pieces(likely, tight)
    likely[[text in titles for text in tight]] = 0
    threshold = max(floor, expected_best(likely, np.array([size(block.text) for block in blocks], dtype=np.float64)))
    chosen: list[int] = []
    pieces: set[str] = set()
    unread: list[str] = []  # chosen, and not yet in pieces: most pages have nothing to compare with them
    for i in sorted(range(len(blocks)), key=lambda i: -likely[i]):
        if likely[i] < threshold:
            break
        text = tight[i]
        if len(text) >= _LONG:
            if likely[i] < _SURE:
                for one in unread:
                    if len(pieces) < _REMEMBERED:
                        pieces.update([one[at : at + _PIECE] for at in range(len(one) - _PIECE + 1)])
                unread.clear()
                probes = [text[at : at + _PIECE] for at in range(0, len(text) - _PIECE + 1, _PIECE)]
                if sum(probe in pieces for probe in probes) > 0.75 * len(probes):
                    continue
            unread.append(text)
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
        if _WHOLE <= len(tight[whole]) <= _REMEMBERED and likely[whole] > 0:
            parts = [i for i in long if len(tight[i]) < len(tight[whole]) and tight[i] in tight[whole]]
            if sum(map(len, {tight[i] for i in parts})) > 0.6 * len(tight[whole]):
                likely[parts] = np.maximum(likely[parts], min(likely[whole], 0.99 * _SURE))  # each of them once
                likely[whole] = 0


def expected_best(chances: Matrix, sizes: Matrix) -> float:
    """The threshold with the greatest expected F1, counting words, when the chances are right."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(chances[order] * sizes[order])
    f1 = 2 * hits / (np.cumsum(sizes[order]) + hits[-1] + 1e-9)
    return float(chances[order[int(np.argmax(f1))]])
