"""The tree of who took a story from whom."""

import random
from datetime import UTC, datetime, timedelta

from pipelines.provenance import Taken, tree
from pipelines.records import Copy, CopyKind, Fact

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def copy(a: str, b: str, kind: CopyKind, score: float = 0.9, *, declared: bool = False, decided: int = 0) -> Copy:
    facts = (Fact("declared", "source_url in source_line: …"),) if declared else ()
    return Copy(a, b, kind, None, None, None, score, facts, NOW + timedelta(seconds=decided), "r", "m")


def shape(taken: Taken) -> object:
    return (taken.article_id, [shape(one) for one in taken.taken_by]) if taken.taken_by else taken.article_id


PUBLISHED = {name: NOW + timedelta(hours=hours) for name, hours in (("paper", 0), ("rewrite", 2), ("de", 3), ("ja", 4), ("other", 9))}  # fmt: skip
COPIES = [
    copy("rewrite", "paper", "near"),
    copy("de", "paper", "translation", 0.8),
    copy("de", "rewrite", "translation", 0.99),
    copy("de", "paper", "translation", 0.85, declared=True, decided=1),
    copy("ja", "de", "translation", 0.9),
    copy("ja", "paper", "translation", 0.95),
    copy("other", "paper", "refuted", 0.0),
]


def test_the_strongest_relation_is_drawn() -> None:
    assert [shape(one) for one in tree(PUBLISHED, COPIES)] == [("paper", ["rewrite", "de", "ja"]), "other"]


def test_delays_are_to_the_article_above() -> None:
    (paper, other) = tree(PUBLISHED, COPIES)
    assert [one.delay for one in paper.taken_by] == [7200.0, 10800.0, 14400.0]
    assert (paper.delay, paper.copy, other.delay) == (None, None, None)


def test_order_of_arrival_does_not_matter() -> None:
    expected = tree(PUBLISHED, COPIES)
    for seed in range(10):
        rng = random.Random(seed)
        assert (
            tree(dict(rng.sample(sorted(PUBLISHED.items()), len(PUBLISHED))), rng.sample(COPIES, len(COPIES)))
            == expected
        )


def test_a_circle_of_declarations_does_not_hang() -> None:
    circle = [copy("paper", "de", "declared", declared=True), copy("de", "paper", "declared", declared=True, decided=1)]
    circle += [copy("ja", "de", "near"), copy("paper", "ja", "near")]
    roots = tree({name: PUBLISHED[name] for name in ("paper", "de", "ja")}, circle)
    assert sum(str(shape(one)).count("'") // 2 for one in roots) == 3


def test_a_translation_hangs_under_the_original_and_not_under_a_sister() -> None:
    copies = [copy("de", "paper", "translation", 0.9), copy("ja", "de", "translation", 0.99)]
    copies += [copy("ja", "paper", "translation", 0.9)]
    story = {name: PUBLISHED[name] for name in ("paper", "de", "ja")}
    assert [shape(one) for one in tree(story, copies, "paper")] == [("paper", ["de", "ja"])]


def test_undated_articles_come_last_and_have_no_delay() -> None:
    copies = [copy("de", "paper", "translation"), copy("ja", "paper", "translation")]
    (paper,) = tree({"paper": NOW, "de": None, "ja": NOW}, copies)
    assert [(one.article_id, one.delay) for one in paper.taken_by] == [("ja", 0.0), ("de", None)]
