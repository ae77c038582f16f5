"""What articles declare about their source, kept until the source is known, and checked against the text.

An article may declare an original that nobody has read yet. Its address is kept; whichever of the two comes later, in this run or
another, finds the other one. A declaration is a claim: text (same language) or anchors (other language) confirm it, leave it open,
or refute it.
"""

import heapq
import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pipelines import urls
from pipelines.records import Article, Copy, CopyKind, Fact

METHOD = "declared/1"

SLUG_DAYS = 30
"""Equal slugs further apart in time are another day's column."""
SLUG_PARTNERS = 12
"""Nearest in time that are looked at for one slug; a slug with more is a column's name."""

# A pair with a declaration is far more often a copy than any two articles, so less likeness confirms it than the finders ask for.
# Independent reports of one event share under .12 of their word-5 shingles and no side contains .29 of the other (FIELD, section 3).
CONFIRMED_SIMILARITY, CONFIRMED_CONTAINMENT, CONFIRMED_ANCHORS = 0.2, 0.35, 0.05
CONFIRMED_SLUG = 0.3
"""Least probability by anchors when nothing but an equal slug speaks for a pair: a daily column keeps its slug."""
NEAR_SIMILARITY = 0.36
REFUTED_SIMILARITY, REFUTED_CONTAINMENT, REFUTED_ANCHORS = 0.02, 0.06, 0.002
LONG_ENOUGH = 400
"""Characters from which unlike texts refute: a teaser shares little with anything."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS applied (commit_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS article (
    article_id TEXT PRIMARY KEY, host TEXT NOT NULL, language TEXT NOT NULL, at INTEGER NOT NULL, dated INTEGER NOT NULL, slug TEXT NOT NULL,
    n_chars INTEGER NOT NULL, source_name TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS article_slug ON article (slug, at) WHERE slug <> '';
CREATE TABLE IF NOT EXISTS address (key TEXT NOT NULL, article_id TEXT NOT NULL, PRIMARY KEY (key, article_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS address_article ON address (article_id);
CREATE TABLE IF NOT EXISTS declared (
    article_id TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, url TEXT NOT NULL, PRIMARY KEY (article_id, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS declared_key ON declared (key);
CREATE TABLE IF NOT EXISTS named (name TEXT NOT NULL, host TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, host)) WITHOUT ROWID;
"""


class Likeness(Protocol):
    """How two texts of one language overlap, each 0–1."""

    @property
    def similarity(self) -> float: ...
    @property
    def containment(self) -> float: ...
    @property
    def containment_of(self) -> float: ...
    def turned(self) -> Self:
        """The same from the other side."""


CompareText = Callable[[str, str], Likeness | None]
"""(article_id, article_id) → how they overlap, or None when one text is not known."""
CompareTexts = Callable[[Sequence[tuple[str, str]]], Sequence[Likeness | None]]
"""The same of many pairs at once."""
CompareTranslation = Callable[[str, str], Any]
"""(article_id, article_id) → probability or an object with `score` (and `shared` pairs of anchors), or None when one is not known."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an article."""

    article_id: str
    host: str
    language: str
    at: int
    """Seconds since 1970: published, else fetched."""
    dated: bool
    slug: str
    n_chars: int
    source_name: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One article's claim about another."""

    article_id: str
    of_article_id: str
    kind: str
    """`source_url`, `canonical`, `hreflang`, `slug`."""
    place: str
    value: str


def open_provenance(folder: Path) -> "Provenance":
    """The declarations kept in `folder`, made if missing."""
    return Provenance(folder)


