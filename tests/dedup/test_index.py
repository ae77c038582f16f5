"""The promises of the index, kept by every backend."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.dedup import PARAMETERS, Index, IndexMismatch, open_index
from pipelines.dedup.index import BACKENDS
from pipelines.records import Article, Copy
from tests.dedup.newsroom import NOW, again, article, feed, pair, paragraphs, printed, sentences, standing

Open = Callable[..., Index]


@pytest.fixture(params=sorted(BACKENDS))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens an index, by default the same one every time."""
    indexes: list[Index] = []

    def open_(name: str = "index", **options: object) -> Index:
        indexes.append(open_index(tmp_path / name, backend=request.param, **options))  # type: ignore[arg-type]
        return indexes[-1]

    yield open_
    for index in indexes:
        index.close()


def facts(row: Copy) -> dict[str, str]:
    return {fact.name: fact.value for fact in row.evidence}


def cut(text: str, n: int) -> str:
    return "\n".join(text.split("\n")[:n])


# -- what is a copy -------------------------------------------------------------------------------------------------------


def test_the_same_text_elsewhere(opened: Open) -> None:
    one = article("a", paragraphs(1), title="Ein Titel")
    two = article("b", paragraphs(1), title="Ein Titel", days=1)
    (row,) = feed(opened(), [one, two])
    assert (row.article_id, row.of_article_id, row.kind) == (two.article_id, one.article_id, "exact")
    assert (row.similarity, row.containment, row.containment_of, row.score) == (1, 1, 1, 1)
    assert row.method == "shingles/1"
    assert (row.decided_at, row.run_id) == (NOW, "run")


def test_an_edited_text(opened: Open) -> None:
    text = paragraphs(1)
    edited = text.replace(" sagt ", " meint ", 6)
    (row,) = feed(opened(), [article("a", text), article("b", edited, days=1)])
    assert row.kind == "near"
    assert 0.5 < row.score == row.similarity < 0.95


def test_true_numbers(opened: Open) -> None:
    """Jaccard and containments as sets of three words give them."""
    one = article("a", paragraphs(1), title="Eins")
    two = article("b", cut(paragraphs(1), 5) + "\n" + paragraphs(2, 3), title="Eins", days=1)
    (row,) = feed(opened(), [one, two])

    def windows(of: Article) -> set[tuple[str, ...]]:
        words = [w.strip(".,").lower().replace("ß", "ss") for w in f"{of.title} {of.text}".split()]
        return set(zip(words, words[1:], words[2:], strict=False))

    a, b = windows(two), windows(one)
    assert row.similarity == pytest.approx(len(a & b) / len(a | b))
    assert row.containment == pytest.approx(len(a & b) / len(a))
    assert row.containment_of == pytest.approx(len(a & b) / len(b))
    assert facts(row)["shared_shingles"] == str(len(a & b))
    assert facts(row)["paragraphs"] == "1-5 of 8"


@pytest.mark.parametrize("kept", [0.4, 0.15])
def test_a_cut_text(opened: Open, kept: float) -> None:
    text = paragraphs(1, 20)
    whole, part = article("a", text), article("b", cut(text, int(20 * kept)), days=1)
    (row,) = feed(opened(), [whole, part])
    assert row.article_id == part.article_id
    assert row.kind in ("near", "partial")
    assert row.containment > 0.8 > row.containment_of


def test_a_short_text_cut_from_a_long_one(opened: Open) -> None:
    found = 0
    for seed in range(10):
        text = paragraphs(seed, 15)
        part = " ".join(text.split()[:30])
        found += len(feed(opened(f"index-{seed}"), [article("a", text), article("b", part, days=1)]))
    assert found >= 7  # a text of 30 words has too few hashes to be sure


