"""The decisions of the stateful half, as plain functions: versions, duplicates, outcomes. No state, no I/O.

Everything here depends only on the batch, on what is known, and on the copies found, so it can be read and tested alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from pipelines.catalog import Known
from pipelines.prepare import Prepared
from pipelines.records import Article, Copy, Fact, Outcome, Page, PageRow

CONTAINED = 0.8
"""A partial copy counts as a duplicate when at least this share of it stands in the other article."""
STRENGTH = {"exact": 0, "near": 1, "partial": 2, "translation": 3, "declared": 4, "refuted": 5}
"""Which row of a pair says more, when several finders speak of it in one batch."""


@dataclass(frozen=True, slots=True)
class Read:
    """A page that was read, and what became of it in the stateless half."""

    page: Page | Article
    """Without its body or text: many pages wait for their commit, and one may have 8 MiB."""
    n_bytes: int
    prepared: Prepared

    @classmethod
    def of(cls, page: Page | Article, prepared: Prepared) -> Self:
        if isinstance(page, Page):
            return cls(replace(page, body=b""), len(page.body), prepared)
        return cls(replace(page, text=""), len(page.text.encode("utf-8", "replace")), prepared)


def versions(reads: Sequence[Read], known: Mapping[str, Known], run_id: str) -> list[Article | None]:
    """For each read the article version it adds, or None when it adds none (refused, or nothing changed)."""
    latest: dict[str, Known] = dict(known)
    new: list[Article | None] = []
    for read in reads:
        article = read.prepared.article
        before = latest.get(article.article_id) if article else None
        if article is None or (before and before.content_hash == article.content_hash):
            new.append(None)
            continue
        if before:
            article = replace(
                article,
                version=before.version + 1,
                duplicate_of=before.duplicate_of,
                duplicate_kind=before.duplicate_kind,
                story_id=before.story_id,
            )
        article = replace(article, run_id=run_id)
        latest[article.article_id] = Known(
            article.version, article.content_hash, article.duplicate_of, article.duplicate_kind, article.story_id
        )
        new.append(article)
    return new


def merge(copies: Iterable[Copy]) -> list[Copy]:
    """One row per pair: the strongest kind stays, with the evidence of all. A declared direction wins over a guessed one."""
    pairs: dict[frozenset[str], list[Copy]] = defaultdict(list)
    for copy in copies:
        pairs[frozenset((copy.article_id, copy.of_article_id))].append(copy)
    merged = []
    for rows in pairs.values():
        best = min(rows, key=lambda row: STRENGTH[row.kind])
        declared = next((row for row in rows if any(f.name == "declared" for f in row.evidence)), best)
        if declared.article_id != best.article_id:
            best = replace(
                best,
                article_id=best.of_article_id,
                of_article_id=best.article_id,
                containment=best.containment_of,
                containment_of=best.containment,
            )
        facts = dict.fromkeys(
            fact if row.article_id == best.article_id else _turned(fact) for row in rows for fact in row.evidence
        )
        merged.append(replace(best, evidence=tuple(facts), score=max(row.score for row in rows)))
    return merged


def _turned(fact: Fact) -> Fact:
    """A shared anchor as seen from the other article."""
    here, between, there = fact.value.partition(" ↔ ")
    return Fact(fact.name, there + between + here) if fact.name == "anchor" and between else fact


def link(articles: Sequence[Article], copies: Iterable[Copy], known: Mapping[str, Known]) -> list[Article]:
    """Set `duplicate_of`, `duplicate_kind` and `story_id` of first versions: each points to the article it repeats that came earlier.

    `known` must hold the partners from earlier commits. "Earlier" is the order of arrival, because this column never changes
    once written; who took it from whom is a matter of the `copies` and `stories` tables.
    """
    arrival = {a.article_id: n for n, a in reversed(list(enumerate(articles)))}
    partners: dict[str, list[tuple[int, float, str, str]]] = defaultdict(list)
    for copy in copies:
        for me, other, contained in (
            (copy.article_id, copy.of_article_id, copy.containment),
            (copy.of_article_id, copy.article_id, copy.containment_of),
        ):
            repeats = copy.kind in ("exact", "near", "translation") or (
                copy.kind == "partial" and (contained or 0) >= CONTAINED
            )
            came_earlier = other in known or arrival.get(other, len(articles)) < arrival.get(me, -1)
            if me in arrival and repeats and came_earlier:
                partners[me].append((STRENGTH[copy.kind], -copy.score, other, copy.kind))
    linked: dict[str, Article] = {}
    out = []
    for article in articles:
        if article.version == 1 and article.article_id in partners:
            _, _, other, kind = min(partners[article.article_id])
            story = known[other].story_id if other in known else linked[other].story_id
            article = replace(article, duplicate_of=other, duplicate_kind=kind, story_id=story)  # noqa: PLW2901
        elif article.version == 1:
            article = replace(article, story_id=article.article_id)  # noqa: PLW2901
        elif article.article_id in linked:  # a second version within the batch follows its first
            first = linked[article.article_id]
            article = replace(  # noqa: PLW2901
                article, duplicate_of=first.duplicate_of, duplicate_kind=first.duplicate_kind, story_id=first.story_id
            )
        linked[article.article_id] = article
        out.append(article)
    return out


def outcome(read: Read, added: Article | None) -> Outcome:
    """How the page ended."""
    if read.prepared.outcome:
        return read.prepared.outcome
    if added is None:
        return Outcome("unchanged")
    return Outcome("duplicate" if added.duplicate_of else "stored")


def page_row(read: Read, added: Article | None, known: Mapping[str, Known], run_id: str) -> PageRow:
    """The row of the `pages` table for one read."""
    page, prepared, end = read.page, read.prepared, outcome(read, added)
    article = added or prepared.article
    before = known.get(article.article_id) if article else None
    if isinstance(page, Page):
        asked, status, content_type = page.requested_url, page.status, page.headers.get("content-type", "")
    else:
        asked, status, content_type = "", 200, "text/plain"
    return PageRow(
        url=page.url,
        requested_url=asked or page.url,
        publisher=page.publisher,
        status=status,
        content_type=content_type,
        n_bytes=read.n_bytes,
        fetched_at=page.fetched_at,
        outcome=end.kind,
        reason=end.reason,
        run_id=run_id,
        article_id=article.article_id if article else None,
        version=added.version if added else before.version if before else 1 if article else None,
        archive_file=page.archive_file,
        archive_offset=page.archive_offset,
        seconds=prepared.seconds,
    )
