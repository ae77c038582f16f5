"""Stories: one row per article, derived from the articles and all decided copies, never kept up incrementally.

A story grows in two steps, neither of which depends on the order of the rows:

1. **Same text.** `exact` and `near` pairs, the strongest first, join what they connect when more than half of all pairs across are such
   copies too, or partial ones by at least half. So A ~ B ~ C with A ≁ C does not become one story, while one failed comparison among
   many does not split one.
2. **Taken from.** Each such group may follow one other group: through a declaration that the text confirmed, a translation, or a part
   cut from it later. One only, the best: else a round-up would tie all its sources together.

Ids and canonicals follow from publication times, lengths and ids alone, so that the same articles give the same stories in any order.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.compiled import compiled

ARTICLE_COLUMNS = (
    "article_id",
    "version",
    "url",
    "language",
    "n_chars",
    "published_at",
    "source_url",
    "source_name",
)
"""What `derive` reads of `articles`."""
COPY_COLUMNS = ("article_id", "of_article_id", "kind", "score", "containment", "evidence", "decided_at")
"""What it reads of `copies`."""

COMPLETE = 0.8
"""A text with this share of the characters of the longest one in its language counts as complete."""
CONFIRMED = 0.5
"""Score from which a declaration joins by itself."""
SUPPORTS = 0.5
"""Score from which a partial copy counts as a pair when two groups of one text meet."""
CUT = 0.8
"""Share of a partial copy that stands in the other, from which it belongs to the other's story."""

_US = pa.timestamp("us", "UTC")
_NEVER = np.iinfo(np.int64).max
_FOLLOWS = {"declared": 3, "translation": 2, "partial": 1}


def derive(articles: pa.Table, copies: pa.Table) -> pa.Table:
    """One row per article, with the columns of `records.Story`, sorted by article id.

    `articles` has `ARTICLE_COLUMNS`; of several versions the latest counts. `copies` has `COPY_COLUMNS`; of several rows of
    a pair the last decided counts, and pairs of unknown articles are left out.
    """
    articles = _latest(articles)
    ids = articles["article_id"].combine_chunks()
    n = len(ids)
    published = _microseconds(articles["published_at"])
    n_chars = _numpy(articles["n_chars"])
    language, languages = _codes(articles["language"])
    left, right, kind, score, containment, declared, named = _pairs(copies, ids)

    rank = np.empty(n, np.int64)  # by first published, then longest, then id (the rows are sorted by id)
    rank[np.lexsort((np.arange(n), -n_chars, published))] = np.arange(n)

    same = np.isin(kind, ["exact", "near"])
    supports = same | ((kind == "partial") & (score >= SUPPORTS))
    group = _group(n, left[supports], right[supports], score[supports], same[supports])
    follows = np.isin(kind, list(_FOLLOWS)) & (group[left] != group[right])
    dated = (published[left] != _NEVER) & (published[right] != _NEVER)
    cut = (kind == "partial") & (containment >= CUT) & (declared | (dated & (published[left] >= published[right])))
    follows &= cut | (kind == "translation") | ((kind == "declared") & (score >= CONFIRMED))
    strength = np.array([_FOLLOWS.get(k, 0) for k in kind.tolist()], np.int64)
    story = _follow(group, left[follows], right[follows], strength[follows], score[follows], rank)

    # from here on: `story` is a dense number per article
    _, story = np.unique(story, return_inverse=True)
    n_stories = int(story.max(initial=-1)) + 1
    source_row, attributed = _sources(articles, story, left, right, declared, named)
    cited = np.zeros(n, np.int64)
    np.add.at(cited, source_row[source_row >= 0], 1)
    cited[source_row >= 0] = 0  # what names a source itself is no original
    first = _first_per(story, n_stories, rank)
    original = _first_per(story, n_stories, np.lexsort((rank, -cited)).argsort())
    has_declared = cited[original] > 0
    same_language = language == language[original][story]
    longest = np.zeros(n_stories, np.int64)
    np.maximum.at(longest, story[same_language], n_chars[same_language])
    complete = same_language & (n_chars >= COMPLETE * longest[story])
    earliest_complete = _first_per(story, n_stories, np.lexsort((rank, ~complete)).argsort())
    canonical = np.where(has_declared, original, earliest_complete)
    size = np.bincount(story, minlength=n_stories)
    reason = np.where(size == 1, "only_one", np.where(has_declared, "declared_original", "earliest_complete"))

    first_published = published[original]
    delay = (published - first_published[story]) / 1e6
    unknown = (published == _NEVER) | (first_published[story] == _NEVER)
    is_original = original[story] == np.arange(n)
    return pa.table(
        {
            "article_id": ids,
            "story_id": ids.take(pa.array(first[story])),
            "canonical_id": ids.take(pa.array(canonical[story])),
            "is_canonical": pa.array(canonical[story] == np.arange(n)),
            "reason": pa.array(reason[story].tolist(), pa.string()),
            "original_id": ids.take(pa.array(original[story])),
            "first_published_at": pa.array(
                first_published[story], pa.int64(), mask=(first_published[story] == _NEVER)
            ).cast(_US),
            "delay": pa.array(delay, mask=unknown),
            "n_articles": pa.array(size[story].astype(np.int32)),
            "languages": _languages(story, n_stories, language, languages),
            "attributed": pa.array(attributed, mask=is_original),
        }
    )