def test_a_passage_in_a_text_of_its_own(opened: Open) -> None:
    passage = paragraphs(1, 3)
    host_text = f"{paragraphs(2, 7)}\n{passage}\n{paragraphs(3, 7)}"
    rows = feed(opened(), [article("a", f"{passage}\n{paragraphs(4, 9)}"), article("b", host_text, days=1)])
    (row,) = rows
    assert row.kind == "partial"
    assert facts(row)["paragraphs"] == "8-10 of 17"
    assert int(facts(row)["longest_passage"]) > 60


def test_reports_of_one_event_are_no_copies(opened: Open) -> None:
    quote = sentences(9, 1)[0]
    rows = feed(opened(), [article("a", f"{paragraphs(1)}\n{quote}"), article("b", f"{quote}\n{paragraphs(2)}")])
    assert rows == []


def price(day: int) -> Article:
    pick = random.Random(day)
    said = [f"{pick.randrange(1500, 2500)},{pick.randrange(10, 99)}" for _ in range(8)]
    text = (
        "Der Preis für eine Feinunze Gold notierte am Morgen bei {} Dollar und damit anders als am Vortag mit {} Dollar. "
        "In Euro gerechnet kostete die Feinunze {} Euro.\nAuch der Preis für Silber hat sich verändert, die Feinunze kostete zuletzt {} "
        "Dollar nach {} Dollar.\nEin Barrel der Nordseesorte Brent zur Lieferung im nächsten Monat kostete {} Dollar. Der Preis für ein "
        "Fass der amerikanischen Sorte lag bei {} Dollar.\nDer Kurs des Euro lag bei {} Dollar."
    ).format(*said)
    return article(f"gold-{day}", text, host="boerse.example", title=f"Goldpreis am {day}. März", days=day)


@pytest.mark.parametrize("days", [2, 6])
def test_editions_of_one_form_are_no_copies(opened: Open, days: int) -> None:
    """Also the first two, when nothing is known of the host yet: what differs are the figures."""
    assert standing(feed(opened(), [price(day) for day in range(days)])) == {}


def test_a_copy_keeps_the_figures(opened: Open) -> None:
    elsewhere = article("gold", price(1).text, host="kopie.example", title="Gold heute früh", days=2)
    assert standing(feed(opened(), [price(1), price(2), price(3), elsewhere])) == {pair(price(1), elsewhere): "near"}


def test_a_developing_story_is_no_copy(opened: Open) -> None:
    first = "\n".join(
        f"Im Ort {i}{i} stieg der Pegel auf {10 * i} Zentimeter, {i + 20} Keller liefen voll. {s}"
        for i, s in enumerate(sentences(1, 8))
    )
    later = "\n".join(
        f"Im Ort {i}{i + 1} fiel der Pegel auf {9 * i + 2} Zentimeter, {i + 61} Keller liefen voll. {s}"
        for i, s in enumerate(sentences(1, 8))
    )
    assert feed(opened(), [article("a", first), article("b", later, days=1)]) == []


# -- boilerplate ----------------------------------------------------------------------------------------------------------

TEASER = paragraphs(77, 5)


def behind_the_wall(n: int) -> Article:
    own = " ".join(sentences(1000 + n, 2))
    return article(
        f"plus-{n}", f"{own}\n{TEASER}", host="zeitung.example", title=" ".join(sentences(2000 + n, 1)), days=n
    )


def test_pages_that_share_a_teaser_are_told_apart_from_the_third_on(opened: Open) -> None:
    index = opened()
    rows = feed(index, [behind_the_wall(n) for n in range(2)])
    assert [row.kind for row in rows] == ["near"]  # nobody can know yet
    rows += feed(index, [behind_the_wall(n) for n in range(2, 6)], commit="later")
    assert standing(rows) == {}
    assert [row.kind for row in rows] == ["near", "refuted"]
    assert {rows[0].article_id, rows[0].of_article_id} == {rows[1].article_id, rows[1].of_article_id}
    like = index.compare(behind_the_wall(0).article_id, behind_the_wall(1).article_id)
    assert like is not None
    assert like.boilerplate > 100
    assert like.similarity < 0.1


