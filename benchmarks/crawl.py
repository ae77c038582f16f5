"""How much slower is our crawl than Scrapy alone, and than extraction alone?

    python -m benchmarks.crawl --pages 1500

A loopback server in a process of its own gives pages of 2–200 kB (log-uniform). Rates are pages a second between the first and
the last request for a page, as the server saw them; so neither start-up nor the last commit counts.

    defaults    Scrapy as it comes, with the same concurrency, nothing done with the pages
    scrapy      the same with every setting of Scrapy's own that `crawler/settings.py` changes, which makes it much faster
    crawl       our crawl: frontier, robots, guard, archive with fsync, no extraction
    extraction  `prepare` alone over the same pages, in as many processes as there are cores
    everything  our crawl with extraction, copy finding and commits
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from benchmarks.chaos import SYLLABLES
from tests.site import PAPER, index, template_b, urlset
from tests.stories import NewsStory, Text

ROOT = Path(__file__).parents[1]
NOW = datetime.now(UTC)
SETTINGS = {
    "DOWNLOAD_DELAY": 0.0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
}


def page(number: int) -> bytes:
    """The same page for the same number; its size is between 2 and 200 kB."""
    dice = random.Random(number)
    size = int(2000 * 100 ** dice.random())
    paragraphs: list[str] = []
    while sum(map(len, paragraphs)) * 1.3 < size - 1500:
        paragraphs.append(" ".join(dice.choices(SYLLABLES, k=80)).capitalize() + ".")
    text = Text(f"Bản tin số {number}", "Tóm tắt.", tuple(paragraphs) or ("Ngắn.",), "Phóng viên")
    html = template_b(NewsStory(f"x-{number}", number, "xe", 0, (), text), NOW)
    return html.encode()


def addresses(pages: int) -> list[str]:
    return [f"{PAPER}/ban-tin-thu-nghiem-toc-do-cua-he-thong-so-{n}-post{n}.html" for n in range(pages)]


class Server(asyncio.Protocol):
    """Just enough HTTP/1.1 to be faster than what it measures. `/stats` tells how many pages were asked for, and when."""

    answers: dict[bytes, bytes]
    times: list[float]

    def __init__(self) -> None:
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            request, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            path = request.split(b" ", 2)[1]
            if path == b"/stats":
                body = json.dumps([len(self.times), self.times[0], self.times[-1]] if self.times else []).encode()
                self.times.clear()
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            else:
                if b"-post" in path:
                    self.times.append(time.monotonic())
                answer = self.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            self._transport.write(answer)


async def serve(pages: int) -> None:
    listed = addresses(pages)
    bodies = {url: page(n) for n, url in enumerate(listed)}
    bodies[f"{PAPER}/sitemap.xml"] = index([(f"{PAPER}/all.xml", NOW)]).encode()
    bodies[f"{PAPER}/all.xml"] = urlset([(url, NOW - timedelta(seconds=n)) for n, url in enumerate(listed)]).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
    Server.answers = {url.removeprefix(PAPER).encode(): head % len(body) + body for url, body in bodies.items()}
    Server.times = []
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Clock:
    """Processor time of the reactor's thread and of the whole process, from the first page to the last."""

    def __init__(self) -> None:
        self._times: list[tuple[float, float]] = []

    def tick(self) -> None:
        """A page has come."""
        self._times[1:] = [(time.thread_time(), time.process_time())]

    def tell(self, pages: int) -> None:
        """Print milliseconds a page."""
        (thread, process), (last_thread, last_process) = self._times
        print(json.dumps([1000 * (last_thread - thread) / (pages - 1), 1000 * (last_process - process) / (pages - 1)]))


