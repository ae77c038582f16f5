"""How well copies in other languages are found: the tables of docs/translations.md.

    python benchmarks/translations.py --eval ../shared/eval [--only ntrex alt halves learning cost] [--background 9000]

Runs the pipeline's own functions in this process, writes the tables that `score.py translations` reads into a temporary folder, and prints one
JSON object per variant. `links_to_vi` counts linked pairs alone; `score` is what score.py says. Links to background texts count as wrong in
`precision_with_background`, which score.py cannot see. `learning` is cross-validated: what 50 pairs taught is asked of the stories they are not
from; `r1` is the share of copies whose original is the best of all Vietnamese texts. `cost` compares processor times of one process: linking 1,000
new articles in fifteen languages (anchors, find, add) against a window of 100,000, and extracting 1,000 pages of the extraction sets.
"""

import argparse
import contextlib
import gzip
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from pipelines import stories
from pipelines.clean import clean
from pipelines.extract import extract
from pipelines.records import Article, Copy, Fact, Page, Rejected
from pipelines.store.schema import articles_table, copies_table
from pipelines.translations import AnchorIndex, Anchors, anchors, open_index
from pipelines.translations.search import Search

NOW = datetime(2026, 1, 2, tzinfo=UTC)
Batch = list[tuple[Article, Anchors]]


