"""Worker processes that may be killed: one hostile page costs one item, a bounded time and a bounded memory, never the run.

One supervising thread per worker holds a pipe to it, sends one item at a time and waits for the answer no longer than the limit;
what takes longer is killed with SIGKILL and replaced. `concurrent.futures` cannot do this: its pool breaks as a whole when one process
dies, and it cannot stop a running call.

Workers are started by a fork server, a process of its own that has imported the function's module, and what `preload` names: a replacement is
there in milliseconds, and forking is safe although the caller has threads (Scrapy's reactor, say). Neither it nor its workers take SIGINT and SIGTERM, which
a terminal or systemd sends to all processes of a service: the caller decides what ends and when. As always with `multiprocessing`, a script that
uses this keeps its own code under `if __name__ == "__main__":`, and the function is one that can be imported.
"""

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import queue
import resource
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from pipelines.records import Failed

T = TypeVar("T")
R = TypeVar("R")

START_SECONDS = 120.0
"""How long a new worker may take to import and warm up what it needs."""
_PR_SET_PDEATHSIG = 1


def start_server(*modules: str) -> None:
    """Start the fork server before there are workers: it imports these modules while the caller does other things."""
    forkserver.set_forkserver_preload(["__main__", *modules])
    with _without_signals():
        forkserver.ensure_running()