def scrapy_alone(port: int, pages: int, *, ours: bool) -> None:
    """With `ours`, every setting that concerns Scrapy's own parts is as in a crawl of ours."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    from crawler import settings

    clock = Clock()
    parts = [name for name in dir(settings) if name.isupper() and "crawler." in str(getattr(settings, name))]
    same = {
        name: getattr(settings, name)
        for name in dir(settings)
        if name.isupper() and name not in parts and not name.startswith("COPYDESK_")
    }
    for name in ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS"):
        found = getattr(settings, name)
        same[name] = {part: place for part, place in found.items() if not part.startswith("crawler.")}

    class Bare(scrapy.Spider):
        name = "bare"

        async def start(self) -> Any:
            for url in addresses(pages):
                yield scrapy.Request(url.replace(PAPER, f"http://127.0.0.1:{port}"))

        def parse(self, response: Any) -> Any:
            clock.tick()
            yield {"url": response.url, "size": len(response.body)}

    process = CrawlerProcess(
        {**(same if ours else {}), **SETTINGS, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False}
    )
    process.crawl(Bare)
    process.start()
    clock.tell(pages)


class NoRun:
    """Takes pages and does nothing with them."""

    def __init__(self, clock: Clock) -> None:
        self.on_commit: list[Callable[..., None]] = []
        self._clock = clock
        self._done: Future[Any] = Future()
        self._done.set_result(SimpleNamespace(article=None))

    def submit(self, _: object) -> "Future[Any]":
        self._clock.tick()
        return self._done


def crawl(port: int, pages: int, data: Path, *, everything: bool) -> None:
    from crawler import crawl as crawling
    from pipelines.run import Run
    from pipelines.store import Store

    clock = Clock()

    class Timed(Run):
        def submit(self, page: Any) -> Any:
            clock.tick()
            return super().submit(page)

    options = {"data": data, "allow_addresses": [f"congluan.vn=127.0.0.1:{port}"], "settings": SETTINGS}
    if not everything:
        job = crawling.crawl(["congluan"], run=NoRun(clock), **options)  # type: ignore[arg-type]
        job.start()
        job.close()
        clock.tell(pages)
        return
    with Store.open(data, command="benchmark") as store:
        run = Timed(store, data / "state", command="benchmark")
        job = crawling.crawl(["congluan"], run=run, store=store, **options)  # type: ignore[arg-type]
        job.start()
        run.close()
        job.close()
    clock.tell(pages)


def prepared(number: int) -> int:
    from pipelines.prepare import prepare
    from pipelines.records import Page

    prepare(Page(url=f"{PAPER}/x-{number}.html", body=page(number), fetched_at=NOW))
    return number


def warm(_: int) -> None:
    prepared(0)
    time.sleep(0.5)


def extraction_alone(pages: int) -> float:
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(warm, range(cores)))
        began = time.monotonic()
        list(pool.map(page_only, range(pages), chunksize=8))
        made = time.monotonic() - began
        began = time.monotonic()
        list(pool.map(prepared, range(pages), chunksize=8))
        return pages / (time.monotonic() - began - made)  # making the pages is not what is measured


def page_only(number: int) -> int:
    return len(page(number))


def stats(port: int) -> float:
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats") as answer:
        found = json.load(answer)
    return (found[0] - 1) / (found[2] - found[1]) if found else 0.0


class Measured(NamedTuple):
    rate: float
    """Pages a second of wall-clock time."""
    reactor: float
    """Milliseconds of processor time a page in the reactor's thread: what bounds the rate on an idle machine."""
    process: float
    """The same in the whole process, the archive's compression included."""


def measure(what: str, port: int, pages: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        given = json.dumps({"what": what, "port": port, "pages": pages, "data": folder})
        command = [sys.executable, "-m", "benchmarks.crawl", "--child", given]
        out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Measured(stats(port), *json.loads(out.splitlines()[-1]))


def child(what: str, port: int, pages: int, data: str) -> None:
    if what in ("defaults", "scrapy"):
        scrapy_alone(port, pages, ours=what == "scrapy")
    elif what == "serve":
        asyncio.run(serve(pages))
    else:
        crawl(port, pages, Path(data), everything=what == "everything")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fetch-only", action="store_true", help="leave extraction out")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(**json.loads(asked.child))
        return
    given = json.dumps({"what": "serve", "port": 0, "pages": asked.pages, "data": ""})
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.crawl", "--child", given], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        best: dict[str, Measured] = {}
        for n in range(asked.rounds):  # the best of each, because other things happen on a machine
            fetching = ("defaults", "scrapy", "crawl")
            for what in fetching if asked.fetch_only else (*fetching, "extraction", "everything"):
                if what == "extraction":
                    found = Measured(extraction_alone(asked.pages), 0, 0)
                else:
                    found = measure(what, port, asked.pages)
                best[what] = max(best.get(what, found), found)
                print(f"round {n + 1} {what:<11} {found.rate:7.1f} pages/s", flush=True)
    finally:
        server.terminate()
    for what, found in best.items():
        cpu = (
            f"{found.reactor:6.2f} ms/page in the reactor, {found.process:6.2f} in the process" if found.process else ""
        )
        print(f"{what:<11} {found.rate:8.1f} pages/s  {cpu}")
    for other in ("defaults", "scrapy"):
        print(f"crawl is {best['crawl'].rate / best[other].rate:.2f} × {other} (goal .80)")
    if not asked.fetch_only:
        print(f"everything is {best['everything'].rate / best['extraction'].rate:.2f} × extraction (goal .85)")


if __name__ == "__main__":
    main()
