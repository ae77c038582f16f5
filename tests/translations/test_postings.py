"""Posting lists, looked up and summed, against the plain way."""

import numpy as np
import pytest

from pipelines.translations.postings import Postings, n_shared, postings, ranges, summed


def lists(numbers: range) -> tuple[Postings, list[tuple[int, set[int]]]]:
    """Articles with keys of which some are in nearly all of them and most in few; one key is in none."""
    rng = np.random.default_rng(7)
    held = [
        (number, {1, *map(int, rng.integers(2, 400, 30)), *((3, 400) if number % 3 else (9,))}) for number in numbers
    ]
    return postings([(number, np.array(sorted(keys), np.uint64)) for number, keys in held]), held


@pytest.mark.parametrize("numbers", [range(200), range(-200, 0), range(5, 400_000, 2000), range(1)])
def test_each_key_is_where_it_stands_and_each_article_gets_its_sum(numbers: range) -> None:
    run, held = lists(numbers)
    needles = np.array([0, 1, 3, 9, 50, 51, 399, 400, 999], np.uint64)
    starts, counts = np.empty(len(needles), np.int64), np.empty(len(needles), np.int64)
    ranges(run.keys, needles, starts, counts)
    for needle, start, count in zip(needles, starts, counts, strict=True):
        assert sorted(run.numbers[start : start + count]) == [number for number, keys in held if int(needle) in keys]

    values = np.linspace(0.5, 2, len(needles))
    sums = summed(run.articles, run.numbers, starts, counts, values)
    wanted = [sum(value for key, value in zip(needles, values, strict=True) if int(key) in keys) for _, keys in held]
    assert sums == pytest.approx(wanted)


@pytest.mark.parametrize("articles", [[1, 2, 3], [1, 2, 3_000_000]])
def test_a_damaged_list_is_an_error(articles: list[int]) -> None:
    numbers, one = np.array([4_000_000], np.int32), np.ones(1, np.int64)
    with pytest.raises(ValueError, match="verify --repair"):
        summed(np.array(articles, np.int32), numbers, one - 1, one, np.ones(1))


def test_an_empty_list_has_no_sums() -> None:
    nothing = np.empty(0, np.int32)
    assert len(summed(nothing, nothing, np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(1))) == 0


def test_what_two_arrays_share() -> None:
    rng = np.random.default_rng(3)
    for size in (0, 1, 50, 300):
        a, b = (np.unique(rng.integers(0, 400, size)).astype(np.uint64) for _ in range(2))
        assert n_shared(a, b) == len(np.intersect1d(a, b))
