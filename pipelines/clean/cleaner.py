"""Takes the markers out of an article. Nothing vanishes silently: what is cut stands in `removed`, in the words of the page."""

import hashlib
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import Literal

from pipelines import urls
from pipelines.clean import markers, rules
from pipelines.records import Article, Declaration, Removed

CLEANER = f"copydesk-clean/{markers.VERSION}"
"""Stored with every article, so that rows cleaned by older tables can be told apart."""

_BELOW_LINES = 12
_HEAD_LINES = 4
"""A story's dateline, byline and the aggregator's head stand in its first lines."""


@dataclass(slots=True)
class _Draft:
    """An article in the works: what is left of it, and what was learned on the way."""

    title: str
    slug: str
    """Of the article's own address; "" where it is too short to be evidence."""
    lead: str
    lines: list[str]
    authors: tuple[str, ...]
    vietnamese: bool
    composed: bool
    """The whole text is in NFC."""
    plain: set[str] = field(default_factory=set)
    """Lines known to hold no marker of those that may stand anywhere."""
    dateline: str | None = None
    kinds: set[str] = field(default_factory=set)
    """The kinds of all that was removed, by earlier stages and earlier cleanings too."""
    removed: list[Removed] = field(default_factory=list)
    declared: list[Declaration] = field(default_factory=list)

    def cut(self, kind: str, text: str) -> None:
        self.removed.append(Removed(kind, text.strip()))
        self.kinds.add(kind)

    def declare(self, kind: Literal["source_url", "source_name", "credit"], value: str, where: str) -> None:
        self.declared.append(Declaration(kind, value, where))

    def read(self, line: str) -> str:
        """The line as the rules read it, in NFC."""
        return line if self.composed else unicodedata.normalize("NFC", line)

    def split(self, line: str, at: int) -> tuple[str, str]:
        """The line as it stands in the page, in two at character `at` of what the rules read."""
        if not self.composed:
            at = bisect_right(range(len(line) + 1), at, key=lambda end: len(self.read(line[:end]))) - 1
        return line[:at], line[at:]

    def is_own_slug(self, line: str) -> bool:
        """Whether the line ends with an address that has the article's own slug, which a translator keeps: its source in any language."""
        if not self.slug or "/" not in line:
            return False
        address = rules.address(line)
        return address is not None and urls.slug(address) == self.slug

    def declared_first(self, kind: str) -> str | None:
        return next((declaration.value for declaration in self.declared if declaration.kind == kind), None)


def clean(article: Article) -> Article:
    """The article without markers.

    Cuts from `text` and `lead`, and reads `below`; appends each piece to `removed`, adds to `declarations` and `credits`, fills `source_url`, `source_name`,
    `dateline` and `authors` where they are empty, and sets `cleaner` and `content_hash`. What is kept and what is removed make up the input,
    white space apart. A text without markers comes back as it is; cleaning what is clean changes nothing. Composed and decomposed Unicode are
    read alike, and kept as they are.
    """
    draft = _Draft(
        title=unicodedata.normalize("NFC", article.title),
        slug=urls.slug(article.url),
        lead=article.lead,
        lines=article.text.split("\n"),
        authors=article.authors,
        vietnamese=rules.is_vietnamese(article.language),
        composed=all(unicodedata.is_normalized("NFC", part) for part in (article.lead, article.text, *article.below)),
        kinds={cut.kind for cut in article.removed},
    )
    while _pass(draft):
        pass
    _below(draft, [draft.read(line) for line in article.below[:_BELOW_LINES]])
    text = "\n".join(draft.lines)
    credit = (declaration.value for declaration in draft.declared if declaration.kind == "credit")
    return replace(
        article,
        lead=draft.lead,
        text=text,
        authors=draft.authors,
        source_url=article.source_url or draft.declared_first("source_url"),
        source_name=article.source_name or draft.declared_first("source_name"),
        credits=tuple(dict.fromkeys((*article.credits, *credit))),
        dateline=article.dateline or draft.dateline,
        declarations=tuple(dict.fromkeys((*article.declarations, *draft.declared))),
        removed=(*article.removed, *draft.removed),
        below=(),
        cleaner=CLEANER,
        content_hash=content_hash(article.title, draft.lead, text),
    )


