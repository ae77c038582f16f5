"""`copydesk doctor`: is everything there that a crawl needs? Each finding says what is wrong and what to do next. Nothing is changed."""

import fcntl
import os
import platform
import resource
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from crawler.config import Config, nearest
from crawler.guard import is_public
from crawler.publishers import publishers
from crawler.robots import NO_RULES, Rules
from pipelines.records import Page
from pipelines.store import StorageError, Store, connect

Level = Literal["ok", "warn", "error"]
Fetch = Callable[[str], Page]
"""The page at an address; `error` is set when there was no answer."""

LITTLE = 1 << 30
"""Free bytes below which a crawl may not end well: a day of pages and their archive."""
NONE_LEFT = 100 << 20
FEW_FILES = 10_000
CLOCK = timedelta(minutes=2)
BORN = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows less."""
OPEN_FILES = 1024
PATIENCE = 10.0
"""Seconds a name may take to be found."""
WHOLE = 256 << 20
"""Bytes of tables up to which every file is compared with its checksum; `copydesk verify` does it for any number."""
SECRET = ("notify_url",)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    """A word or two: `python`, `disk`, `robots of congluan`."""
    detail: str
    do: str = ""
    """The next step; "" when there is nothing to do."""


def doctor(
    config: Config,
    origin: Mapping[str, str],
    *,
    network: bool,
    fetch: Fetch | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Finding]:
    """Everything that was looked at, in the order of a report. `network` allows name look-ups, and `fetch` (if given) robots.txt.

    `origin` says where each configured value came from (see `config.load`). Takes seconds; raises nothing.
    """
    findings: list[Finding] = []
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "python": _python,
        "libraries": _libraries,
        "limits": _limits,
        "clock": lambda: _clock(config, now()),
        "data": lambda: _disk(config),
        "lock": lambda: _lock(config),
        "tables": lambda: _tables(config),
        "index": lambda: _state(config),
        "configuration": lambda: _configuration(config, origin),
        "network": lambda: _network(config, fetch, now) if network else iter(()),
    }
    for name, check in checks.items():
        findings += _guarded(name, check)
    return findings


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """A check that breaks is a finding too."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except Exception as error:  # noqa: BLE001  (the doctor must not fall ill)
        found.append(Finding("error", name, f"could not be looked at: {error!r}", "please report this"))
    return found


# -- this machine -----------------------------------------------------------------------------------------------------------


def _python() -> Iterator[Finding]:
    here = platform.python_version()
    try:
        wanted = SpecifierSet(metadata("copydesk")["Requires-Python"] or "")
    except PackageNotFoundError:
        yield Finding(
            "error", "python", f"{here}; copydesk is not installed here", "run `make setup`, or `pip install -e .`"
        )
        return
    good = here in wanted
    yield Finding(
        "ok" if good else "error", "python", f"{here} at {sys.executable}",
        "" if good else f"copydesk needs Python {wanted}; make a new virtual environment with it",
    )  # fmt: skip


def _libraries() -> Iterator[Finding]:
    """Each package we depend on, against the bounds of pyproject.toml."""
    try:
        needed = [Requirement(line) for line in requires("copydesk") or []]
    except PackageNotFoundError:
        return
    good = []
    for need in needed:
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(need.name)
        except PackageNotFoundError:
            yield Finding("error", "library", f"{need.name} is missing", f"pip install '{need}'")
            continue
        if need.specifier.contains(found, prereleases=True):
            good.append(f"{need.name} {found}")
        else:
            yield Finding(
                "warn", "library", f"{need.name} {found}; tested with {need.specifier}", f"pip install '{need}'"
            )
    yield Finding("ok", "libraries", f"{len(good)} as tested: {', '.join(good)}")


def _limits() -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = soft == resource.RLIM_INFINITY or soft >= OPEN_FILES
    yield Finding(
        "ok" if enough else "warn", "open files", "no limit" if soft == resource.RLIM_INFINITY else f"at most {soft}",
        "" if enough else f"ulimit -n {OPEN_FILES} (systemd: LimitNOFILE={OPEN_FILES})",
    )  # fmt: skip
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("ok", "cores", str(cores))


def _clock(config: Config, now: datetime) -> Iterator[Finding]:
    if now < BORN:
        yield Finding(
            "error",
            "clock",
            f"shows {now:%Y-%m-%d %H:%M} UTC, which is past",
            "set the clock (timedatectl set-ntp true)",
        )
        return
    future = 0
    if _folder(config) is not None:
        with connect(config.data) as db:
            row = db.execute(
                "SELECT count(*), max(finished_at) FROM runs WHERE finished_at > ?", [now + CLOCK]
            ).fetchone()
        future = int(row[0]) if row else 0
    if future:
        yield Finding(
            "error", "clock", f"shows {now:%Y-%m-%d %H:%M} UTC, but {future} runs ended later than that",
            "set the clock (timedatectl set-ntp true); a clock that goes back breaks the order of versions",
        )  # fmt: skip
    else:
        yield Finding("ok", "clock", f"{now:%Y-%m-%d %H:%M} UTC")


