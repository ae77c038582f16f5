"""Score the extraction of text and metadata, by the scorer of the evaluation data, on pages with truth.

    python benchmarks/extraction.py --eval ../shared/eval                  # what `copydesk extract --batch` prints, scored
    python benchmarks/extraction.py --eval ../shared/eval --cv             # … with models that have not seen the page's host
    python benchmarks/extraction.py --eval ../shared/eval --ablation       # … and what each part contributes (needs lightgbm)
    python benchmarks/extraction.py --eval ../shared/eval --time           # against trafilatura, on the same pages, one core

The shipped model was trained on these pages: the first form flatters it. `--cv` says what to expect elsewhere.
"""

import argparse
import gzip
import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from train_blocks import (
    SETS,
    Learned,
    Sample,
    cross_validate,
    judge,
    lines_of,
    load,
    names,
    rows,
    scorer,
    unseen,
    with_other,
)

from pipelines.clean import clean
from pipelines.extract import body, extract
from pipelines.extract.article import compose, page_lines
from pipelines.extract.batch import extract_batch, repeated, without_template
from pipelines.extract.choose import choose
from pipelines.extract.model import odds_to_chances
from pipelines.lines import line_hash
from pipelines.records import Article, Outcome, Page, Rejected
from pipelines.urls import host


def pages(folder: Path) -> Iterator[Page]:
    for truth in rows(folder / "truth.jsonl"):
        with gzip.open(folder / truth["page"]) as file:
            yield Page(truth["url"] or "https://file.invalid/page", file.read(), datetime.now(UTC))


def batch(score: Any, eval_dir: Path, processes: int) -> list[dict[str, Any]]:
    """One JSON object of `score.py` a set, for what `copydesk extract --batch` would print."""
    out = []
    for name in SETS:
        folder = eval_dir / "extraction" / name
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf8") as file:
            for truth, answer in zip(
                rows(folder / "truth.jsonl"), extract_batch(pages(folder), processes, then=clean), strict=True
            ):
                file.write(json.dumps({"id": truth["id"]} | fields(answer)) + "\n")
            file.flush()
            out.append(score.extraction(file.name, folder))
    return out


def fields(answer: Article | Outcome) -> dict[str, Any]:
    if isinstance(answer, Outcome):
        return {"text": None}
    at = answer.published_at and answer.published_at + timedelta(minutes=answer.published_offset or 0)
    return {"text": body(answer), "title": answer.title, "authors": answer.authors, "date": at and at.isoformat()}


def finished(
    samples: list[Sample], answers: list[Any], *, cleaned: bool = True, template: bool = True
) -> list[list[str]]:
    """The text of each page as the whole extraction composes it from these chances."""
    articles = []
    lines: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for s, chances in zip(samples, answers, strict=True):
        title, lead, text, removed = compose(s.seen, choose(s.seen.blocks, chances, s.titles), None, frozenset())
        url = s.truth["url"] or "https://file.invalid/"
        articles.append(
            Article(
                "",
                url,
                url,
                host(url),
                title,
                "\n".join(text),
                datetime.now(UTC),
                lead=lead,
                removed=removed,
                language=s.truth.get("lang"),
            )
        )
        lines[f"{s.set} {host(url)}"] += [(line, line_hash(title)) for line in page_lines(s.seen.blocks)]
    known = {name: repeated(*zip(*pairs, strict=True)) for name, pairs in lines.items()} if template else {}
    out = []
    for s, article in zip(samples, articles, strict=True):
        done = without_template(article, known.get(f"{s.set} {article.host}", frozenset()))
        out.append([body(clean(done) if cleaned else done)])
    return out


def without(samples: list[Sample], pattern: str) -> list[Sample]:
    """The same samples, blind to the features whose names match."""
    hidden = [i for i, name in enumerate(names(samples)) if re.search(pattern, name)]
    blind = []
    for s in samples:
        features = s.features.copy()
        features[:, hidden] = 0
        blind.append(replace(s, features=features))
    return blind