class Provenance:
    """One writer. `resolve` changes nothing; `add` is durable when it returns and does nothing for a commit it has seen."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "provenance.sqlite", isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def applied(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT commit_id FROM applied")}

    def known(self, url: str) -> str | None:
        """The article that has this address, under any of its views; None when none has."""
        row = self._db.execute(
            "SELECT article_id FROM address WHERE key = ? ORDER BY article_id LIMIT 1", (urls.article_key(url),)
        ).fetchone()
        return row[0] if row else None

    def claimed(self, a_id: str, b_id: str) -> bool:
        """Whether one of two known articles declares the other, or both have one slug within its time."""
        asked = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM declared JOIN address USING (key) WHERE (declared.article_id, address.article_id) IN (VALUES (?1, ?2), (?2, ?1))) "
            "OR EXISTS (SELECT 1 FROM article a, article b WHERE a.article_id = ?1 AND b.article_id = ?2 AND a.slug = b.slug AND a.slug <> '' AND ABS(a.at - b.at) <= ?3)",
            (a_id, b_id, SLUG_DAYS * 86400),
        ).fetchone()
        return bool(asked[0])

    def waiting(self) -> list[tuple[str, str]]:
        """(article_id, address) of every declared source that is not known yet."""
        return list(
            self._db.execute(
                "SELECT article_id, url FROM declared WHERE kind <> 'hreflang' AND NOT EXISTS "
                "(SELECT 1 FROM address WHERE address.key = declared.key) ORDER BY article_id, url"
            )
        )

    def add(self, commit_id: str, batch: Iterable[Article], copies: Iterable[Copy] = ()) -> None:  # noqa: ARG002  (the caller has one shape for all parts)
        """Remember a committed batch; a later version of an article replaces what the earlier one declared."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if self._db.execute("INSERT OR IGNORE INTO applied VALUES (?)", (commit_id,)).rowcount:
                for article in {article.article_id: article for article in batch}.values():
                    self._db.execute("DELETE FROM declared WHERE article_id = ?", (article.article_id,))
                    one = remembered(article)
                    self._db.execute("INSERT OR REPLACE INTO article VALUES (?,?,?,?,?,?,?,?)", (one.article_id, one.host, one.language, one.at, one.dated, one.slug, one.n_chars, one.source_name))  # fmt: skip
                    self._db.executemany(
                        "INSERT OR IGNORE INTO address VALUES (?, ?)",
                        [(key, article.article_id) for key in addresses_of(article)],
                    )
                    for kind, place, url in declarations_of(article):
                        self._db.execute(
                            "INSERT OR IGNORE INTO declared VALUES (?,?,?,?,?)",
                            (article.article_id, urls.article_key(url), kind, place, url),
                        )
                        if kind == "source_url" and one.source_name:
                            self._db.execute(
                                "INSERT INTO named VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1",
                                (one.source_name, urls.host(url)),
                            )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def remove(self, ids: Collection[str]) -> None:
        """Forget articles: their addresses, what they declared; what others declared about them waits again."""
        self._db.execute("BEGIN IMMEDIATE")
        for table in ("article", "address", "declared"):
            self._db.executemany(f"DELETE FROM {table} WHERE article_id = ?", [(one,) for one in ids])  # noqa: S608  (three known names)
        self._db.execute("COMMIT")

    # -- resolving ------------------------------------------------------------------------------------------------------------

    def resolve(
        self,
        batch: Sequence[Article],
        *,
        compare_texts: CompareTexts,
        compare_translation: CompareTranslation,
        run_id: str,
        now: datetime,
    ) -> tuple[list[Copy], tuple[str, ...]]:
        """The declared relations that the batch brings or completes, and the addresses of declared originals nobody has read.

        One row per pair, with every declaration in its evidence.
        """
        here = {article.article_id: remembered(article) for article in batch}
        addresses = {
            key: i for i, key in sorted(((a.article_id, key) for a in batch for key in addresses_of(a)), reverse=True)
        }
        claims: dict[frozenset[str], list[Claim]] = defaultdict(list)
        wanted: dict[str, None] = {}
        in_batch: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)

        def claim(one: Claim) -> None:
            if one.article_id != one.of_article_id:
                claims[frozenset((one.article_id, one.of_article_id))].append(one)

        for article in batch:
            for kind, place, url in declarations_of(article):
                key = urls.article_key(url)
                in_batch[key].append((article.article_id, kind, place, url))
                original = addresses.get(key) or self.known(url)
                if original:
                    claim(Claim(article.article_id, original, kind, place, url))
                elif kind != "hreflang":
                    wanted[urls.canonical(url)] = None
        for key, article_id in addresses.items():  # those that waited for an article of this batch
            for row in self._db.execute("SELECT article_id, kind, place, url FROM declared WHERE key = ?", (key,)):
                if row[0] not in here:
                    claim(Claim(row[0], article_id, row[1], row[2], row[3]))
        by_slug: dict[str, list[Known]] = defaultdict(list)
        for one in here.values():
            by_slug[one.slug].append(one)
        for one in here.values():
            for other in self._same_slug(one, here, by_slug[one.slug]):
                claim(Claim(*by_time(one, other), "slug", "url", one.slug))
        known = {i: self._known_article(i, here) for pair in claims for i in pair}
        pairs = [(a, b) for a, b in claims if (x := known[a]) and (y := known[b]) and one_language(x, y)]
        likeness = dict(zip(pairs, compare_texts(pairs), strict=True))
        likeness |= {(b, a): like and like.turned() for (a, b), like in likeness.items()}
        decided = (
            decide(
                some, known.get, self._names, lambda a, b: likeness[a, b], compare_translation, run_id=run_id, now=now
            )
            for some in claims.values()
        )
        return [copy for copy in decided if copy], tuple(wanted)

    def _same_slug(self, one: Known, here: Collection[str], others: Sequence[Known]) -> list[Known]:
        """Those that share its slug, among the stored ones that are not `here` and `others`."""
        if not one.slug:
            return []
        span = SLUG_DAYS * 86400
        stored = self._db.execute(
            "SELECT article_id, host, language, at, dated, slug, n_chars, source_name FROM article WHERE slug = ? AND at BETWEEN ? AND ? ORDER BY ABS(at - ?), article_id LIMIT ?",
            (one.slug, one.at - span, one.at + span, one.at, SLUG_PARTNERS),
        )
        return partners(one, [*(Known(*row) for row in stored if row[0] not in here), *others])

    def _known_article(self, article_id: str, here: dict[str, Known]) -> Known | None:
        if article_id in here:
            return here[article_id]
        row = self._db.execute("SELECT article_id, host, language, at, dated, slug, n_chars, source_name FROM article WHERE article_id = ?", (article_id,)).fetchone()  # fmt: skip
        return Known(*row) if row else None

    def _names(self, one: Known, other: Known) -> bool:
        if not one.source_name:
            return False
        seen = dict(self._db.execute("SELECT host, n FROM named WHERE name = ?", (one.source_name,)))
        return names(one, other, seen)


