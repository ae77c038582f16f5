"""Decisions hang on what a view holds and on nothing else: the index's, or articles handed in with their neighbours."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipelines.dedup import PARAMETERS, open_index
from pipelines.dedup.decide import KINDS, Decisions, boilerplate, copy_is_left, decide, nearest_at_home, overlap
from pipelines.dedup.index import rows
from pipelines.dedup.runs import RunsBackend
from pipelines.dedup.view import Given, Known, Ragged, near_enough, sketches
from pipelines.records import Article
from tests.dedup.newsroom import article, feed, paragraphs, printed, sentences, standing

TEASER = paragraphs(77, 5)


def pages() -> list[Article]:
    """A paper whose pages share a teaser, copies elsewhere, and texts by themselves."""
    wall = [
        article(
            f"plus-{n}",
            " ".join(sentences(n, 3)) + "\n" + TEASER,
            host="zeitung.example",
            title=str(sentences(900 + n, 1)),
            days=n,
        )
        for n in range(6)
    ]
    sources = [article(f"quelle-{n}", paragraphs(100 + n), days=n) for n in range(4)]
    copies = [
        article(f"kopie-{n}", "\n".join(paragraphs(100 + n).split("\n")[: 3 + n]), host="alles.example", days=n + 1)
        for n in range(4)
    ]
    return wall + sources + copies


def handed_in(articles: Sequence[Article]) -> tuple[Given, np.ndarray, np.ndarray]:
    """What an engine of one's own would do: sketch hashes joined pair by pair."""
    documents, shingles, _ = rows(printed(articles), PARAMETERS)
    keys = sketches(shingles, PARAMETERS)
    held = [set(keys[i].tolist()) for i in range(len(documents))]
    pairs = np.array([(i, j) for j in range(len(held)) for i in range(j)])
    left, right = pairs.T
    shared = np.array([len(held[i] & held[j]) for i, j in pairs.tolist()])
    near = near_enough(shared, documents["size"][left], documents["size"][right], PARAMETERS)
    left, right, shared = left[near], right[near], shared[near]
    return Given(documents, shingles, left, right, shared), left, right


def named(decisions: Decisions, articles: Sequence[Article]) -> dict[frozenset[str], str]:
    return {
        frozenset((articles[i].article_id, articles[j].article_id)): str(KINDS[kind])
        for i, j, kind in zip(decisions.left.tolist(), decisions.right.tolist(), decisions.kind.tolist(), strict=True)
        if kind
    }


def test_what_is_handed_in_is_decided_as_the_index_does(tmp_path: Path) -> None:
    articles = pages()
    random.Random(3).shuffle(articles)
    view, left, right = handed_in(articles)
    decisions = decide(view, left, right, PARAMETERS)
    with open_index(tmp_path) as index:
        assert named(decisions, articles) == standing(feed(index, articles, size=3))
    assert len(named(decisions, articles)) == 4
    known = Known(RunsBackend(tmp_path), PARAMETERS)
    every = np.arange(len(articles))
    for one, two in zip(view.neighbours(every), known.neighbours(every), strict=True):
        assert np.array_equal(one, two)
    for one, two in zip(
        *(nearest_at_home(v, every, v.neighbours(every), PARAMETERS) for v in (view, known)), strict=True
    ):
        assert np.array_equal(one, two)


def test_pairs_may_come_twice_turned_and_in_any_order() -> None:
    articles = pages()
    view, left, right = handed_in(articles)
    once = decide(view, left, right, PARAMETERS)
    again = decide(view, np.concatenate([right[::-1], left]), np.concatenate([left[::-1], right]), PARAMETERS)
    assert np.array_equal(once.kind, again.kind)
    assert all(np.array_equal(a, b) for a, b in zip(once.overlaps, again.overlaps, strict=True))
    assert decide(view, left[:0], right[:0], PARAMETERS).kind.tolist() == []


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_those_of_sets(seed: int) -> None:
    """Against Python's own sets, with a part left out on either side, and the passage by trying every one."""
    pick = random.Random(seed)
    texts = [pick.sample(range(1, 400), pick.randrange(1, 120)) for _ in range(12)]
    for text in texts[6:]:
        text[3:3] = [value for value in texts[0][5:25] if value not in text]
    ragged = Ragged.of([np.array(text, np.uint32) for text in texts])
    template = np.array([pick.random() < 0.2 for _ in ragged.values])
    left, right = np.array([(i, j) for i in range(12) for j in range(i + 1, 12)]).T
    found = overlap(ragged, left, right, template)
    for k, (i, j) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        out = {
            v
            for row in (i, j)
            for v, t in zip(texts[row], template[ragged.offsets[row] : ragged.offsets[row + 1]], strict=True)
            if t
        }
        everything = set(texts[i]) & set(texts[j])
        shared = everything - out
        mine, other = (
            {
                v
                for v, t in zip(texts[row], template[ragged.offsets[row] : ragged.offsets[row + 1]], strict=True)
                if not t
            }
            - (out & everything)
            for row in (i, j)
        )
        digits = [{v for v in some if v & 1} for some in (shared, mine, other)]
        runs = [
            max(map(len, "".join("x" if v in shared else " " for v in texts[row]).split()), default=0) for row in (i, j)
        ]
        assert found.everything[k] == len(everything)
        assert (found.shared[k], found.left[k], found.right[k]) == (len(shared), len(mine), len(other))
        assert [found.digits[k], found.digits_left[k], found.digits_right[k]] == [len(some) for some in digits]
        assert found.passage[k] == min(runs)


def test_boilerplate_is_what_three_unrelated_articles_hold() -> None:
    teaser, story = np.arange(1000, 1100), np.arange(2000, 2100)
    own = [np.arange(3000 + 200 * n, 3100 + 200 * n) for n in range(4)]
    pages = Ragged.of([np.concatenate([own[n], teaser]).astype(np.uint32) for n in range(3)])
    assert boilerplate(pages, np.array([0, 1, 2]), PARAMETERS).nonzero()[0].tolist() == list(range(100, 200))
    assert not boilerplate(pages, np.array([0, 1]), PARAMETERS).any()
    copies = Ragged.of(
        [np.concatenate([story[: 90 - 20 * n], own[3][: 10 * n], teaser]).astype(np.uint32) for n in range(3)]
    )
    assert not boilerplate(copies, np.array([0, 1, 2]), PARAMETERS).any()


def test_which_of_two_is_the_copy() -> None:
    dated = [article("a", paragraphs(1), days=3), article("b", paragraphs(1), days=1), article("c", "kurz", days=None)]
    documents, _, _ = rows(printed(dated), PARAMETERS)
    left, right = documents[[0, 1, 0, 2]], documents[[1, 0, 2, 0]]
    assert copy_is_left(left, right).tolist() == [True, False, False, True]
    same = article("d", paragraphs(1), days=3)
    both, _, _ = rows(printed([dated[0], same]), PARAMETERS)
    assert copy_is_left(both, both[::-1].copy()).sum() == 1
