"""The decisions of the stateful half."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines import finish
from pipelines.catalog import Known
from pipelines.finish import Read
from pipelines.prepare import Prepared, Ready
from pipelines.records import Article, Copy, Fact, Outcome, Page

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def article(name: str, content: str = "") -> Article:
    return Article(
        article_id=name, url=f"https://a.example/{name}", canonical_url="", host="a.example", title=name, text=name,
        fetched_at=NOW, content_hash=content or name,
    )  # fmt: skip


def ready(a: Article) -> Ready:
    return Ready(a, fingerprint=None, anchors=None)  # type: ignore[arg-type]  # decisions never look at them


def read(a: Article) -> Read:
    return Read.of(Page(a.url, b"<p>", NOW), Prepared(ready(a)))


def copy(a: str, b: str, kind: str = "near", **more: object) -> Copy:
    numbers = {"similarity": 0.9, "containment": 0.9, "containment_of": 0.9, "score": 0.9} | more
    return Copy(a, b, kind, evidence=(), decided_at=NOW, run_id="r", method="test/1", **numbers)  # type: ignore[arg-type]


class TestVersions:
    def test_an_unknown_article_is_version_one(self) -> None:
        (new,) = finish.versions([read(article("a"))], {}, "run")
        assert new is not None
        assert (new.version, new.run_id) == (1, "run")

    def test_the_same_content_adds_nothing(self) -> None:
        known = {"a": Known(3, "a", None, None, "a")}
        assert finish.versions([read(article("a"))], known, "run") == [None]

    def test_changed_content_is_the_next_version_and_keeps_the_first_decision(self) -> None:
        known = {"a": Known(3, "old", "b", "near", "s")}
        (new,) = finish.versions([read(article("a"))], known, "run")
        assert new is not None
        assert (new.version, new.duplicate_of, new.duplicate_kind, new.story_id) == (4, "b", "near", "s")

    def test_one_article_twice_in_a_batch(self) -> None:
        first, same, changed = finish.versions([read(article("a", c)) for c in ("x", "x", "y")], {}, "run")
        assert first is not None and changed is not None  # noqa: PT018
        assert (first.version, same, changed.version) == (1, None, 2)


class TestLink:
    def test_the_later_arrival_is_the_duplicate_whoever_copied(self) -> None:
        first, second = finish.link([article("a"), article("b")], [copy("a", "b")], {})
        assert (first.duplicate_of, first.story_id) == (None, "a")
        assert (second.duplicate_of, second.duplicate_kind, second.story_id) == ("a", "near", "a")

    def test_an_article_from_history_is_earlier_than_the_whole_batch(self) -> None:
        (only,) = finish.link([article("b")], [copy("old", "b")], {"old": Known(1, "", None, None, "story")})
        assert (only.duplicate_of, only.story_id) == ("old", "story")

    def test_the_strongest_kind_wins(self) -> None:
        *_, third = finish.link(
            [article("a"), article("b"), article("c")],
            [copy("c", "a", "translation", score=1.0), copy("c", "b", "exact", score=1.0)],
            {},
        )
        assert (third.duplicate_of, third.duplicate_kind) == ("b", "exact")

    @pytest.mark.parametrize(("contained", "duplicate"), [(0.95, "a"), (0.4, None)])
    def test_a_partial_copy_is_a_duplicate_only_when_most_of_it_stands_in_the_other(
        self, contained: float, duplicate: str | None
    ) -> None:
        _, second = finish.link([article("a"), article("b")], [copy("b", "a", "partial", containment=contained)], {})
        assert second.duplicate_of == duplicate

    @pytest.mark.parametrize("kind", ["declared", "refuted"])
    def test_a_declaration_alone_and_a_refuted_one_link_nothing(self, kind: str) -> None:
        _, second = finish.link([article("a"), article("b")], [copy("b", "a", kind)], {})
        assert second.duplicate_of is None

    def test_a_second_version_in_the_batch_follows_the_first(self) -> None:
        batch = [article("a"), article("b"), replace(article("b", "new"), version=2)]
        *_, again = finish.link(batch, [copy("b", "a")], {})
        assert (again.version, again.duplicate_of, again.story_id) == (2, "a", "a")


class TestMerge:
    def test_one_row_a_pair_with_all_evidence(self) -> None:
        found = replace(copy("a", "b", "translation", score=0.8), evidence=(Fact("anchor", "F-35"),))
        said = replace(copy("b", "a", "declared", score=0.3), evidence=(Fact("declared", "source_line"),))
        (row,) = finish.merge([found, said])
        assert (row.kind, row.article_id, row.of_article_id, row.score) == ("translation", "b", "a", 0.8)
        assert row.evidence == (Fact("anchor", "F-35"), Fact("declared", "source_line"))

    def test_turning_a_row_swaps_its_containments(self) -> None:
        found = copy("a", "b", "partial", containment=1.0, containment_of=0.3)
        said = replace(copy("b", "a", "declared"), evidence=(Fact("declared", "source_line"),))
        (row,) = finish.merge([found, said])
        assert (row.article_id, row.containment, row.containment_of) == ("b", 0.3, 1.0)


@pytest.mark.parametrize(
    ("prepared", "added", "expected"),
    [
        (Prepared(outcome=Outcome("rejected", "too_short")), None, "rejected/too_short"),
        (Prepared(outcome=Outcome("failed", "timeout")), None, "failed/timeout"),
        (Prepared(ready(article("a"))), None, "unchanged"),
        (Prepared(ready(article("a"))), article("a"), "stored"),
        (Prepared(ready(article("a"))), replace(article("a"), duplicate_of="b"), "duplicate"),
    ],
)
def test_every_page_has_one_outcome(prepared: Prepared, added: Article | None, expected: str) -> None:
    page = Read.of(Page("https://a.example/a", b"", NOW), prepared)
    assert str(finish.outcome(page, added)) == expected
    row = finish.page_row(page, added, {}, "run")
    assert str(Outcome(row.outcome, row.reason)) == expected  # type: ignore[arg-type]
