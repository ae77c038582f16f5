"""`compiled`: numba's `njit` with a cache on disk where one can be written, and without where none can."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile at first call. An install that is read-only, with no home to cache in, costs some seconds per process, not the run."""
    try:
        fast: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        fast = numba.njit(nogil=True)(function)
    return fast
