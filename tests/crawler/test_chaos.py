"""The small sister of `python -m benchmarks.chaos --kills 30 --pages 400`."""

from pathlib import Path

import pytest

from benchmarks.chaos import chaos


@pytest.mark.slow
def test_a_crawl_that_is_killed_and_resumed_ends_like_one_that_was_not(tmp_path: Path) -> None:
    said: list[str] = []
    assert list(chaos(tmp_path, kills=3, pages=60, seed=7, say=said.append)) == [], "\n".join(said)
