"""Finding the translation of one article: candidates by rare shared keys, then each compared in full."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipelines.translations.anchors import LENGTH_BITS, NUMBER, Anchors, number_key
from pipelines.translations.embeddings import preferred
from pipelines.translations.learn import Association, bonus, explained
from pipelines.translations.postings import Postings, n_shared, postings, ranges, summed
from pipelines.translations.score import FEATURES, Comparison, Side, compare_sides, logit, probability

_PRIOR = 200
"""How many articles the whole window's share of a key counts for, where a language has few articles of its own."""
_LEAST = 1000
"""A smaller window counts as so many articles, the missing ones with the shares below: the first article of a new index must make
neither all of its keys common nor 3, Monday and China rare."""
_SHARES = np.array([0.003, 0.1, 0.1, 0.02, 0.006, 0.01, 0.18])
"""By class of anchor: the share of news articles that a key of it stands in, roughly (geometric mean over Vietnamese news)."""
_EVERYDAY = {0.2: range(32), 0.05: range(1990, 2041)}
"""The same of figures that stand everywhere: small ones, and years."""
_UNLIKE_FIGURES = 5.0
"""Log odds that differing figures take away; of true translations about one in a hundred has them."""
_CONTAINED, _SHARED_FIGURES = FEATURES.index("contained"), FEATURES.index("shared_figures")
_SAME_TEXT = 0.5
"""Jaccard of the keys of two articles of one language from which they are no rivals: copies of each other."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two articles compared: the score, and the shared anchors in the order of the text as (surface here, surface there)."""

    score: float
    shared: tuple[tuple[str, str], ...]
    containment: float
    """Share of the weight of this article's anchors that stand, in order, in the other."""
    containment_of: float