def content_hash(title: str, lead: str, text: str) -> str:
    """32 hex digits: BLAKE2b-128 of the three parts in NFKC, case folded, runs of white space as one space."""
    parts = (" ".join(unicodedata.normalize("NFKC", part).casefold().split()) for part in (title, lead, text))
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _pass(draft: _Draft) -> bool:
    """One round over the text. True when something was cut, because that may lay open the next marker."""
    before = len(draft.removed)
    if before:
        draft.lines = "\n".join(draft.lines).strip("\n").split("\n")
    _anywhere(draft)
    _tails(draft)
    _head(draft)
    return len(draft.removed) > before


def _anywhere(draft: _Draft) -> None:
    """Lines that are markers wherever they stand, and what is left of pictures at the ends of the others."""
    kept: list[str] = []
    captions = sum(map(bool, draft.lines)) > 2
    for raw in draft.lines:
        if raw in draft.plain:
            kept.append(raw)
            continue
        line = draft.read(raw)
        kind = rules.whole_line(line, draft.title)
        credit = rules.photo_credit_at_end(line)
        if kind is None and credit and captions and rules.is_caption(line, credit):
            kind = "caption"
        if kind:
            draft.cut(kind, raw)
            continue
        while end := rules.residue_at_end(line) or credit:
            raw, tail = draft.split(raw, end)  # noqa: PLW2901  (what is left of it)
            draft.cut("photo_credit" if end == credit else "residue", tail)
            raw = raw.rstrip()  # noqa: PLW2901
            line = draft.read(raw)
            credit = rules.photo_credit_at_end(line)
        kept.append(rules.stops(raw))
        draft.plain.add(kept[-1])
    draft.lines = kept


def _tails(draft: _Draft) -> None:
    """Markers off the end of the text, and off further up where a page went on below: above a counter, a placeholder, a source's address."""
    lines: list[str | None] = list(draft.lines)
    _tail(draft, lines, len(lines))
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if line is None:
            continue
        late = 2 * at >= len(lines) and "source_line" not in draft.kinds
        if rules.is_anchor(draft.read(line)) or (late and rules.names_its_source(draft.read(line))):
            _tail(draft, lines, at + 1)
    draft.lines = [line for line in lines if line is not None]


def _tail(draft: _Draft, lines: list[str | None], end: int) -> None:
    """Cut markers upwards from line `end`, one after the other. Each makes the next one surer, because they come together.

    A line of which nothing is left becomes None.
    """
    sure = False
    while end:
        line = lines[end - 1]
        if line is None or rules.is_blank(line):
            end -= 1
            continue
        above = next((lines[at] for at in range(end - 2, -1, -1) if (lines[at] or "").strip()), None) or ""
        beside = sure or rules.placeholder_at_end(draft.read(above)) is not None
        found = _ending(draft, draft.read(line), sure=beside, alone=not above)
        if found is None:
            return
        start, kind = found
        rest, tail = draft.split(line, start)
        if rules.is_blank(rest):
            rest, tail = "", line
        draft.cut(kind, tail)
        sure = sure or kind in ("ad", "comment_count", "source_line")
        lines[end - 1] = rest.rstrip() or None


def _ending(draft: _Draft, line: str, *, sure: bool, alone: bool) -> tuple[int, str] | None:
    """Where the marker starts that ends the line, and its kind, once what it says is declared; None when the line ends in text."""
    ad = rules.placeholder_at_end(line)
    if ad and (ad.known or sure or rules.is_blank(line[: ad.start])):
        return ad.start, "ad"
    count = rules.comment_count(line, sure=sure)
    if count is not None:
        return count, "comment_count"
    source = _source(draft, line, sure=sure or draft.is_own_slug(line))
    if source is not None:
        return source, "source_line"
    if sure and "source_line" not in draft.kinds:
        glued = rules.placeholder_at_start(line)
        word = glued.end if glued else 0
        if rules.is_lone_word(line[word:]):
            return word, "source_line"
    byline = None if alone else _byline(draft, line, sure=sure)
    if byline:
        return 0, byline
    if line.endswith("./."):
        return len(line) - 2, "end_mark"
    credit = rules.credit_at_end(line)
    if credit:
        for name in credit[1]:
            draft.declare("credit", name, "tail")
        return credit[0], "credit"
    piece = rules.last_piece(line)
    if piece is not None:
        if ":" in line[piece:] and _source(draft, line[piece:], sure=False) == 0:
            return piece, "source_line"
        byline = _byline(draft, line[piece:], sure=False)
        if byline:
            return piece, byline
    return None


