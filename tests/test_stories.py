"""Stories follow from articles and copies alone, whatever the order of the rows."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pipelines import stories
from pipelines.store.schema import ARTICLES, COPIES, STORIES

START = datetime(2026, 1, 1, tzinfo=UTC)


def articles(*rows: dict[str, Any]) -> pa.Table:
    """`id` is given, and what matters to the test; `hours` is the time of publication."""
    full = []
    for row in rows:
        hours = row.get("hours")
        full.append(
            {
                "article_id": row["id"],
                "version": row.get("version", 1),
                "url": row.get("url", f"https://{row['id']}.example/"),
                "language": row.get("language", "vi"),
                "n_chars": row.get("n_chars", 3000),
                "published_at": None if hours is None else START + timedelta(hours=hours),
                "fetched_at": START,
                "source_url": row.get("source_url"),
                "source_name": row.get("source_name"),
            }
        )
    return pa.Table.from_pylist(full, schema=ARTICLES).select(list(stories.ARTICLE_COLUMNS))


def copies(*rows: tuple[Any, ...]) -> pa.Table:
    """(copy, original, kind, score, containment, declared?) in the order in which they were decided."""
    full = []
    for i, (copy, original, kind, *rest) in enumerate(rows):
        score, contained, declared = [*rest, *(0.9, 0.9, False)[len(rest) :]]
        full.append(
            {
                "article_id": copy,
                "of_article_id": original,
                "kind": kind,
                "score": score,
                "containment": contained,
                "evidence": [{"name": "declared", "value": "source_line"}] if declared else [],
                "decided_at": START + timedelta(seconds=i),
            }
        )
    return pa.Table.from_pylist(full, schema=COPIES)


def derive(a: pa.Table, c: pa.Table) -> dict[str, dict[str, Any]]:
    table = stories.derive(a, c)
    assert table.column_names == STORIES.names
    return {row["article_id"]: row for row in table.cast(STORIES).to_pylist()}


def parts(derived: dict[str, dict[str, Any]]) -> set[frozenset[str]]:
    by_story: dict[str, set[str]] = {}
    for row in derived.values():
        by_story.setdefault(row["story_id"], set()).add(row["article_id"])
    return {frozenset(part) for part in by_story.values()}


def named(n: int) -> list[dict[str, Any]]:
    return [{"id": "abcdefghij"[i], "hours": i} for i in range(n)]


def test_an_article_alone() -> None:
    (row,) = derive(articles({"id": "a", "hours": 1}), copies()).values()
    assert row == {
        "article_id": "a",
        "story_id": "a",
        "canonical_id": "a",
        "is_canonical": True,
        "reason": "only_one",
        "original_id": "a",
        "first_published_at": START + timedelta(hours=1),
        "delay": 0.0,
        "n_articles": 1,
        "languages": ["vi"],
        "attributed": None,
    }


def test_nothing() -> None:
    assert derive(articles(), copies()) == {}


@pytest.mark.parametrize("kind", ["exact", "near"])
def test_one_text_is_one_story(kind: str) -> None:
    derived = derive(articles(*named(3)), copies(("b", "a", kind)))
    assert parts(derived) == {frozenset("ab"), frozenset("c")}
    assert derived["b"]["n_articles"] == 2
    assert derived["b"]["delay"] == 3600
    assert derived["b"]["story_id"] == derived["b"]["canonical_id"] == derived["b"]["original_id"] == "a"
    assert derived["b"]["reason"] == "earliest_complete"


@pytest.mark.parametrize("kind", ["declared", "refuted"])
def test_what_does_not_join(kind: str) -> None:
    assert parts(derive(articles(*named(2)), copies(("b", "a", kind, 0.2)))) == {frozenset("a"), frozenset("b")}


def test_no_chaining() -> None:
    """a ~ b ~ c, but a is not like c: the stronger pair is the story."""
    derived = derive(articles(*named(3)), copies(("b", "a", "near", 0.5), ("c", "b", "near", 0.6)))
    assert parts(derived) == {frozenset("a"), frozenset("bc")}


def test_a_long_chain_does_not_become_one_story() -> None:
    chain = [(f"{n + 1:02}", f"{n:02}", "near", 0.5) for n in range(30)]
    derived = derive(articles(*({"id": f"{n:02}", "hours": n} for n in range(31))), copies(*chain))
    assert max(len(part) for part in parts(derived)) == 2


def test_one_failed_comparison_among_many_does_not_split() -> None:
    pairs = [(two, one, "near", 0.7) for one in "abcd" for two in "abcd" if one < two and (one, two) != ("a", "d")]
    assert parts(derive(articles(*named(4)), copies(*pairs))) == {frozenset("abcd")}


def test_two_groups_with_one_pair_across_stay_apart() -> None:
    pairs = [(two, one, "near", 0.7) for group in ("abc", "def") for one in group for two in group if one < two]
    derived = derive(articles(*named(6)), copies(*pairs, ("d", "c", "near", 0.99)))
    assert frozenset("abcdef") not in parts(derived)


def test_the_last_decision_counts() -> None:
    a = articles(*named(2))
    assert len(parts(derive(a, copies(("b", "a", "near"), ("b", "a", "refuted"))))) == 2
    assert len(parts(derive(a, copies(("b", "a", "refuted"), ("a", "b", "near"))))) == 1
    late_first = copies(("b", "a", "near"), ("a", "b", "refuted")).take([1, 0])
    assert len(parts(derive(a, late_first))) == 2


def test_the_latest_version_counts() -> None:
    a = articles(
        {"id": "a", "hours": 5, "version": 2, "n_chars": 10},
        {"id": "a", "hours": 1, "version": 1},
        {"id": "b", "hours": 2},
    )
    derived = derive(a, copies(("a", "b", "near")))
    assert len(derived) == 2
    assert derived["a"]["original_id"] == "b"


def test_pairs_of_unknown_articles_are_left_out() -> None:
    assert len(derive(articles(*named(1)), copies(("a", "gone", "near"), ("x", "y", "near")))) == 1


# -- taken from -----------------------------------------------------------------------------------------------------------


def test_a_part_cut_from_it_later_belongs_to_the_story() -> None:
    cut = ("b", "a", "partial", 0.95, 0.95)
    assert len(parts(derive(articles(*named(2)), copies(cut)))) == 1
    assert len(parts(derive(articles({"id": "a", "hours": 9}, {"id": "b", "hours": 1}), copies(cut)))) == 2
    assert len(parts(derive(articles({"id": "a"}, {"id": "b"}), copies(cut)))) == 2
    assert len(parts(derive(articles(*named(2)), copies(("b", "a", "partial", 0.5, 0.5))))) == 2
    assert len(parts(derive(articles({"id": "a"}, {"id": "b"}), copies((*cut, True))))) == 1


def test_a_round_up_does_not_tie_its_sources_together() -> None:
    """c holds all of a and of b, and came last."""
    sources = [("c", "a", "partial", 1.0, 0.4), ("c", "b", "partial", 1.0, 0.4)]
    assert len(parts(derive(articles(*named(3)), copies(*sources)))) == 3


def test_a_translation_follows_its_best_original_only() -> None:
    a = articles({"id": "a", "hours": 0}, {"id": "b", "hours": 1}, {"id": "d", "hours": 2, "language": "de"})
    derived = derive(a, copies(("d", "a", "translation", 0.6), ("d", "b", "translation", 0.9)))
    assert parts(derived) == {frozenset("a"), frozenset("bd")}
    assert derived["b"]["languages"] == derived["d"]["languages"] == ["de", "vi"]


def test_two_translations_of_one_original() -> None:
    a = articles(*named(2), {"id": "d", "hours": 2, "language": "de"}, {"id": "e", "hours": 3, "language": "de"})
    derived = derive(a, copies(("b", "a", "near"), ("d", "a", "translation", 0.8), ("e", "b", "translation", 0.8)))
    assert parts(derived) == {frozenset("abde")}


def test_a_declaration_is_worth_more_than_a_better_translation() -> None:
    a = articles({"id": "a", "hours": 0}, {"id": "b", "hours": 1}, {"id": "d", "hours": 2, "language": "de"})
    derived = derive(a, copies(("d", "a", "declared", 0.7, None), ("d", "b", "translation", 0.99)))
    assert parts(derived) == {frozenset("ad"), frozenset("b")}


def test_circles_end() -> None:
    pairs = [("b", "a", "translation"), ("c", "b", "translation"), ("a", "c", "translation")]
    a = articles(*({"id": name, "hours": n, "language": name} for n, name in enumerate("abc")))
    assert parts(derive(a, copies(*pairs))) == {frozenset("abc")}


# -- canonical and original -----------------------------------------------------------------------------------------------


def test_the_earliest_of_the_most_complete_texts() -> None:
    a = articles(
        {"id": "a", "hours": 0, "n_chars": 900}, {"id": "b", "hours": 1, "n_chars": 2900}, {"id": "c", "hours": 2}
    )
    derived = derive(a, copies(("b", "a", "near"), ("c", "a", "near"), ("c", "b", "near")))
    assert {row["canonical_id"] for row in derived.values()} == {"b"}
    assert {row["original_id"] for row in derived.values()} == {"a"}
    assert [row["article_id"] for row in derived.values() if row["is_canonical"]] == ["b"]


@pytest.mark.parametrize("by_url", [True, False])
def test_a_declared_original_is_the_canonical(by_url: bool) -> None:
    source = {"source_url": "https://b.example/"} if by_url else {}
    a = articles({"id": "a", "hours": 0, **source}, {"id": "b", "hours": 1, "n_chars": 500})
    derived = derive(a, copies(("a", "b", "near", 0.9, 0.9, not by_url)))
    assert {row["canonical_id"] for row in derived.values()} == {"b"}
    assert {row["original_id"] for row in derived.values()} == {"b"}
    assert {row["reason"] for row in derived.values()} == {"declared_original"}
    assert derived["a"]["delay"] == -3600
    assert derived["a"]["attributed"] is True
    assert derived["b"]["attributed"] is None


def test_attribution() -> None:
    a = articles({"id": "a", "hours": 0}, {"id": "b", "hours": 1, "source_name": "Báo A"}, {"id": "c", "hours": 2})
    derived = derive(a, copies(("b", "a", "near"), ("c", "a", "near"), ("c", "b", "near")))
    assert [derived[name]["attributed"] for name in "abc"] == [None, True, False]


def test_undated_articles() -> None:
    a = articles({"id": "a", "n_chars": 2000}, {"id": "b", "n_chars": 3000}, {"id": "c", "hours": 1, "n_chars": 2900})
    derived = derive(a, copies(("b", "a", "near"), ("c", "a", "near"), ("c", "b", "near")))
    assert {row["original_id"] for row in derived.values()} == {"c"}
    assert [derived[name]["delay"] for name in "abc"] == [None, None, 0.0]
    without = derive(a.slice(0, 2), copies(("b", "a", "near")))
    assert {row["canonical_id"] for row in without.values()} == {"b"}
    assert without["a"]["first_published_at"] is None


# -- order ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    pick = random.Random(seed)
    rows = [
        {
            "id": f"{n:03}",
            "hours": pick.choice([None, pick.randrange(50)]),
            "n_chars": pick.randrange(500, 4000),
            "language": pick.choice(["vi", "de", None]),
            "source_url": pick.choice([None, None, f"https://{pick.randrange(120):03}.example/"]),
        }
        for n in range(120)
    ]
    kinds = ["exact", "near", "near", "near", "partial", "translation", "declared"]
    pairs = {
        tuple(sorted(pick.sample(range(n, min(n + 6, 120)), 2))): (pick.choice(kinds), pick.random(), pick.random())
        for n in [pick.randrange(115) for _ in range(220)]
    }
    a = articles(*rows)
    c = copies(*((f"{one:03}", f"{two:03}", *rest) for (one, two), rest in pairs.items()))
    as_given = stories.derive(a, c)
    assert 20 < len(set(as_given["story_id"].to_pylist())) < 118
    shuffled = [list(range(len(table))) for table in (a, c)]
    for order in shuffled:
        pick.shuffle(order)
    assert stories.derive(a.take(shuffled[0]), c.take(shuffled[1])).equals(as_given)


def test_tables_in_chunks() -> None:
    a, c = articles(*named(4)), copies(("b", "a", "near"), ("d", "c", "near"))
    in_chunks = [pa.concat_tables([table.slice(0, 1), table.slice(1)]) for table in (a, c)]
    assert stories.derive(*in_chunks).equals(stories.derive(a, c))
