"""Running unattended: lines for cron and systemd, metrics and a health file, and telling somebody."""

import hashlib
import json
import os
import re
import shlex
import socket
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from crawler.config import Config
from pipelines.quality import Alarm
from pipelines.records import RunRow

NOTIFY_TIMEOUT = 10.0
"""Seconds in all, name look-up included, that telling somebody may take."""
STOP = 45
"""Seconds systemd waits after SIGTERM; a crawl commits and ends within 30."""
JITTER = 600
GOOD = (0, 3)
"""Exit codes after which nobody needs to look: done, or another run was at work."""


# -- schedules ------------------------------------------------------------------------------------------------------------


def schedule_lines(
    kind: Literal["cron", "systemd"], config: Config, executable: str, folder: Path, *, host: str = ""
) -> str:
    """Lines for a crontab, or a service and a timer for systemd, that crawl every hour from `folder`.

    `executable` is the absolute path of `copydesk`; `host` (default: this machine's name) decides the minute, so that many machines
    do not ask the same publishers at the same second. copydesk locks its data folder itself: a run that finds another at work ends with
    exit code 3 and does nothing. Raises ValueError for another kind, or a path with a line break.
    """
    if any("\n" in part or "\r" in part for part in (executable, str(folder), config.data)):
        raise ValueError("a path with a line break cannot be scheduled")
    digest = hashlib.sha256(f"{host or socket.gethostname()} {folder} {config.data}".encode()).digest()
    # Not at the full hour, when everybody else comes.
    minute = 2 + int.from_bytes(digest[:4], "big") % 56
    if kind == "cron":
        return _cron(config, executable, folder, minute)
    if kind == "systemd":
        return _systemd(config, executable, folder, minute)
    raise ValueError(f"{kind!r} is no schedule; cron or systemd")


def _cron(config: Config, executable: str, folder: Path, minute: int) -> str:
    data = [] if config.data == "data" else ["--data", config.data]

    def command(*words: str) -> str:
        line = f"cd {shlex.quote(str(folder))} && {shlex.join([executable, *words, *data])} >> copydesk.log 2>&1"
        told = 'c=$?; [ $c -eq 3 ] || { echo "copydesk ended with $c"; tail -n 5 copydesk.log; }'
        return f"{line} || {{ {told}; }}".replace("%", r"\%")  # cron reads % as a line break

    return f"""\
# copydesk: crawl every hour, merge small files on Sundays. Add with `crontab -e`.
# The minute follows from this machine's name, so that machines spread out. copydesk locks its data folder: when the run before is
# still at work, the new one ends at once with exit code 3 and does nothing.
# Output appears only when something went wrong; cron mails it to MAILTO.
{minute} * * * * {command("crawl", "--log", "json")}
{(minute + 30) % 60} 3 * * 0 {command("compact", "--log", "json")}
"""


def _systemd(config: Config, executable: str, folder: Path, minute: int) -> str:
    writable = [folder]
    if "://" not in config.data and not (folder / config.data).is_relative_to(folder):
        writable.append(Path(config.data))  # it must be there before the service starts
    paths = " ".join(_unit(str(path)) for path in writable)
    data = "" if config.data == "data" else f" --data {_unit(config.data)}"
    return f"""\
# /etc/systemd/system/copydesk.service
[Unit]
Description=copydesk: crawl news and find copies
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User=copydesk
WorkingDirectory={_specifier(str(folder))}
ExecStart={_unit(executable)} crawl --log json{data}
# 3: another run holds the lock of the data folder. That is no failure.
SuccessExitStatus=3
# SIGTERM goes to copydesk alone: it stops fetching, commits, and ends its workers itself.
KillMode=mixed
TimeoutStartSec=3h
TimeoutStopSec={STOP}
Nice=5
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={paths}
# Compiled code is kept here; the rest of the system is read-only.
CacheDirectory=copydesk
Environment=NUMBA_CACHE_DIR=%C/copydesk

# /etc/systemd/system/copydesk.timer
[Unit]
Description=copydesk every hour

[Timer]
OnCalendar=*-*-* *:{minute:02}:00
RandomizedDelaySec={JITTER}
Persistent=yes

[Install]
WantedBy=timers.target

# Then: systemctl daemon-reload && systemctl enable --now copydesk.timer
# Look: systemctl list-timers copydesk.timer, journalctl -u copydesk
"""