# -- the data folder ----------------------------------------------------------------------------------------------------------


def _folder(config: Config) -> Path | None:
    """The data folder, when it is a folder of this machine and there."""
    return Path(config.data) if "://" not in config.data and Path(config.data).is_dir() else None


def _disk(config: Config) -> Iterator[Finding]:
    if "://" in config.data:
        yield Finding("ok", "data", f"{config.data} (a bucket; its space is not ours to see)")
        return
    data = Path(config.data).absolute()
    if data.exists() and not data.is_dir():
        yield Finding("error", "data", f"{data} is a file", "name a folder with --data")
        return
    place = next(folder for folder in (data, *data.parents) if folder.exists())
    there = f"{data}" if data.exists() else f"{data} (made by the first run)"
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        yield Finding(
            "error",
            "data",
            f"{there}: {error.strerror or error}",
            f"make {place} writable for this user, or choose another folder with --data",
        )
        return
    yield Finding("ok", "data", there)
    free = shutil.disk_usage(place).free
    level: Level = "error" if free < NONE_LEFT else "warn" if free < LITTLE else "ok"
    yield Finding(
        level,
        "disk",
        f"{_bytes(free)} free",
        "" if level == "ok" else "free some space, or move the folder with --data",
    )
    stats = os.statvfs(place)
    if stats.f_files and stats.f_favail < FEW_FILES:
        yield Finding(
            "warn",
            "disk",
            f"only {stats.f_favail} more files fit",
            "run `copydesk compact`, or remove other small files",
        )


def _lock(config: Config) -> Iterator[Finding]:
    from pipelines.store.lock import describe  # noqa: PLC0415

    path = Path(config.data) / "state" / "lock"
    if "://" in config.data or not path.exists():
        yield Finding("ok", "lock", "free")
        return
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            holder, since = describe(file.read(4096))
            when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
            old = since is not None and datetime.now(UTC) - since > timedelta(hours=12)
            yield Finding(
                "warn" if old else "ok", "lock", f"held by {holder}{when}",
                "is it still at work? stop it with SIGTERM; what it committed stays" if old else "",
            )  # fmt: skip
            return
    yield Finding("ok", "lock", "free")


def _tables(config: Config) -> Iterator[Finding]:
    """Whether every table can be read; and of a small folder, whether every byte is what was committed."""
    data = _folder(config)
    if "://" not in config.data and (data is None or not (data / "runs").is_dir()):
        yield Finding("ok", "tables", "none yet")
        return
    counts = []
    for name in ("articles", "copies", "pages", "runs", "stories"):
        try:
            with connect(config.data) as db:
                row = db.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608  (five names of ours)
            counts.append(f"{row[0] if row else 0:,} {name}")
        except Exception as error:  # noqa: BLE001  (whatever DuckDB says of a damaged file)
            yield Finding("error", name, str(error).splitlines()[0][:300], "copydesk verify")
    yield Finding("ok", "tables", ", ".join(counts))
    if data is None:
        return
    size = sum(path.stat().st_size for path in data.glob("*/**/*.parquet"))
    if size > WHOLE:
        yield Finding("ok", "checksums", f"not compared, for the tables have {_bytes(size)}; `copydesk verify` does it")
        return
    try:
        from pipelines.store.verifying import verify  # noqa: PLC0415

        with Store.open(config.data, lock=False) as store:
            problems = verify(store)
    except StorageError as error:
        yield Finding("error", "checksums", str(error), error.what_to_do)
        return
    for problem in problems[:10]:
        yield Finding("error", "checksums", f"{problem.path}: {problem.what}", problem.command)
    if not problems:
        yield Finding("ok", "checksums", f"{_bytes(size)} of tables are as committed")


def _state(config: Config) -> Iterator[Finding]:
    """Whether the index opens with today's parameters. Not while a run uses it."""
    from pipelines.dedup import IndexDamaged, IndexMismatch  # noqa: PLC0415
    from pipelines.state import State  # noqa: PLC0415
    from pipelines.store import Locked  # noqa: PLC0415
    from pipelines.store.lock import FolderLock  # noqa: PLC0415

    data = _folder(config)
    folder = data / "state" if data else None
    if folder is None or not (folder / "index").is_dir():
        yield Finding("ok", "index", "none yet")
        return
    try:
        lock = FolderLock(folder / "lock", "doctor")
    except Locked:
        yield Finding("ok", "index", "in use by the run that holds the lock")
        return
    except OSError as error:
        yield Finding("error", "index", f"{folder}: {error.strerror or error}", f"make {folder} writable for this user")
        return
    try:
        with State(folder) as state, Store.open(config.data, lock=False) as store:
            behind = set(store.commits()) - (state.index.applied() & state.catalog.applied())
        late = (
            f"; {len(behind)} commits of a run that died are still to be learned, which the next run does"
            if behind
            else ""
        )
        yield Finding("ok", "index", f"opens, with today's parameters{late}")
    except (IndexMismatch, IndexDamaged, sqlite3.Error, ValueError, OSError) as error:
        yield Finding("error", "index", str(error), "copydesk verify --repair")
    finally:
        lock.release()


