"""The anchors of all articles, kept: finds the article of another language that a new one translates.

SQLite holds the anchors of each article and is the truth; sorted posting lists by (period, language) are derived from it. Periods are as
long as the window, so an article looks into three of them and a run costs what is new plus one window, never the history.
"""

import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import numba
import numpy as np
from numpy.typing import NDArray

from pipelines.records import Article, Copy, Fact
from pipelines.translations.anchors import LENGTH_BITS, VERSION, Anchors
from pipelines.translations.score import Comparison, Side, compare_sides, logit, probability

METHOD = "anchors/1"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parameters (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (commit_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS article (
    number INTEGER PRIMARY KEY, article_id TEXT NOT NULL UNIQUE, language TEXT NOT NULL, at INTEGER NOT NULL, n_chars INTEGER NOT NULL,
    keys BLOB NOT NULL, owner BLOB NOT NULL, positions BLOB NOT NULL, classes BLOB NOT NULL, surfaces BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS article_at ON article (at);
"""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the answers depend on. Stored in the index; another value is refused."""

    window_days: int = 30
    threshold: float = 0.5
    """Least probability of a link."""
    margin: float = 1.0
    """Least distance in log odds to the next candidate of the same language that is not the same text."""
    max_df: int = 2000
    """A key that stands in more articles of a language and window proposes no candidates there."""
    candidates: int = 4
    """Articles compared in full, per language."""
    anchors: int = VERSION


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two articles compared: the score, and the shared anchors in the order of the text as (surface here, surface there)."""

    score: float
    shared: tuple[tuple[str, str], ...]
    containment: float
    containment_of: float


@dataclass(frozen=True, slots=True, eq=False)
class _Postings:
    keys: NDArray[np.uint64]
    numbers: NDArray[np.int64]


@dataclass(slots=True, eq=False)
class _Entry:
    """An article as the index sees it: number < 0 for those of the batch that are not added yet."""

    number: int
    at: int
    anchors: Anchors


@numba.njit(cache=True, nogil=True)
def _ranges(haystack, needles, starts, counts):  # type: ignore[no-untyped-def]
    """Adds, for each sorted needle, where it starts and how often it stands in the sorted haystack."""
    low = 0
    for i in range(len(needles)):
        low += np.searchsorted(haystack[low:], needles[i])
        high = low
        while high < len(haystack) and haystack[high] == needles[i]:
            high += 1
        starts[i], counts[i] = low, high - low


def open_index(folder: Path, parameters: Parameters | None = None) -> "AnchorIndex":
    """The index in `folder`, made if missing. Raises ValueError when it was made with other parameters."""
    return AnchorIndex(folder, parameters or Parameters())


class AnchorIndex:
    """One writer. `find` changes nothing; `add` is durable when it returns and does nothing for a commit it has seen."""

    def __init__(self, folder: Path, parameters: Parameters) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.parameters = parameters
        self._db = sqlite3.connect(folder / "anchors.sqlite", isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)
        self._check()
        self._runs: dict[tuple[int, str], list[_Postings]] = defaultdict(list)
        self._sizes: dict[tuple[int, str], int] = defaultdict(int)
        self._period = parameters.window_days * 86400
        self._pending: dict[str, _Entry] = {}
        self._load()

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        mine = {name: str(getattr(self.parameters, name)) for name in Parameters.__slots__}
        stored = dict(self._db.execute("SELECT name, value FROM parameters"))
        if not stored:
            self._db.executemany("INSERT INTO parameters VALUES (?, ?)", mine.items())
        elif stored != mine:
            differ = {
                name: (stored.get(name), mine.get(name))
                for name in mine.keys() | stored.keys()
                if stored.get(name) != mine.get(name)
            }
            raise ValueError(
                f"the anchor index was made with other parameters (stored, asked): {differ}; rebuild it or open it with those"
            )

    # -- what is stored -------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        collected: dict[tuple[int, str], tuple[list[NDArray[np.uint64]], list[int]]] = defaultdict(lambda: ([], []))
        for number, language, at, keys in self._db.execute("SELECT number, language, at, keys FROM article"):
            lists = collected[(at // self._period, language)]
            lists[0].append(np.unique(np.frombuffer(keys, np.uint64)))
            lists[1].append(number)
        for place, (lists_of_keys, numbers) in collected.items():
            self._runs[place] = [_postings(lists_of_keys, numbers)]
            self._sizes[place] = len(numbers)

    def applied(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT commit_id FROM applied")}

    def add(self, commit_id: str, batch: Sequence[tuple[Article, Anchors]]) -> None:
        """Remember a committed batch; a later version of an article replaces the earlier one."""
        if self._db.execute("SELECT 1 FROM applied WHERE commit_id = ?", (commit_id,)).fetchone():
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._forget(article.article_id for article, _ in batch)
            added = []
            for article, anchors in {article.article_id: (article, anchors) for article, anchors in batch}.values():
                surfaces = zlib.compress("\n".join(one.replace("\n", " ") for one in anchors.surfaces).encode(), 1)
                row = (article.article_id, anchors.language, _time(article), anchors.n_chars, anchors.keys.tobytes(), anchors.owner.tobytes(), anchors.positions.tobytes(), anchors.classes.tobytes(), surfaces)  # fmt: skip
                cursor = self._db.execute("INSERT INTO article (article_id, language, at, n_chars, keys, owner, positions, classes, surfaces) VALUES (?,?,?,?,?,?,?,?,?)", row)  # fmt: skip
                added.append(_Entry(int(cursor.lastrowid or 0), _time(article), anchors))
            self._db.execute("INSERT INTO applied VALUES (?)", (commit_id,))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._pending = {}
        for place, run in self._group(added).items():
            self._sizes[place] += len(np.unique(run.numbers))
            runs = self._runs[place]
            runs.append(run)
            while len(runs) > 1 and len(runs[-2].keys) <= 2 * len(runs[-1].keys):
                runs[-2:] = [_merged(runs[-2], runs[-1])]

    def remove(self, ids: Collection[str]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._forget(ids)
        self._db.execute("COMMIT")

    def _forget(self, ids: Iterable[str]) -> None:
        for article_id in ids:
            row = self._db.execute(
                "DELETE FROM article WHERE article_id = ? RETURNING number, at, language", (article_id,)
            ).fetchone()
            if row:
                place = (row[1] // self._period, row[2])
                self._runs[place] = [
                    _Postings(run.keys[run.numbers != row[0]], run.numbers[run.numbers != row[0]])
                    for run in self._runs[place]
                ]
                self._sizes[place] -= 1

    def _group(self, entries: Sequence[_Entry]) -> dict[tuple[int, str], _Postings]:
        places: dict[tuple[int, str], list[_Entry]] = defaultdict(list)
        for entry in entries:
            places[(entry.at // self._period, entry.anchors.language)].append(entry)
        return {
            place: _postings([np.unique(one.anchors.keys) for one in some], [one.number for one in some])
            for place, some in places.items()
        }

    def _entry(self, *, number: int | None = None, article_id: str | None = None) -> _Entry | None:
        where, value = ("number", number) if number is not None else ("article_id", article_id)
        row = self._db.execute(
            f"SELECT number, article_id, language, at, n_chars, keys, owner, positions, classes, surfaces FROM article WHERE {where} = ?",
            (value,),
        ).fetchone()
        if row is None:
            return None
        surfaces = tuple(zlib.decompress(row[9]).decode().split("\n")) if row[9] else ()
        anchors = Anchors(
            article_id=row[1], language=row[2], n_chars=row[4], surfaces=surfaces,
            keys=np.frombuffer(row[5], np.uint64), owner=np.frombuffer(row[6], np.uint16),
            positions=np.frombuffer(row[7], np.uint16), classes=np.frombuffer(row[8], np.uint8),
        )  # fmt: skip
        return _Entry(row[0], row[3], anchors)

    # -- finding ----------------------------------------------------------------------------------------------------------------

    def find(self, batch: Sequence[tuple[Article, Anchors]], *, run_id: str, now: datetime) -> list[Copy]:
        """The translations among the batch and between it and the window. Asking again after `add` gives no other pairs."""
        search = _Search(self, batch)
        self._pending = {entry.anchors.article_id: entry for entry in search.batch}
        pairs: dict[tuple[str, str], Copy] = {}
        for entry in search.batch:
            for other, alignment in search.links(entry):
                copy, original = (entry, other) if _later(entry, other) else (other, entry)
                first = alignment if copy is entry else _turned(alignment)
                key = (copy.anchors.article_id, original.anchors.article_id)
                if key not in pairs or pairs[key].score < first.score:
                    pairs[key] = Copy(
                        article_id=key[0], of_article_id=key[1], kind="translation", similarity=None, containment=first.containment,
                        containment_of=first.containment_of, score=first.score, evidence=_evidence(first), decided_at=now, run_id=run_id, method=METHOD,
                    )  # fmt: skip
        return list(pairs.values())

    def compare(self, a_id: str, b_id: str) -> Alignment | None:
        """How two articles compare, whatever their languages and dates; None when either is neither stored nor of the batch last asked about."""
        a, b = (self._pending.get(one) or self._entry(article_id=one) for one in (a_id, b_id))
        if a is None or b is None:
            return None
        search = _Search(self, [])
        return search.alignment(a, b)[1]

    def learn(self, pairs: Iterable[tuple[Article, Article]]) -> None:
        """Learn terms from pairs whose declared source was confirmed."""

    def trained(self) -> Mapping[str, int]:
        """Language → confirmed pairs learned from."""
        return {}


class _Search:
    """One `find`: the index as it stands plus the batch, with what was looked up so far."""

    def __init__(self, index: AnchorIndex, batch: Sequence[tuple[Article, Anchors]]) -> None:
        self._index = index
        self._parameters = index.parameters
        self.batch = [_Entry(-1 - place, _time(article), anchors) for place, (article, anchors) in enumerate(batch)]
        self._known = {entry.number: entry for entry in self.batch}
        replaced = {entry.anchors.article_id for entry in self.batch}
        self._replaced = replaced
        self._fresh = index._group(self.batch)
        self._counts: dict[int, tuple[NDArray[np.uint64], dict[str, NDArray[np.int32]]]] = {}
        self._sides: dict[tuple[int, str, str], Side] = {}
        self._runs_of: dict[int, dict[str, list[_Postings]]] = {}
        self._sizes_of: dict[int, dict[str, int]] = {}

    def _runs(self, at: int) -> dict[str, list[_Postings]]:
        """The posting lists of the window around a time, by language."""
        period = at // self._index._period
        if period in self._runs_of:
            return self._runs_of[period]
        runs: dict[str, list[_Postings]] = defaultdict(list)
        for source in (self._index._runs, {place: [run] for place, run in self._fresh.items()}):
            for (where, language), some in source.items():
                if abs(where - period) <= 1:
                    runs[language].extend(some)
        self._runs_of[period] = runs
        return runs

    def _sizes(self, at: int) -> dict[str, int]:
        """How many articles of each language the window around a time has."""
        period = at // self._index._period
        if period not in self._sizes_of:
            sizes: dict[str, int] = defaultdict(int)
            for (where, language), size in self._index._sizes.items():
                sizes[language] += size if abs(where - period) <= 1 else 0
            for entry in self.batch:
                sizes[entry.anchors.language] += abs(entry.at // self._index._period - period) <= 1
            self._sizes_of[period] = sizes
        return self._sizes_of[period]

    def _look_up(self, entry: _Entry) -> tuple[NDArray[np.uint64], dict[str, NDArray[np.int32]]]:
        """The entry's unique keys, and how many articles of each language in the window have them."""
        if entry.number not in self._counts:
            keys = np.unique(entry.anchors.keys)
            found = {}
            starts, counts = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
            for language, runs in self._runs(entry.at).items():
                total = np.zeros(len(keys), np.int32)
                for run in runs:
                    _ranges(run.keys, keys, starts, counts)
                    total += counts.astype(np.int32)
                found[language] = total
            self._counts[entry.number] = keys, found
        return self._counts[entry.number]

    def _weights(
        self, entry: _Entry, language_a: str, language_b: str
    ) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Rarity of each unique key in the language where it is more common: -log of its smoothed share of articles."""
        keys, found = self._look_up(entry)
        sizes = self._sizes(entry.at)
        total = max(1, sum(sizes.values()))
        share = (sum(found.values(), start=np.zeros(len(keys), np.int32)) + 0.5) / (total + 1)
        weights = np.full(len(keys), np.inf)
        for language in (language_a, language_b):
            seen = found.get(language)
            smoothed = ((0 if seen is None else seen) + 20 * share) / (sizes.get(language, 0) + 20)
            weights = np.minimum(weights, -np.log(smoothed))
        weights = np.minimum(weights, _chance(keys))
        return keys, np.maximum(weights, 0).astype(np.float32)

    def side(self, entry: _Entry, other_language: str) -> Side:
        mine = entry.anchors.language
        pair = (entry.number, min(mine, other_language), max(mine, other_language))
        if pair not in self._sides:
            unique, weights = self._weights(entry, mine, other_language)
            of = entry.anchors
            order = np.argsort(of.keys, kind="stable")
            per_key = weights[np.searchsorted(unique, of.keys[order])]
            owner = of.owner[order].astype(np.int32)
            heaviest = np.zeros(len(of.positions), np.float32)
            np.maximum.at(heaviest, owner, per_key)
            self._sides[pair] = Side(of.keys[order], owner, per_key, of.positions, of.classes, heaviest)
        return self._sides[pair]

    def candidates(self, entry: _Entry) -> dict[str, list[_Entry]]:
        """The most promising articles of each other language, best first."""
        keys, found = self._look_up(entry)
        result: dict[str, list[_Entry]] = {}
        window = self._parameters.window_days * 86400
        starts, counts = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
        for language, runs in self._runs(entry.at).items():
            if language == entry.anchors.language:
                continue
            _, weights = self._weights(entry, entry.anchors.language, language)
            use = (found[language] > 0) & (found[language] <= self._parameters.max_df)
            if not use.any():
                continue
            numbers, values = [], []
            for run in runs:
                _ranges(run.keys, keys, starts, counts)
                taken = np.where(use, counts, 0)
                where = np.repeat(starts - np.concatenate(([0], np.cumsum(taken)[:-1])), taken) + np.arange(taken.sum())
                numbers.append(run.numbers[where])
                values.append(np.repeat(weights**2, taken))
            all_numbers, inverse = np.unique(np.concatenate(numbers), return_inverse=True)
            sums = np.bincount(inverse, weights=np.concatenate(values))
            best = []
            for place in np.argsort(-sums, kind="stable")[: 8 * self._parameters.candidates]:
                other = self.entry(int(all_numbers[place]))
                if other is not None and abs(other.at - entry.at) <= window:
                    best.append((float(sums[place]) / (10 + len(other.anchors.positions)) ** 0.5, other))
            best.sort(key=lambda one: (-one[0], one[1].anchors.article_id))
            result[language] = [other for _, other in best[: self._parameters.candidates]]
        return result

    def entry(self, number: int) -> _Entry | None:
        """The article of a number; None for a stored version that the batch replaces."""
        if number not in self._known:
            found = self._index._entry(number=number)
            if found is None or found.anchors.article_id in self._replaced:
                return None
            self._known[number] = found
        return self._known[number]

    def comparison(self, a: _Entry, b: _Entry) -> Comparison:
        return compare_sides(self.side(a, b.anchors.language), self.side(b, a.anchors.language))

    def alignment(self, a: _Entry, b: _Entry) -> tuple[float, Alignment]:
        compared = self.comparison(a, b)
        value = logit(compared.features)
        return value, self._described(a, b, compared, value)

    def _described(self, a: _Entry, b: _Entry, compared: Comparison, value: float) -> Alignment:
        shared = tuple(
            (a.anchors.surfaces[i], b.anchors.surfaces[j]) for i, j in zip(compared.left, compared.right, strict=True)
        )
        weights = compared.weights.sum()
        in_a = weights / max(self.side(a, b.anchors.language).heaviest.sum(), 1e-6)
        in_b = weights / max(self.side(b, a.anchors.language).heaviest.sum(), 1e-6)
        return Alignment(probability(value), shared, min(1.0, float(in_a)), min(1.0, float(in_b)))

    def links(self, entry: _Entry) -> list[tuple[_Entry, Alignment]]:
        """The articles that this one is a translation of, or that translate it."""
        links = []
        for others in self.candidates(entry).values():
            compared = [(self.comparison(entry, other), other) for other in others]
            ranked = sorted(((logit(one.features), one, other) for one, other in compared), key=lambda one: -one[0])
            if not ranked:
                continue
            best, comparison, other = ranked[0]
            rival = ranked[1][0] if len(ranked) > 1 else -30.0
            if probability(best) >= self._parameters.threshold and best - rival >= self._parameters.margin:
                links.append((other, self._described(entry, other, comparison, best)))
        return links


def _postings(lists_of_keys: Sequence[NDArray[np.uint64]], numbers: Sequence[int]) -> _Postings:
    keys = np.concatenate(lists_of_keys) if lists_of_keys else np.empty(0, np.uint64)
    owners = np.repeat(np.array(numbers, np.int64), [len(one) for one in lists_of_keys])
    order = np.argsort(keys, kind="stable")
    return _Postings(keys[order], owners[order])


def _merged(a: _Postings, b: _Postings) -> _Postings:
    keys = np.concatenate((a.keys, b.keys))
    order = np.argsort(keys, kind="stable")
    return _Postings(keys[order], np.concatenate((a.numbers, b.numbers))[order])


def _time(article: Article) -> int:
    """Seconds since 1970: when it was published, else when it was fetched."""
    return int((article.published_at or article.fetched_at).timestamp())


def _chance(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The most that each of an article's unique keys can weigh: a skeleton that one of so many meets by chance says little.

    Of the eight classes about six are common, so a skeleton of n classes meets one of k others with probability k / 6^n.
    """
    length = (keys & np.uint64(LENGTH_BITS)).astype(np.int64)
    how_many = np.bincount(length, minlength=LENGTH_BITS + 1)[length]
    return np.where(length == LENGTH_BITS, np.inf, length * np.log(6.0) - np.log(how_many))


def _later(a: _Entry, b: _Entry) -> bool:
    """Whether a is the copy of the two: published later; ties by id, so that the order of arrival decides nothing."""
    return (a.at, a.anchors.article_id) > (b.at, b.anchors.article_id)


def _turned(alignment: Alignment) -> Alignment:
    return Alignment(
        alignment.score,
        tuple((there, here) for here, there in alignment.shared),
        alignment.containment_of,
        alignment.containment,
    )


def _evidence(alignment: Alignment) -> tuple[Fact, ...]:
    """The shared anchors in the order of the copy, each once, as `here ↔ there`; at most forty."""
    shown = list(dict.fromkeys(f"{here} ↔ {there}" for here, there in alignment.shared))
    return (Fact("shared_anchors", str(len(shown))), *(Fact("anchor", one) for one in shown[:40]))