def _specifier(text: str) -> str:
    return text.replace("%", "%%")


def _unit(text: str) -> str:
    """A word of a systemd command line."""
    escaped = _specifier(text).replace("\\", r"\\").replace('"', r"\"").replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[\s\"'\\;$]", text) else escaped


# -- what became of a run -------------------------------------------------------------------------------------------------


def summary(
    row: RunRow,
    by_publisher: Mapping[str, Mapping[str, int]],
    *,
    alarms: Sequence[Alarm] = (),
    failures: Sequence[str] = (),
    now: datetime | None = None,
) -> dict[str, Any]:
    """What the health file holds and `--notify-url` is sent: plain JSON, no page text, one level of names that stay."""
    code = row.exit_code
    return {
        "run_id": row.run_id,
        "status": row.status,
        "ok": code in GOOD,
        "exit_code": code,
        "command": row.command,
        "host": socket.gethostname(),
        "started_at": row.started_at.isoformat(timespec="seconds"),
        "finished_at": row.finished_at.isoformat(timespec="seconds"),
        "written_at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "seconds": round((row.finished_at - row.started_at) / timedelta(seconds=1), 1),
        "pages": row.n_pages,
        "articles": row.n_articles,
        "outcomes": dict(sorted(row.outcomes.items())),
        "copies": dict(sorted(row.copies.items())),
        "publishers": {name: dict(sorted(ends.items())) for name, ends in sorted(by_publisher.items())},
        "alarms": [
            {"publisher": a.publisher, "kind": a.kind, "value": round(a.value, 4), "usual": round(a.usual, 4), "says": str(a), "do": a.do}
            for a in alarms
        ],
        "failures": [str(failure)[:500] for failure in failures[:50]],
        "message": row.message[:500],
    }  # fmt: skip


def write_health(told: Mapping[str, Any], *, health_file: str = "", metrics_file: str = "") -> list[str]:
    """Write the summary as JSON, and as metrics for node_exporter's textfile collector (the name must end in `.prom`).

    Each file is replaced in one step, so that a reader never sees half of one. The time of the last good run is carried on from the
    health file or the metrics of the run before. Returns warnings; a monitor that cannot be written must not fail a crawl.
    """
    warnings = []
    before = max(_last_good(health_file), _last_metric(metrics_file))
    finished = datetime.fromisoformat(str(told["finished_at"])).timestamp()
    last_good = finished if told["ok"] else before
    for where, text in (
        (health_file, json.dumps({**told, "last_good": _iso(last_good)}, ensure_ascii=False, indent=1) + "\n"),
        (metrics_file, metrics(told, last_good=last_good)),
    ):
        if where:
            try:
                _replace(Path(where), text)
            except OSError as error:
                warnings.append(f"{where}: {error.strerror or error}")
    return warnings


