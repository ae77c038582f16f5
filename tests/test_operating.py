"""Schedules that cron and systemd accept, metrics that Prometheus accepts, and notifications that never hurt."""

import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import config, doctor
from crawler.config import Config, ConfigurationError
from crawler.operating import metrics, notify, schedule_lines, summary, write_health
from pipelines.quality import Alarm
from pipelines.records import Page, RunRow
from pipelines.state import State
from pipelines.store import Store
from pipelines.store.lock import FolderLock
from tests.report import folder

NOW = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
ROW = RunRow(
    "20261124T030500Z-1a2b3c", "crawl congluan", "finished", 0, NOW, NOW + timedelta(seconds=61.5), 12, 9,
    {"stored": 7, "duplicate": 2, "rejected/too_short": 3}, {"near": 2}, {}, {}, {},
)  # fmt: skip
BY_PUBLISHER = {"congluan": dict(ROW.outcomes)}
ALARM = Alarm(ROW.run_id, NOW, "congluan", "date", 0.1, 0.98, 40)


def told(**more: Any) -> dict[str, Any]:
    return summary(replace(ROW, **more), BY_PUBLISHER, alarms=[ALARM], failures=["robots: HTTP 503"], now=NOW)


# -- schedules ------------------------------------------------------------------------------------------------------------


def _cron_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_cron_line_runs_and_is_quiet_when_all_is_well(tmp_path: Path) -> None:
    """The command of the line, given to the very shell that cron gives it to."""
    home = tmp_path / "it's 100% here"
    home.mkdir()
    program = home / "copydesk"
    lines = _cron_lines(schedule_lines("cron", Config(), str(program), home, host="a"))
    assert len(lines) == 2
    minute, rest = lines[0].split(" ", 1)
    assert 2 <= int(minute) < 58
    assert rest.startswith("* * * * ")
    assert not re.search(r"(?<!\\)%", rest)
    command = rest.removeprefix("* * * * ").replace(r"\%", "%")
    for code, heard in ((0, ""), (3, ""), (5, "copydesk ended with 5\nnothing new\n")):
        program.write_text(f'#!/bin/sh\necho "$@" > args\necho nothing new\nexit {code}\n')
        program.chmod(0o755)
        (home / "copydesk.log").unlink(missing_ok=True)
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, cwd="/")
        assert (done.stdout, done.stderr) == (heard, "")
        assert (home / "args").read_text() == "crawl --log json\n"


def test_machines_spread_out_and_each_keeps_its_minute() -> None:
    def minute(host: str) -> str:
        return _cron_lines(schedule_lines("cron", Config(), "/x", Path("/y"), host=host))[0].split()[0]

    assert len({minute(f"host{i}") for i in range(60)}) > 25
    assert minute("host1") == minute("host1")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = tmp_path / "with space" / "100%"
    program.mkdir(parents=True)
    executable = program / "copydesk"
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    text = schedule_lines("systemd", Config(data="/srv/x y"), str(executable), program, host="a")
    units = re.split(r"^# /etc/systemd/system/(copydesk\.\w+)\n", text, flags=re.MULTILINE)
    assert units[1::2] == ["copydesk.service", "copydesk.timer"]
    for name, unit in zip(units[1::2], units[2::2], strict=True):
        (tmp_path / name).write_text(unit.replace("User=copydesk\n", ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in units[1::2])],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if "copydesk" in line]
    assert complaints == []


