"""How well copies in other languages are found: the tables of docs/translations.md.

    python benchmarks/translations.py --eval ../shared/eval [--only ntrex alt halves learning cost] [--background 9000]

Runs the pipeline's own functions in this process, writes the tables that `score.py translations` reads into a temporary folder, and prints one
JSON object per variant. `links_to_vi` counts linked pairs alone; `score` is what score.py says. Links to background texts count as wrong in
`precision_with_background`, which score.py cannot see.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.records import Article, Copy
from pipelines.translations import AnchorIndex, Anchors, anchors, open_index

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


@contextmanager
def filled(background: Batch) -> Iterator[AnchorIndex]:
    with tempfile.TemporaryDirectory() as folder, open_index(Path(folder)) as index:
        index.add("background", background)
        yield index


def tables(folder: Path, articles: Iterable[Article], copies: list[Copy]) -> None:
    """What score.py reads; a story is a component of the copies (the pipeline's own stories guard against chains)."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    for copy in copies:
        parent[root(copy.article_id)] = root(copy.of_article_id)
    rows = [{"article_id": one.article_id, "url": one.url, "story_id": root(one.article_id)} for one in articles]
    for name, table in (
        ("articles", pa.Table.from_pylist([{"article_id": row["article_id"], "url": row["url"]} for row in rows])),
        (
            "stories",
            pa.Table.from_pylist([{"article_id": row["article_id"], "story_id": row["story_id"]} for row in rows]),
        ),
        (
            "copies",
            pa.table(
                {
                    column: [getattr(copy, column) for copy in copies]
                    for column in ("article_id", "of_article_id", "kind")
                }
            ),
        ),
    ):
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


def learning(index: AnchorIndex, batch: Batch, n_pairs: int) -> Batch:
    """Teach the index the first pairs of each language with Vietnamese; the rest of the batch is left to find."""
    by_story: dict[str, dict[str, Article]] = defaultdict(dict)
    for one, _ in batch:
        by_story[one.article_id.split("@")[0]][one.language or ""] = one
    taught = sorted(by_story)[:n_pairs]
    pairs = [
        (by_story[s][language], by_story[s]["vi"])
        for s in taught
        for language in by_story[s]
        if language != "vi" and "vi" in by_story[s]
    ]
    if pairs:
        started = time.perf_counter()
        index.learn(pairs)
        print(json.dumps({"learned": dict(index.trained()), "seconds": round(time.perf_counter() - started, 1)}))
    return batch


def cost(background: Batch, window: int, new: int) -> None:
    """Linking `new` articles of one day against a window of `window`, from a closed index on disk."""
    spread = [
        (replace(one, article_id=f"{one.article_id}#{copy}", published_at=NOW - timedelta(days=29 * n / len(background))), replace(found, article_id=f"{one.article_id}#{copy}"))
        for copy in range(-(-window // len(background)))
        for n, (one, found) in enumerate(background)
    ][:window]  # fmt: skip
    fresh = [
        (
            replace(one, article_id=f"{one.article_id}!", language="en"),
            replace(found, article_id=f"{one.article_id}!", language="en"),
        )
        for one, found in background[:new]
    ]
    with tempfile.TemporaryDirectory() as folder:
        with open_index(Path(folder)) as index:
            started = time.perf_counter()
            for start in range(0, window, 5000):
                index.add(f"c{start:07}", spread[start : start + 5000])
            filling = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        started = time.perf_counter()
        with open_index(Path(folder)) as index:
            index.find(fresh[:1], run_id="r", now=NOW)
            opening = time.perf_counter() - started
            started = time.perf_counter()
            index.find(fresh, run_id="r", now=NOW)
            finding = time.perf_counter() - started
            started = time.perf_counter()
            index.add("new", fresh)
            adding = time.perf_counter() - started
    print(json.dumps({"variant": "cost", "window": window, "new": len(fresh), "find_s": round(finding, 2), "open_s": round(opening, 2), "add_s": round(adding, 2), "fill_s": round(filling, 1), "bytes_an_article": size // window}), flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--only", nargs="*", default=["ntrex", "alt", "halves", "learning", "cost"])
    parser.add_argument("--background", type=int, default=9000)
    parser.add_argument("--window", type=int, default=100_000)
    options = parser.parse_args()
    folder, scorer = options.eval / "translations", options.eval / "score.py"
    started = time.perf_counter()
    background = prepared(map(article, documents(folder / "background.vi.jsonl.gz")[: options.background]))
    print(
        json.dumps(
            {"anchors_ms_an_article_of_one_core": round(2000 * (time.perf_counter() - started) / len(background), 2)}
        ),
        flush=True,
    )
    with filled(background) as index:
        for name in ("ntrex", "alt"):
            truth = folder / f"{name}.jsonl.gz"
            articles = [article(document) for document in documents(truth)]
            if name in options.only:
                measure(name, index, prepared(articles), background, truth, scorer)
            if "halves" in options.only:
                measure(f"{name}, first halves", index, prepared(map(halved, articles)), background, truth, scorer)
    if "learning" in options.only:
        for name, languages in (("ntrex", {"vi", "ja", "zh", "ko"}), ("alt", {"vi", "ja"})):
            truth = folder / f"{name}.jsonl.gz"
            articles = [article(document) for document in documents(truth) if document["language"] in languages]
            stories = sorted({one.article_id.split("@")[0] for one in articles})
            taught = set(stories[:50] if name == "alt" else stories[: len(stories) // 2])
            for text, cut in (("whole", False), ("first half", True)):
                rest = [halved(one) if cut else one for one in articles if one.article_id.split("@")[0] not in taught]
                for pairs in (0, len(taught)):
                    with filled(background) as index, tempfile.NamedTemporaryFile(suffix=".jsonl.gz") as part:
                        learning(
                            index,
                            [(one, anchors(one)) for one in articles if one.article_id.split("@")[0] in taught],
                            pairs,
                        )
                        with gzip.open(part.name, "wt", encoding="utf8") as file:
                            kept = {one.article_id for one in rest}
                            file.writelines(
                                json.dumps(document) + "\n" for document in documents(truth) if document["id"] in kept
                            )
                        measure(
                            f"{name}, {text}, {pairs} pairs learned",
                            index,
                            prepared(rest),
                            background,
                            Path(part.name),
                            scorer,
                        )
    if "cost" in options.only:
        cost(background, options.window, 1000)


if __name__ == "__main__":
    main()
