"""Takes the markers out of an article. Nothing vanishes silently: what is cut stands in `removed`, in the words of the page."""

import hashlib
import unicodedata
from dataclasses import dataclass, field, replace

from pipelines.clean import markers, rules
from pipelines.records import Article, Declaration, Removed

CLEANER = f"markers/{markers.VERSION}"

_HEAD_LINES = 4
"""A story's dateline, byline and the aggregator's head stand in its first lines."""


@dataclass(slots=True)
class _Draft:
    """An article in the works: what is left of the text, and what was learned on the way."""

    title: str
    lead: str
    lines: list[str]
    authors: tuple[str, ...]
    removed: list[Removed] = field(default_factory=list)
    declared: list[Declaration] = field(default_factory=list)
    dateline: str | None = None
    byline_author: str = ""

    def cut(self, kind: str, text: str) -> None:
        self.removed.append(Removed(kind, text.strip()))

    def declare(self, kind: str, value: str, where: str) -> None:
        self.declared.append(Declaration(kind, value, where))  # type: ignore[arg-type]


def clean(article: Article) -> Article:
    """The article without markers.

    Cuts from `text` and `lead`, appends each piece to `removed`, and fills `source_url`, `source_name`, `credits`, `dateline` and
    `authors` where they are empty, `declarations`, `cleaner` and `content_hash`. Text without a marker comes back unchanged, and
    cleaning what is clean changes nothing. The text comes back in NFC if anything was cut.
    """
    draft = _Draft(article.title, article.lead, article.text.split("\n"), article.authors)
    while _pass(draft):
        pass
    if not draft.removed and not draft.declared:
        text, lead = "\n".join(draft.lines), draft.lead
    else:
        text, lead = "\n".join(draft.lines), draft.lead
    declarations = tuple(dict.fromkeys(article.declarations + tuple(draft.declared)))
    credits = tuple(dict.fromkeys([*article.credits, *(d.value for d in draft.declared if d.kind == "credit")]))
    return replace(
        article,
        text=text,
        lead=lead,
        authors=draft.authors,
        source_url=article.source_url or _first(draft.declared, "source_url"),
        source_name=article.source_name or _first(draft.declared, "source_name"),
        credits=credits,
        dateline=article.dateline or draft.dateline,
        declarations=declarations,
        removed=article.removed + tuple(draft.removed),
        cleaner=CLEANER,
        content_hash=content_hash(article.title, lead, text),
    )


def content_hash(title: str, lead: str, text: str) -> str:
    """32 hex digits: BLAKE2b-128 of the three parts in NFKC, case folded, white space as single spaces."""
    parts = (" ".join(unicodedata.normalize("NFKC", part).casefold().split()) for part in (title, lead, text))
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _first(declared: list[Declaration], kind: str) -> str | None:
    return next((declaration.value for declaration in declared if declaration.kind == kind), None)


def _pass(draft: _Draft) -> bool:
    """One round over the text; True when something was cut, because that may lay open the next marker."""
    before = (list(draft.lines), draft.lead, draft.authors)
    _anywhere(draft)
    _tail(draft)
    _head(draft)
    return before != (draft.lines, draft.lead, draft.authors)


def _anywhere(draft: _Draft) -> None:
    kept: list[str] = []
    for line in draft.lines:
        kind = rules.whole_line(line, draft.title) if line else None
        if kind:
            draft.cut(kind, line)
            continue
        end = rules.residue_at_end(line)
        if end is not None:
            draft.cut("residue", line[end:])
            line = line[:end]  # noqa: PLW2901  (what is left of it)
        kept.append(rules.stops(line))
    draft.lines = kept


def _tail(draft: _Draft) -> None:
    """Markers off the end, one after the other. Each makes the next one surer: they come together."""
    sure = False
    while draft.lines:
        line = draft.lines[-1]
        above = draft.lines[-2] if len(draft.lines) > 1 else ""
        beside = sure or bool(rules.placeholder_at_end(above))
        start = _tail_marker(draft, line, beside)
        if start is None:
            break
        sure = True
        rest = line[:start].rstrip()
        if rest:
            draft.lines[-1] = rest
        else:
            draft.lines.pop()


def _tail_marker(draft: _Draft, line: str, sure: bool) -> int | None:
    """Where the marker starts that ends the line, once it is noted in the draft; None when the line ends in text."""
    if not line.strip():
        return 0
    ad = rules.placeholder_at_end(line)
    if ad and (ad.known or ad.start == 0 or sure):
        draft.cut("ad", line[ad.start :])
        return ad.start
    if rules.is_comment_count(line, sure=sure):
        draft.cut("comment_count", line)
        return 0
    glued = rules.comment_count_glued(line)
    if glued is not None:
        draft.cut("comment_count", line[glued:])
        return glued
    source = rules.source_line(line, sure=sure)
    if source:
        draft.cut("source_line", line[source.start :])
        if source.url:
            draft.declare("source_url", source.url, "source_line")
        if source.name:
            draft.declare("source_name", source.name, "source_line")
        return source.start
    if sure and rules.is_lone_word(line) and not any(cut.kind == "source_line" for cut in draft.removed):
        draft.cut("source_line", line)
        return 0
    byline = rules.byline(line, sure=sure, authors=draft.authors)
    if byline and len(draft.lines) > 1:
        draft.cut("byline", line)
        if byline.author and not draft.authors:
            draft.authors = (byline.author,)
        for name in byline.credits:
            draft.declare("credit", name, "byline")
        return 0
    credit = rules.credit_at_end(line)
    if credit:
        start, names = credit
        draft.cut("credit", line[start:])
        for name in names:
            draft.declare("credit", name, "tail")
        return start
    if line.endswith("./."):
        draft.cut("end_mark", "/.")
        return len(line) - 2
    return None


def _head(draft: _Draft) -> None:
    lead = rules.dateline(draft.lead) if draft.lead else None
    if lead:
        draft.cut("dateline", draft.lead[: lead[0]])
        draft.dateline = draft.dateline or lead[1]
        draft.lead = draft.lead[lead[0] :]
    for at, line in enumerate(draft.lines[:_HEAD_LINES]):
        name = rules.name_twice_and_date(line)
        ad = rules.placeholder_at_start(line)
        if name:
            draft.cut("source_line", line)
            draft.declare("source_name", name, "head")
            draft.lines[at] = ""
        elif ad and (ad.known or ad.end == len(line)):
            draft.cut("ad", line[: ad.end])
            draft.lines[at] = line[ad.end :].lstrip()
    draft.lines[:_HEAD_LINES] = [line for line in draft.lines[:_HEAD_LINES] if line]
    for at, line in enumerate(draft.lines[:2]):
        code = rules.dateline(line)
        if code:
            draft.cut("dateline", line[: code[0]])
            draft.dateline = draft.dateline or code[1]
            draft.lines[at] = line[code[0] :]