def ablation(score: Any, samples: list[Sample], learned: Learned) -> Iterator[tuple[str, dict[str, float]]]:
    def lines(chosen: list[list[int]]) -> list[list[str]]:
        return [[s.seen.blocks[i].text for i in numbers] for s, numbers in zip(samples, chosen, strict=True)]

    def likely(answers: list[Any]) -> list[list[str]]:
        return lines([[i for i, p in enumerate(a) if p >= 0.5] for a in answers])

    no_title = [
        np.array([0.0 if b.tight in s.titles else p for b, p in zip(s.seen.blocks, a, strict=True)])
        for s, a in zip(samples, learned.both, strict=True)
    ]
    yield "first look, threshold .5", judge(score, samples, likely(learned.first))
    yield "+ second look", judge(score, samples, likely(learned.alone))
    yield "+ trafilatura, where in doubt", judge(score, samples, likely(learned.both))
    yield "+ the title is not text", judge(score, samples, likely(no_title))
    yield "+ threshold of the page, each passage once", judge(score, samples, lines_of(samples, learned.both))
    yield "+ lines the host repeats", judge(score, samples, finished(samples, learned.both, cleaned=False))
    yield "+ cleaning (= all)", judge(score, samples, finished(samples, learned.both))
    yield "trafilatura never asked", judge(score, samples, finished(samples, learned.alone))
    yield "trafilatura always asked", judge(score, samples, finished(samples, learned.other))
    told = with_other(samples)
    for name, pattern in (
        ("nothing", r"^$"),
        ("trafilatura", r"other"),
        ("class words", r"^(own|near|above)_|^near[+-]"),
        ("the words of the text", r"says"),
        ("neighbours", r"[+-]\d$|around|_other$|^since|^until"),
        ("the elements around and those of its kind", r"^up\d|score_|from_best|siblings|like|same_"),
        ("title, description and JSON-LD", r"title(?!_case)|description|json"),
    ):
        chances = [odds_to_chances(one) for one in unseen(without(told, pattern), learned.usable)]
        yield f"one forest of the first look, blind to {name}", judge(score, samples, finished(samples, chances))


def timed(eval_dir: Path) -> dict[str, float]:
    """Milliseconds of one core a page for `extract` and for trafilatura with metadata, page by page in turns."""
    import trafilatura

    ours, theirs = [], []
    for name in SETS:
        for number, page in enumerate(pages(eval_dir / "extraction" / name)):
            if number % 3:
                continue
            began = time.process_time()
            try:
                extract(page)
            except Rejected:
                continue
            between = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                trafilatura.bare_extraction(page.body, url=page.url, with_metadata=True)
            ours.append(between - began)
            theirs.append(time.process_time() - between)
    out = {"pages": float(len(ours) - 1), "ratio": sum(ours[1:]) / sum(theirs[1:])}  # the first page loads things
    for who, spent in (("extract", ours[1:]), ("trafilatura", theirs[1:])):
        out |= {
            f"{who}_{what}": float(value) * 1000
            for what, value in (("mean", np.mean(spent)), ("p50", np.median(spent)), ("p99", np.percentile(spent, 99)))
        }
    return {name: round(value, 2) for name, value in out.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    for form in ("cv", "ablation", "time"):
        options.add_argument(f"--{form}", action="store_true")
    given = options.parse_args()
    score = scorer(given.eval)
    if given.time:
        print(json.dumps({"time": timed(given.eval)}, indent=1))
    if given.cv or given.ablation:
        samples = load(given.eval, given.processes)
        learned = cross_validate(score, samples)
        print(json.dumps({"cv": judge(score, samples, finished(samples, learned.both))}, indent=1), flush=True)
        if given.ablation:
            for name, result in ablation(score, samples, learned):
                print(f"| {name} | " + " | ".join(f"{result[key]:.4f}" for key in (*SETS, "mean")) + " |", flush=True)
    if not (given.time or given.cv or given.ablation):
        scored = batch(score, given.eval, given.processes)
        print(json.dumps(scored, indent=1))
        print("mean", round(sum(s.get("f1", s.get("span_f1", 0.0)) for s in scored) / len(scored), 4), file=sys.stderr)


if __name__ == "__main__":
    main()