def turned(alignment: Alignment) -> Alignment:
    """The same from the other side."""
    return Alignment(
        alignment.score,
        tuple((there, here) for here, there in alignment.shared),
        alignment.containment_of,
        alignment.containment,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """An article as the search sees it: number < 0 for those of the batch that are not stored."""

    number: int
    at: int
    """Seconds since 1970."""
    anchors: Anchors
    vector: NDArray[np.float32] | None = None

    @property
    def article_id(self) -> str:
        return self.anchors.article_id

    @property
    def language(self) -> str:
        return self.anchors.language


class Limits(Protocol):
    @property
    def window_days(self) -> int: ...
    @property
    def threshold(self) -> float: ...
    @property
    def margin(self) -> float: ...
    @property
    def max_df(self) -> int: ...
    @property
    def candidates(self) -> int: ...


class Stored(Protocol):
    """What a search asks of the index."""

    @property
    def parameters(self) -> Limits: ...
    def around(self, at: int) -> dict[str, list[Postings]]: ...
    def entry(self, *, number: int) -> Entry | None: ...
    def association(self, a: str, b: str) -> Association | None: ...


class Search:
    """The index as it stands plus a batch, with what was looked up so far."""

    def __init__(self, index: Stored, batch: Sequence[Entry]) -> None:
        self._index = index
        self._parameters = index.parameters
        self._entries: dict[int, Entry | None] = {entry.number: entry for entry in batch}
        self._replaced = {entry.article_id for entry in batch}
        self._window = self._parameters.window_days * 86400
        self._batch = batch
        self._around: dict[int, tuple[dict[str, list[Postings]], dict[str, int]]] = {}
        self._texts: dict[int, int] = {}
        """By number a hash of what an article says and when. What follows is kept by it: copies, of which news is full, share it."""
        self._counts: dict[int, tuple[NDArray[np.uint64], dict[str, NDArray[np.int64]]]] = {}
        self._keys: dict[int, tuple[NDArray[np.uint64], NDArray[np.uint64]]] = {}
        self._surprise: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self._sorted: dict[int, tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.intp]]] = {}
        self._weighed: dict[tuple[int, str], NDArray[np.float32]] = {}
        self._sides: dict[tuple[int, str], Side] = {}
        self._ranked: dict[tuple[int, str], list[tuple[Entry, float]]] = {}
        self._compared: dict[tuple[int, int], tuple[float, Comparison]] = {}

    # -- weights --------------------------------------------------------------------------------------------------------------

    def _lists(self, at: int) -> tuple[dict[str, list[Postings]], dict[str, int]]:
        """The posting lists around a time, the batch's included, and how many articles of each language they hold."""
        period = at // self._window
        if period not in self._around:
            lists = self._index.around(at)
            by_language: dict[str, list[tuple[int, NDArray[np.uint64]]]] = defaultdict(list)
            for entry in self._batch:
                if abs(entry.at // self._window - period) <= 1:
                    by_language[entry.language].append((entry.number, np.unique(entry.anchors.keys)))
            for language, some in by_language.items():
                lists.setdefault(language, []).append(postings(some))
            self._around[period] = (
                lists,
                {language: sum(len(run.articles) for run in runs) for language, runs in lists.items()},
            )
        return self._around[period]

    def _look_up(self, entry: Entry) -> tuple[NDArray[np.uint64], dict[str, NDArray[np.int64]]]:
        """The entry's unique keys, and how many articles of each language around it have them."""
        text = self._text(entry)
        if text not in self._counts:
            keys = self._unique(entry)[0]
            found = {}
            starts, counts = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
            for language, runs in self._lists(entry.at)[0].items():
                total = np.zeros(len(keys), np.int64)
                for run in runs:
                    ranges(run.keys, keys, starts, counts)
                    total += counts
                found[language] = total
            self._counts[text] = keys, found
        return self._counts[text]

    def _text(self, entry: Entry) -> int:
        if entry.number not in self._texts:
            of = entry.anchors
            said = xxhash.xxh3_128(f"{entry.at // self._window} {of.language} {of.n_chars}".encode())
            for array in (of.keys, of.owner, of.positions, of.classes, of.words):
                said.update(array.tobytes())
            self._texts[entry.number] = said.intdigest()
        return self._texts[entry.number]

    def _unique(self, entry: Entry) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """An entry's keys, each once, and those of its figures."""
        text = self._text(entry)
        if text not in self._keys:
            of = entry.anchors
            self._keys[text] = (np.unique(of.keys), np.unique(of.keys[of.classes[of.owner] == NUMBER]))
        return self._keys[text]

    def _weights(self, entry: Entry, other: str) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """How surprising each unique key is: -log of its share of articles, in the language where it is more common."""
        keys, found = self._look_up(entry)
        place = self._text(entry), other
        if place in self._weighed:
            return keys, self._weighed[place]
        sizes = self._lists(entry.at)[1]
        share, weights = self._surprises(entry)
        for language in (entry.language, other):
            count = found.get(language, np.zeros(len(keys), np.int64))
            weights = np.minimum(weights, -np.log((count + _PRIOR * share) / (sizes.get(language, 0) + _PRIOR)))
        self._weighed[place] = np.maximum(weights, 0).astype(np.float32)
        return keys, self._weighed[place]

    def _surprises(self, entry: Entry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each of the entry's unique keys the share of all articles that have it, and the most it can weigh."""
        text = self._text(entry)
        if text not in self._surprise:
            keys, found = self._look_up(entry)
            n = sum(self._lists(entry.at)[1].values())
            total = sum(found.values(), start=np.zeros(len(keys), np.int64)) + 0.5
            missing = max(0, _LEAST - n)
            if missing:
                total = total + missing * _shares(keys, entry.anchors)
            self._surprise[text] = total / (max(_LEAST, n) + 1), _by_chance(keys)
        return self._surprise[text]

    def _side(self, entry: Entry, other: str) -> Side:
        text = self._text(entry)
        if (text, other) not in self._sides:
            unique, weights = self._weights(entry, other)
            of = entry.anchors
            if text not in self._sorted:
                order = np.argsort(of.keys, kind="stable")
                keys = of.keys[order]
                self._sorted[text] = keys, of.owner[order].astype(np.int32), np.searchsorted(unique, keys)
            keys, owner, place = self._sorted[text]
            per_key = weights[place]
            heaviest = np.zeros(len(of.positions), np.float32)
            np.maximum.at(heaviest, owner, per_key)
            self._sides[text, other] = Side(keys, owner, per_key, of.positions, of.classes, heaviest)
        return self._sides[text, other]

    # -- candidates -------------------------------------------------------------------------------------------------------------

    def candidates(self, entry: Entry, only: str | None = None) -> dict[str, list[Entry]]:
        """The most promising articles of each other language (or of one) within the window, best first."""
        keys, found = self._look_up(entry)
        result: dict[str, list[Entry]] = {}
        starts, counts = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
        for language, runs in self._lists(entry.at)[0].items():
            if language == entry.language or only not in (None, language):
                continue
            _, weights = self._weights(entry, language)
            use = (found[language] > 0) & (found[language] <= self._parameters.max_df) & (weights > 0)
            numbers: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
            values: list[NDArray[np.float64]] = [np.empty(0)]
            for run in runs:
                ranges(run.keys, keys, starts, counts)
                taken = np.where(use, counts, 0)
                shared = summed(run.articles, run.numbers, starts, taken, weights.astype(np.float64) ** 2)
                sums = shared / np.sqrt(30 + run.n_keys)  # long articles have more of everything
                best = np.argpartition(-sums, min(len(sums) - 1, 4 * self._parameters.candidates))[
                    : 4 * self._parameters.candidates
                ]
                best = best[sums[best] > 0]
                numbers.append(run.articles[best])
                values.append(sums[best])
            all_numbers, all_values = np.concatenate(numbers), np.concatenate(values)
            chosen: list[tuple[float, str, Entry]] = []
            for place in np.argsort(-all_values, kind="stable"):
                if len(chosen) >= self._parameters.candidates and all_values[place] < chosen[-1][0]:
                    break
                other = self.entry(int(all_numbers[place]))
                if other is not None and abs(other.at - entry.at) <= self._window:
                    chosen.append((float(all_values[place]), other.article_id, other))
            chosen.sort(key=lambda one: (-one[0], one[1]))
            result[language] = [other for _, _, other in chosen[: self._parameters.candidates]]
        return result

    def entry(self, number: int) -> Entry | None:
        """The article of a number; None for one that is gone, or whose new version is in the batch."""
        if number not in self._entries:
            found = self._index.entry(number=number)
            self._entries[number] = None if found is None or found.article_id in self._replaced else found
        return self._entries[number]

    # -- decision ---------------------------------------------------------------------------------------------------------------

    def comparison(self, a: Entry, b: Entry) -> Comparison:
        return compare_sides(self._side(a, b.language), self._side(b, a.language))

    def _judged(self, a: Entry, b: Entry) -> tuple[float, Comparison]:
        """Log odds that the two are one text, with what was learned of their words; the same from both sides."""
        texts = self._text(a), self._text(b)
        if texts not in self._compared:
            # of chains of equal weight the first is taken: it must not matter who asks
            one, other = sorted((a, b), key=lambda each: (each.language, self._text(each)))
            compared = self.comparison(one, other)
            value = logit(compared.features) - _UNLIKE_FIGURES * self._figures_differ(one, other, compared)
            learned = self._index.association(one.language, other.language)
            if learned:
                value += bonus(learned, explained(learned, one.anchors.words, other.anchors.words))
            mirrored = Comparison(compared.features, compared.right, compared.left, compared.weights)
            self._compared[self._text(other), self._text(one)] = value, mirrored
            self._compared[self._text(one), self._text(other)] = value, compared
        return self._compared[texts]

    def alignment(self, a: Entry, b: Entry) -> Alignment:
        value, compared = self._judged(a, b)
        shared = tuple(
            (a.anchors.surfaces[i], b.anchors.surfaces[j]) for i, j in zip(compared.left, compared.right, strict=True)
        )
        in_a, in_b = (
            float(min(1.0, compared.weights.sum() / max(side.heaviest.sum(), 1e-6)))
            for side in (self._side(a, b.language), self._side(b, a.language))
        )
        return Alignment(probability(value), shared, in_a, in_b)

    def links(self, entry: Entry, only: str | None = None) -> list[tuple[Entry, Alignment]]:
        """The articles that this one is a translation of, or that translate it: in each language (or in one) the best and its own copies.

        Nothing, where another text is nearly as likely, seen from either side: then the anchors cannot tell.
        """
        links = []
        for language in self._others(entry, only):
            for other, value in self._best(entry, language):
                if probability(value) >= self._parameters.threshold and any(
                    one.number == entry.number for one, _ in self._best(other, entry.language)
                ):
                    links.append((other, self.alignment(entry, other)))
        return links

    def concerned(self, entry: Entry) -> list[Entry]:
        """Stored articles of other languages that this one resembles so much that their own links may have to be decided again."""
        least = self._parameters.threshold / (1 - self._parameters.threshold)
        least = float(np.log(least)) - self._parameters.margin
        return [
            other
            for language in self._others(entry)
            for other, value in self.ranked(entry, language)
            if other.number > 0 and value >= least
        ]

    def _others(self, entry: Entry, only: str | None = None) -> list[str]:
        return [one for one in self._lists(entry.at)[0] if one != entry.language and only in (None, one)]

    def ranked(self, entry: Entry, language: str) -> list[tuple[Entry, float]]:
        """The candidates of a language with their log odds, the best first."""
        if (entry.number, language) not in self._ranked:
            others = self.candidates(entry, language).get(language, [])
            values = preferred(
                [self._judged(entry, other)[0] for other in others], entry.vector, [other.vector for other in others]
            )
            found = sorted(zip(others, values, strict=True), key=lambda one: (-one[1], one[0].article_id))
            self._ranked[entry.number, language] = found
        return self._ranked[entry.number, language]

    def _best(self, entry: Entry, language: str) -> list[tuple[Entry, float]]:
        """The one text of a language that stands out, with its copies, and their log odds; nothing when none does."""
        ranked = self.ranked(entry, language)
        if not ranked:
            return []
        (first, top), *_ = ranked
        same = [(other, value) for other, value in ranked if other is first or self._same_text(first, other)]
        rival = max((value for other, value in ranked if all(other is not one for one, _ in same)), default=-np.inf)
        return same if top - rival >= self._parameters.margin else []

    def _figures_differ(self, a: Entry, b: Entry, compared: Comparison) -> bool:
        """Whether the two tell other figures: of six or more under a third shared, as on another day of a daily column, which shares
        all the rest; of four or more hardly any that weighs, while neither side's names stand in the other either, as in two reports of one event."""
        one, other = self._unique(a)[1], self._unique(b)[1]
        least = min(len(one), len(other))
        if least >= 6 and n_shared(one, other) < 0.3 * least:
            return True
        return (
            max(len(one), len(other)) >= 4
            and compared.features[_CONTAINED] < 0.8
            and compared.features[_SHARED_FIGURES] < 0.2
        )

    def _same_text(self, a: Entry, b: Entry) -> bool:
        """Whether two articles of one language are copies: their keys agree, and so do their figures alone (daily columns differ there)."""
        return all(
            _jaccard(one, other) >= _SAME_TEXT for one, other in zip(self._unique(a), self._unique(b), strict=True)
        )


def _shares(keys: NDArray[np.uint64], anchors: Anchors) -> NDArray[np.float64]:
    """What share of articles each of an article's unique keys stands in, when nothing is known but the kind of thing it is."""
    classes = np.full(len(keys), len(_SHARES) - 1)
    np.minimum.at(classes, np.searchsorted(keys, anchors.keys), anchors.classes[anchors.owner])
    shares: NDArray[np.float64] = _SHARES[classes]
    for share, everyday in _everyday().items():
        shares[np.isin(keys, everyday)] = share
    return shares


@lru_cache(maxsize=1)
def _everyday() -> dict[float, NDArray[np.uint64]]:
    return {share: np.array([number_key(one) for one in some], np.uint64) for share, some in _EVERYDAY.items()}


def _by_chance(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The most that each of an article's unique keys can weigh: a skeleton that one of so many meets by chance says little.

    Of the eight classes about six are common, so a skeleton of n classes meets one of k others with probability k / 6^n.
    """
    length = (keys & np.uint64(LENGTH_BITS)).astype(np.int64)
    how_many = np.bincount(length, minlength=LENGTH_BITS + 1)[length]
    return np.where(length == LENGTH_BITS, np.inf, length * np.log(6.0) - np.log(how_many))


def _jaccard(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    shared: int = n_shared(a, b)
    return shared / max(1, len(a) + len(b) - shared) if len(a) or len(b) else 1.0