def metrics(told: Mapping[str, Any], *, last_good: float = 0.0) -> str:
    """The summary in Prometheus' text format (version 0.0.4). `last_good` is in seconds since 1970; 0: never."""
    lines: list[str] = []

    def metric(name: str, words: str, values: Sequence[tuple[Mapping[str, str], float]]) -> None:
        lines.append(f"# HELP copydesk_{name} {words}")
        lines.append(f"# TYPE copydesk_{name} gauge")
        for labels, value in values:
            shown = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
            lines.append(f"copydesk_{name}{{{shown}}} {value:.15g}" if shown else f"copydesk_{name} {value:.15g}")

    def moment(key: str) -> float:
        return datetime.fromisoformat(str(told[key])).timestamp()

    code = told["exit_code"]
    metric("run_started_timestamp_seconds", "Start of the last run.", [({}, moment("started_at"))])
    metric("run_finished_timestamp_seconds", "End of the last run.", [({}, moment("finished_at"))])
    metric(
        "last_good_timestamp_seconds", "End of the last run that nobody needs to look at; 0: never.", [({}, last_good)]
    )
    metric("run_exit_code", "Exit code of the last run; -1: it has none.", [({}, -1 if code is None else code)])
    metric("run_articles", "New articles and versions of the last run.", [({}, told["articles"])])
    metric(
        "run_pages",
        "Pages of the last run by how they ended.",
        [
            ({"publisher": name, "outcome": word.partition("/")[0], "reason": word.partition("/")[2]}, n)
            for name, ends in told["publishers"].items()
            for word, n in ends.items()
        ],
    )
    metric(
        "run_copies", "Relations found by the last run.", [({"kind": kind}, n) for kind, n in told["copies"].items()]
    )
    metric(
        "run_alarm",
        "1 for each alarm of the quality gate.",
        [
            ({"publisher": p, "kind": k}, 1)
            for p, k in dict.fromkeys((a["publisher"], a["kind"]) for a in told["alarms"])
        ],
    )
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    cleaned = "".join(c if c.isprintable() or c == "\n" else " " for c in str(text)[:200])
    return cleaned.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _last_good(health_file: str) -> float:
    try:
        said = json.loads(Path(health_file).read_text("utf-8"))["last_good"] if health_file else None
        return datetime.fromisoformat(said).timestamp() if said else 0.0
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def _last_metric(metrics_file: str) -> float:
    try:
        text = Path(metrics_file).read_text("utf-8") if metrics_file else ""
        found = re.search(r"^copydesk_last_good_timestamp_seconds (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0
    except (OSError, ValueError):
        return 0.0


def _iso(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8", errors="replace") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        draft.chmod(0o644)  # node_exporter is another user
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


# -- telling somebody -----------------------------------------------------------------------------------------------------


def notify(url: str, told: Mapping[str, Any], *, timeout: float = NOTIFY_TIMEOUT) -> str:
    """POST the summary as JSON. `{exit_code}` in the address becomes the exit code (`https://hc-ping.com/UUID/{exit_code}`).

    Only http and https, no redirects, nothing of the answer is read but its status. Takes `timeout` seconds at most. Returns "" or a
    warning that names the host only, for the rest of the address is often a secret; it never raises.
    """
    address = url.replace("{exit_code}", str(1 if told["exit_code"] is None else told["exit_code"]))
    try:
        parts = urlsplit(address)
        where = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not where:
            return "notify_url: only http and https addresses can be told; nothing was sent"
        body = json.dumps(told, ensure_ascii=True).encode()
        request = Request(address, body, {"Content-Type": "application/json", "User-Agent": "copydesk"}, method="POST")  # noqa: S310
    except ValueError:
        return "notify_url: this is no address; nothing was sent"
    answer: list[str] = []
    # Looking a name up knows no timeout, and a server may send a byte a minute: the clock is ours.
    sender = threading.Thread(target=lambda: answer.append(_post(request, timeout)), daemon=True, name="notify")
    sender.start()
    sender.join(timeout)
    wrong = answer[0] if answer else f"no answer within {timeout:.0f} s"
    return f"notify_url: {where}: {wrong}; the run itself is done" if wrong else ""


def _post(request: Request, timeout: float) -> str:
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    try:
        answer = opener.open(request, timeout=timeout)
        assert isinstance(answer, HTTPResponse)
        with answer:
            return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
    except HTTPError as error:
        return f"HTTP {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return f"{type(reason).__name__}: {str(reason)[:200]}" if not isinstance(reason, str) else reason[:200]
