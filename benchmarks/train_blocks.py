"""Learn which blocks of a page are the article, and judge it by cross-validation over hosts.

    python benchmarks/train_blocks.py --eval ../shared/eval            # cross-validate, then train on all and write the model
    python benchmarks/train_blocks.py --eval ../shared/eval --cv-only

Needs lightgbm, for training only: the package applies the model by itself. The folds are made of whole
hosts, so that no page is judged by a model that has seen another page of its site. What is printed as `cv` is what to
expect on new sites; what the same model scores on the pages it was trained on says nothing.
"""

import argparse
import gzip
import hashlib
import importlib.util
import json
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from pipelines.extract import blocks as blocks_module
from pipelines.extract import model as model_module
from pipelines.extract.article import SURE, look, measure, measure_other
from pipelines.extract.choose import choose, expected_best
from pipelines.extract.features import Hints, around_chances, describe, describe_other
from pipelines.extract.model import odds_to_chances
from pipelines.records import Rejected

SETS = ("aeb", "fundus", "daniel", "magichtml_article", "wcxb", "trafilatura")
FOLDS = 5
PARAMETERS = {"objective": "binary", "num_leaves": 16, "max_depth": 6, "learning_rate": 0.05, "min_data_in_leaf": 40, "feature_fraction": 0.3, "extra_trees": True, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 63, "force_row_wise": True, "deterministic": True, "num_threads": 1, "verbose": -1}  # fmt: skip
ROUNDS = 200
SEEDS = (7, 8, 9)
"""The mean of so many forests: which of them it is moves the F1 of a set by up to .002."""
ODD = 0.7
"""Below this F1 a page's truth is taken to be of another text."""
EASY = 0.35
"""Share of the short foreign blocks that is learned from; there are a hundred on every page."""


@dataclass
class Sample:
    """One page, ready for learning."""

    set: str
    truth: dict[str, Any]
    group: str
    seen: Any
    """`article.Seen` without its tree."""
    titles: frozenset[str]
    features: Any
    """Of the first look, shape (blocks, columns)."""
    other: Any
    """What trafilatura makes of the blocks, shape (blocks, columns)."""
    y: Any
    """Label of each block, 0–1; nan where the truth says nothing."""
    w: Any
    """Weight of each block; a page's weights add up to about 1."""