def test_what_stands_behind_the_teaser_is_compared(opened: Open) -> None:
    pages = [behind_the_wall(n) for n in range(5)]
    copy = article("kopie", f"{paragraphs(50, 4)}\n{TEASER}", host="zeitung.example", days=9)
    original = article("quelle", paragraphs(50, 4), days=8)
    rows = feed(opened(), [*pages, original, copy])
    assert standing(rows) == {pair(original, copy): "near"}
    assert (
        rows[-1].containment_of > 0.8
    )  # of the original: with the teaser counted, it would be as much, but of the copy a third
    assert rows[-1].containment > 0.6


def test_copies_of_one_story_on_an_aggregator_are_no_boilerplate(opened: Open) -> None:
    text = paragraphs(5, 10)
    versions = [
        text,
        cut(text, 8),
        text.replace(" sagt ", " meint ", 4),
        f"{text}\n{paragraphs(6, 1)}",
        text.replace("Der", "Ein"),
    ]
    copies = [
        article(f"copy-{n}", version, host="alles.example", title=sentences(5, 1)[0], days=n / 10)
        for n, version in enumerate(versions)
    ]
    others = [article(f"other-{n}", paragraphs(60 + n), host="alles.example", days=n) for n in range(6)]
    rows = feed(opened(), [*others, *copies], size=3)
    found = standing(rows)
    assert len(found) == 10
    assert all(len(ids & {copy.article_id for copy in copies}) == 2 for ids in found)


# -- order, batches, versions ---------------------------------------------------------------------------------------------


def newsroom() -> list[Article]:
    """Copies, cuts, a wall, a form, an aggregator and texts by themselves."""
    articles = [behind_the_wall(n) for n in range(5)] + [price(day) for day in range(5)]
    for seed in range(1, 7):
        text = paragraphs(seed, 9)
        articles.append(article(f"quelle-{seed}", text, days=seed))
        articles.append(
            article(f"kopie-{seed}", text.replace(" sagt ", " meint ", seed), host="alles.example", days=seed + 0.5)
        )
        articles.append(article(f"teil-{seed}", cut(text, 4), host="alles.example", days=seed + 1))
        articles.append(article(f"allein-{seed}", paragraphs(100 + seed), host=f"ort-{seed}.example", days=seed))
    return articles


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_neither_order_nor_batch_size_matters(opened: Open, size: int, seed: int) -> None:
    articles = newsroom()
    at_once = {
        (row.article_id, row.of_article_id): row for row in feed(opened("at-once"), articles, size=len(articles))
    }
    random.Random(seed).shuffle(articles)
    last = {(row.article_id, row.of_article_id): row for row in feed(opened("shuffled"), articles, size=size)}
    now = {ids: row for ids, row in last.items() if row.kind != "refuted"}
    assert len(at_once) == 18  # three pairs of each of the six stories
    assert {ids: (row.kind, row.similarity, row.containment) for ids, row in now.items()} == {
        ids: (row.kind, row.similarity, row.containment) for ids, row in at_once.items()
    }


