"""Kill a crawl again and again with SIGKILL and see whether its tables end up like those of a crawl nobody disturbed.

    python -m benchmarks.chaos --kills 30 --pages 400

A loopback server plays congluan.vn and vietnam.vn; three pages in four are originals, the others copies of them. Both crawls go on
from the same first ten pages of each, because the cleaner learns a host's recurring lines from the pages it has seen, and which
those are is chance. One runs undisturbed, another is killed at random moments and started again until it ends by itself. Then the articles with their versions
and hashes, the copies, the stories, and the outcome of every page must be the same, every page must have exactly one row, and
every row must find its own payload in the archive.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.site import AGGREGATOR, PAPER, XML, Answer, Pages, Server, copy, index, template_a, template_b, urlset
from tests.stories import NewsStory, Text

ROOT = Path(__file__).parents[1]
SYLLABLES = [
    "an",
    "bình",
    "chính",
    "công",
    "cuộc",
    "đầu",
    "điều",
    "đồng",
    "đường",
    "gia",
    "giao",
    "hàng",
    "hoạt",
    "học",
    "hội",
    "kết",
    "khai",
    "kinh",
    "làng",
    "liên",
    "lực",
    "mới",
    "mùa",
    "nam",
    "năm",
    "người",
    "nhà",
    "nông",
    "phát",
    "phố",
    "phương",
    "quan",
    "quốc",
    "quyết",
    "sản",
    "sông",
    "sức",
    "tập",
    "tây",
    "thành",
    "thị",
    "thôn",
    "thời",
    "thuyền",
    "tỉnh",
    "tổ",
    "trăm",
    "trường",
    "truyền",
    "tư",
    "ương",
    "vận",
    "vùng",
    "xã",
    "xây",
    "xuân",
]


@dataclass(frozen=True)
class Tables:
    """What must not depend on whether a crawl was disturbed."""

    articles: frozenset[tuple[str, int, str]]
    """(article_id, version, content_hash)."""
    copies: frozenset[tuple[str, str, str]]
    """(one article, the other, kind); the direction is the order of arrival for some kinds and is left out."""
    stories: frozenset[frozenset[str]]
    outcomes: frozenset[tuple[str, str]]
    """(address, outcome); whether the original or the copy came first, and so which is the duplicate, is chance."""


def story(number: int) -> NewsStory:
    """A made-up story, the same for the same number."""
    dice = random.Random(number)

    def sentence(words: int) -> str:
        return " ".join(dice.choices(SYLLABLES, k=words)).capitalize() + f" {dice.randint(2, 9999)}."

    paragraphs = tuple(" ".join(sentence(dice.randint(9, 22)) for _ in range(3)) for _ in range(dice.randint(4, 7)))
    slug = f"ban-tin-so-{number}-" + "-".join(
        dice.choices(["an", "binh", "cong", "dong", "giao", "hoi", "kinh", "lang", "mua", "nam"], k=6)
    )
    text = Text(sentence(9).rstrip("."), sentence(20), paragraphs, "Phóng viên")
    return NewsStory(slug, 400_000 + number, "thoi-su/tin-tuc", number * 0.05, (), text)


def site(pages: int, now: datetime) -> Pages:
    """Originals and, for a third of them, an edition on the aggregator."""
    stories = [story(n) for n in range(pages - pages // 4)]
    copied = stories[::3][: pages // 4]
    when = {s.slug: now - timedelta(hours=s.hours) for s in stories}
    found: Pages = {
        f"{PAPER}/robots.txt": Answer.of("", "text/plain"),
        f"{AGGREGATOR}/robots.txt": Answer.of("", "text/plain"),
        f"{PAPER}/sitemap.xml": Answer.of(index([(f"{PAPER}/s{n}.xml", now) for n in range(4)]), XML),
        f"{AGGREGATOR}/sitemap.xml": Answer.of(urlset([(f"{AGGREGATOR}/{s.slug}", when[s.slug]) for s in copied]), XML),
    }
    for n in range(4):
        found[f"{PAPER}/s{n}.xml"] = Answer.of(
            urlset([(f"{PAPER}/{s.slug}-post{s.number}.html", when[s.slug]) for s in stories[n::4]]), XML
        )
    for s in stories:
        template = template_a if s.number % 2 else template_b
        found[f"{PAPER}/{s.slug}-post{s.number}.html"] = Answer.of(template(s, when[s.slug]))
    for s in copied:
        found[f"{AGGREGATOR}/{s.slug}"] = Answer.of(copy(s, s.vi, "vi", when[s.slug] + timedelta(hours=1)))
    return found


def crawl(data: Path, allow: list[str], limit: int | None) -> None:
    """One crawl, in this process, with small commits so that there is something to disturb."""
    from crawler import crawl as crawling
    from pipelines.run import Run, parameters
    from pipelines.store import Store

    with Store.open(data, command="chaos", parameters=parameters()) as store:
        run = Run(store, data / "state", command="chaos", processes=1, batch=15, patience=0.5)
        job = crawling.crawl(
            ["congluan", "vietnam_vn"],
            data=data,
            run=run,
            store=store,
            allow_addresses=allow,
            limit=limit,
            settings={"DOWNLOAD_DELAY": 0.005, "AUTOTHROTTLE_ENABLED": False},
        )
        job.start()
        run.close()
        job.close()


def child(data: Path, allow: list[str], limit: int | None = None) -> subprocess.Popen[bytes]:
    given = json.dumps({"data": str(data), "allow": allow, "limit": limit})
    command = [sys.executable, "-m", "benchmarks.chaos", "--child", given]
    with (data.parent / "chaos.log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def read(data: Path) -> Tables:
    """The tables as anybody would read them. Raises `AssertionError` when a page has two rows or the archive disagrees."""
    import duckdb

    def rows(query: str) -> list[tuple[Any, ...]]:
        return duckdb.sql(query.replace("$", str(data))).fetchall()

    pages = rows(
        "SELECT url, outcome || '/' || reason, archive_file, archive_offset, n_bytes FROM '$/pages/**/*.parquet'"
    )
    twice = [url for url, n in Counter(row[0] for row in pages).items() if n > 1]
    assert not twice, f"pages with more than one row: {twice[:5]}"
    for url, _, file, offset, size in pages:
        assert payload(data / file, offset) == (url, size), f"the archive has something else for {url}"
    stories: dict[str, set[str]] = {}
    newest = max((data / "stories").glob("*.parquet"))
    for article, story_id in duckdb.sql(f"SELECT article_id, story_id FROM '{newest}'").fetchall():
        stories.setdefault(story_id, set()).add(article)
    return Tables(
        frozenset(rows("SELECT article_id, version, content_hash FROM '$/articles/**/*.parquet'")),
        frozenset(
            (min(a, b), max(a, b), kind)
            for a, b, kind in rows("SELECT article_id, of_article_id, kind FROM '$/copies/**/*.parquet'")
        ),
        frozenset(frozenset(members) for members in stories.values()),
        frozenset((url, outcome.replace("duplicate", "stored")) for url, outcome, *_ in pages),
    )


def payload(file: Path, offset: int) -> tuple[str, int]:
    """Address and size of the response that stands at an offset."""
    from warcio.archiveiterator import ArchiveIterator

    with file.open("rb") as raw:
        raw.seek(offset)
        record = next(ArchiveIterator(raw))
        assert record.rec_type == "response", record.rec_type
        return record.rec_headers.get_header("WARC-Target-URI"), len(record.content_stream().read())


def chaos(folder: Path, *, kills: int, pages: int, seed: int, say: Callable[[str], None]) -> Iterator[str]:
    """Do it; yields what differs. Kills that came too late to hit anything are not counted."""
    dice = random.Random(seed)
    with Server(site(pages, datetime.now(UTC))) as server:
        calm = folder / "calm" / "data"
        calm.mkdir(parents=True)
        child(calm, server.allow, limit=10).wait()
        data = folder / "killed" / "data"
        shutil.copytree(calm, data)
        began = time.monotonic()
        code = child(calm, server.allow).wait()
        asked = len(server.requests)
        if code:
            raise RuntimeError((calm.parent / "chaos.log").read_text()[-2000:])
        say(f"undisturbed: {asked} requests in {time.monotonic() - began:.1f} s, exit code {code}")
        done = 0
        while done < kills:
            before = len(server.requests)
            process = child(data, server.allow)
            if dice.random() < 0.8:  # somewhere in its requests; the others early, while it recovers
                enough = before + dice.randint(1, pages // 6)
                while len(server.requests) < enough and process.poll() is None:
                    time.sleep(0.005)
                time.sleep(dice.uniform(0, 0.5))
            else:
                time.sleep(dice.uniform(0, 4))
            if process.poll() is not None:
                break
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            say(f"kill {done}: {len(server.requests) - before} requests")
        code = child(data, server.allow).wait()
        say(f"killed {done} times: {len(server.requests) - asked} requests in all, last exit code {code}")
        calm_tables, killed_tables = read(calm), read(data)
    for name in Tables.__dataclass_fields__:
        expected, found = getattr(calm_tables, name), getattr(killed_tables, name)
        say(f"{name}: {len(expected)} undisturbed, {len(found)} killed, {len(expected ^ found)} different")
        if expected != found:
            yield f"{name}: {sorted(map(str, expected ^ found))[:4]}"
    if done < kills:
        yield f"only {done} of {kills} kills hit a running crawl: give more --pages"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        given = json.loads(asked.child)
        crawl(Path(given["data"]), given["allow"], given["limit"])
        return 0
    with tempfile.TemporaryDirectory() as folder:
        differences = list(chaos(Path(folder), kills=asked.kills, pages=asked.pages, seed=asked.seed, say=print))
    print("\n".join(differences) or "no difference")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
