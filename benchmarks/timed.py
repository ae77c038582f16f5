"""What a command costs, with everything it starts."""

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Timed:
    seconds: float
    """By the clock."""
    processor: float
    """Seconds of processor, of the command and of all processes it started, those that outlived their parents included."""
    output: str


def timed(command: list[str]) -> Timed:
    """Run a command to its end. Exits with the end of what it said when it fails. Linux only."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans come to us and not to init, so their time is counted
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as complaints:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=complaints, check=False)
        if done.returncode:
            complaints.seek(0)
            sys.exit(f"{' '.join(command)}\n{(done.stdout + complaints.read()).decode()[-3000:]}")
    by_clock = time.perf_counter() - began
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Timed(by_clock, spent, done.stdout.decode())