def _source(draft: _Draft, text: str, *, sure: bool) -> int | None:
    source = rules.source(text, sure=sure)
    if source is None:
        return None
    if source.url:
        draft.declare("source_url", source.url, "source_line")
    if source.names:
        draft.declare("source_name", source.names[0], "source_line")
    for name in source.names[1:]:
        draft.declare("credit", name, "source_line")
    return source.start


def _byline(draft: _Draft, text: str, *, sure: bool) -> Literal["byline", "credit"] | None:
    """One name known by its form alone is a byline; two are a list."""
    first = "byline" not in draft.kinds
    byline = rules.byline(text, sure=sure and first, authors=draft.authors, vietnamese=draft.vietnamese and first)
    if byline is None:
        return None
    for name in byline.credits:
        draft.declare("credit", name, "byline")
    if byline.credits and not byline.authors:
        return "credit"
    draft.authors = draft.authors or byline.authors
    return "byline"


def _below(draft: _Draft, lines: list[str]) -> None:
    """The source and the credits that an extractor already left out of the text. Nothing else below a text is of interest."""
    for at, line in enumerate(lines):
        beside = any(near and not _without_counters(near) for near in lines[max(0, at - 1) : at + 2])
        rest = _without_counters(line)
        source = rules.source(rest, sure=beside or rest != line)
        glued = False
        if (
            source
            and (source.url or (source.names and at < _HEAD_LINES))
            and draft.declared_first("source_url") is None
        ):
            _source(draft, rest, sure=True)
            draft.cut("source_line", rest[source.start :])
            rest, glued = _without_counters(rest[: source.start].rstrip()), True
        found = rules.byline(rest, sure=glued, authors=draft.authors) if at < _HEAD_LINES else None
        if found and (found.credits or found.authors):
            for name in found.credits:
                draft.declare("credit", name, "byline")
            draft.authors = draft.authors or found.authors
            draft.cut("byline" if found.authors else "credit", rest)


def _without_counters(line: str) -> str:
    """The line without the placeholder and the comment counter that are glued to its end."""
    while line:
        ad = rules.placeholder_at_end(line)
        end = ad.start if ad else rules.comment_count(line, sure=False)
        if end is None:
            break
        line = line[:end].rstrip()
    return line


def _head(draft: _Draft) -> None:
    """The aggregator's head, a placeholder, a byline and the paper's code above or before the first sentence."""
    top = 0
    while top < len(draft.lines):
        line = draft.read(draft.lines[top])
        ad = rules.placeholder_at_start(line)
        if not rules.is_blank(line) and not (ad and (ad.known or rules.is_blank(line[ad.end :]))):
            break
        if ad:
            head, draft.lines[top] = draft.split(draft.lines[top], ad.end)
            draft.cut("ad", head)
        if rules.is_blank(draft.lines[top]):
            top += 1
    del draft.lines[: top if "ad" in draft.kinds else 0]
    for at, raw in enumerate(draft.lines[:_HEAD_LINES]):
        line = draft.read(raw)
        name = rules.name_twice_and_date(line)
        author = rules.byline_at_head(line) if "byline" not in draft.kinds and len(draft.lines) > 1 else None
        if name or author:
            draft.cut("source_line" if name else "byline", raw)
            if name:
                draft.declare("source_name", name, "head")
            draft.authors = draft.authors or ((author,) if author else ())
            del draft.lines[at]
            break
    if "dateline" not in draft.kinds:
        draft.lead, *draft.lines[:2] = [_dateline(draft, line) for line in (draft.lead, *draft.lines[:2])]


def _dateline(draft: _Draft, line: str) -> str:
    """The line without the paper's code. An agency's place line is text; it is only taken down."""
    code = rules.dateline(draft.read(line))
    if code:
        head, rest = draft.split(line, code[0])
        draft.cut("dateline", head)
        draft.dateline = draft.dateline or code[1]
        for name in rules.agencies(code[1]):
            draft.declare("credit", name, "dateline")
        return rest
    place = rules.agency_dateline(draft.read(line))
    if place:
        draft.dateline = draft.dateline or place[0]
        for name in place[1]:
            draft.declare("credit", name, "dateline")
    return line
