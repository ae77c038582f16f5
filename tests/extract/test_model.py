"""What the model sees of a text, and how its trees are walked."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extract.features import _is_digit, _is_upper, counted
from pipelines.extract.model import Forest


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5))
def test_letters_are_counted_as_python_counts_them(texts: list[str]) -> None:
    assert counted(texts, 20, _is_digit()).tolist() == [sum(map(str.isdigit, text[:20])) for text in texts]
    assert counted(texts, 10, _is_upper()).tolist() == [sum(map(str.isupper, text[:10])) for text in texts]


def test_a_tree_is_walked_left_up_to_its_threshold_and_right_from_there_on() -> None:
    forest = Forest(
        feature=np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], np.int32),
        left=np.array([[1, 0, 3, 0, 0], [0, 0, 0, 0, 0]], np.int32),
        value=np.array([[0.5, 1, 7, 2, 4], [10, 0, 0, 0, 0]], np.float32),
    )
    x = np.array([[9, 0.5], [7, 0.6], [8, 3], [0, np.nan]], np.float32)
    assert forest(x).tolist() == [11, 12, 14, 12]
