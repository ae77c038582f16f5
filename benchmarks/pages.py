"""From pages to tables, as whole commands: `copydesk ingest` against scripts that people write today, in one run.

    python -m benchmarks.pages --eval ../shared/eval [--repeat 8] [--rounds 2] [--peers .venv-peers/bin/python]

Pages are those of the evaluation sets aeb and fundus, in one WARC file. Each stands there `--repeat` times, under as many hosts, so that
starting does not count for much; all but the first are copies, to be found by whoever looks for copies. The peers, on all cores unless said otherwise:

- trafilatura: `bare_extraction` with metadata in a process pool, and a Parquet file. It looks for no copies and keeps nothing between runs.
- news-please: its `from_html` page after page, datasketch `MinHashLSH`, pandas `to_parquet`; and the same with a process pool around `from_html`.
  It is slow, so it reads each page once.

Every command is timed from start to end; the pages a second of two commands in the same round make a ratio, and the median is given.
"""

import argparse
import gzip
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.timed import timed

SETS = ("aeb", "fundus")
NEEDED = {"trafilatura": 0.9, "news-please": 3.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--repeat", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument(
        "--peers", default=".venv-peers/bin/python", help="a Python with news-please, datasketch, pandas"
    )
    parser.add_argument("--as", dest="peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        PEERS[options.peer](*options.files)
        return
    with tempfile.TemporaryDirectory() as temporary:
        compare(Path(temporary), options)


def compare(folder: Path, options: argparse.Namespace) -> None:
    once, many = folder / "once.warc.gz", folder / "many.warc.gz"
    pages = archive(options.eval, once, 1)
    archive(options.eval, many, options.repeat)
    copydesk = [sys.executable, "-m", "crawler", "ingest", str(many), "--log", "json", "--data", str(folder / "data")]
    commands: dict[str, tuple[int, list[str]]] = {
        "copydesk ingest": (options.repeat * pages, copydesk),
        "trafilatura": (
            options.repeat * pages,
            [sys.executable, "-m", "benchmarks.pages", "--as", "trafilatura", str(many)],
        ),
    }
    if Path(options.peers).exists():
        for name in ("news-please", "news-please, pool"):
            commands[name] = (pages, [options.peers, "-m", "benchmarks.pages", "--as", name, str(once)])
    else:
        print(f"{options.peers} is not there: news-please is left out (make bench-peers)", file=sys.stderr)
    warm(copydesk, once)
    speeds: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, (n, command) in commands.items():
            shutil.rmtree(folder / "data", ignore_errors=True)
            cost = timed([*command, *([str(folder / "out.parquet")] if "--as" in command else [])])
            speeds[name].append((n / cost.seconds, n / cost.processor))
            print(
                f"{name}: {n} pages, {cost.seconds:.1f} s, {cost.processor:.1f} s of processor",
                file=sys.stderr,
                flush=True,
            )
    print("| pages to tables | pages/s | copydesk is | needed | by processor time |")
    print("|---|--:|--:|--:|--:|")
    ours = speeds["copydesk ingest"]
    for name, theirs in speeds.items():
        clock, processor = (statistics.median(o[i] / t[i] for o, t in zip(ours, theirs, strict=True)) for i in (0, 1))
        needed = f"{NEEDED[name]} ×" if name in NEEDED else ""
        print(
            f"| {name} | {statistics.median(t[0] for t in theirs):.1f} | {clock:.2f} × | {needed} | {processor:.2f} × |"
        )


def archive(evaluation: Path, path: Path, repeat: int) -> int:
    """Write the pages of the sets as a WARC file; how many there are."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    n = 0
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for again in range(repeat):
            for name in SETS:
                for line in (evaluation / "extraction" / name / "truth.jsonl").open(encoding="utf8"):
                    truth = json.loads(line)
                    url = truth["url"] or f"https://file.example/{truth['id']}"
                    with gzip.open(evaluation / "extraction" / name / truth["page"]) as file_:
                        body = file_.read()
                    if again:  # in the page, too: its canonical link would say that it is the same article
                        host = url.split("/")[2].removeprefix("www.")
                        url = url.replace(host, f"{again}-{host}", 1)
                        body = body.replace(host.encode(), f"{again}-{host}".encode())
                    answer = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
                    writer.write_record(
                        writer.create_warc_record(url, "response", io.BytesIO(body), http_headers=answer)
                    )
                    n += not again
    return n


def warm(command: list[str], once: Path) -> None:
    """Compiled kernels and the system's file cache are there for everybody afterwards."""
    timed([str(once) if part.endswith("many.warc.gz") else part for part in command])


# -- peers: each its own process, and nothing of copydesk in it --------------------------------------------------------------


def responses(warc: Path) -> Iterator[tuple[str, bytes]]:
    from warcio.archiveiterator import ArchiveIterator

    with warc.open("rb") as file:
        for record in ArchiveIterator(file):
            yield record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read()


def write(rows: list[dict[str, Any]], out: Path) -> None:
    import pandas as pd

    pd.DataFrame(rows).to_parquet(out)


def _trafilatura(page: tuple[str, bytes]) -> dict[str, Any]:
    import trafilatura

    url, body = page
    found = trafilatura.bare_extraction(body, url=url, with_metadata=True)
    names = ("title", "author", "date", "sitename", "description", "categories", "tags", "image", "text")
    return {"url": url} | ({name: getattr(found, name) for name in names} if found else {})


def trafilatura_pool(warc: Path, out: Path) -> None:
    import multiprocessing

    with multiprocessing.Pool(os.cpu_count()) as pool:
        write(list(pool.imap(_trafilatura, responses(warc), chunksize=4)), out)


def _news_please(page: tuple[str, bytes]) -> dict[str, Any]:
    from newsplease import NewsPlease

    url, body = page
    try:
        found = NewsPlease.from_html(body, url=url, fetch_images=False)
    except Exception as error:  # noqa: BLE001  (some languages need packages that it does not install; a page that breaks it costs it nothing more)
        return {"url": url, "error": repr(error)}
    names = ("title", "authors", "date_publish", "description", "language", "image_url", "source_domain", "maintext")
    return {"url": url} | {name: getattr(found, name) for name in names}


def news_please(warc: Path, out: Path) -> None:
    write(deduplicated(map(_news_please, responses(warc))), out)


def news_please_pool(warc: Path, out: Path) -> None:
    import multiprocessing

    with multiprocessing.Pool(os.cpu_count()) as pool:
        write(deduplicated(pool.imap(_news_please, responses(warc))), out)


def deduplicated(rows: Any) -> list[dict[str, Any]]:
    """With `duplicate_of`, as datasketch's documentation shows it: words in threes, threshold 0.5."""
    import datasketch

    lsh, out = datasketch.MinHashLSH(threshold=0.5, num_perm=128), []
    for row in rows:
        words = (row.get("maintext") or "").lower().split()
        minhash = datasketch.MinHash(num_perm=128)
        minhash.update_batch([" ".join(words[at : at + 3]).encode() for at in range(max(1, len(words) - 2))])
        found = lsh.query(minhash) if words else []
        out.append(row | {"duplicate_of": found[0] if found else None})
        if words:
            lsh.insert(row["url"], minhash, check_duplication=False)
    return out


PEERS = {"trafilatura": trafilatura_pool, "news-please": news_please, "news-please, pool": news_please_pool}

if __name__ == "__main__":
    main()
