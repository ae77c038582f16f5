"""What one process puts into a ring, another gets, until it is given back."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import ring
from crawler.ring import Ring

SMALL = 1 << 12


@given(st.lists(st.integers(-1, SMALL + 1), max_size=200))
def test_nothing_is_overwritten_before_it_is_given_back(sizes: list[int]) -> None:
    """A size of -1 gives back the oldest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ring, "SIZE", SMALL)
        writer = Ring()
        reader = Ring(writer.fd)
        held: deque[tuple[int, bytes]] = deque()
        for n, size in enumerate(sizes):
            if size >= 0:
                data = bytes([n % 251]) * size
                start = writer.put(data)
                if start is not None:
                    held.append((start, data))
                else:
                    assert held or size > SMALL
            elif held:
                writer.free()
                held.popleft()
            assert all(reader.get(start, len(data)) == data for start, data in held)
        writer.close()


def test_the_room_is_used_again_and_again() -> None:
    writer = Ring()
    for _ in range(100):
        assert writer.put(bytes(ring.SIZE // 3)) is not None
        assert writer.put(bytes(ring.SIZE // 3)) is not None
        writer.free()
        writer.free()
    writer.close()