def names(one: Known, other: Known, seen: Mapping[str, int]) -> bool:
    """Whether the source that `one` names is the paper of `other`: by its host, or by the hosts that other articles meant by that name (`seen`)."""
    if not one.source_name:
        return False
    labels = other.host.split(".")
    if one.source_name in {"".join(re.findall("[a-z0-9]+", label)) for label in labels[:-1]} | {"".join(labels)}:
        return True
    return bool(seen.get(other.host, 0) * 2 > sum(seen.values()))


def decide(
    claims: Sequence[Claim], known: Callable[[str], Known | None], names: Callable[[Known, Known], bool],
    compare_text: CompareText, compare_translation: CompareTranslation, *, run_id: str, now: datetime,
) -> Copy | None:  # fmt: skip
    """What the claims of one pair come to, once the texts have been asked; None when they are not worth a row."""
    explicit = [one for one in claims if one.kind in ("source_url", "canonical")]
    first = (explicit or list(claims))[0]
    a, b = known(first.article_id), known(first.of_article_id)
    if a is None or b is None:
        return None
    if not explicit:
        if names(b, a) and not names(a, b):
            a, b = b, a
        elif not names(a, b) and first.kind == "hreflang":
            copy_id, _ = by_time(a, b)
            a, b = (a, b) if copy_id == a.article_id else (b, a)
    facts = [Fact("declared", f"{one.kind} in {one.place}: {one.value}") for one in dict.fromkeys(claims)]
    named = names(a, b)
    if named:
        facts.append(Fact("declared", f"source_name: {a.source_name}"))
    trusted = bool(explicit) or named or any(one.kind == "hreflang" for one in claims)
    checked = _check(a, b, compare_text, compare_translation, CONFIRMED_ANCHORS if trusted else CONFIRMED_SLUG)
    facts += checked.facts
    kind: CopyKind
    if checked.verdict:
        kind, score = checked.verdict, checked.score
    elif checked.unlike and not (trusted and a.language != b.language):
        kind, score = "refuted", 0.0
        facts.append(Fact("reason", "texts_differ" if explicit else "same_slug_other_article"))
    elif trusted:
        kind, score = "declared", 0.3 if explicit else 0.2
        facts.append(Fact("reason", "not_confirmed" if checked.facts else "not_checked"))
    else:
        return None
    return Copy(
        article_id=a.article_id, of_article_id=b.article_id, kind=kind, similarity=checked.likeness[0], containment=checked.likeness[1],
        containment_of=checked.likeness[2], score=score, evidence=tuple(facts), decided_at=now, run_id=run_id, method=METHOD,
    )  # fmt: skip


def partners(one: Known, others: Iterable[Known]) -> list[Known]:
    """Those of `others`, which have its slug, that it may be a copy of or the other way round: the nearest in time."""
    near = [(abs(other.at - one.at), other.article_id, other) for other in others if other.article_id != one.article_id]
    nearest = heapq.nsmallest(
        SLUG_PARTNERS, (some for some in near if some[0] <= SLUG_DAYS * 86400), key=lambda some: some[:2]
    )
    # Two pages of one host in one language with one slug are a column or a moved page: the other finders speak of those.
    return [other for *_, other in nearest if (other.host, other.language) != (one.host, one.language)]


