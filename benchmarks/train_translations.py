"""Learn the weights of `pipelines/translations/model.json` from documents with truth.

    python benchmarks/train_translations.py --eval ../shared/eval [--write]

Pairs: the candidates that the index itself proposes for each document, whole and cut to the first half, true or not. Prints the F1 of the one
decision for all languages on stories, and then on languages, that the weights were not learned from.
"""

import argparse
import gzip
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipelines.records import Article
from pipelines.translations import Parameters, anchors, open_index
from pipelines.translations.score import FEATURES
from pipelines.translations.search import Entry, Search

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RIDGE = 1.0
RIVALS = 5
"""Of each list, the candidates that are learned from."""
SETS = (("ntrex", False, None), ("ntrex", True, None), ("alt", False, 300), ("alt", True, 300), ("xquad", False, None))
"""(file, cut to the first half, most stories)."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A document and one that the index proposed for it; `other` is None where the true one was not proposed."""

    where: str
    story: str
    document: str
    other: str | None
    languages: tuple[str, str]
    true: bool
    features: NDArray[np.float64] | None


def article(document: dict[str, str], cut: bool) -> Article:
    text = document["text"]
    if cut and document["language"] != "vi":
        text = text[: len(text) // 2]
    return Article(document["id"], "", "", "", "", text, NOW, language=document["language"])


def documents(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf8") as file:
        return [json.loads(line) for line in file]


def pairs(folder: Path) -> list[Pair]:
    found = []
    with tempfile.TemporaryDirectory() as state, open_index(Path(state)) as index, ProcessPoolExecutor(2) as pool:
        background = [article(document, False) for document in documents(folder / "background.vi.jsonl.gz")]
        index.add("background", list(zip(background, pool.map(anchors, background, chunksize=100), strict=True)))
        for name, cut, most in SETS:
            read = documents(folder / f"{name}.jsonl.gz")
            stories = set(sorted({document["story"] for document in read})[:most])
            story = {document["id"]: document["story"] for document in read if document["story"] in stories}
            batch = [article(document, cut) for document in read if document["id"] in story]
            entries = [
                Entry(-1 - n, int(NOW.timestamp()), one) for n, one in enumerate(pool.map(anchors, batch, chunksize=20))
            ]
            search = Search(index, entries)
            for entry in entries:
                mine = story[entry.article_id]
                for language, others in search.candidates(entry).items():
                    some = [
                        Pair(f"{name}{'/2' * cut}", mine, entry.article_id, other.article_id, (entry.language, language), story.get(other.article_id) == mine, search.comparison(entry, other).features)
                        for other in others[:RIVALS]
                    ]  # fmt: skip
                    if not any(one.true for one in some):
                        some.append(
                            Pair(
                                f"{name}{'/2' * cut}",
                                mine,
                                entry.article_id,
                                None,
                                (entry.language, language),
                                True,
                                None,
                            )
                        )
                    found += some
    return found


def fit(some: Iterable[Pair]) -> tuple[NDArray[np.float64], float]:
    """Logistic regression with an L2 penalty on standardised features, given back for raw ones."""
    seen = [one for one in some if one.features is not None]
    x = np.array([one.features for one in seen])
    sign = np.where([one.true for one in seen], 1.0, -1.0)
    middle, spread = x.mean(0), x.std(0) + 1e-9
    z = (x - middle) / spread

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (z @ theta[:-1] + theta[-1])
        slope = -sign / (1 + np.exp(np.clip(margin, -500, 500)))
        value = np.logaddexp(0, -margin).sum() + RIDGE * (theta[:-1] ** 2).sum() / 2
        return float(value), np.append(z.T @ slope + RIDGE * theta[:-1], slope.sum())

    theta = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    weights = theta[:-1] / spread
    return weights, float(theta[-1] - (weights * middle).sum())


def judge(some: Iterable[Pair], weights: NDArray[np.float64], bias: float) -> dict[tuple[str, str], list[int]]:
    """(set, other language) → [links to Vietnamese found, right, wanted], a link counting once whichever side finds it."""
    lists: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for one in some:
        if "vi" in one.languages:
            lists[one.where, one.document, one.languages[1]].append(one)
    links: dict[tuple[str, str], dict[tuple[str, str], bool]] = defaultdict(dict)
    wanted: dict[tuple[str, str], set[tuple[str, tuple[str, ...]]]] = defaultdict(set)
    limits = Parameters()
    least = float(np.log(limits.threshold / (1 - limits.threshold)))
    for candidates in lists.values():
        first = candidates[0]
        place = (first.where, next(language for language in first.languages if language != "vi"))
        wanted[place].add((first.story, tuple(sorted(first.languages))))
        scored = sorted(
            ((float(one.features @ weights + bias), one) for one in candidates if one.features is not None),
            key=lambda pair: -pair[0],
        )
        if scored and scored[0][0] >= least and (len(scored) < 2 or scored[0][0] - scored[1][0] >= limits.margin):
            best = scored[0][1]
            links[place][min(best.document, best.other or ""), max(best.document, best.other or "")] = best.true
    return {place: [len(links[place]), sum(links[place].values()), len(all_)] for place, all_ in wanted.items()}


def table(title: str, counts: dict[tuple[str, str], list[int]]) -> None:
    print(title)
    for where in dict.fromkeys(place[0] for place in sorted(counts)):
        cells = []
        for place, (found, right, wanted) in sorted(counts.items()):
            if place[0] == where:
                cells.append(f"{place[1]} {2 * right / max(1, found + wanted):.3f} (P {right / max(1, found):.2f})")
        print(f"  {where}: {', '.join(cells)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=Path("../shared/eval"))
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the weights learned from everything into the package, and hold out no languages",
    )
    options = parser.parse_args()
    every = pairs(options.eval / "translations")
    print(
        f"{sum(one.features is not None for one in every):,} pairs, {sum(one.true and one.features is not None for one in every):,} of them true"
    )

    held: dict[tuple[str, str], list[int]] = {}
    for part in range(4):
        inside = [hashlib.md5(one.story.encode()).digest()[0] % 4 == part for one in every]
        model = fit(one for one, out in zip(every, inside, strict=True) if not out)
        for place, counts in judge((one for one, out in zip(every, inside, strict=True) if out), *model).items():
            held[place] = [a + b for a, b in zip(held.get(place, [0, 0, 0]), counts, strict=True)]
    table("F1 to Vietnamese, stories held out (4 folds):", held)
    held = {}
    for language in () if options.write else sorted({one.languages[1] for one in every} - {"vi"}):
        mine = [language in one.languages for one in every]
        model = fit(one for one, out in zip(every, mine, strict=True) if not out)
        held |= judge((one for one, out in zip(every, mine, strict=True) if out), *model)
    table("F1 to Vietnamese, the language held out:", held)

    weights, bias = fit(every)
    model_file = {
        "features": FEATURES,
        "weights": [round(float(weight), 4) for weight in weights],
        "bias": round(bias, 4),
    }
    print(json.dumps(model_file))
    if options.write:
        Path("pipelines/translations/model.json").write_text(json.dumps(model_file, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
