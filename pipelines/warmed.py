"""Importing this loads and compiles what the first page would wait for: the fork server does it once, for all its workers.

What goes wrong here is left to the worker, which warms itself, too, and can say so.
"""

import contextlib
import gc

gc.disable()  # dictionaries are a million objects that all stay: a collector that looks through them as they come doubles the time

from pipelines.prepare import warm  # noqa: E402

with contextlib.suppress(Exception):
    warm()
gc.freeze()  # the collector neither looks at what stays nor writes into memory that workers share
gc.set_threshold(10_000, 10, 10)  # a page is many objects and few cycles
gc.enable()
