"""One crawl in a process of its own, because Twisted's reactor cannot run twice: `python -m tests.crawler.play` with a JSON
object on standard input. A fake run stands where `pipelines.run.Run` stands, commits every `batch` pages, and keeps rows in
`<data>/rows.jsonl`.
"""

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from crawler.crawl import crawl
from pipelines.records import Article, Outcome, Page, PageRow

SOURCE = re.compile(r'<a href="(https?://(?:(?:www\.)?congluan\.vn|bao\.example)/[^"]+)">https?://')


def listening() -> list[str]:
    """Local addresses of the TCP sockets on which this process listens."""
    own = {str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if os.path.lexists(fd)}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and f"socket:[{inode}]" in own:
                found.append(local)
    return found


class FakeRun:
    """Prepares nothing: the declared source is the link whose text is an address."""

    def __init__(self, data: Path, batch: int) -> None:
        self.on_commit: list[Callable[[tuple[PageRow, ...]], None]] = []
        self.listening: set[str] = set()
        self._file = data / "rows.jsonl"
        self._batch, self._waiting, self._lock = batch, list[PageRow](), threading.Lock()

    def submit(self, page: Page) -> "Future[Any]":
        outcome = _outcome(page)
        self.listening.update(listening())
        row = PageRow(
            url=page.url,
            requested_url=page.requested_url or page.url,
            publisher=page.publisher,
            status=page.status,
            content_type=page.headers.get("content-type", ""),
            n_bytes=len(page.body),
            fetched_at=page.fetched_at,
            outcome=outcome.kind,
            reason=outcome.reason,
            run_id="fake",
            archive_file=page.archive_file,
            archive_offset=page.archive_offset,
        )
        with self._lock:
            self._waiting.append(row)
            if len(self._waiting) >= self._batch:
                self._commit()
        found = SOURCE.search(page.body.decode("utf-8", "replace")) if page.publisher == "vietnam_vn" else None
        article = Article(
            article_id=page.key,
            url=page.url,
            canonical_url=page.url,
            host="",
            title="",
            text="",
            fetched_at=page.fetched_at,
            source_url=found[1] if found else None,
        )
        done: Future[Any] = Future()
        done.set_result(SimpleNamespace(article=article if outcome.kind == "stored" else None))
        return done

    def close(self) -> None:
        with self._lock:
            self._commit()

    def _commit(self) -> None:
        rows, self._waiting = tuple(self._waiting), []
        if not rows:
            return
        with self._file.open("a") as file:
            file.writelines(json.dumps(asdict(row), default=str) + "\n" for row in rows)
        for tell in self.on_commit:
            tell(rows)


REFUSALS = {"robots", "gone", "budget", "address", "not_html", "too_large", "not_in_archive", "unsupported_scheme"}


def _outcome(page: Page) -> Outcome:
    if page.error:
        return Outcome("rejected" if page.error in REFUSALS else "failed", page.error)
    if page.status in (404, 410):
        return Outcome("rejected", "gone")
    return Outcome("failed", f"http_{page.status}") if page.status >= 400 else Outcome("stored")


def main(asked: dict[str, Any]) -> dict[str, Any]:
    logging.basicConfig(level=asked.pop("log", "WARNING"), stream=sys.stderr)
    data = Path(asked.pop("data"))
    data.mkdir(parents=True, exist_ok=True)
    run = FakeRun(data, asked.pop("batch", 1))
    for name in ("since", "until"):
        if name in asked:
            asked[name] = datetime.fromisoformat(asked[name])
    asked["replay"] = [Path(path) for path in asked.get("replay", ())]
    settings = {"DOWNLOAD_DELAY": 0.0, "AUTOTHROTTLE_ENABLED": False, **asked.pop("settings", {})}
    playing = crawl(
        asked.pop("names", ()), data=data, run=None if asked.get("dry_run") else run, settings=settings, **asked
    )
    result = playing.start()
    run.close()
    playing.close()
    return {
        "requests": result.requests,
        "failures": list(result.failures),
        "interrupted": result.interrupted,
        "error": repr(result.error) if result.error else None,
        "planned": [planned.url for planned in result.planned],
        "new": result.new,
        "notes": [note for report in result.reports.values() for note in report.notes],
        "listening": sorted(run.listening),
        "reports": sorted(result.reports),
    }


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
