"""The nouns of the pipeline, one per stage, and the one way a stage says no.

Every record is frozen: a stage returns a new record (`dataclasses.replace`) and changes none. All times are aware UTC.
The page body and the article text are left out of `repr`, so that a log line never carries a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

OutcomeKind = Literal["stored", "duplicate", "unchanged", "rejected", "failed"]
CopyKind = Literal["exact", "near", "partial", "translation", "declared", "refuted"]


class Rejected(Exception):  # noqa: N818  (it is an answer, not an error)
    """A stage refuses a page for good: the page is not an article, or may not be kept.

    `reason` is a short snake_case word that lands in the `pages` table (`not_html`, `too_short`, …); `detail` is for people.
    Caught in two places only: the worker (`pipelines/workers.py`) and `run.prepare`.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Failed(Exception):  # noqa: N818
    """A page broke its worker, or took too long; it may go well another time.

    `reason` is `timeout`, `memory` or `crashed`; raised by the futures of `pipelines/workers.py` only.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of an article stand in one template of one publisher, as CSS selectors. Empty means: not said."""

    body: str
    """The element(s) that hold the article's blocks."""
    drop: tuple[str, ...] = ()
    """Elements inside the body that are not text: related links, blurbs, ads."""
    title: str = ""
    lead: str = ""
    published: str = ""
    authors: str = ""
    section: str = ""
    tags: str = ""
    source: str = ""
    """The element that names the article's source (an aggregator's "source" link)."""
    valid_until: date | None = None
    """Last day of this template; archived pages keep parsing with it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched from one address, before anything is decided about it."""

    url: str
    """The address that answered, after redirects."""
    body: bytes = field(repr=False)
    fetched_at: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Response headers, names in lower case."""
    requested_url: str = ""
    """What was asked for, when a redirect led elsewhere."""
    publisher: str = ""
    """The publisher's name (`congluan`), or "" when no publisher claims the address."""
    key: str = ""
    """The address that identifies the article among all its addresses, by the publisher's rule; "" means `canonical(url)`."""
    language: str | None = None
    """BCP 47, when the publisher's rule promises it."""
    layouts: tuple[Layout, ...] = ()
    archive_file: str | None = None
    """WARC file, relative to the data folder."""
    archive_offset: int | None = None
    """Byte offset of the response record in `archive_file`."""
    error: str = ""
    """Set instead of a body when there was no answer worth having: becomes the outcome `failed/<error>`."""


@dataclass(frozen=True, slots=True)
class Image:
    url: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """One piece of text the cleaner took out, so that nothing vanishes silently."""

    kind: str
    """`ad`, `source_line`, `comment_count`, `byline`, `dateline`, `photo_credit`, `related`, `share`, `player`, `learned`, …"""
    text: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a page says about where its text comes from, and where it says so."""

    kind: Literal["source_url", "source_name", "credit", "canonical", "hreflang", "slug"]
    value: str
    where: str
    """`source_line`, `byline`, `dateline`, `json_ld`, `meta`, `link`, `layout`, `url`, …"""
    language: str | None = None
    """For `hreflang`: the language of the other edition."""


@dataclass(frozen=True, slots=True)
class Article:
    """One version of one article. `prepare` fills it down to `archive_offset`, `finish` the rest."""

    article_id: str
    """32 hex digits of `key`: the same article keeps its id under all its addresses and in every version."""
    url: str
    canonical_url: str
    host: str
    title: str
    text: str = field(repr=False)
    """The clean body, one line per block. Title and lead are not repeated in it."""
    fetched_at: datetime
    lead: str = field(default="", repr=False)
    publisher: str = ""
    language: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    published_at_source: str | None = None
    """`json_ld`, `meta`, `layout`, `visible`, `url`, `given`."""
    modified_at: datetime | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = field(default=(), repr=False)
    source_name: str | None = None
    source_url: str | None = None
    credits: tuple[str, ...] = ()
    dateline: str | None = None
    declarations: tuple[Declaration, ...] = field(default=(), repr=False)
    removed: tuple[Removed, ...] = field(default=(), repr=False)
    rights: str | None = None
    """What the page reserves: `noindex`, `noarchive`, `tdm-reservation`, comma-separated."""
    content_hash: str = ""
    """32 hex digits of title, lead and text, normalised: equal means nothing a reader would notice changed."""
    extractor: str = ""
    cleaner: str = ""
    archive_file: str | None = None
    archive_offset: int | None = None
    version: int = 1
    run_id: str = ""
    published_offset: int | None = None
    """Minutes east of UTC of the clock that `published_at` was written by; None when the page gave only a day. Not a column."""
    page_lines: tuple[int, ...] = field(default=(), repr=False)
    """`lines.line_hash` of every block of the whole page, each once, for the host's learned boilerplate. Not a column."""
    below: tuple[str, ...] = field(default=(), repr=False)
    """The blocks that stand right below the text on the page and are not part of it, in order: they may name the source. The cleaner reads
    and empties it. Not a column."""
    duplicate_of: str | None = None
    duplicate_kind: str | None = None
    story_id: str = ""

    @property
    def n_chars(self) -> int:
        return len(self.text)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What copy finding needs to know of a text."""

    article_id: str
    shingles: NDArray[np.uint64] = field(repr=False)
    """Shingle hashes, each once, in the order of the text, shape (n,)."""
    signature: NDArray[np.uint32] = field(repr=False)
    """MinHash values as datasketch gives them, shape (num_perm,)."""
    blocks: NDArray[np.uint64] = field(repr=False)
    """One hash per line of `text`, in order, for boilerplate lines and `which paragraphs`."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One named piece of evidence; the value is text so that every kind fits one column."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A decided relation: `article_id` is a copy of `of_article_id`. Append-only; a later row of the same pair supersedes."""

    article_id: str
    of_article_id: str
    kind: CopyKind
    """`refuted` takes an earlier relation back, or says that a declaration did not stand up to the text."""
    similarity: float | None
    """True Jaccard of the shingles, 0–1; None across languages."""
    containment: float | None
    """Share of this article's shingles that stand in the other, 0–1."""
    containment_of: float | None
    """Share of the other's shingles that stand in this one, 0–1."""
    score: float
    """0–1, comparable within a kind."""
    evidence: tuple[Fact, ...]
    decided_at: datetime
    run_id: str
    method: str
    """Name and version of what decided: `shingles/1`, `anchors/1`, `declared/1`."""


