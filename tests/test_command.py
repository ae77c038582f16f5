"""The command as cron, a shell and a terminal see it: exit codes, logs, colours, progress, what it tells others."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from pipelines.records import Article, Commit, PageRow, RunRow
from pipelines.store import Store
from tests.site import Server, congluan
from tests.test_main_job import DEMO, FAST, ROOT, ask, copydesk

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
ENVIRON = CLEAN | {"PYTHONPATH": str(ROOT)} | FAST


class Listener(BaseHTTPRequestHandler):
    heard: ClassVar[list[tuple[str, dict[str, object]]]] = []

    def do_POST(self) -> None:
        self.heard.append((self.path, json.loads(self.rfile.read(int(self.headers["content-length"])))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def listener() -> Iterator[str]:
    Listener.heard.clear()
    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ping/{{exit_code}}"
    server.shutdown()
    server.server_close()


def a_week_of_runs(data: Path, now: datetime) -> None:
    """A crawl of congluan a day, each with eight new articles."""
    with Store.open(data) as store:
        for day in range(6, 0, -1):
            at = now - timedelta(days=day)
            run_id = f"{at:%Y%m%dT%H%M%SZ}-00000{day}"
            articles = tuple(
                Article(
                    article_id=f"{day}{n}".ljust(32, "0"), url=f"https://congluan.vn/tin-{day}-{n}-post{day}{n}.html",
                    canonical_url=f"https://congluan.vn/tin-{day}-{n}-post{day}{n}.html", host="congluan.vn", publisher="congluan",
                    title=f"Tin {day} {n}", text=f"Bản tin số {n} của ngày {at:%d/%m}. " * 20, fetched_at=at, language="vi",
                    content_hash=f"{day}{n}".rjust(32, "0"), run_id=run_id,
                )
                for n in range(8)
            )  # fmt: skip
            pages = tuple(
                PageRow(a.url, a.url, "congluan", 200, "text/html", 9000, at, "stored", "", run_id, article_id=a.article_id)
                for a in articles
            )  # fmt: skip
            run = RunRow(run_id, "crawl congluan", "finished", 0, at, at, 8, 8, {"stored": 8}, {}, {}, {}, {})
            store.commit(Commit(f"{run_id}-0001", run_id, articles, pages=pages, run=run))


def test_nothing_new_where_there_usually_is_exits_with_5_and_tells(tmp_path: Path, listener: str) -> None:
    now = datetime.now(UTC)
    a_week_of_runs(tmp_path / "data", now)
    with Server(congluan(now, stories=())) as server:
        allowed = [f"--allow-address={one}" for one in server.allow]
        files = ("--health-file", "health.json", "--metrics-file", "copydesk.prom", "--notify-url", listener)
        done = copydesk("crawl", "congluan", *allowed, *files, cwd=tmp_path, code=5)
    summary = json.loads(done.stdout.splitlines()[-1])
    (alarm,) = summary["alarms"]
    assert alarm.startswith("congluan: nothing new (every run brought at least 8 before)")
    assert "copydesk publishers check congluan" in alarm
    assert ask(tmp_path / "data", "SELECT exit_code, status FROM runs ORDER BY run_id DESC LIMIT 1") == [
        (5, "finished")
    ]
    ((path, told),) = Listener.heard
    assert path == "/ping/5"
    health = json.loads((tmp_path / "health.json").read_text())
    assert told["run_id"] == health["run_id"] == summary["run_id"]
    assert not health["ok"]
    metrics = (tmp_path / "copydesk.prom").read_text()
    assert 'copydesk_run_alarm{publisher="congluan",kind="nothing_new"} 1' in metrics
    assert "copydesk_run_exit_code 5" in metrics


def test_a_bug_exits_with_1_and_asks_to_be_reported(tmp_path: Path) -> None:
    broken = "import crawler.looking, crawler.cli; crawler.looking.runs = lambda *_: 1 / 0; crawler.cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", broken, "runs"], cwd=tmp_path, env=ENVIRON, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "this is a bug" in done.stderr
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_an_ingest_and_keeps_what_was_read(tmp_path: Path, number: int, code: int) -> None:
    with (tmp_path / "texts.jsonl").open("w") as file:
        for n in range(60_000):
            text = " ".join(f"từ{n * 7 + i}" for i in range(120))
            file.write(
                json.dumps({"id": n, "url": f"https://paper.example/{n}.html", "title": f"Tin {n}", "text": text})
                + "\n"
            )
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler", "ingest", "texts.jsonl", "--batch", "50"],
        cwd=tmp_path, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    deadline = time.monotonic() + 120
    while not list((tmp_path / "data").glob("articles/*/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(number)
    _, said = process.communicate(timeout=150)
    assert process.returncode == code, said[-2000:]
    assert "what was read is committed" in said
    assert "the same command again does the rest" in said
    (row,) = ask(tmp_path / "data", "SELECT status, exit_code, n_articles FROM runs")
    assert row[:2] == ("interrupted", code)
    assert ask(tmp_path / "data", "SELECT count(*) FROM articles") == [(row[2],)]


def test_the_log_is_one_json_object_a_line_with_nothing_unescaped(tmp_path: Path) -> None:
    bad = "head\x1b[31mline\x07"
    (tmp_path / f"{bad}.jsonl").write_text('{"id": 1\n')
    done = copydesk("ingest", f"{bad}.jsonl", cwd=tmp_path, code=4)
    for line in (*done.stderr.splitlines(), *done.stdout.splitlines()):
        assert isinstance(json.loads(line), dict)
        assert line.isprintable()
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert all(event.keys() >= {"time", "level", "logger", "event"} for event in events)
    assert (
        "\x1b"
        not in copydesk("ingest", f"{bad}.jsonl", "--log", "text", "--data", "other", cwd=tmp_path, code=4).stdout
    )


def test_quiet_says_nothing_but_errors(tmp_path: Path) -> None:
    done = copydesk("ingest", DEMO, "--quiet", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", "")
    assert ask(tmp_path / "data", "SELECT count(*) > 20 FROM articles") == [(True,)]
    assert "no such file" in copydesk("ingest", "none.jsonl", "--quiet", cwd=tmp_path, code=2).stderr


# -- on a terminal --------------------------------------------------------------------------------------------------------


def on_a_terminal(*words: object, cwd: Path, **environ: str) -> str:
    """What somebody sees who runs the command in a terminal of 120 columns."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler", *map(str, words)],
        cwd=cwd, env=ENVIRON | {"TERM": "xterm-256color"} | environ, stdin=there, stdout=there, stderr=there, close_fds=True,
    )  # fmt: skip
    os.close(there)
    seen = b""
    while True:
        try:
            piece = os.read(here, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        seen += piece
    os.close(here)
    assert process.wait() == 0, seen.decode()
    return seen.decode()


def test_a_terminal_shows_progress_rate_and_time_left(tmp_path: Path) -> None:
    seen = on_a_terminal("crawl", "--replay", DEMO, cwd=tmp_path)
    assert "\x1b[" in seen
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
    assert re.search(r"congluan[^\r\n]*\d+/\d+ +pages", plain)
    assert re.search(r"\d/s \d:\d\d:\d\d left", plain)
    assert "finding copies, writing the tables" in plain
    assert "26 new articles" in plain
    assert '{"run_id"' not in plain


def test_no_color_is_obeyed(tmp_path: Path) -> None:
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
    assert coloured.search(on_a_terminal("schedule", "--help", cwd=tmp_path))
    assert not coloured.search(on_a_terminal("schedule", "--help", cwd=tmp_path, NO_COLOR="1"))


def test_shells_complete_commands_and_options(tmp_path: Path) -> None:
    program = tmp_path / "copydesk"
    program.write_text(f"#!{sys.executable}\nfrom crawler.cli import main\nmain()\n")
    program.chmod(0o755)
    for typed, wanted in (("copydesk ex", {"extract", "explain"}), ("copydesk crawl --dry", {"--dry-run"})):
        asked = {"_COPYDESK_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
        done = subprocess.run([str(program)], env=ENVIRON | asked, capture_output=True, text=True, check=False)
        assert wanted <= set(done.stdout.split()), done.stdout + done.stderr