def test_what_cannot_be_scheduled_is_refused() -> None:
    with pytest.raises(ValueError, match="cron or systemd"):
        schedule_lines("launchd", Config(), "/x", Path("/y"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="line break"):
        schedule_lines("cron", Config(data="a\nb"), "/x", Path("/y"))


# -- health and metrics ---------------------------------------------------------------------------------------------------

_SAMPLE = re.compile(r'^[a-z_]+(\{([a-z]+="(\\.|[^"\\\n])*"(,|(?=\})))*\})? -?\d+(\.\d+)?(e\+?-?\d+)?$')


def _parsed(text: str) -> dict[str, float]:
    """Prometheus' text format, strictly."""
    values = {}
    kinds = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            kinds.add(line.split()[2])
        elif not line.startswith("# HELP "):
            assert _SAMPLE.match(line), line
            name, value = line.rsplit(" ", 1)
            assert name not in values
            assert name.partition("{")[0] in kinds
            values[name] = float(value)
    return values


def test_metrics_say_what_happened() -> None:
    values = _parsed(metrics(told(), last_good=17.0))
    assert values["copydesk_run_exit_code"] == 0
    assert values["copydesk_last_good_timestamp_seconds"] == 17
    assert values["copydesk_run_finished_timestamp_seconds"] == ROW.finished_at.timestamp() // 1
    assert values['copydesk_run_pages{publisher="congluan",outcome="rejected",reason="too_short"}'] == 3
    assert values['copydesk_run_alarm{publisher="congluan",kind="date"}'] == 1
    assert values['copydesk_run_copies{kind="near"}'] == 2


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_name_gives_valid_metrics(name: str, reason: str) -> None:
    _parsed(metrics(summary(ROW, {name: {f"rejected/{reason}": 1}}, now=NOW)))


def test_the_last_good_run_is_remembered(tmp_path: Path) -> None:
    health, prom = tmp_path / "a" / "health.json", tmp_path / "b" / "copydesk.prom"
    both = {"health_file": str(health), "metrics_file": str(prom)}
    assert write_health(told(), **both) == []
    later = ROW.finished_at + timedelta(hours=1)
    for keep in (both, {"metrics_file": str(prom)}, {"health_file": str(health)}):
        assert write_health(told(exit_code=5, finished_at=later), **keep) == []
    good = ROW.finished_at.replace(microsecond=0)
    assert json.loads(health.read_text())["last_good"] == good.isoformat()
    assert not json.loads(health.read_text())["ok"]
    assert _parsed(prom.read_text())["copydesk_last_good_timestamp_seconds"] == good.timestamp()
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {"health.json", "copydesk.prom"}
    assert prom.stat().st_mode & 0o777 == 0o644


def test_a_monitor_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (warning,) = write_health(told(), health_file=str(tmp_path / "file" / "health.json"))
    assert "health.json" in warning


def test_a_damaged_health_file_is_written_anew(tmp_path: Path) -> None:
    health = tmp_path / "health.json"
    for damage in ("", "{", '{"last_good": 7}', "[]", "\x00"):
        health.write_text(damage)
        assert write_health(told(exit_code=4), health_file=str(health)) == []
        assert json.loads(health.read_text())["last_good"] is None


# -- telling somebody -----------------------------------------------------------------------------------------------------


class Webhook(BaseHTTPRequestHandler):
    got: ClassVar[list[tuple[str, str | None, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append((self.path, self.headers["content-type"], body))
        if self.path.startswith("/slow"):
            time.sleep(3)
        self.send_response({"/no": 500, "/away": 302}.get(self.path, 200))
        self.send_header("location", "/elsewhere")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def webhook() -> Iterator[str]:
    Webhook.got.clear()
    server = HTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_summary_is_posted(webhook: str) -> None:
    assert notify(f"{webhook}/ping/{{exit_code}}", told(exit_code=5)) == ""
    ((path, kind, body),) = Webhook.got
    assert (path, kind) == ("/ping/5", "application/json")
    sent = json.loads(body)
    assert (sent["exit_code"], sent["ok"], sent["articles"]) == (5, False, 9)
    assert sent["alarms"][0]["says"] == "congluan: only 10% of 40 articles have a date (usually 98%)"


@pytest.mark.parametrize(("path", "says"), [("/no", "HTTP 500"), ("/away", "HTTP 302")])
def test_a_refusal_is_a_warning_and_redirects_are_not_followed(webhook: str, path: str, says: str) -> None:
    assert says in notify(webhook + path, told())
    assert len(Webhook.got) == 1


def test_a_slow_listener_does_not_hold_the_run_up(webhook: str) -> None:
    warning = notify(f"{webhook}/slow/secret", told(), timeout=0.2)
    assert "127.0.0.1" in warning
    assert "secret" not in warning


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a.example/x", "javascript:1", "http://", "https://[x/", "", "http://a b/\n"]
)
def test_only_web_addresses_are_told(url: str) -> None:
    assert notify(url, told(), timeout=2).startswith("notify_url: ")


def test_nobody_there_is_a_warning() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "the run itself is done" in notify(f"http://127.0.0.1:{port}/secret", told())


@pytest.mark.parametrize(("key", "bad"), [("notify_url", "ftp://x"), ("metrics_file", "copydesk.txt")])
def test_the_configuration_refuses_what_cannot_work(key: str, bad: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        config.load({key: bad}, environ={})


# -- the doctor -----------------------------------------------------------------------------------------------------------


def _looked(
    options: dict[str, Any], *, fetch: doctor.Fetch | None = None, now: datetime | None = None
) -> dict[str, list[doctor.Finding]]:
    settings, origin = config.load({"contact": "you@example.org"} | options, environ={})
    found: dict[str, list[doctor.Finding]] = {}
    for finding in doctor.doctor(
        settings, origin, network=fetch is not None, fetch=fetch, now=lambda: now or datetime.now(UTC)
    ):
        assert finding.level == "ok" or finding.do, finding
        found.setdefault(finding.what, []).append(finding)
    return found


def test_a_healthy_machine(tmp_path: Path) -> None:
    found = _looked({"data": str(tmp_path / "new")})
    assert not [f for fs in found.values() for f in fs if f.level == "error"]
    assert not (tmp_path / "new").exists()
    assert found["option contact"][0].detail == "you@example.org (option)"
    assert "numpy" in found["libraries"][0].detail


def test_a_folder_in_use(tmp_path: Path) -> None:
    with Store.open(tmp_path, command="crawl congluan"):
        (finding,) = _looked({"data": str(tmp_path)})["lock"]
    assert finding.level == "ok"
    assert "crawl congluan" in finding.detail
    assert _looked({"data": str(tmp_path)})["lock"][0].detail == "free"
    FolderLock(tmp_path / "state" / "lock").release()  # the doctor has let go of it


def test_damage_is_named_with_what_mends_it(tmp_path: Path) -> None:
    data = folder.write(tmp_path, folder.made_up(50, days=5))
    assert _looked({"data": str(data)})["tables"][0].detail.startswith("50 articles")
    (data / "articles" / "date=2026-11-24" / "1.parquet").write_bytes(b"torn")
    (finding,) = _looked({"data": str(data)})["articles"]
    assert (finding.level, finding.do) == ("error", "copydesk verify")


def test_a_clock_that_went_back(tmp_path: Path) -> None:
    data = folder.write(tmp_path, folder.made_up(50, days=5))
    (finding,) = _looked({"data": str(data)}, now=folder.START)["clock"]
    assert finding.level == "error"
    (finding,) = _looked({"data": str(data)}, now=datetime(1970, 1, 2, tzinfo=UTC))["clock"]
    assert finding.level == "error"


def test_configuration_that_cannot_work(tmp_path: Path) -> None:
    found = _looked(
        {"data": str(tmp_path), "contact": "", "publishers": ("conglua",), "allow_address": ("127.0.0.1:80",)}
    )
    assert found["contact"][0].level == "error"
    assert "did you mean 'congluan'" in found["publishers"][0].detail
    assert found["allow_address"][0].level == "warn"


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    found = _looked({"data": str(tmp_path), "notify_url": "https://hc-ping.com/very-secret"})
    assert found["option notify_url"][0].detail == "https://hc-ping.com/… (option)"


@pytest.mark.parametrize(
    ("page", "level", "says"),
    [
        ({"body": b"User-agent: *\nCrawl-delay: 7\nDisallow: /search\n"}, "ok", "7 s between requests"),
        ({"body": b"User-agent: *\nDisallow: /\n"}, "error", "none of its lists"),
        ({"body": b"User-agent: *\nDisallow: /xe\n"}, "warn", "/xe"),
        ({"status": 404}, "ok", "HTTP 404"),
        ({"status": 503}, "error", "HTTP 503"),
        ({"error": "timeout"}, "error", "timeout"),
    ],
)
def test_robots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: dict[str, Any], level: str, says: str) -> None:
    monkeypatch.setattr(doctor, "_addresses", lambda _: ["93.184.215.14"])
    answer = Page(url="https://congluan.vn/robots.txt", fetched_at=NOW, **({"body": b""} | page))
    found = _looked({"data": str(tmp_path), "publishers": ("congluan",)}, fetch=lambda _: answer)
    (finding,) = found["robots of congluan"]
    assert finding.level == level
    assert says in finding.detail


def test_names_that_lead_nowhere_or_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def addresses(host: str) -> list[str]:
        if host == "congluan.vn":
            raise socket.gaierror(-2, "Name or service not known")
        return ["10.0.0.1"]

    monkeypatch.setattr(doctor, "_addresses", addresses)
    asked: list[str] = []
    found = _looked({"data": str(tmp_path)}, fetch=lambda url: asked.append(url) or Page(url, b"", NOW))  # type: ignore[func-returns-value]
    assert "not known" in found["name congluan.vn"][0].detail
    assert "10.0.0.1" in found["name www.vietnam.vn"][0].detail
    assert asked == []


def test_a_server_with_another_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_addresses", lambda _: ["93.184.215.14"])
    page = Page("https://congluan.vn/robots.txt", b"", NOW, headers={"date": "Tue, 24 Nov 2026 01:00:00 GMT"})
    found = _looked({"data": str(tmp_path), "publishers": ("congluan",)}, fetch=lambda _: page, now=NOW)
    assert found["clock"][-1].level == "warn"


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=50 << 20))
    (finding,) = _looked({"data": str(tmp_path)})["disk"]
    assert finding.level == "error"


def test_a_check_that_breaks_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_limits", lambda: 1 / 0)
    (finding,) = _looked({"data": str(tmp_path)})["limits"]
    assert finding.level == "error"
    assert "ZeroDivisionError" in finding.detail


def test_an_index_that_does_not_open(tmp_path: Path) -> None:
    with Store.open(tmp_path), State(tmp_path / "state"):
        pass
    assert _looked({"data": str(tmp_path)})["index"][0].level == "ok"
    for path in (tmp_path / "state" / "index").rglob("*"):
        if path.is_file():
            path.write_bytes(b"{}")
    (finding,) = _looked({"data": str(tmp_path)})["index"]
    assert (finding.level, finding.do) == ("error", "copydesk verify --repair")
