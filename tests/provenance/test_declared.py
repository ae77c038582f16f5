"""Declared sources: found in any order, checked against the text, kept until the original arrives."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import urls
from pipelines.dedup import Likeness
from pipelines.provenance import Provenance, open_provenance
from pipelines.records import Article, Copy, Declaration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGINAL = "https://congluan.vn/my-nhat-ban-nang-cap-quan-he-quoc-phong-post305.html"


def article(url: str, *, hours: float = 0, language: str = "vi", n: int = 900, **more: object) -> Article:
    fields = {
        "article_id": urls.article_id(urls.article_key(url)),
        "url": url,
        "canonical_url": url,
        "host": urls.host(url),
        "title": "Một tiêu đề",
        "text": "x" * n,
        "fetched_at": NOW,
        "published_at": NOW + timedelta(hours=hours),
        "language": language,
    }
    return Article(**(fields | more))  # type: ignore[arg-type]


ORIGIN = article(ORIGINAL)
COPY = article(
    "https://www.vietnam.vn/de/my-nhat-ban-nang-cap-quan-he-quoc-phong",
    hours=5,
    language="de",
    source_url=ORIGINAL,
    declarations=(Declaration("source_url", ORIGINAL, "source_line"),),
)


@dataclass(frozen=True)
class Shared:
    score: float
    shared: tuple[tuple[str, str], ...] = (("USFJ", "USFJ"), ("28", "28"))


def resolve(
    provenance: Provenance, batch: Sequence[Article], *, text=None, translation=None
) -> tuple[list[Copy], tuple[str, ...]]:  # type: ignore[no-untyped-def]
    return provenance.resolve(
        batch,
        compare_texts=lambda pairs: [Likeness(*text) if text else None] * len(pairs),
        compare_translation=lambda *_: translation,
        run_id="r",
        now=NOW,
    )


@pytest.fixture
def provenance(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_provenance(tmp_path) as opened:
        yield opened


def test_an_unknown_original_is_wanted_and_waits(provenance: Provenance) -> None:
    copies, wanted = resolve(provenance, [COPY])
    assert (copies, wanted) == ([], (ORIGINAL,))
    provenance.add("c1", [COPY])
    assert provenance.waiting() == [(COPY.article_id, ORIGINAL)]


@pytest.mark.parametrize("order", itertools.permutations([ORIGIN, COPY]))
@pytest.mark.parametrize("together", [True, False])
def test_copy_and_original_meet_in_any_order(tmp_path: Path, order: tuple[Article, ...], together: bool) -> None:
    found: list[Copy] = []
    for number, batch in enumerate([list(order)] if together else [[one] for one in order]):
        with open_provenance(tmp_path) as provenance:  # each in its own run
            found += resolve(provenance, batch, translation=Shared(0.97))[0]
            provenance.add(f"c{number}", batch)
            provenance.add(f"c{number}", batch)
    assert [(one.article_id, one.of_article_id, one.kind) for one in found] == [
        (COPY.article_id, ORIGIN.article_id, "translation")
    ]
    facts = [(fact.name, fact.value) for fact in found[0].evidence]
    assert ("declared", f"source_url in source_line: {ORIGINAL}") in facts
    assert ("anchor", "USFJ ↔ USFJ") in facts
    with open_provenance(tmp_path) as provenance:
        assert provenance.waiting() == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ((0.7, 0.9, 0.8), "near"),
        ((0.25, 0.3, 0.3), "partial"),
        ((0.1, 0.6, 0.1), "partial"),
        ((0.08, 0.2, 0.2), "declared"),
        ((0.0, 0.01, 0.01), "refuted"),
        (None, "declared"),
    ],
)
def test_the_text_decides_what_a_declaration_is_worth(
    provenance: Provenance, text: tuple[float, float, float] | None, kind: str
) -> None:
    (copy,), _ = resolve(provenance, [ORIGIN, replace(COPY, language="vi")], text=text)
    assert copy.kind == kind
    assert (copy.score >= 0.5) == (kind in ("near", "partial"))
    assert copy.similarity == (text[0] if text else None)


def test_an_equal_slug_needs_support(provenance: Provenance) -> None:
    silent = replace(COPY, source_url=None, declarations=())
    assert resolve(provenance, [ORIGIN, silent])[0] == []
    (refuted,), _ = resolve(provenance, [ORIGIN, silent], translation=Shared(0.0001))
    assert refuted.kind == "refuted"
    assert any(fact.value == "same_slug_other_article" for fact in refuted.evidence)
    named = replace(silent, source_name="Báo Công Luận")
    (declared,), _ = resolve(provenance, [ORIGIN, named])
    assert (declared.kind, declared.article_id) == ("declared", COPY.article_id)
    assert resolve(provenance, [ORIGIN, silent], translation=0.2)[0] == []
    (confirmed,), _ = resolve(provenance, [ORIGIN, silent], translation=0.4)
    assert confirmed.kind == "translation"


def test_a_name_is_not_part_of_another_name(provenance: Provenance) -> None:
    other = article("https://thuonghieucongluan.com.vn/my-nhat-ban-nang-cap-quan-he-quoc-phong-a12345.html")
    named = replace(COPY, source_url=None, declarations=(), source_name="Công Luận")
    assert resolve(provenance, [other, named])[0] == []


def test_a_source_name_is_learned_from_source_addresses(provenance: Provenance) -> None:
    told = article(
        "https://a.example/bai-viet-mot-hai-ba-bon",
        source_url="https://vnexpress.net/bai-goc-nao-do-4567.html",
        source_name="Tin nhanh VN",
    )
    provenance.add("c1", [told])
    original = article("https://vnexpress.net/gia-xang-tang-manh-hom-nay-4711234.html")
    named = article("https://b.example/gia-xang-tang-manh-hom-nay", hours=1, source_name="Tin nhanh VN")
    (copy,), _ = resolve(provenance, [original, named])
    assert (copy.kind, copy.of_article_id) == ("declared", original.article_id)


def test_the_declaring_one_is_the_copy_whatever_the_dates(provenance: Provenance) -> None:
    early = replace(COPY, published_at=NOW - timedelta(days=2))
    (copy,), _ = resolve(provenance, [ORIGIN, early], translation=0.99)
    assert copy.article_id == early.article_id


def test_known_under_every_view_of_the_address(provenance: Provenance) -> None:
    provenance.add("c1", [ORIGIN])
    assert provenance.known(ORIGINAL.replace("https://", "http://www.") + "?utm_source=x") == ORIGIN.article_id
    assert provenance.known("https://congluan.vn/khac.html") is None


def test_a_new_version_replaces_what_was_declared_and_removal_forgets(provenance: Provenance) -> None:
    provenance.add("c1", [COPY])
    provenance.add("c2", [replace(COPY, source_url=None, declarations=(), version=2)])
    assert provenance.waiting() == []
    provenance.add("c3", [COPY, ORIGIN])
    provenance.remove([ORIGIN.article_id])
    assert provenance.known(ORIGINAL) is None
    assert provenance.waiting() == [(COPY.article_id, ORIGINAL)]
    assert provenance.applied() == {"c1", "c2", "c3"}
