"""The index: every known article by its sketch, and the copies found with it."""

import hashlib
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.backends import DOCUMENT, Backend, Documents, IndexMismatch, Ragged
from pipelines.dedup.decide import (
    KINDS,
    NEAR,
    PARTIAL,
    Decisions,
    Likeness,
    any_of,
    changes,
    copy_is_left,
    decide,
    differ,
    held_by_line,
    likenesses,
    nearest_at_home,
    of_rows,
    renumbered,
    templates,
    together,
    why_none,
)
from pipelines.dedup.fingerprints import composed
from pipelines.dedup.parameters import PARAMETERS, Parameters
from pipelines.dedup.runs import RunsBackend
from pipelines.dedup.shingles import shingle
from pipelines.dedup.sqlite import SqliteBackend
from pipelines.dedup.view import Known, Neighbours, Numbers, View, sketches
from pipelines.records import Article, Copy, CopyKind, Fact, Fingerprint

METHOD = "shingles/1"
BACKENDS: Mapping[str, Callable[[Path], Backend]] = {"runs": RunsBackend, "sqlite": SqliteBackend}
Batch = Sequence[tuple[Article, Fingerprint]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that may be a copy, why it was looked at, and what came of it."""

    article_id: str
    shared_keys: int
    likeness: Likeness
    kind: CopyKind | None
    """None: looked at, and not a copy."""
    parameters: Parameters = field(repr=False)

    @property
    def why_none(self) -> str:
        """Why it is no copy, for people; "" when it is one."""
        return "" if self.kind else why_none(self.likeness, self.parameters)


def open_index(
    folder: Path, parameters: Parameters = PARAMETERS, *, backend: str = "runs", horizon: timedelta | None = None
) -> "Index":
    """Open or make the index in `folder`. Raises IndexMismatch, IndexDamaged.

    `horizon` leaves articles out of the candidates of `find` that were published (or, undated, fetched) longer ago.
    """
    storage = BACKENDS[backend](folder)
    stored, wanted = storage.parameters(), parameters.as_dict()
    if stored is None:
        storage.initialize(wanted)
    elif stored != wanted:
        storage.close()
        names = sorted(name for name in stored.keys() | wanted.keys() if stored.get(name) != wanted.get(name))
        said = ", ".join(f"{name} is {stored.get(name)} there, {wanted.get(name)} here" for name in names)
        raise IndexMismatch(
            f"{folder} was made with other parameters ({said}); rebuild it with: copydesk verify --repair"
        )
    return Index(storage, parameters, horizon)


class Index:
    """Copies among new articles and all known ones. One writer at a time."""

    def __init__(self, backend: Backend, parameters: Parameters = PARAMETERS, horizon: timedelta | None = None) -> None:
        self._backend = backend
        self._parameters = parameters
        self._horizon = horizon
        self._asked: tuple[Known, dict[bytes, int]] | None = None
        """The batch last asked about, until it is added, and the numbers of its articles."""
        self._cut: tuple[list[Fingerprint], tuple[Ragged, Ragged]] | None = None
        """Its fingerprints, and their shingles and keys: `add` takes them again."""

    def __len__(self) -> int:
        """How many article versions were added, erased ones included."""
        return len(self._backend)

    # -- finding ----------------------------------------------------------------------------------------------------------

    def find(self, batch: Batch, *, run_id: str, now: datetime) -> list[Copy]:
        """Copies among `batch` and everything added before. Adds nothing; the batch stays known to `compare` until the next `find` or `add`.

        Also rows for pairs of old articles of which the batch changes what is known: it may bring the third page that shows what is
        boilerplate on a host, or a new version of an article that is a copy no longer. Such rows supersede the earlier ones.
        """
        newest = {article.article_id: article for article, _ in batch}
        if not newest:
            return []
        documents, shingles, keys = self._rows(batch)
        replaced = self._backend.numbers(document["id"].tobytes() for document in documents)
        gone = np.array(sorted(replaced.values()), np.int64)
        not_before = None if self._horizon is None else int((now - self._horizon).timestamp())
        before = Known(self._backend, self._parameters, not_before=not_before)
        after = Known(self._backend, self._parameters, documents, shingles, keys, gone, not_before)
        self._asked = after, {document["id"].tobytes(): n for n, document in enumerate(documents, after.first)}

        found = self._around(after, after.batch)
        unsettled = self._unsettled(before, after, found)
        earlier = self._around(before, np.union1d(unsettled, gone))
        found = together(found, self._around(after, unsettled))
        successor = np.arange(after.first)
        for number, document in enumerate(documents, after.first):
            if (old := replaced.get(document["id"].tobytes())) is not None:
                successor[old] = number
        said = changes(renumbered(earlier, successor), found, after.first)
        cut = lambda id_: lines(newest[id_]) if id_ in newest else None  # noqa: E731
        return copies(after, said, cut, self._parameters, run_id=run_id, now=now)

    def _around(self, view: Known, numbers: Numbers) -> Decisions:
        """Decisions on articles and all their neighbours."""
        position, other, _ = view.neighbours(numbers)
        return decide(view, numbers[position], other, self._parameters)

    def _unsettled(self, before: Known, after: Known, found: Decisions) -> Numbers:
        """Old articles of which the batch changes what is known to be boilerplate: a new one of their host is among the nearest."""
        fresh = (found.left < after.first) & (found.right >= after.first)
        left, right = found.left[fresh], found.right[fresh]
        old = np.unique(left[after.documents(left)["host"] == after.documents(right)["host"]])
        near = after.neighbours(old)
        now = nearest_at_home(after, old, near, self._parameters)
        if after.replaces:
            near = before.neighbours(old)
        else:
            was_there = near.other < after.first
            near = Neighbours(*(column[was_there] for column in near))
        then = nearest_at_home(before, old, near, self._parameters)
        at = np.flatnonzero(differ(then, now, len(old)))
        texts = before.shingles(old[at])
        was, is_ = (
            templates(view, old[at], texts, of_rows(home, at), self._parameters)
            for view, home in ((before, then), (after, now))
        )
        unsettled: Numbers = old[at][any_of(was != is_, texts.offsets)]
        return unsettled

    # -- learning ---------------------------------------------------------------------------------------------------------

    def add(self, commit_id: str, batch: Batch) -> None:
        """Make what was committed known, durably. The same `commit_id` again does nothing."""
        self._asked = None
        if commit_id not in self._backend.applied():
            self._backend.add(commit_id, *self._rows(batch))
        self._cut = None

    def _rows(self, batch: Batch) -> tuple[Documents, Ragged, Ragged]:
        prints = [print_ for _, print_ in batch]
        before, cut = self._cut or ([], None)
        same = len(before) == len(prints) and all(map(operator.is_, before, prints))
        documents, shingles, keys = rows(batch, self._parameters, cut if same else None)
        self._cut = prints, (shingles, keys)
        return documents, shingles, keys

    def applied(self) -> set[str]:
        """Ids of the commits that are in, durably."""
        return self._backend.applied()

    def remove(self, article_ids: Iterable[str]) -> int:
        """Erase articles, all versions and their shingles; how many versions went."""
        self._asked = None
        return self._backend.remove(bytes.fromhex(article_id) for article_id in article_ids)

    # -- asking -----------------------------------------------------------------------------------------------------------

    def compare(self, a: str, b: str) -> Likeness | None:
        """How `a` is like `b`, boilerplate left out; None when one of them is neither added nor of the batch last asked about."""
        return self.compare_all([(a, b)])[0]

    def compare_all(self, pairs: Sequence[tuple[str, str]]) -> list[Likeness | None]:
        """`compare` of many pairs, which costs little more than of one."""
        view, asked = self._asked or (Known(self._backend, self._parameters), {})
        ids = [(bytes.fromhex(a), bytes.fromhex(b)) for a, b in pairs]
        different = {id_ for pair in ids for id_ in pair}
        numbers = self._backend.numbers(sorted(different)) | {id_: asked[id_] for id_ in different & asked.keys()}
        known = [(numbers[a], numbers[b]) for a, b in ids if a in numbers and b in numbers]
        if not known:
            return [None] * len(pairs)
        left, right = np.array(known, np.int64).T
        decided = decide(view, left, right, self._parameters, however_little=True)
        said = zip(decided.left.tolist(), decided.right.tolist(), strict=True)
        like = dict(zip(said, likenesses(decided.overlaps, self._parameters), strict=True))
        like |= {(b, a): of.turned() for (a, b), of in like.items()}
        return [like[numbers[a], numbers[b]] if a in numbers and b in numbers else None for a, b in ids]

    def candidates_of(self, article_id: str) -> list[Candidate]:
        """What a known article is compared with, the most alike first. Empty for an unknown one."""
        view = Known(self._backend, self._parameters)
        me = np.array(list(self._backend.numbers([bytes.fromhex(article_id)]).values()), np.int64)
        position, other, shared = view.neighbours(me)
        decided = decide(view, me[position], other, self._parameters, however_little=True)
        mine_left = np.isin(decided.left, me)
        others = np.where(mine_left, decided.right, decided.left)
        keys = dict(zip(other.tolist(), shared.tolist(), strict=True))
        candidates = [
            Candidate(
                document["id"].tobytes().hex(),
                keys[number],
                like if left else like.turned(),
                KINDS[kind],
                self._parameters,
            )
            for document, number, left, like, kind in zip(
                view.documents(others),
                others.tolist(),
                mine_left.tolist(),
                likenesses(decided.overlaps, self._parameters),
                decided.kind.tolist(),
                strict=True,
            )
        ]
        return sorted(candidates, key=lambda c: (c.kind is None, -c.likeness.similarity, c.article_id))

    def verify(self) -> None:
        """Read and check everything. Raises IndexDamaged."""
        self._backend.verify()

    def close(self) -> None:
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def copies(
    view: View,
    said: Decisions,
    cut: Callable[[str], "Lines | None"],
    parameters: Parameters,
    *,
    run_id: str,
    now: datetime,
) -> list[Copy]:
    """Decisions as rows of the `copies` table, sorted by ids. `cut` gives the `lines` of an article, or None when its text is not at hand."""
    documents = view.documents(said.left), view.documents(said.right)
    left, right = ([id_.tobytes().hex() for id_ in one["id"]] for one in documents)
    forward = copy_is_left(*documents).tolist()
    likely = likenesses(said.overlaps, parameters)
    places = _Places(view, cut, said)
    rows_ = []
    for i, number in enumerate(said.kind.tolist()):
        ids, like = (left[i], right[i]), likely[i]
        where = places.shared(i, *ids) if number in (NEAR, PARTIAL) else (None, None)
        if not forward[i]:
            ids, like, where = ids[::-1], like.turned(), where[::-1]
        rows_.append(_copy(*ids, number, like, where, run_id, now))
    return sorted(rows_, key=lambda copy: (copy.article_id, copy.of_article_id))


def _copy(
    article_id: str,
    of_article_id: str,
    number: int,
    likeness: Likeness,
    lines: tuple[str | None, ...],
    run_id: str,
    now: datetime,
) -> Copy:
    kind = KINDS[number]
    assert kind is not None  # `changes` gives no others
    facts = [Fact("shared_shingles", str(likeness.shared))]
    if likeness.boilerplate:
        facts.append(Fact("boilerplate_shingles", str(likeness.boilerplate)))
    if likeness.passage:
        facts.append(Fact("longest_passage", str(likeness.passage)))
    if likeness.figures is not None:
        facts.append(Fact("figures", f"{likeness.figures:.2f}"))
    facts += [
        Fact(name, said) for name, said in zip(("paragraphs", "paragraphs_of"), lines, strict=True) if said is not None
    ]
    partial = max(likeness.containment, likeness.containment_of)
    return Copy(
        article_id=article_id,
        of_article_id=of_article_id,
        kind=kind,
        similarity=likeness.similarity,
        containment=likeness.containment,
        containment_of=likeness.containment_of,
        score=0.0 if kind == "refuted" else partial if kind == "partial" else likeness.similarity,
        evidence=tuple(facts),
        decided_at=now,
        run_id=run_id,
        method=METHOD,
    )


class _Places:
    """Which lines of articles stand in others. Texts of older articles are not at hand, so theirs cannot be said."""

    def __init__(self, view: View, cut: Callable[[str], "Lines | None"], said: Decisions) -> None:
        self._cut = cache(cut)
        numbers, at = np.unique(np.concatenate([said.left, said.right]), return_inverse=True)
        self._texts, self._left, self._right = view.shingles(numbers), *np.split(at, 2)

    def shared(self, row: int, left: str, right: str) -> tuple[str | None, str | None]:
        """The lines of each text that stand in the other at least by half, as `1-3,5 of 9`; None when the text is not at hand."""
        return self._one(left, int(self._right[row])), self._one(right, int(self._left[row]))

    def _one(self, article_id: str, other: int) -> str | None:
        mine = self._cut(article_id)
        if mine is None:
            return None
        hashes, line, size = mine
        held = held_by_line(self._texts[other], hashes, line, len(size))
        lines = np.flatnonzero((held > 0) & (2 * held >= size)) + 1
        ends = np.flatnonzero(np.diff(lines) > 1).tolist()
        runs = zip([0, *(end + 1 for end in ends)], [*ends, len(lines) - 1], strict=True) if len(lines) else ()
        said = ",".join(f"{lines[i]}" if i == j else f"{lines[i]}-{lines[j]}" for i, j in runs)
        return f"{said or 'none'} of {len(size)}"


class Lines(NamedTuple):
    """A text by its lines."""

    hashes: NDArray[np.uint32]
    """Its shingles, in order, shape (n,)."""
    line: NDArray[np.int32]
    """The line of each, from 0."""
    size: NDArray[np.int64]
    """How many each line has, shape (lines,)."""


def lines(article: Article) -> Lines:
    """The shingles of the text without title and lead, the line of each counted from 0, and how many each line has."""
    shingled = shingle(composed(article))
    n = article.text.count("\n") + 1
    line = shingled.lines - np.int32(len(shingled.line_hashes) - n)
    in_text = line >= 0
    return Lines(
        (shingled.hashes[in_text] >> np.uint64(32)).astype(np.uint32),
        line[in_text],
        np.bincount(line[in_text], minlength=n),
    )


def rows(
    batch: Batch, parameters: Parameters, cut: tuple[Ragged, Ragged] | None = None
) -> tuple[Documents, Ragged, Ragged]:
    """The batch as a `Backend` takes it; of several versions of one article the last. `cut` is what this gave for the same fingerprints before."""
    latest = {article.article_id: (article, print_) for article, print_ in batch}
    articles = [article for article, _ in latest.values()]
    if cut is None:
        shingles = Ragged.of([print_.shingles for _, print_ in latest.values()])
        shingles = Ragged((shingles.values >> np.uint64(32)).astype(np.uint32), shingles.offsets)
        cut = shingles, sketches(shingles, parameters)
    shingles, keys = cut
    hosts = {host: hashlib.blake2b(host.encode(), digest_size=8).digest() for host in {one.host for one in articles}}
    documents = np.zeros(len(latest), DOCUMENT)
    documents["id"] = np.frombuffer(bytes.fromhex("".join(latest)), "V16")
    documents["host"] = np.frombuffer(b"".join([hosts[one.host] for one in articles]), "<u8")
    documents["time"] = [int((one.published_at or one.fetched_at).timestamp()) for one in articles]
    documents["size"] = np.diff(shingles.offsets)
    documents["dated"] = [one.published_at is not None for one in articles]
    documents["alive"] = True
    return documents, shingles, keys
