"""Who took a story from whom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.records import Copy

# What says most about who took it from whom: a declaration, then the same words, then a part of them, then a translation.
_STRENGTH = {"exact": 3, "near": 3, "partial": 2, "translation": 1, "declared": 0}


@dataclass(frozen=True, slots=True)
class Taken:
    """An article of the story and those who took it from there, earliest first."""

    article_id: str
    copy: Copy | None
    """The relation to the article above; None at the top, and for one that reached the story by others' relations only."""
    delay: float | None
    """Seconds after the article above was published; None when either time is unknown or there is none above."""
    taken_by: tuple["Taken", ...] = ()


def tree(published: Mapping[str, datetime | None], copies: Iterable[Copy], original: str = "") -> tuple[Taken, ...]:
    """The trees of a story: one for each article that nobody in the story is known to have had before.

    `published` says of every article of the story when it came out, or None. Of all relations of an article to earlier ones (or declared
    ones) the strongest is drawn: a declared source before any other, then the strongest kind, then the highest score; of translations the
    one of the story's `original`, because how well two languages agree says nothing about who had it first. A later row of a pair
    supersedes an earlier one. Independent of the order of both arguments.
    """
    rows: dict[frozenset[str], Copy] = {}
    for copy in sorted(copies, key=lambda row: (row.decided_at, row.run_id, row.score)):
        if copy.article_id in published and copy.of_article_id in published and copy.article_id != copy.of_article_id:
            rows[frozenset((copy.article_id, copy.of_article_id))] = copy
    edges = sorted(
        (copy for copy in rows.values() if copy.kind != "refuted"),
        key=lambda row: (
            any(fact.name == "declared" for fact in row.evidence),
            _STRENGTH[row.kind],
            row.kind == "translation" and row.of_article_id == original,
            row.score,
            row.article_id,
            row.of_article_id,
        ),
        reverse=True,
    )
    above: dict[str, Copy] = {}
    for copy in edges:
        if copy.article_id not in above and not _reaches(copy.of_article_id, copy.article_id, above):
            above[copy.article_id] = copy
    below: dict[str, list[str]] = defaultdict(list)
    for article_id, copy in above.items():
        below[copy.of_article_id].append(article_id)

    def order(article_id: str) -> tuple[float, str]:
        at = published[article_id]
        return at.timestamp() if at else float("inf"), article_id

    def node(article_id: str) -> Taken:
        upward = above.get(article_id)
        taken_by = tuple(node(one) for one in sorted(below[article_id], key=order))
        return Taken(article_id, upward, _delay(published, upward), taken_by)

    return tuple(node(article_id) for article_id in sorted(published.keys() - above.keys(), key=order))


def _reaches(start: str, goal: str, above: Mapping[str, Copy]) -> bool:
    while start in above:
        start = above[start].of_article_id
        if start == goal:
            return True
    return start == goal


def _delay(published: Mapping[str, datetime | None], copy: Copy | None) -> float | None:
    if copy is None:
        return None
    after, before = published[copy.article_id], published[copy.of_article_id]
    return (after - before).total_seconds() if after and before else None