def large_family() -> list[Article]:
    """Forty pages of one paper, each with one of two teasers or both, some of them copies of each other: more than are asked for boilerplate."""
    teasers = TEASER, paragraphs(78, 4)
    pages = []
    for n in range(40):
        own = paragraphs(500 + n // 3 if n % 5 == 0 else 600 + n, 2)
        shown = [teaser for bit, teaser in enumerate(teasers, 1) if (n % 3 + 1) & bit]
        title = " ".join(sentences(3000 + n, 1))
        pages.append(article(f"plus-{n}", "\n".join([own, *shown]), host="zeitung.example", title=title, days=n))
        if n % 4 == 0:
            pages.append(article(f"frei-{n}", own, host=f"ort-{n}.example", title=title, days=n + 0.5))
    return pages


@pytest.mark.parametrize(("seed", "size"), [(1, 1), (2, 9), (3, 100)])
def test_nor_do_they_in_a_family_larger_than_is_asked(opened: Open, seed: int, size: int) -> None:
    articles = large_family()
    at_once = feed(opened("at-once"), articles, size=len(articles))
    random.Random(seed).shuffle(articles)
    shuffled = feed(opened("shuffled"), articles, size=size)
    assert standing(at_once) == standing(shuffled)
    assert len(standing(at_once)) >= 10


def test_a_hash_that_too_many_hold_brings_the_first_of_them(opened: Open) -> None:
    """That bounds the work, and is where the promise about order ends."""
    few = replace(PARAMETERS, postings=3)
    articles = [article(f"a{n}", paragraphs(1), title="Eins", days=n) for n in range(8)]
    found = standing(feed(opened(parameters=few), articles))
    assert found == {pair(articles[i], articles[j]): "exact" for j in range(8) for i in range(min(j, 3))}


def test_copies_within_one_batch(opened: Open) -> None:
    one, two = article("a", paragraphs(1)), article("b", paragraphs(1), days=1)
    rows = feed(opened(), [one, article("c", paragraphs(2)), two], size=3)
    assert standing(rows) == {pair(one, two): "near"}


def test_find_adds_nothing(opened: Open) -> None:
    index = opened()
    batch = printed([article("a", paragraphs(1)), article("b", paragraphs(1))])
    once, twice = (index.find(batch, run_id="run", now=NOW) for _ in range(2))
    assert once == twice
    assert len(once) == 1
    assert len(index) == 0
    assert index.applied() == set()


def test_a_new_version_takes_the_place_of_the_old(opened: Open) -> None:
    index = opened()
    original, copy = article("a", paragraphs(1)), article("b", paragraphs(1), days=1)
    rows = feed(index, [original, copy])
    changed = again(copy, text=paragraphs(2))
    later = feed(index, [changed], commit="later")
    assert [(row.article_id, row.of_article_id, row.kind) for row in later] == [
        (copy.article_id, original.article_id, "refuted")
    ]
    assert standing(rows + later) == {}
    third = article("c", paragraphs(1), days=2)
    assert standing(feed(index, [third], commit="third")) == {pair(original, third): "near"}
    fourth = article("d", paragraphs(2), days=3)
    assert standing(feed(index, [fourth], commit="fourth")) == {pair(copy, fourth): "near"}


def test_a_new_version_is_no_copy_of_its_own(opened: Open) -> None:
    one = article("a", paragraphs(1))
    longer = again(one, text=f"{paragraphs(1)}\n{paragraphs(2, 1)}")
    assert feed(opened(), [one, longer, again(longer, text=paragraphs(1))]) == []
    assert feed(opened("together"), [one, longer], size=2) == []


def test_a_version_changed_a_little_keeps_its_copies(opened: Open) -> None:
    one, two = article("a", paragraphs(1)), article("b", paragraphs(1), days=1)
    rows = feed(opened(), [one, two, again(two, text=paragraphs(1).replace(" sagt ", " meint ", 2))])
    assert [row.kind for row in rows] == ["near", "near"]
    assert rows[1].score < rows[0].score


# -- who copied whom ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("first_day", "second_day", "copy"),
    [(3.0, 1.0, "long"), (1.0, 3.0, "short"), (None, 3.0, "short"), (3.0, None, "short"), (None, None, "short")],
)
def test_the_later_is_the_copy_and_of_undated_ones_the_shorter(
    opened: Open, turned: bool, first_day: float | None, second_day: float | None, copy: str
) -> None:
    both = {
        "long": article("long", paragraphs(1), days=first_day),
        "short": article("short", cut(paragraphs(1), 6), days=second_day),
    }
    given = list(both.values())
    (row,) = feed(opened(), given[::-1] if turned else given)
    assert row.article_id == both[copy].article_id


# -- durability, age, erasure ---------------------------------------------------------------------------------------------