# -- columns --------------------------------------------------------------------------------------------------------------


def _latest(articles: pa.Table) -> pa.Table:
    """The latest version of each article, sorted by id."""
    articles = articles.select(list(ARTICLE_COLUMNS))
    order = pc.sort_indices(articles, [("article_id", "ascending"), ("version", "descending")])
    articles = articles.take(order)
    ids = articles["article_id"].combine_chunks()
    if len(ids) < 2:
        return articles
    fresh = pc.not_equal(ids[1:], ids[:-1])
    return articles.filter(pa.concat_arrays([pa.array([True]), fresh]))


def _numpy(column: pa.ChunkedArray) -> NDArray[np.int64]:
    values: NDArray[np.int64] = pc.fill_null(column, 0).to_numpy().astype(np.int64)
    return values


def _microseconds(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Microseconds since 1970, `_NEVER` when unknown."""
    values: NDArray[np.int64] = pc.fill_null(column.cast(_US).cast(pa.int64()), _NEVER).to_numpy()
    return values


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """A number for each different value; 0 is null."""
    encoded = column.combine_chunks().dictionary_encode()
    return _numpy(pc.add(encoded.indices.cast(pa.int64()), 1)), ["", *encoded.dictionary.to_pylist()]


def _pairs(copies: pa.Table, ids: pa.Array) -> tuple[NDArray[Any], ...]:
    """The standing decision for each pair, as arrays: rows of copy and original, kind, score, containment of the copy, declared or not, named or not.

    An equal slug declares a pair, and names nobody.
    """
    left = pc.index_in(copies["article_id"], ids)
    right = pc.index_in(copies["of_article_id"], ids)
    known = pc.and_(pc.is_valid(left), pc.is_valid(right))
    l, r = _numpy(left), _numpy(right)  # noqa: E741
    order = np.lexsort((np.arange(len(l)), _microseconds(copies["decided_at"]), np.maximum(l, r), np.minimum(l, r)))
    order = order[known.to_numpy()[order].astype(bool)]
    low, high = np.minimum(l, r)[order], np.maximum(l, r)[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    order = order[last & (low != high)]
    kept = copies.select(["kind", "score", "containment", "evidence"]).take(pa.array(order))
    kind = np.array(kept["kind"].to_pylist(), dtype=object)
    score = pc.fill_null(kept["score"], 0.0).to_numpy()
    containment = pc.fill_null(kept["containment"], 0.0).to_numpy()
    evidence = kept["evidence"].combine_chunks()
    declared, named = np.zeros(len(order), np.bool_), np.zeros(len(order), np.bool_)
    if len(evidence):
        parents, facts = pc.list_parent_indices(evidence), pc.list_flatten(evidence)
        said = pc.equal(pc.struct_field(facts, "name"), "declared")
        by_slug = pc.starts_with(pc.struct_field(facts, "value"), "slug ")
        declared[parents.filter(said).to_numpy()] = True
        named[parents.filter(pc.and_(said, pc.invert(by_slug))).to_numpy()] = True
    return l[order], r[order], kind, score, containment, declared | (kind == "declared"), named


def _languages(story: NDArray[np.int64], n: int, language: NDArray[np.int64], names: list[str]) -> pa.Array:
    """For each article the sorted languages of its story."""
    both = np.unique(story * len(names) + language)
    both = both[both % len(names) > 0]
    by_name = np.argsort(np.argsort(names))
    both = both[np.lexsort((by_name[both % len(names)], both // len(names)))]
    offsets = np.searchsorted(both // len(names), np.arange(n + 1))
    values = pa.array(names).take(pa.array(both % len(names)))
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
    return lists.take(pa.array(story))


def _first_per(story: NDArray[np.int64], n: int, rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each story the article of lowest rank."""
    best = np.full(n, len(story), np.int64)
    np.minimum.at(best, story, rank)
    return np.argsort(rank)[best] if len(story) else best


def _sources(
    articles: pa.Table,
    story: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    declared: NDArray[np.bool_],
    named: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each article the row of the article it names as its source within its story (−1: none), and whether it names any source."""
    names = pc.or_(pc.is_valid(articles["source_url"]), pc.is_valid(articles["source_name"])).to_numpy().copy()
    names[left[named]] = True
    found = pc.index_in(articles["source_url"], articles["url"].combine_chunks())
    row = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    row[pc.is_null(articles["source_url"]).to_numpy()] = -1
    row[left[declared]] = right[declared]
    row[(row >= 0) & (story[row] != story)] = -1
    row[row == np.arange(len(row))] = -1
    return row, names


# -- groups ---------------------------------------------------------------------------------------------------------------


def _group(
    n: int, left: NDArray[np.int64], right: NDArray[np.int64], score: NDArray[np.float64], same: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Step 1: a number for each article, the same for those of one text."""
    starts = np.searchsorted(np.sort(np.concatenate([left, right])), np.arange(n + 1))
    order = np.argsort(np.concatenate([left, right]), kind="stable")
    neighbours = np.concatenate([right, left])[order]
    low, high = np.minimum(left, right)[same], np.maximum(left, right)[same]
    strongest = np.lexsort((high, low, -score[same]))
    group: NDArray[np.int64] = _agglomerate(n, low[strongest], high[strongest], starts, neighbours)
    return group


@compiled
def _agglomerate(n, left, right, starts, neighbours):  # type: ignore[no-untyped-def]
    group = np.arange(n)
    size = np.ones(n, np.int64)
    following = np.full(n, -1)  # members of a group as a linked list, from its number
    tail = np.arange(n)
    changed = True
    while changed:  # a pair refused at first may pass once its groups have grown
        changed = False
        for k in range(len(left)):
            a, b = group[left[k]], group[right[k]]
            if a == b:
                continue
            if size[a] < size[b]:
                a, b = b, a
            across = 0
            member = b
            while member >= 0:
                for other in neighbours[starts[member] : starts[member + 1]]:
                    across += group[other] == a
                member = following[member]
            if 2 * across <= size[a] * size[b]:
                continue
            member = b
            while member >= 0:
                group[member] = a
                member = following[member]
            following[tail[a]] = b
            tail[a] = tail[b]
            size[a] += size[b]
            changed = True
    return group


def _follow(
    group: NDArray[np.int64],
    copy: NDArray[np.int64],
    original: NDArray[np.int64],
    strength: NDArray[np.int64],
    score: NDArray[np.float64],
    rank: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Step 2: each group follows at most one other; a number per article, the same for all that hang together."""
    order = np.lexsort((rank[copy], rank[original], -score, -strength))
    parent = np.arange(len(group))
    decided = np.zeros(len(group), np.bool_)
    for k in order.tolist():
        child, above = int(group[copy[k]]), int(group[original[k]])
        if decided[child] or _root(parent, above) == child:
            continue
        parent[child] = above
        decided[child] = True
    for child in np.flatnonzero(decided).tolist():  # every other group is its own root
        parent[child] = _root(parent, child)
    return parent[group]


def _root(parent: NDArray[np.int64], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = int(parent[node])
    return node
