"""What the model sees of a text, and how its trees are walked."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.extract.features import Letters, _distance_to, _is_digit, _is_upper, summed_up
from pipelines.extract.model import Forest


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


def test_a_tree_is_walked_left_up_to_its_threshold_and_right_from_there_on() -> None:
    forest = Forest(
        feature=np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], np.int32),
        left=np.array([[1, 0, 3, 0, 0], [0, 0, 0, 0, 0]], np.int32),
        value=np.array([[0.5, 1, 7, 2, 4], [10, 0, 0, 0, 0]], np.float32),
    )
    x = np.array([[9, 0.5], [7, 0.6], [8, 3], [0, np.nan]], np.float32)
    assert forest(x).tolist() == [11, 12, 14, 12]