# -- the configuration --------------------------------------------------------------------------------------------------------


def _configuration(config: Config, origin: Mapping[str, str]) -> Iterator[Finding]:
    if not config.contact:
        yield Finding(
            "error", "contact", "nobody to write to is configured, so no publisher on the network is asked for anything",
            "set COPYDESK_CONTACT, or contact = \"you@example.org\" in copydesk.toml",
        )  # fmt: skip
    for name in config.publishers:
        if name not in publishers():
            yield Finding(
                "error", "publishers", f"{name!r} is no publisher{nearest(name, publishers())}", "copydesk publishers"
            )
    for key in ("metrics_file", "health_file"):
        path = getattr(config, key)
        if path and not os.access(_existing(Path(path).absolute().parent), os.W_OK):
            yield Finding("warn", key, f"{Path(path).parent} cannot be written", "make it writable for this user")
    if config.allow_address:
        yield Finding(
            "warn", "allow_address", f"private addresses are allowed: {', '.join(config.allow_address)}",
            "this is for tests; take it out of the configuration of a real crawl",
        )  # fmt: skip
    for key in Config.model_fields:
        value = getattr(config, key)
        if key in SECRET and value:
            value = f"{urlsplit(value).scheme}://{urlsplit(value).hostname}/…"
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        yield Finding("ok", f"option {key}", f"{'–' if shown in ('', None) else shown} ({origin.get(key, 'default')})")


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


# -- the network --------------------------------------------------------------------------------------------------------------


def _network(config: Config, fetch: Fetch | None, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Name and robots.txt of each configured publisher; and the clocks of their servers."""
    known = [publishers()[name] for name in config.publishers if name in publishers()]
    mapped = {part.split("=")[0] for part in config.allow_address if "=" in part}
    pool = ThreadPoolExecutor(8)
    names = {
        spider.hosts[0]: pool.submit(_addresses, spider.hosts[0]) for spider in known if spider.hosts[0] not in mapped
    }
    found: set[str] = set(mapped)
    for host, work in names.items():
        try:
            addresses = work.result(timeout=PATIENCE)
        except TimeoutError:
            yield Finding(
                "error", f"name {host}", f"no answer within {PATIENCE:.0f} s", "check the resolver (/etc/resolv.conf)"
            )
            continue
        except OSError as error:
            yield Finding(
                "error",
                f"name {host}",
                error.strerror or str(error),
                "check the network and the resolver (/etc/resolv.conf)",
            )
            continue
        private = [address for address in addresses if not is_public(address)]
        if private:
            yield Finding(
                "error", f"name {host}", f"leads to {', '.join(private)}, which the guard refuses", "check the resolver: is this name caught by a proxy or a filter?"
            )  # fmt: skip
        else:
            found.add(host)
            yield Finding("ok", f"name {host}", ", ".join(addresses[:4]))
    pool.shutdown(wait=False, cancel_futures=True)
    if fetch is None:
        return
    for spider in known:
        if spider.hosts[0] in found:
            yield from _robots(
                spider.name, spider.hosts[0], spider.sections + spider.feeds + spider.sitemaps, fetch, now
            )


def _addresses(host: str) -> list[str]:
    return sorted({str(info[4][0]) for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)})


def _robots(
    name: str, host: str, lists: tuple[str, ...], fetch: Fetch, now: Callable[[], datetime]
) -> Iterator[Finding]:
    what = f"robots of {name}"
    page = fetch(f"https://{host}/robots.txt")
    if page.error or page.status == 429 or page.status >= 500:
        yield Finding(
            "error", what, f"{page.error or f'HTTP {page.status}'}: as long as nobody can say what the rules are, nothing is fetched",
            f"try https://{host}/robots.txt in a browser; if it answers there, the site may refuse this machine's address",
        )  # fmt: skip
        return
    rules = Rules.parse(page.body) if page.status < 300 else NO_RULES
    refused = [url for url in lists if urlsplit(url).hostname == host and not rules.allows(url)]
    told = f"HTTP {page.status}" + (f", {rules.delay:g} s between requests" if rules.delay else "")
    if refused and len(refused) == sum(urlsplit(url).hostname == host for url in lists):
        yield Finding(
            "error",
            what,
            f"{told}; none of its lists may be read",
            "leave this publisher out, or ask it for permission",
        )
    elif refused:
        yield Finding("warn", what, f"{told}; it forbids {', '.join(refused[:3])}", "nothing, these lists are left out")
    else:
        yield Finding("ok", what, told)
    try:
        there = parsedate_to_datetime(page.headers.get("date", ""))
    except (ValueError, TypeError):
        return
    if there.tzinfo is not None and abs(there - now()) > CLOCK + timedelta(seconds=60):
        yield Finding(
            "warn",
            "clock",
            f"{host} says it is {there.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            "set the clock (timedatectl set-ntp true)",
        )


def _bytes(n: int) -> str:
    size = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
