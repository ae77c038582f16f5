"""The pool's promise: a broken item costs itself, with a reason, and nothing else."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.records import Failed, Rejected
from pipelines.workers import Workers


def work(item: tuple[str, float]) -> object:
    """What the tests let a worker do."""
    verb, amount = item
    match verb:
        case "echo":
            return amount
        case "pid":
            return os.getpid()
        case "server":
            return os.getppid()
        case "sleep":
            time.sleep(amount)
        case "eat":
            return len(b"x" * int(amount))
        case "exit":
            os._exit(int(amount))
        case "segfault":
            ctypes.string_at(0)
        case "reject":
            raise Rejected("too_short", "3 characters")
        case "error":
            raise ValueError("no such thing")
        case "unpicklable result":
            return lambda: None
        case "unpicklable error":
            raise type("Local", (Exception,), {})("lost")
        case "signal":
            os.kill(os.getpid(), int(amount))
            return "still here"
        case "write":
            Path(str(amount)).write_text(str(os.getpid()), encoding="ascii")
            time.sleep(60)
    return None


_loaded: list[str] = []


def load():
    _loaded.append("model")


def loaded(_: object) -> list[str]:
    return _loaded


@pytest.fixture(scope="module")
def workers():
    with Workers(work, 2, seconds=1.5, memory=256 << 20) as pool:
        yield pool


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (("sleep", 60), "timeout"),
        (("eat", 1 << 30), "memory"),
        (("exit", 0), "crashed"),
        (("exit", 3), "crashed"),
        (("segfault", 0), "crashed"),
        (("signal", signal.SIGKILL), "crashed"),
    ],
)
def test_a_broken_item_costs_itself_only(workers, item, reason):
    before = [workers.submit(("echo", n)) for n in range(5)]
    broken = workers.submit(item)
    after = [workers.submit(("echo", n)) for n in range(5)]
    with pytest.raises(Failed) as failure:
        broken.result()
    assert failure.value.reason == reason
    assert failure.value.detail
    assert [f.result() for f in before + after] == [*range(5), *range(5)]


def test_what_the_function_raises_comes_back_with_where(workers):
    with pytest.raises(Rejected) as refusal:
        workers.submit(("reject", 0)).result()
    assert (refusal.value.reason, refusal.value.detail) == ("too_short", "3 characters")
    with pytest.raises(ValueError, match="no such thing") as error:
        workers.submit(("error", 0)).result()
    assert "in work" in error.value.__notes__[0]


def test_what_cannot_travel_is_an_error_of_its_item(workers):
    with pytest.raises(Exception, match="pickle"):
        workers.submit(("echo", lambda: None)).result()
    with pytest.raises(Exception, match="pickle"):
        workers.submit(("unpicklable result", 0)).result()
    with pytest.raises(RuntimeError, match="Local: lost"):
        workers.submit(("unpicklable error", 0)).result()
    assert workers.submit(("echo", 1)).result() == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_the_parents_business(workers, number):
    assert workers.submit(("signal", number)).result() == "still here"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_fork_server_outlives_a_signal_to_all(number):
    with Workers(work, 1) as pool:
        worker, server = pool.submit(("pid", 0)).result(), pool.submit(("server", 0)).result()
        os.kill(server, number)
        time.sleep(0.2)
        assert (pool.submit(("pid", 0)).result(), pool.submit(("server", 0)).result()) == (worker, server)


def test_map_keeps_the_order_and_bounds_what_is_in_flight(workers):
    taken = []

    def items():
        for n in range(1000):
            taken.append(n)
            yield ("echo", n)

    for n, (item, future) in enumerate(workers.map(items(), ahead=8)):
        assert (item, future.result()) == (("echo", n), n)
        assert len(taken) <= n + 8
    assert len(taken) == 1000


def test_map_goes_on_after_a_broken_item(workers):
    results = [f.exception() for _, f in workers.map([("echo", 1), ("exit", 1), ("echo", 2)])]
    assert [type(error) for error in results] == [type(None), Failed, type(None)]


def test_workers_are_replaced_after_their_share():
    with Workers(work, 1, recycle=3) as pool:
        pids = [pool.submit(("pid", 0)).result() for _ in range(9)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 3]


def test_every_worker_is_warmed_up_once():
    with Workers(loaded, 1, recycle=2, warm=load) as pool:
        assert [pool.submit(None).result() for _ in range(4)] == [["model"]] * 4


def test_a_worker_that_does_not_come_up_fails_its_item():
    with Workers(loaded, 1, warm=work) as pool, pytest.raises(Failed, match="crashed"):  # type: ignore[arg-type]
        pool.submit(None).result()


def test_submit_from_many_threads():
    with Workers(work, 2, backlog=4) as pool:
        got = []
        threads = [
            threading.Thread(target=lambda k=k: got.extend(pool.submit(("echo", k)).result() for _ in range(50)))
            for k in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(got) == sorted(list(range(8)) * 50)


def test_the_backlog_is_bounded():
    pool = Workers(work, 1, backlog=2)
    pool.submit(("sleep", 0.5))
    pool.submit(("sleep", 0.5))
    third = threading.Thread(target=pool.submit, args=(("echo", 1),))
    third.start()
    third.join(0.2)
    assert third.is_alive()
    third.join()
    pool.close()


def test_close_finishes_what_was_submitted_and_refuses_more():
    pool = Workers(work, 1)
    futures = [pool.submit(("echo", n)) for n in range(20)]
    pool.close()
    pool.close()
    assert [f.result() for f in futures] == list(range(20))
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(("echo", 1))


def test_leaving_with_an_error_cancels_and_kills():
    pool = Workers(work, 1, seconds=60)
    running = pool.submit(("sleep", 50))
    waiting = [pool.submit(("echo", n)) for n in range(5)]
    while not running.running():
        time.sleep(0.01)
    time.sleep(0.3)
    with pytest.raises(KeyError), pool:
        raise KeyError
    assert all(f.cancelled() for f in waiting)
    assert isinstance(running.exception(), Failed)


PARENT = """
import sys
from tests.test_workers import work
from pipelines.workers import Workers
if __name__ == "__main__":
    Workers(work, 1, seconds=60).submit(("write", sys.argv[1])).result()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_worker_outlives_a_killed_parent(tmp_path):
    script, note = tmp_path / "parent.py", tmp_path / "pid"
    script.write_text(PARENT, encoding="utf-8")
    root = str(Path(__file__).parents[1])
    parent = subprocess.Popen([sys.executable, str(script), str(note)], env={**os.environ, "PYTHONPATH": root})
    while not note.exists() or not note.read_text():
        assert parent.poll() is None
        time.sleep(0.05)
    pid = int(note.read_text())
    parent.kill()
    parent.wait()
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