def test_it_remembers(opened: Open) -> None:
    one, two = article("a", paragraphs(1)), article("b", paragraphs(1), days=1)
    with opened() as index:
        feed(index, [one], commit="first")
    with opened() as index:
        assert index.applied() == {"first-0000"}
        assert len(index) == 1
        assert standing(feed(index, [two], commit="second")) == {pair(one, two): "near"}


def test_a_commit_is_added_once(opened: Open) -> None:
    index = opened()
    batch = printed([article("a", paragraphs(1))])
    index.add("run-0001", batch)
    index.add("run-0001", batch)
    assert len(index) == 1
    assert index.applied() == {"run-0001"}


def test_an_empty_commit(opened: Open) -> None:
    index = opened()
    index.add("run-0001", [])
    assert index.applied() == {"run-0001"}
    assert index.find([], run_id="run", now=NOW) == []
    assert feed(index, [article("a", ""), article("b", "")], size=2) == []


def test_other_parameters_are_refused(opened: Open) -> None:
    opened().close()
    with pytest.raises(IndexMismatch, match=r"num_perm is 128 there, 64 here.*copydesk verify --repair") as refused:
        opened(parameters=replace(PARAMETERS, num_perm=64))
    assert "seed" not in str(refused.value)


def test_the_horizon_leaves_old_articles_out(opened: Open) -> None:
    old, new = article("a", paragraphs(1), days=0), article("b", paragraphs(1), days=58)
    with opened() as index:
        feed(index, [old])
    with opened(horizon=timedelta(days=30)) as index:
        assert index.find(printed([new]), run_id="run", now=NOW) == []
    with opened(horizon=timedelta(days=90)) as index:
        assert len(index.find(printed([new]), run_id="run", now=NOW)) == 1


def test_what_was_erased_is_found_no_more(opened: Open) -> None:
    index = opened()
    one, two, other = article("a", paragraphs(1)), article("b", paragraphs(1), days=1), article("c", paragraphs(3))
    feed(index, [one, again(one, text=paragraphs(2)), two, other])
    assert index.remove([one.article_id, "0" * 32]) == 2
    assert index.candidates_of(one.article_id) == []
    assert index.compare(one.article_id, two.article_id) is None
    again_one = article("d", paragraphs(2), days=2)
    assert feed(index, [again_one], commit="later") == []
    index.verify()
    assert standing(feed(index, [article("e", paragraphs(1), days=2)], commit="last")) != {}


# -- explaining -----------------------------------------------------------------------------------------------------------


def test_candidates(opened: Open) -> None:
    index = opened()
    text = paragraphs(1, 10)
    one, two = article("a", text), article("b", cut(text, 7), days=1)
    weak = article("c", f"{cut(text, 1)}\n{paragraphs(2, 10)}", days=2)
    feed(index, [one, two, weak])
    best, second = index.candidates_of(one.article_id)
    assert (best.article_id, best.kind) == (two.article_id, "near")
    assert (second.article_id, second.kind) == (weak.article_id, None)
    assert best.shared_keys > second.shared_keys >= 2
    assert best.likeness == index.compare(one.article_id, two.article_id)
    assert best.likeness.turned() == index.compare(two.article_id, one.article_id)
    assert index.candidates_of("0" * 32) == []
    assert index.compare(one.article_id, "0" * 32) is None
    pairs = [(a, b) for a in (weak.article_id, one.article_id, "0" * 32) for b in (two.article_id, one.article_id)]
    assert index.compare_all(pairs) == [index.compare(a, b) for a, b in pairs]
    assert index.compare_all([]) == []


def test_articles_of_the_batch_can_be_compared_until_they_are_added(tmp_path: Path) -> None:
    one, two = article("one", paragraphs(1)), article("two", paragraphs(1, 4))
    with open_index(tmp_path) as index:
        assert index.compare(one.article_id, two.article_id) is None
        index.find(printed([one, two]), run_id="run", now=NOW)
        before = index.compare(one.article_id, two.article_id)
        index.add("commit", printed([one, two]))
        assert before is not None
        assert before == index.compare(one.article_id, two.article_id)
