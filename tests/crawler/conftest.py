"""Crawls in subprocesses against loopback servers."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.site import Server

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Played:
    """What a crawl in a subprocess said, and the rows it committed in this and earlier crawls of the folder."""

    result: dict[str, Any]
    rows: list[dict[str, Any]]
    log: str

    def outcomes(self) -> dict[str, str]:
        """Requested address → `stored`, `rejected/gone`, …; fails when one has two rows."""
        found: dict[str, str] = {}
        for row in self.rows:
            assert row["requested_url"] not in found, row["requested_url"]
            found[row["requested_url"]] = "/".join(filter(None, (row["outcome"], row["reason"])))
        return found


Crawl = Callable[..., Played]


def start(server: Server | None, data: Path, **asked: Any) -> subprocess.Popen[str]:
    if server is not None:
        asked.setdefault("allow_addresses", server.allow)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crawler.play"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"data": str(data), **asked}))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: subprocess.Popen[str], data: Path) -> Played:
    out, log = process.communicate(timeout=60)
    assert process.returncode == 0, log[-4000:]
    return Played(json.loads(out), rows(data), log)


def rows(data: Path) -> list[dict[str, Any]]:
    file = data / "rows.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def crawl(tmp_path: Path) -> Crawl:
    """Crawl a server: `crawl(server, names=[…], …)`; every call of a test works on the same data folder."""

    def run(server: Server | None, *, data: Path | None = None, **asked: Any) -> Played:
        folder = data or tmp_path / "data"
        return finish(start(server, folder, **asked), folder)

    return run
