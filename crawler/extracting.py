"""`copydesk extract`: one page, or a batch of pages for evaluation."""

import gzip
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import orjson

from crawler import show
from crawler.publishers import identify
from pipelines.clean import clean
from pipelines.extract import body, extract
from pipelines.extract.batch import extract_batch
from pipelines.records import Article, Outcome, Page, Rejected
from pipelines.sources import MAX_BODY, UnreadableSourceError


def one(page: Page, *, as_json: bool) -> int:
    """Print the article on a page. Returns 0, or 4 when the page was refused, with the reason on stderr."""
    try:
        article = clean(extract(identify(page)))
    except Rejected as refusal:
        show.error(f"{page.url}: rejected/{refusal.reason}", refusal.detail)
        return 4
    if as_json:
        show.emit({name: value for name, value in asdict(article).items() if name != "page_lines"})
        return 0
    for name in ("title", "lead", "published_at", "published_at_source", "language", "source_url", "source_name"):
        if value := getattr(article, name):
            show.out.print(f"[bold]{name:>20}[/bold]  {show.safe(value, 1000)}")
    for name in ("authors", "credits", "tags"):
        if values := getattr(article, name):
            show.out.print(f"[bold]{name:>20}[/bold]  {show.safe(', '.join(values), 1000)}")
    for piece in article.removed:
        show.out.print(f"[bold]{'removed':>20}[/bold]  {piece.kind}: {show.safe(piece.text)}")
    show.out.print()
    for line in article.text.splitlines():
        show.out.print(show.safe(line, len(line) + 1))
    return 0


def from_file(path: Path, url: str) -> Page:
    """A page from a file, or from stdin when the path is `-`. Raises `UnreadableSourceError`."""
    try:
        if str(path) == "-":
            data, fetched = sys.stdin.buffer.read(MAX_BODY + 1), datetime.now(UTC)
        else:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                data = file.read(MAX_BODY + 1)
            fetched = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, EOFError) as error:
        raise UnreadableSourceError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    name = "stdin" if str(path) == "-" else path.name
    return Page(url=url or f"https://file.invalid/{name}", body=data, fetched_at=fetched)


def batch(listing: Path, processes: int | None) -> int:
    """Extract every page of a listing of {id, url, path}, one JSON object a line, in order. Returns 0."""
    rows = _listing(listing)
    answers = extract_batch(
        (identify(_page(r, listing.parent)) for r in rows), processes or os.cpu_count() or 1, then=clean
    )
    for given, answer in zip(rows, answers, strict=True):
        found = {"text": None, "outcome": str(answer)} if isinstance(answer, Outcome) else row(answer)
        show.emit({"id": given["id"], "url": given.get("url", "")} | found)
    return 0


def row(article: Article) -> dict[str, Any]:
    """The fields that the scorers read. `text` is the lead and the body, as a reader meets them."""
    return {
        "text": body(article),
        "title": article.title,
        "authors": list(article.authors),
        "date": local_time(article),
        "language": article.language,
    }


def local_time(article: Article) -> datetime | None:
    """When it was published, by the clock the page was written by, so that the day is the day readers saw."""
    if article.published_at is None or article.published_offset is None:
        return article.published_at
    return article.published_at.astimezone(timezone(timedelta(minutes=article.published_offset)))


def _listing(path: Path) -> list[dict[str, Any]]:
    rows = []
    try:
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if line.strip():
                given = orjson.loads(line)
                if not isinstance(given, dict) or not {"id", "path"} <= given.keys():
                    raise UnreadableSourceError(f"{path}, line {number}: needs the keys id and path")
                rows.append(given)
    except (OSError, orjson.JSONDecodeError) as error:
        raise UnreadableSourceError(f"{path}: {error}") from None
    return rows


def _page(given: Mapping[str, Any], folder: Path) -> Page:
    path = Path(given["path"])
    try:
        return from_file(path if path.is_absolute() or path.exists() else folder / path, str(given.get("url") or ""))
    except UnreadableSourceError as error:
        show.error(str(error))
        return Page(url=str(given.get("url") or "https://file.invalid/"), body=b"", fetched_at=datetime.now(UTC))
