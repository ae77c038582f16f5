"""What the model sees of a text, and how its trees are walked."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.extract.features import Letters, _distance_to, _is_digit, _is_upper, summed_up
from pipelines.extract.model import LEAVES, Forest


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=5))
def test_letters_are_counted_as_python_counts_them(texts: list[str]) -> None:
    letters = Letters.of(texts)
    assert letters.count(_is_digit()[letters.codes]).tolist() == [sum(map(str.isdigit, text[:200])) for text in texts]
    assert letters.count(_is_upper()[letters.codes]).tolist() == [sum(map(str.isupper, text[:200])) for text in texts]


@given(st.lists(st.text("aÜ1 ", min_size=1, max_size=190), min_size=1, max_size=5))
def test_words_begin_after_a_space(texts: list[str]) -> None:
    texts = [f"x{' '.join(text.split())}" for text in texts]
    letters = Letters.of(texts)
    assert letters.count(letters.words_begin()).tolist() == [len(text.split()) for text in texts]


@settings(deadline=None)  # the first example waits for the compiler
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.data())
def test_what_stands_inside_an_element_is_summed_and_told_from_what_stands_beside(
    above: list[int], data: st.DataObject
) -> None:
    parent = np.array([-1, *(min(up, i) for i, up in enumerate(above))], np.int64)
    best = data.draw(st.integers(0, len(parent) - 1))

    def line(i: int) -> list[int]:
        return [i, *(line(int(parent[i])) if parent[i] >= 0 else [])]

    values = np.arange(len(parent), dtype=np.float64)[:, None]
    inside = summed_up(values, parent)
    for i in range(len(parent)):
        assert inside[i, 0] == sum(j for j in range(len(parent)) if i in line(j))
    assert _distance_to(best, parent).tolist() == [
        min(line(best).index(up) for up in line(i) if up in line(best)) for i in range(len(parent))
    ]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 99), max_size=LEAVES - 1), min_size=1, max_size=4), st.randoms())
def test_a_forest_adds_the_leaves_at_which_its_trees_are_left(splits: list[list[int]], random: Random) -> None:
    trees = [[(0, 0, random.random())] for _ in splits]  # each a leaf; then leaves are split, wherever
    for nodes, some in zip(trees, splits, strict=True):
        for split in some:
            leaves = [n for n, (_, left, _) in enumerate(nodes) if not left]
            nodes[leaves[split % len(leaves)]] = (split % 3, len(nodes), split % 5)
            nodes += [(0, 0, random.random()), (0, 0, random.random())]
    most = max(map(len, trees))
    padded = [nodes + [(0, 0, 0.0)] * (most - len(nodes)) for nodes in trees]
    feature, left, value = (np.array([[node[i] for node in nodes] for nodes in padded]) for i in range(3))
    x = np.array([[random.choice([0, 1, 2.5, 4, 9, np.nan]) for _ in range(3)] for _ in range(5)], np.float32)

    def end(nodes: list[tuple[int, int, float]], row: np.ndarray) -> float:
        at = 0
        while nodes[at][1]:
            feature, left, threshold = nodes[at]
            at = left if row[feature] <= threshold else left + 1
        return nodes[at][2]

    expected = [sum(end(nodes, row) for nodes in trees) for row in x]
    assert Forest.of(feature, left, value)(x).tolist() == pytest.approx(expected)