@contextlib.contextmanager
def _without_signals() -> Iterator[None]:
    """Processes that are started inside do not take SIGINT and SIGTERM: children inherit what this thread blocks."""
    resource_tracker.ensure_running()  # first, because starting it unblocks again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Workers(Generic[T, R]):
    """Calls `function(item)` in `processes` processes and gives futures of the results.

    A future raises what the function raised, `Rejected` included, or `Failed`: `timeout` when the call took more than `seconds` of wall-clock
    time, `memory` when it wanted more than `memory` bytes beyond what an idle worker has, `crashed` when the process died.
    A worker is replaced after `recycle` items, so that leaks of C libraries do not add up. `warm` is called once in each new worker, before
    its first item and outside of that item's limits: load models and compile there. `preload` names a module that the fork server imports, so
    that what it does at import is done once for all workers; a server that runs already stays as it is.

    `submit` may be called from any thread; it blocks while `backlog` items are unfinished, so do not call it from a future's callback.
    """

    def __init__(
        self,
        function: Callable[[T], R],
        processes: int | None = None,
        *,
        seconds: float = 10.0,
        memory: int = 1 << 30,
        recycle: int = 2000,
        backlog: int = 64,
        warm: Callable[[], object] | None = None,
        preload: str = "",
    ) -> None:
        self._function, self._warm = function, warm
        self._seconds, self._memory, self._recycle = seconds, memory, recycle
        self._context = multiprocessing.get_context("forkserver")
        forkserver.set_forkserver_preload(["__main__", function.__module__, *filter(None, [preload])])
        self._jobs: queue.SimpleQueue[tuple[T, Future[R]] | None] = queue.SimpleQueue()
        self._free = threading.BoundedSemaphore(backlog)
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._closed = False
        self._running: dict[threading.Thread, _Worker] = {}
        count = processes or os.cpu_count() or 1
        self._threads = [
            threading.Thread(target=self._supervise, name=f"worker-{n}", daemon=True) for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(cancel=error is not None)

    def submit(self, item: T) -> Future[R]:
        """Queue one item. Raises `RuntimeError` after `close`."""
        self._free.acquire()
        future: Future[R] = Future()
        future.add_done_callback(lambda _: self._free.release())
        with self._lock:
            if self._closed:
                future.cancel()
                raise RuntimeError("the workers are closed")
            self._jobs.put((item, future))
        return future

    def map(self, items: Iterable[T], ahead: int = 0) -> Iterator[tuple[T, Future[R]]]:
        """Each item with its finished future, in the order of `items`; no more than `ahead` (four for each worker) are in flight."""
        ahead = ahead or 4 * len(self._threads)
        flying: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            flying.append((item, self.submit(item)))
            if len(flying) >= ahead:
                yield _finished(flying.popleft())
        while flying:
            yield _finished(flying.popleft())

    def close(self, *, cancel: bool = False) -> None:
        """Finish what was submitted, or cancel it and kill what runs, then end the workers. Doing it again is harmless."""
        with self._lock:
            first, self._closed = not self._closed, True
        if cancel:
            with contextlib.suppress(queue.Empty):
                while job := self._jobs.get_nowait():
                    job[1].cancel()
            for worker in list(self._running.values()):
                worker.process.kill()
        if first:
            for _ in self._threads:
                self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _supervise(self) -> None:
        """The life of one place in the pool: a worker, its items one by one, its replacement."""
        worker: _Worker | None = None
        me = threading.current_thread()
        while job := self._jobs.get():
            item, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                message = pickle.dumps(item, protocol=5)
                if worker is None:
                    worker = self._running[me] = self._start()
                result = worker.call(message, self._seconds)
            except Failed as failure:
                if worker is not None:
                    worker.kill()
                    worker = None
                future.set_exception(failure)
            except Exception as error:  # noqa: BLE001  (the caller's business: it travels in the future)
                future.set_exception(error)
            else:
                future.set_result(result)
            if worker is not None and worker.calls >= self._recycle:
                worker.stop()
                worker = None
        if worker is not None:
            worker.stop()

    def _start(self) -> "_Worker":
        """Raises `Failed("crashed")` when the process does not come up."""
        ours, theirs = self._context.Pipe()
        work = (theirs, self._function, self._warm, self._memory)
        process = self._context.Process(target=_work, args=work, daemon=True)
        with self._starting, _without_signals():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        worker.answer(START_SECONDS, "the worker did not start")
        return worker


@dataclass(slots=True)
class _Worker:
    """One process and our end of its pipe."""

    process: BaseProcess
    pipe: Connection
    calls: int = 0

    def call(self, message: bytes, seconds: float) -> Any:
        self.calls += 1
        try:
            self.pipe.send_bytes(message)
        except OSError:
            raise self._died() from None
        return self.answer(seconds, f"no answer within {seconds:g} s")

    def answer(self, seconds: float, late: str) -> Any:
        """What the worker says within so many seconds. Raises `Failed`, or what the function raised."""
        try:
            if not self.pipe.poll(seconds):
                self.kill()
                raise Failed("timeout", late)
            raised, value = pickle.loads(self.pipe.recv_bytes())  # noqa: S301  (from our own process)
        except (EOFError, OSError):
            raise self._died() from None
        if raised:
            raise value
        return value

    def _died(self) -> Failed:
        self.process.join(5)
        code = self.process.exitcode
        if code is not None and code < 0:
            why = f"the worker was killed by {signal.Signals(-code).name}"
        else:
            why = f"the worker exited with code {code}"
        return Failed("crashed", why)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def stop(self) -> None:
        """Closing the pipe is the sign to go; who does not go is killed."""
        self.pipe.close()
        self.process.join(5)
        if self.process.exitcode is None:
            self.kill()


def _finished(flying: tuple[T, Future[R]]) -> tuple[T, Future[R]]:
    wait_for(flying[1])
    return flying


def wait_for(future: Future[Any]) -> None:
    """Return when the future is done, whatever came of it."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    done.wait()


# -- in the worker process ----------------------------------------------------------------------------------------------------


def _work(pipe: Connection, function: Callable[[Any], Any], warm: Callable[[], object] | None, memory: int) -> None:
    """Answer items until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _die_with_parent()
    if warm:
        warm()
    _limit_memory(memory)
    pipe.send_bytes(pickle.dumps((False, None)))
    while True:
        try:
            message = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        full = False
        try:
            answer = pickle.dumps((False, function(pickle.loads(message))), protocol=5)  # noqa: S301  (from our own parent)
        except MemoryError:
            full = True
            answer = pickle.dumps((True, Failed("memory", f"more than {memory >> 20} MiB")))
        except Exception as error:  # noqa: BLE001  (it is raised again in the parent)
            answer = _raised(error)
        del message
        pipe.send_bytes(answer)
        if full:
            return


def _raised(error: Exception) -> bytes:
    error.add_note("in the worker:\n" + "".join(traceback.format_exception(error)).rstrip())
    try:
        message = pickle.dumps((True, error), protocol=5)
        pickle.loads(message)  # noqa: S301  (some exceptions go in and do not come out)
    except Exception:  # noqa: BLE001
        message = pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}")))
    return message


def _die_with_parent() -> None:
    """No orphans after `kill -9` of the parent, not even in a call that never returns.

    The fork server ends when the parent is gone; Linux then kills its children. Elsewhere a thread waits for the parent's end.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()


def _limit_memory(memory: int) -> None:
    """Address space beyond what the process has now: an allocation above it is a MemoryError. Linux only; elsewhere there is no limit."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + memory
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