@dataclass(frozen=True, slots=True)
class _Checked:
    verdict: CopyKind | None = None
    unlike: bool = False
    score: float = 0.0
    likeness: tuple[float | None, float | None, float | None] = (None, None, None)
    facts: tuple[Fact, ...] = ()


def _check(
    a: Known, b: Known, compare_text: CompareText, compare_translation: CompareTranslation, least: float
) -> _Checked:
    """What the texts say; `least` is the probability by anchors that confirms a translation."""
    long_enough = min(a.n_chars, b.n_chars) >= LONG_ENOUGH
    if one_language(a, b):
        like = compare_text(a.article_id, b.article_id)
        if like is None:
            return _Checked()
        similarity, containment, containment_of = like.similarity, like.containment, like.containment_of
        facts = (
            Fact("check", f"text: similarity {similarity:.2f}, containment {containment:.2f} and {containment_of:.2f}"),
        )
        both = (similarity, containment, containment_of)
        most = max(containment, containment_of)
        if similarity >= NEAR_SIMILARITY:
            return _Checked("near", False, similarity, both, facts)
        if similarity >= CONFIRMED_SIMILARITY or most >= CONFIRMED_CONTAINMENT:
            return _Checked("partial", False, (1 + most) / 2, both, facts)  # a declaration halves the doubt
        return _Checked(
            None, long_enough and similarity < REFUTED_SIMILARITY and most < REFUTED_CONTAINMENT, 0.0, both, facts
        )
    answer = compare_translation(a.article_id, b.article_id)
    if answer is None:
        return _Checked()
    score = float(answer if isinstance(answer, float | int) else answer.score)
    shared = list(dict.fromkeys(f"{one} ↔ {other}" for one, other in getattr(answer, "shared", ())))
    found = (Fact("check", f"anchors: {score:.3f}"), *(Fact("anchor", one) for one in shared[:40]))
    if score >= least:
        return _Checked("translation", False, max(score, 0.9), facts=found)
    return _Checked(None, long_enough and score < REFUTED_ANCHORS, facts=found)


def remembered(article: Article) -> Known:
    at = article.published_at or article.fetched_at
    return Known(
        article_id=article.article_id,
        host=article.host.removeprefix("www.") or urls.host(article.url),
        language=article.language or "",
        at=int(at.timestamp()),
        dated=article.published_at is not None,
        slug=urls.slug(article.canonical_url or article.url) or urls.slug(article.url),
        n_chars=article.n_chars,
        source_name=source_key(article.source_name or ""),
    )


def addresses_of(article: Article) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urls.article_key(url) for url in (article.url, article.canonical_url) if url))


def declarations_of(article: Article) -> list[tuple[str, str, str]]:
    """(kind, place, address) of every other page that the article names as its source or edition, each address once."""
    own = set(addresses_of(article))
    found: dict[str, tuple[str, str, str]] = {}
    claims = [
        (one.kind, one.where, one.value)
        for one in article.declarations
        if one.kind in ("source_url", "canonical", "hreflang")
    ]
    if article.source_url:
        claims.append(("source_url", "article", article.source_url))
    order = ("source_url", "canonical", "hreflang")
    for kind, place, url in sorted(claims, key=lambda one: order.index(one[0])):
        key = urls.article_key(url)
        if (
            key not in own
            and urls.split(url) is not None
            and (urls.split(url) or urls.parse(url)).path not in ("", "/")
        ):
            found.setdefault(key, (kind, place, url))
    return list(found.values())


def source_key(name: str) -> str:
    """A paper's name for comparing with other names and with host labels: `Báo Công Luận` → `congluan`."""
    letters = unicodedata.normalize("NFKD", name.lower().replace("đ", "d"))
    folded = re.sub(r"[^a-z0-9 ]+", "", letters)
    words = folded.split()
    if len(words) > 1 and words[0] in ("bao", "theo", "tap"):
        words = words[1:]
    return "".join(words)


def by_time(a: Known, b: Known) -> tuple[str, str]:
    """(copy, original): the later one is the copy; ties by id, so that the order of arrival decides nothing."""
    later, earlier = (a, b) if (a.at, a.article_id) > (b.at, b.article_id) else (b, a)
    return later.article_id, earlier.article_id


def one_language(a: Known, b: Known) -> bool:
    """Whether their texts can be compared as they stand."""
    return base_of(a.language) == base_of(b.language)


def base_of(language: str) -> str:
    """The language without script and region."""
    return language.lower().split("-")[0]
