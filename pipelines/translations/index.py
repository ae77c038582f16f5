"""The anchors of all articles, kept: finds the article of another language that a new one translates.

SQLite holds each article's anchors and is the truth; posting lists by period and language are derived from it and memory-mapped. Periods are
as long as the window, so an article looks into three of them, and a run costs what is new, never the history.
"""

import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipelines.records import Article, Copy, Fact
from pipelines.translations import learn
from pipelines.translations.anchors import VERSION, Anchors
from pipelines.translations.embeddings import Encoder
from pipelines.translations.learn import Association
from pipelines.translations.postings import Postings, load, merged, postings, save, without
from pipelines.translations.search import Alignment, Entry, Search, turned

METHOD = "anchors/1"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parameters (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS encoder (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (commit_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS article (
    number INTEGER PRIMARY KEY AUTOINCREMENT, article_id TEXT NOT NULL UNIQUE, language TEXT NOT NULL, at INTEGER NOT NULL, n_chars INTEGER NOT NULL,
    keys BLOB NOT NULL, owner BLOB NOT NULL, positions BLOB NOT NULL, classes BLOB NOT NULL, words BLOB NOT NULL, lines BLOB NOT NULL, surfaces BLOB NOT NULL, vector BLOB);
CREATE INDEX IF NOT EXISTS article_place ON article (language, at);
CREATE TABLE IF NOT EXISTS place (period INTEGER NOT NULL, language TEXT NOT NULL, PRIMARY KEY (period, language)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pair (source TEXT NOT NULL, target TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (source, target, a, b)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS association (
    source TEXT NOT NULL, target TEXT NOT NULL, learned BLOB NOT NULL, PRIMARY KEY (source, target)) WITHOUT ROWID;
"""
_COLUMNS = "number, article_id, language, at, n_chars, keys, owner, positions, classes, words, lines, surfaces, vector"
_INSERT = f"INSERT INTO article ({_COLUMNS.partition(', ')[2]}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608  (a constant)
_SAVE_FROM = 500
"""New articles of one period and language after which its posting lists are written, once they are also a quarter of it."""

Place = tuple[int, str]
"""A period (seconds since 1970 by the window's length) and a language."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the answers depend on. Stored in the index; another value is refused."""

    window_days: int = 30
    threshold: float = 0.3
    """Least probability of a link."""
    margin: float = 1.0
    """Least distance in log odds to the next candidate of the same language that is not the same text."""
    max_df: int = 2000
    """A key that stands in more articles of a language and window proposes no candidates there."""
    candidates: int = 12
    """Articles compared in full, per language."""
    anchors: int = VERSION

    def as_dict(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in self.__slots__}


class IndexMismatch(ValueError):  # noqa: N818  (the same name as for the other index)
    """The index was made with other parameters; the message names them and the command that mends it."""


@dataclass(frozen=True, slots=True)
class Considered:
    """An article of another language that was compared in full."""

    article_id: str
    language: str
    alignment: Alignment
    linked: bool
    threshold: float

    @property
    def why_none(self) -> str:
        """Why it is not linked, for people; "" when it is."""
        if self.linked:
            return ""
        if self.alignment.score < self.threshold:
            return f"score {self.alignment.score:.2f}; {self.threshold:.2f} is needed"
        return "another text is nearly as likely, seen from one of the two; the anchors cannot tell"


def open_index(folder: Path, parameters: Parameters | None = None, *, encoder: Encoder | None = None) -> "AnchorIndex":
    """The index in `folder`, made if missing. Raises IndexMismatch when it was made with other parameters."""
    return AnchorIndex(folder, parameters or Parameters(), encoder)


class AnchorIndex:
    """One writer. `find` changes nothing; `add` is durable when it returns and does nothing for a commit it has seen."""

    def __init__(self, folder: Path, parameters: Parameters, encoder: Encoder | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.parameters = parameters
        self.encoder = encoder
        self._folder = folder
        self._db = sqlite3.connect(folder / "anchors.sqlite", isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)
        self._check()
        if encoder is not None:
            self._vectors_of(encoder.name)
        self._period = parameters.window_days * 86400
        self._runs: dict[Place, list[Postings]] = {}
        self._saved: dict[Place, int] = {}
        self._places: set[Place] = {(row[0], row[1]) for row in self._db.execute("SELECT period, language FROM place")}
        self._associations: dict[tuple[str, str], Association] = {}
        self._load_associations()
        self._asked: tuple[Search, dict[str, Entry]] | None = None
        """The batch last asked about, until it is added."""

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        mine = self.parameters.as_dict()
        stored = dict(self._db.execute("SELECT name, value FROM parameters"))
        if not stored:
            self._db.executemany("INSERT INTO parameters VALUES (?, ?)", mine.items())
        elif stored != mine:
            differ = {
                name: (stored.get(name), mine.get(name))
                for name in sorted(mine.keys() | stored.keys())
                if stored.get(name) != mine.get(name)
            }
            raise IndexMismatch(
                f"{self._folder}: made with other parameters (stored, asked): {differ}; copydesk verify --repair makes it anew"
            )

    def _vectors_of(self, name: str) -> None:
        """Vectors of another model say nothing beside this one's."""
        self._db.execute("BEGIN IMMEDIATE")
        if self._db.execute("SELECT name FROM encoder").fetchall() != [(name,)]:
            self._db.execute("UPDATE article SET vector = NULL")
            self._db.execute("DELETE FROM encoder")
            self._db.execute("INSERT INTO encoder VALUES (?)", (name,))
        self._db.execute("COMMIT")

    # -- finding ----------------------------------------------------------------------------------------------------------------

    def find(self, batch: Sequence[tuple[Article, Anchors]], *, run_id: str, now: datetime) -> list[Copy]:
        """The translations among the batch and between it and the window, and what they take back of earlier answers, as `refuted`.

        The batch stays known to `compare` until the next `find` or `add`.
        """
        entries = self.entries(batch)
        search = Search(self, entries)
        self._asked = search, {entry.article_id: entry for entry in entries}
        links = ((entry, other, alignment) for entry in entries for other, alignment in search.links(entry))
        found = copies(links, run_id=run_id, now=now)
        taken_back = (Fact("reason", "another_text_fits_as_well"),)
        return found + [
            Copy(
                article_id=copy, of_article_id=original, kind="refuted", similarity=None, containment=None,
                containment_of=None, score=0.0, evidence=taken_back, decided_at=now, run_id=run_id, method=METHOD,
            )
            for copy, original in self._taken_back(search, entries)
        ]  # fmt: skip

    def entries(self, batch: Sequence[tuple[Article, Anchors]]) -> list[Entry]:
        """A batch as the search sees it."""
        vectors = self._vectors([article for article, _ in batch])
        return [
            Entry(-1 - place, time_of(article), anchors, vectors[place])
            for place, (article, anchors) in enumerate(batch)
        ]

    def _taken_back(self, search: Search, entries: Sequence[Entry]) -> set[tuple[str, str]]:
        """(copy, original) of the links that stood before the batch and, with it, do not."""
        before = Search(self, [])
        gone = set()
        for entry in entries:
            changed: list[tuple[Entry, Entry, str | None]] = [
                (other, other, entry.language) for other in search.concerned(entry)
            ]
            if old := self.entry(article_id=entry.article_id):
                changed.append((old, entry, None))
            for was, is_, language in changed:
                still = {other.article_id for other, _ in search.links(is_, language)}
                for other, _ in before.links(was, language):
                    if other.article_id not in still:
                        copy, original = (was, other) if _later(was, other) else (other, was)
                        gone.add((copy.article_id, original.article_id))
        return gone

    def compare(self, a_id: str, b_id: str) -> Alignment | None:
        """How two articles compare, whatever their languages and dates; None when one is neither stored nor of the batch last asked about."""
        search, asked = self._asked or (Search(self, []), {})
        a, b = (asked.get(one) or self.entry(article_id=one) for one in (a_id, b_id))
        if a is None or b is None:
            return None
        return search.alignment(a, b)

    def candidates_of(self, article_id: str) -> list[Considered]:
        """What a known article is compared with in other languages, the most likely first. Empty for an unknown one."""
        entry = self.entry(article_id=article_id)
        if entry is None:
            return []
        search = Search(self, [])
        linked = {other.article_id for other, _ in search.links(entry)}
        found = [
            Considered(
                other.article_id, other.language, search.alignment(entry, other), other.article_id in linked, self.parameters.threshold
            )
            for others in search.candidates(entry).values()
            for other in others
        ]  # fmt: skip
        return sorted(found, key=lambda one: (not one.linked, -one.alignment.score, one.article_id))

    def _vectors(self, articles: Sequence[Article]) -> list[NDArray[np.float32] | None]:
        if self.encoder is None or not articles:
            return [None] * len(articles)
        texts = (filter(None, (article.title, article.lead, article.text)) for article in articles)
        return list(self.encoder.encode(["\n".join(parts) for parts in texts]))

    # -- what is stored -------------------------------------------------------------------------------------------------------

    def applied(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT commit_id FROM applied")}

    def add(self, commit_id: str, batch: Sequence[tuple[Article, Anchors]], copies: Iterable[Copy] = ()) -> None:
        """Remember a committed batch, and learn words from its confirmed `copies`; a later version of an article replaces the earlier one."""
        if self._db.execute("SELECT 1 FROM applied WHERE commit_id = ?", (commit_id,)).fetchone():
            return
        latest = list({article.article_id: (article, anchors) for article, anchors in batch}.values())
        asked = self._asked[1] if self._asked else {}
        if all(article.article_id in asked and asked[article.article_id].anchors is its for article, its in latest):
            vectors = [asked[article.article_id].vector for article, _ in latest]  # `find` has encoded them
        else:
            vectors = self._vectors([article for article, _ in latest])
        added: dict[Place, list[tuple[int, NDArray[np.uint64]]]] = defaultdict(list)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            gone = self._delete([article.article_id for article, _ in latest])
            for (article, anchors), vector in zip(latest, vectors, strict=True):
                row = (
                    article.article_id, anchors.language, time_of(article), anchors.n_chars, anchors.keys.tobytes(), anchors.owner.tobytes(), anchors.positions.tobytes(),
                    anchors.classes.tobytes(), anchors.words.tobytes(), anchors.lines.tobytes(), _packed(anchors.surfaces), None if vector is None else vector.astype(np.float32).tobytes(),
                )  # fmt: skip
                number = self._db.execute(_INSERT, row).lastrowid
                added[(time_of(article) // self._period, anchors.language)].append(
                    (int(number or 0), np.unique(anchors.keys))
                )
            self._db.executemany("INSERT OR IGNORE INTO place VALUES (?, ?)", added.keys())
            self._taught(copies)
            self._db.execute("INSERT INTO applied VALUES (?)", (commit_id,))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._asked = None
        self._drop(gone)
        self._places |= added.keys()
        for place, lists in added.items():
            if place in self._runs:  # others are read, these included, when first asked for
                self._append(place, postings(lists))
        self._learn()

    def remove(self, ids: Collection[str]) -> None:
        """Forget articles, in the derived files too, and what their words taught."""
        self._db.execute("BEGIN IMMEDIATE")
        gone = self._delete(ids)
        for one in ids:
            for place in self._db.execute(
                "DELETE FROM pair WHERE ? IN (a, b) RETURNING source, target", (one,)
            ).fetchall():
                self._db.execute("DELETE FROM association WHERE source = ? AND target = ?", place)
                self._associations.pop(place, None)
        self._db.execute("COMMIT")
        self._drop(gone)
        for place in {place for _, place in gone}:
            for path in self._files(place):
                path.unlink()
            self._saved.pop(place, None)
            self._runs.pop(place, None)

    def _delete(self, ids: Collection[str]) -> list[tuple[int, Place]]:
        gone = []
        for article_id in ids:
            for number, at, language in self._db.execute(
                "DELETE FROM article WHERE article_id = ? RETURNING number, at, language", (article_id,)
            ).fetchall():
                gone.append((number, (at // self._period, language)))
        return gone

    def _drop(self, gone: Sequence[tuple[int, Place]]) -> None:
        for number, place in gone:
            if place in self._runs:
                self._runs[place] = [
                    without(run, number) if number in run.articles else run for run in self._runs[place]
                ]

    def around(self, at: int) -> dict[str, list[Postings]]:
        """The posting lists of the window around a time, by language."""
        found: dict[str, list[Postings]] = defaultdict(list)
        middle = at // self._period
        for place in sorted(self._places):
            if abs(place[0] - middle) <= 1:
                found[place[1]].extend(self._of(place))
        return found

    def _of(self, place: Place) -> list[Postings]:
        if place not in self._runs:
            self._runs[place] = []
            upto = 0
            for path in self._files(place):
                try:
                    self._runs[place] = [load(path)]
                    upto = int(path.stem.rpartition("-")[2])
                    break
                except (OSError, ValueError):  # derived: read from the table instead
                    path.unlink(missing_ok=True)
            self._saved[place] = sum(len(run.articles) for run in self._runs[place])
            period, language = place
            rows = self._db.execute(
                "SELECT number, keys FROM article WHERE language = ? AND at BETWEEN ? AND ? AND number > ?",
                (language, period * self._period, (period + 1) * self._period - 1, upto),
            )
            lists = [(number, np.unique(np.frombuffer(keys, np.uint64))) for number, keys in rows]
            if lists:
                self._append(place, postings(lists))
        return self._runs[place]

    def _append(self, place: Place, run: Postings) -> None:
        """Runs double in size from the last to the first, so that each posting is merged a few times only."""
        runs = self._runs[place]
        runs.append(run)
        while len(runs) > 1 and len(runs[-2].keys) <= 2 * len(runs[-1].keys):
            runs[-2:] = [merged(runs[-2], runs[-1])]
        total = sum(len(one.articles) for one in runs)
        if total - self._saved.get(place, 0) >= max(_SAVE_FROM, total // 4):
            while len(runs) > 1:
                runs[-2:] = [merged(runs[-2], runs[-1])]
            old = self._files(place)
            path = self._folder / f"{place[0]}-{place[1]}-{int(runs[0].articles.max())}.postings"
            save(path, runs[0])
            runs[0] = load(path)
            for one in old:
                if one != path:
                    one.unlink(missing_ok=True)
            self._saved[place] = total

    def _files(self, place: Place) -> list[Path]:
        found = self._folder.glob(f"{place[0]}-{place[1]}-[0-9]*.postings")
        return sorted(found, key=lambda path: -int(path.stem.rpartition("-")[2]))

    def entry(self, *, number: int | None = None, article_id: str | None = None) -> Entry | None:
        """A stored article, by either name."""
        where, value = ("number", number) if number is not None else ("article_id", article_id)
        row = self._db.execute(f"SELECT {_COLUMNS} FROM article WHERE {where} = ?", (value,)).fetchone()  # noqa: S608
        if row is None:
            return None
        anchors = Anchors(
            article_id=row[1], language=row[2], n_chars=row[4], surfaces=tuple(zlib.decompress(row[11]).decode().split("\n")),
            keys=np.frombuffer(row[5], np.uint64), owner=np.frombuffer(row[6], np.uint16), positions=np.frombuffer(row[7], np.uint16),
            classes=np.frombuffer(row[8], np.uint8), words=np.frombuffer(row[9], np.uint32),
            lines=np.frombuffer(row[10], np.int32),
        )  # fmt: skip
        return Entry(row[0], row[3], anchors, None if row[12] is None else np.frombuffer(row[12], np.float32))

    # -- what is learned -------------------------------------------------------------------------------------------------------

    def _taught(self, copies: Iterable[Copy]) -> None:
        """Keep the pairs whose declared source was confirmed as a translation; at most `learn.MOST_PAIRS` of two languages."""
        for copy in copies:
            if copy.kind != "translation" or not any(
                fact.name == "declared" and not fact.value.startswith("slug ") for fact in copy.evidence
            ):
                continue
            sides = self._db.execute(
                "SELECT language, article_id FROM article WHERE article_id IN (?, ?) ORDER BY language",
                (copy.article_id, copy.of_article_id),
            ).fetchall()
            if len({language for language, _ in sides}) == 2:
                (source, a), (target, b) = sides
                self._db.execute(
                    "INSERT OR IGNORE INTO pair SELECT ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM pair WHERE source = ? AND target = ?) < ?",
                    (source, target, a, b, source, target, learn.MOST_PAIRS),
                )

    def _learn(self) -> None:
        """Learn anew where pairs have become enough, or so many more. What a killed run left out, the next `add` does."""
        learned = dict(self._associations)
        for source, target, n in self._db.execute(
            "SELECT source, target, COUNT(*) FROM pair GROUP BY source, target"
        ).fetchall():
            before = learned[source, target].n_pairs if (source, target) in learned else 0
            if n < max(learn.LEAST_PAIRS, learn.GROWN * before):
                continue
            pairs = self._db.execute(
                "SELECT a, b FROM pair WHERE source = ? AND target = ? ORDER BY a, b", (source, target)
            ).fetchall()
            entries = [(self.entry(article_id=a), self.entry(article_id=b)) for a, b in pairs]
            new = learn.learn([learn.segments(a.anchors, b.anchors) for a, b in entries if a and b])
            self._db.execute("INSERT OR REPLACE INTO association VALUES (?,?,?)", (source, target, new.stored()))
            self._associations[source, target] = new

    def _load_associations(self) -> None:
        for source, target, stored in self._db.execute("SELECT * FROM association"):
            self._associations[source, target] = learn.restored(stored)

    def association(self, a: str, b: str) -> Association | None:
        """What was learned of two languages (in rising order), if it helps."""
        found = self._associations.get((a, b))
        return found if found and found.helps else None

    def pairs(self) -> dict[str, tuple[int, bool]]:
        """`de-vi` → how many confirmed pairs there are, and whether what they taught is used."""
        found = self._db.execute("SELECT source, target, COUNT(*) FROM pair GROUP BY source, target")
        return {f"{a}-{b}": (n, self.association(a, b) is not None) for a, b, n in found}


def time_of(article: Article) -> int:
    """Seconds since 1970: when it was published, else when it was fetched."""
    return int((article.published_at or article.fetched_at).timestamp())


def _later(a: Entry, b: Entry) -> bool:
    """Whether a is the copy of the two: published later; ties by id, so that the order of arrival decides nothing."""
    return (a.at, a.article_id) > (b.at, b.article_id)


def copies(links: Iterable[tuple[Entry, Entry, Alignment]], *, run_id: str, now: datetime) -> list[Copy]:
    """Links as rows of the `copies` table, one for each pair, though it may have been found from both sides."""
    pairs: dict[tuple[str, str], Alignment] = {}
    for entry, other, alignment in links:
        copy, original = (entry, other) if _later(entry, other) else (other, entry)
        key = (copy.article_id, original.article_id)
        if key not in pairs or pairs[key].score < alignment.score:
            pairs[key] = alignment if copy is entry else turned(alignment)
    return [
        Copy(
            article_id=copy, of_article_id=original, kind="translation", similarity=None, containment=one.containment,
            containment_of=one.containment_of, score=one.score, evidence=_evidence(one), decided_at=now, run_id=run_id, method=METHOD,
        )
        for (copy, original), one in pairs.items()
    ]  # fmt: skip


def _packed(surfaces: Sequence[str]) -> bytes:
    lines = "\n".join(surfaces)
    if lines.count("\n") >= len(surfaces):
        lines = "\n".join(one.replace("\n", " ") for one in surfaces)
    return zlib.compress(lines.encode(), 1)


def _evidence(alignment: Alignment) -> tuple[Fact, ...]:
    """The shared anchors in the order of the copy, each once, as `here ↔ there`; at most forty."""
    shown = list(dict.fromkeys(f"{here} ↔ {there}" for here, there in alignment.shared))
    return (Fact("shared_anchors", str(len(shown))), *(Fact("anchor", one) for one in shown[:40]))