@dataclass(frozen=True, slots=True)
class Story:
    """One row per article: the story it belongs to. Derived from all copies, never the other way round."""

    article_id: str
    story_id: str
    canonical_id: str
    is_canonical: bool
    reason: str
    """Why this canonical: `declared_original`, `earliest_complete`, `only_one`, …"""
    original_id: str
    first_published_at: datetime | None
    delay: float | None
    """Seconds from the original's publication to this article's; None when either time is unknown."""
    n_articles: int
    languages: tuple[str, ...]
    attributed: bool | None
    """Whether the copy names its source; None for the original."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one page ended. Exactly one for every page read."""

    kind: OutcomeKind
    reason: str = ""
    """For `rejected` and `failed`; "" otherwise."""

    def __str__(self) -> str:
        return f"{self.kind}/{self.reason}" if self.reason else self.kind


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row of the `pages` table: how one fetched (or read) page ended."""

    url: str
    requested_url: str
    publisher: str
    status: int
    content_type: str
    n_bytes: int
    fetched_at: datetime
    outcome: str
    """`stored`, `duplicate`, `unchanged`, `rejected`, `failed`."""
    reason: str
    """For `rejected` and `failed`; "" otherwise."""
    run_id: str
    article_id: str | None = None
    version: int | None = None
    archive_file: str | None = None
    archive_offset: int | None = None
    seconds: float = 0.0
    """Time spent preparing the page, in seconds of one core."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of the `runs` table."""

    run_id: str
    """`20261124T030500Z-1a2b3c`: start in UTC and six random hex digits; sorts by time."""
    command: str
    status: str
    """`finished`, `partial` (a publisher failed), `interrupted` (a signal), `killed` (written by the next run)."""
    exit_code: int | None
    started_at: datetime
    finished_at: datetime
    n_pages: int
    n_articles: int
    """New rows in `articles`."""
    outcomes: Mapping[str, int]
    """`stored`, `rejected/too_short`, … → pages; the values add up to `n_pages`."""
    copies: Mapping[str, int]
    """Kind → new rows in `copies`."""
    versions: Mapping[str, str]
    """Package or stage → version."""
    parameters: Mapping[str, str]
    durations: Mapping[str, float]
    """Stage → seconds."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """What becomes visible at once. `commit_id` is `<run_id>-NNNN` and sorts in order of commit."""

    commit_id: str
    run_id: str
    articles: tuple[Article, ...] = ()
    copies: tuple[Copy, ...] = ()
    pages: tuple[PageRow, ...] = ()
    run: RunRow | None = None
    """Only with the last commit of a run."""