def documents(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf8") as file:
        return [json.loads(line) for line in file]


def article(document: dict[str, str]) -> Article:
    """As `ingest` makes one of a line without title or date."""
    url = f"https://{document['language']}.example/{document['id']}"
    return Article(
        document["id"],
        url,
        url,
        f"{document['language']}.example",
        "",
        document["text"],
        NOW,
        language=document["language"],
    )


def halved(one: Article) -> Article:
    return one if one.language == "vi" else replace(one, text=one.text[: len(one.text) // 2])


def prepared(articles: Iterable[Article]) -> Batch:
    every = list(articles)
    with ProcessPoolExecutor(2) as pool:
        return list(zip(every, pool.map(anchors, every, chunksize=100), strict=True))


def fill(folder: Path, background: Batch) -> Path:
    with open_index(folder) as index:
        index.add("background", background)
    return folder


def tables(folder: Path, articles: list[Article], copies: list[Copy]) -> None:
    """What score.py reads, the stories as the pipeline forms them."""
    written = {"articles": articles_table(articles, "benchmark"), "copies": copies_table(copies, "benchmark")}
    written["stories"] = stories.derive(written["articles"], written["copies"])
    for name, table in written.items():
        (folder / name).mkdir()
        pq.write_table(table, folder / name / "part.parquet")


def measure(name: str, index: AnchorIndex, batch: Batch, background: Batch, truth: Path, scorer: Path) -> None:
    story = {document["id"]: document["story"] for document in documents(truth)}
    language = {document["id"]: document["language"].split("-")[0] for document in documents(truth)}
    started = time.perf_counter()
    copies = index.find(batch, run_id="benchmark", now=NOW)
    seconds = time.perf_counter() - started
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    right = 0
    for copy in copies:
        pair = tuple(sorted((copy.article_id, copy.of_article_id)))
        right += story.get(pair[0], "") == story.get(pair[1], "?")
        languages = sorted(language.get(one, "vi") for one in pair)
        if "vi" in languages and languages != ["vi", "vi"]:
            found[languages[languages[0] == "vi"]].add(pair)  # type: ignore[arg-type]
    to_vi = {}
    for other in sorted(set(language.values()) - {"vi"}):
        want = sum(language[one] == other for one in story)
        hits = sum(story.get(a, "") == story.get(b, "?") for a, b in found[other])
        to_vi[other] = round(2 * hits / max(1, want + len(found[other])), 4)
    with tempfile.TemporaryDirectory() as folder:
        tables(Path(folder), [one for one, _ in batch + background], copies)
        answer = subprocess.run(
            [sys.executable, str(scorer), "translations", folder, str(truth)],
            capture_output=True,
            text=True,
            check=True,
        )
    score = json.loads(answer.stdout)
    print(json.dumps({
        "variant": name, "links_to_vi": to_vi, "precision_with_background": round(right / max(1, len(copies)), 4), "ms_an_article": round(seconds / len(batch) * 1000, 1),
        "score": {"links": score["links"], "stories": score["stories"], "to_vi": {one: figures["f1"] for one, figures in score["to_vi"].items()}},
    }, ensure_ascii=False), flush=True)  # fmt: skip


def learning(filled: Path, batch: Batch, n_pairs: int, scratch: Path) -> None:
    """F1 and R@1 to Vietnamese before and after the first `n_pairs` of the other folds have taught each language."""
    by_story: dict[str, Batch] = defaultdict(list)
    for one, found in batch:
        by_story[one.article_id.split("@")[0]].append((one, found))
    names = sorted(by_story)
    folds = [names[start::5] for start in range(5)] if len(names) < 4 * n_pairs else [names[n_pairs:]]
    counts: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for number, held in enumerate(folds):
        teaching = [story for story in names if story not in set(held)][:n_pairs]
        taught = [pair for story in teaching for pair in by_story[story]]
        for pairs in (0, n_pairs):
            folder = Path(shutil.copytree(filled, scratch / f"{number}-{pairs}"))
            with open_index(folder) as index:
                index.add("taught", taught, declared(taught) if pairs else ())
                used = index.pairs()
                for text in ("whole", "first half"):
                    asked = [pair for story in held for pair in by_story[story]]
                    if text != "whole":
                        halves = [halved(one) for one, _ in asked]
                        asked = [(one, anchors(one)) for one in halves]
                    for place, some in ask(index, asked).items():
                        counts[text, place, pairs] = [
                            a + b for a, b in zip(counts[text, place, pairs], some, strict=True)
                        ]
            shutil.rmtree(folder)
    for (text, language, pairs), (found, right, first, wanted) in sorted(counts.items()):
        row = {"variant": "learning", "text": text, "language": language, "pairs": pairs, "f1": round(2 * right / max(1, found + wanted), 4), "precision": round(right / max(1, found), 4), "r1": round(first / wanted, 4), "asked": wanted}  # fmt: skip
        print(json.dumps(row | ({"used": used["-".join(sorted((language, "vi")))][1]} if pairs else {})), flush=True)


def declared(taught: Batch) -> list[Copy]:
    """Every translation as a copy of its Vietnamese original with a declared source that the text confirmed."""
    originals = {one.article_id.split("@")[0]: one for one, _ in taught if one.language == "vi"}
    said = (Fact("declared", "source_url in source_line: …"),)
    return [
        Copy(one.article_id, originals[one.article_id.split("@")[0]].article_id, "translation", None, None, None, 1.0, said, NOW, "r", "m")
        for one, _ in taught
        if one.language != "vi"
    ]  # fmt: skip


def ask(index: AnchorIndex, asked: Batch) -> dict[str, list[int]]:
    """Language → links to Vietnamese found, right ones, copies whose original is ranked first, and copies."""
    story = {one.article_id: one.article_id.split("@")[0] for one, _ in asked}
    language = {one.article_id: one.language or "" for one, _ in asked}
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for copy in index.find(asked, run_id="benchmark", now=NOW):
        ends = (copy.article_id, copy.of_article_id)
        spoken = [language.get(one, "vi") for one in ends]
        if "vi" in spoken and copy.kind == "translation":
            other = spoken[spoken[0] == "vi"]
            counts[other][0] += 1
            counts[other][1] += story.get(ends[0], "") == story.get(ends[1], "?")
    entries = index.entries(asked)
    search = Search(index, entries)
    for entry in entries:
        if entry.language != "vi":
            ranked = search.ranked(entry, "vi")
            counts[language[entry.article_id]][2] += (
                bool(ranked) and story.get(ranked[0][0].article_id) == story[entry.article_id]
            )
            counts[language[entry.article_id]][3] += 1
    return counts


def cost(background: Batch, fresh: list[Article], window: int, pages: Path) -> None:
    """Linking new articles of one day against a window, from a closed index on disk, and extracting as many pages; processor seconds."""
    spread = [
        (replace(one, article_id=f"{one.article_id}#{copy}", published_at=NOW - timedelta(days=29 * n / len(background))), replace(found, article_id=f"{one.article_id}#{copy}"))
        for copy in range(-(-window // len(background)))
        for n, (one, found) in enumerate(background)
    ][:window]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        with open_index(Path(folder)) as index:
            started = time.process_time()
            for start in range(0, window, 5000):
                index.add(f"c{start:07}", spread[start : start + 5000])
            filling = time.process_time() - started
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        marks = [time.process_time()]
        batch = [(one, anchors(one)) for one in fresh]
        marks.append(time.process_time())
        with open_index(Path(folder)) as index:
            index.find(batch[:1], run_id="r", now=NOW)
            marks.append(time.process_time())
            for start in range(0, len(batch), 500):  # the size of a commit
                index.find(batch[start : start + 500], run_id="r", now=NOW)
            marks.append(time.process_time())
            index.add("new", batch)
            marks.append(time.process_time())
    seconds = [after - before for before, after in itertools.pairwise(marks)]
    extracting = extraction(pages) * len(fresh)
    print(json.dumps({
        "variant": "cost", "window": window, "new": len(fresh), "anchors_s": round(seconds[0], 2), "open_s": round(seconds[1], 2), "find_s": round(seconds[2], 2), "add_s": round(seconds[3], 2),
        "linking_s": round(sum(seconds), 2), "extracting_s": round(extracting, 2), "linking_by_extracting": round(sum(seconds) / extracting, 3), "fill_s": round(filling, 1), "bytes_an_article": size // window,
    }), flush=True)  # fmt: skip


def extraction(sets: Path, most: int = 300) -> float:
    """Mean processor seconds of extracting and cleaning a page, over news pages of every set."""
    paths = [path for one in sorted(sets.glob("*/pages")) for path in sorted(one.glob("*.html.gz"))[: most // 6 + 1]]
    pages = [Page(f"https://paper.example/{path.name}", gzip.decompress(path.read_bytes()), NOW) for path in paths]
    clean_of(pages[:20])
    started = time.process_time()
    clean_of(pages)
    return (time.process_time() - started) / len(pages)


def clean_of(pages: Iterable[Page]) -> None:
    for page in pages:
        with contextlib.suppress(Rejected):
            clean(extract(page))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--only", nargs="*", default=["ntrex", "alt", "halves", "learning", "cost"])
    parser.add_argument("--background", type=int, default=9000)
    parser.add_argument("--window", type=int, default=100_000)
    options = parser.parse_args()
    folder, scorer = options.eval / "translations", options.eval / "score.py"
    background = prepared(map(article, documents(folder / "background.vi.jsonl.gz")[: options.background]))
    with tempfile.TemporaryDirectory() as scratch:
        filled = fill(Path(scratch) / "background", background)
        for name in ("ntrex", "alt"):
            truth = folder / f"{name}.jsonl.gz"
            articles = [article(document) for document in documents(truth)]
            batch = prepared(articles)
            with open_index(filled) as index:
                if name in options.only:
                    measure(name, index, batch, background, truth, scorer)
                if "halves" in options.only:
                    measure(f"{name}, first halves", index, prepared(map(halved, articles)), background, truth, scorer)
            if "learning" in options.only:
                some = [(one, found) for one, found in batch if one.language in ("vi", "ja", "zh", "ko")]
                learning(filled, some, 50, Path(scratch))
    if "cost" in options.only:
        others = [article(one) for one in documents(folder / "ntrex.jsonl.gz") + documents(folder / "alt.jsonl.gz")]
        fresh = [one for one in others if one.language != "vi"][:1000]
        cost(background, fresh, options.window, options.eval / "extraction")


if __name__ == "__main__":
    main()