def scorer(eval_dir: Path) -> Any:
    spec = importlib.util.spec_from_file_location("score", eval_dir / "score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines() if line.strip()]


def site(url: str, fallback: str) -> str:
    labels = (urlsplit(url).hostname or fallback).split(".")
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return ".".join(labels[-keep:])


def fold(group: str) -> int:
    return int(hashlib.blake2b(group.encode(), digest_size=4).hexdigest(), 16) % FOLDS


def sample(eval_dir: Path, job: tuple[str, dict[str, Any]]) -> Sample | None:
    name, truth = job
    with gzip.open(eval_dir / "extraction" / name / truth["page"]) as file:
        body = file.read()
    try:
        seen = look(body, truth["url"] or "")
    except Rejected:
        return None
    if not seen.blocks:
        return None
    tight = [block.tight for block in seen.blocks]
    titles = frozenset(map(blocks_module.squeeze, seen.titles))
    matrix, other = measure(seen), measure_other(seen)
    sizes = np.array([block.size for block in seen.blocks], dtype=float)
    if truth.get("body"):
        y = labels(tight, blocks_module.squeeze(truth["body"]))
        w = sizes / max(float((sizes * (y > 0.5)).sum()), 30.0)
        w = np.minimum(w, 1.0) + 0.0005
        for i, text in enumerate(
            tight
        ):  # the title is never part of the text; where a truth begins with it, it says nothing
            if text in titles:
                y[i] = np.nan if y[i] > 0.5 else 0.0
    else:
        y = np.full(len(tight), np.nan)
        w = np.zeros(len(tight))
        spans = [(blocks_module.squeeze(span), 1.0) for span in truth.get("with", ())] + [
            (blocks_module.squeeze(span), 0.0) for span in truth.get("without", ())
        ]
        for span, value in spans:
            for i, text in enumerate(tight):
                if span and span in text:
                    y[i], w[i] = value, 1 / len(spans)
    seen.tree = None
    for block in seen.blocks:
        block.element = None
    return Sample(name, truth, site(truth["url"], truth["id"]), seen, titles, matrix, other, y, w)


def labels(tight: list[str], truth: str) -> Any:
    """How much of each block stands in the truth; a short block only where its neighbour says so too."""
    y = np.zeros(len(tight))
    for i, text in enumerate(tight):
        if len(text) >= 20:
            y[i] = 1.0 if text in truth else probes(text, truth)
    for i, text in enumerate(tight):
        if len(text) < 20:
            before, after = "".join(tight[max(0, i - 2) : i])[-10:], "".join(tight[i + 1 : i + 3])[:10]
            y[i] = float((bool(before) and before + text in truth) or (bool(after) and text + after in truth))
    places = defaultdict(list)
    for i, text in enumerate(tight):
        if y[i] > 0.5:
            places[text].append(i)
    for text, where in places.items():
        if len(where) > truth.count(text) >= 1:
            mass = {
                i: float(sum(y[j] * len(tight[j]) for j in range(max(0, i - 6), min(len(y), i + 7)) if j != i))
                for i in where
            }
            for i in sorted(where, key=mass.__getitem__, reverse=True)[truth.count(text) :]:
                y[i] = 0.0
    return y


def probes(text: str, truth: str) -> float:
    starts = range(0, len(text) - 12, max(8, (len(text) - 12) // 20))
    return sum(text[i : i + 12] in truth for i in starts) / max(1, len(starts))


@dataclass
class Grown:
    """Forests that learned the same, each with luck of its own."""

    forests: list[Any]

    def odds(self, x: Any) -> Any:
        return np.mean([forest.predict(x, raw_score=True) for forest in self.forests], axis=0)


def grow(samples: list[Sample]) -> Grown:
    """Forests for these pages."""
    import lightgbm

    pages = {name: sum(s.set == name for s in samples) for name in SETS}
    chance = np.random.default_rng(1)
    parts = []
    for s in samples:
        easy = (s.y < 0.1) & (s.w < 0.01)
        kept = ~np.isnan(s.y) & (s.w > 0) & ~(easy & (chance.random(len(s.y)) > EASY))
        weight = np.where(easy, s.w / EASY, s.w) / pages[s.set]  # sets weigh the same
        parts.append((s.features[kept], s.y[kept], weight[kept]))
    x, y, w = (np.concatenate(part) for part in zip(*parts, strict=True))
    partly = (y > 0) & (y < 1)  # counts on both sides, by its share
    x, answers = np.concatenate([x, x[partly]]), np.concatenate([np.where(partly, 0, y), np.ones(partly.sum())])
    w = np.concatenate([np.where(partly, w * (1 - y), w), (w * y)[partly]])
    data = lightgbm.Dataset(x, answers, weight=w / w.mean(), free_raw_data=False)
    return Grown([lightgbm.train(PARAMETERS | {"seed": seed}, data, num_boost_round=ROUNDS) for seed in SEEDS])


def names(samples: list[Sample]) -> list[str]:
    """What the columns are called, those of the first look and those of trafilatura's answer."""
    seen = samples[0].seen
    return [*describe(seen.blocks, seen.nodes, Hints()), *describe_other(seen.blocks, seen.nodes, "")]


def with_other(samples: list[Sample]) -> list[Sample]:
    """The same pages with trafilatura's answer among their features."""
    return [replace(s, features=np.column_stack([s.features, s.other])) for s in samples]


def with_around(samples: list[Sample], odds: list[Any]) -> list[Sample]:
    """The same pages with what a first look says of each block's surroundings among their features."""
    return [
        replace(
            s, features=np.column_stack([s.features, around_chances(s.seen.blocks, s.seen.nodes, odds_to_chances(o))])
        )
        for s, o in zip(samples, odds, strict=True)
    ]


def unseen(samples: list[Sample], usable: list[bool]) -> list[Any]:
    """For each page the log odds of its blocks, by a forest that has seen no page of its host; it learns from what is usable."""
    odds: list[Any] = [None] * len(samples)
    for k in range(FOLDS):
        grown = grow([s for s, use in zip(samples, usable, strict=True) if use and fold(s.group) != k])
        for i, s in enumerate(samples):
            if fold(s.group) == k:
                odds[i] = grown.odds(s.features)
    return odds


@dataclass
class Learned:
    """What came of learning by folds. Chances of each page's blocks, by models that saw no page of its host."""

    first: list[Any]
    """At the first look."""
    alone: list[Any]
    """… and after the second."""
    other: list[Any]
    """When trafilatura is always asked."""
    asked: list[bool]
    """The pages on which it is asked in truth."""
    usable: list[bool]
    """The pages whose truth is not at odds with all that was learned from others."""
    forests: dict[str, tuple[list[Sample], list[bool]]]
    """What each forest of the package learns from: pages with its features, and which of them to use."""

    @property
    def both(self) -> list[Any]:
        """As the package answers."""
        return [two if asked else one for one, two, asked in zip(self.alone, self.other, self.asked, strict=True)]


def cross_validate(score: Any, samples: list[Sample]) -> Learned:
    """Chances for every page, by forests that have seen no page of its host, in the steps that the shipped model is made with.

    A page whose text, chosen by what was learned from all others, has little in common with its truth (F1 below `ODD`) is not learned from: its truth is
    rather another text than hard to find. It is still judged. A second look learns from chances of a first look that had not seen the page.
    """
    told = with_other(samples)
    rough = lines_of(samples, [odds_to_chances(odds) for odds in unseen(told, [True] * len(samples))])
    usable = [page_f1(score, s, lines) >= ODD for s, lines in zip(samples, rough, strict=True)]
    print(f"{usable.count(False)} pages are not learned from", file=sys.stderr)
    first = unseen(samples, usable)
    again = with_around(samples, first)
    alone = [odds_to_chances((one + two) / 2) for one, two in zip(first, unseen(again, usable), strict=True)]
    first_told = [(one + two) / 2 for one, two in zip(first, unseen(told, usable), strict=True)]
    again_told = with_around(told, first_told)
    return Learned(
        first=[odds_to_chances(one) for one in first],
        alone=alone,
        other=[
            odds_to_chances((one + two) / 2) for one, two in zip(first_told, unseen(again_told, usable), strict=True)
        ],
        asked=[expected_best(s.seen.blocks, one).f1 < SURE for s, one in zip(samples, alone, strict=True)],
        usable=usable,
        forests={
            "first": (samples, usable),
            "second": (again, usable),
            "first_with_other": (told, usable),
            "second_with_other": (again_told, usable),
        },
    )


def page_f1(score: Any, sample: Sample, lines: list[str]) -> float:
    """How much a page's text has in common with its truth; 1 where only spans are known."""
    if not sample.truth.get("body"):
        return 1.0
    hit, more, less = score.body_counts(sample.truth["body"], "\n".join(lines))
    return float(2 * hit / (2 * hit + more + less))


def judge(score: Any, samples: list[Sample], chosen: list[list[str]]) -> dict[str, float]:
    """Body F1 of each set as `score.py` counts it, and their mean (span F1 on `trafilatura`)."""
    out = {}
    for name in SETS:
        mine = [(s, "\n".join(lines)) for s, lines in zip(samples, chosen, strict=True) if s.set == name]
        if name == "trafilatura":
            hit = bad = want = 0
            for s, text in mine:
                flat = score.squash(text)
                hit += sum(score.squash(span) in flat for span in s.truth["with"])
                bad += sum(score.squash(span) in flat for span in s.truth["without"])
                want += len(s.truth["with"])
            out[name] = 2 * hit / (hit + bad + want)
        else:
            counts = [score.body_counts(s.truth["body"], text) for s, text in mine]
            p = [tp / (tp + fp) for tp, fp, _ in counts if tp + fp]
            r = [tp / (tp + fn) for tp, _, fn in counts if tp + fn]
            precision, recall = sum(p) / len(p), sum(r) / len(r)
            out[name] = 2 * precision * recall / (precision + recall)
    out["mean"] = sum(out.values()) / len(out)
    return {name: round(value, 4) for name, value in out.items()}


def lines_of(samples: list[Sample], answers: list[Any]) -> list[list[str]]:
    return [
        [s.seen.blocks[i].text for i in choose(s.seen.blocks, answer, s.titles)]
        for s, answer in zip(samples, answers, strict=True)
    ]


def load(eval_dir: Path, processes: int) -> list[Sample]:
    jobs = [(name, truth) for name in SETS for truth in rows(eval_dir / "extraction" / name / "truth.jsonl")]
    with ProcessPoolExecutor(processes) as pool:
        return [s for s in pool.map(partial(sample, eval_dir), jobs, chunksize=8) if s is not None and len(s.y)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--cv-only", action="store_true")
    chosen = options.parse_args()
    score = scorer(chosen.eval)
    samples = load(chosen.eval, chosen.processes)
    learned = cross_validate(score, samples)
    result = {
        "first look": judge(score, samples, lines_of(samples, learned.first)),
        "never asking trafilatura": judge(score, samples, lines_of(samples, learned.alone)),
        "always asking trafilatura": judge(score, samples, lines_of(samples, learned.other)),
        "cv": judge(score, samples, lines_of(samples, learned.both)),
        "asked": asked(samples, learned),
        "oracle": judge(score, samples, lines_of(samples, [np.nan_to_num(s.y, nan=0.0) for s in samples])),
    }
    print(json.dumps(result, indent=1))
    if not chosen.cv_only:
        model_module.save(
            {
                name: [
                    forest.dump_model()
                    for forest in grow([s for s, use in zip(pages, usable, strict=True) if use]).forests
                ]
                for name, (pages, usable) in learned.forests.items()
            }
        )


def asked(samples: list[Sample], learned: Learned) -> dict[str, float]:
    """The share of pages of each set on which trafilatura is asked."""
    return {
        name: round(float(np.mean([a for s, a in zip(samples, learned.asked, strict=True) if s.set == name])), 3)
        for name in SETS
    }


if __name__ == "__main__":
    main()
