"""One page to one article: parse once, read everything from the one tree."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import trafilatura
import trafilatura.meta
from lxml.html import HtmlElement

from pipelines import urls
from pipelines.extract import dates, decode, jsonld, layouts, metadata, model
from pipelines.extract.blocks import CAPTION, LEAD, Block, Nodes, read_blocks, size, squeeze
from pipelines.extract.choose import choose, expected_best
from pipelines.extract.features import Hints, Matrix, around_chances, describe, describe_other, matrix
from pipelines.extract.images import images_around
from pipelines.lines import line_hash
from pipelines.records import Article, Layout, Page, Rejected, Removed

EXTRACTOR = f"copydesk-extract/1 blocks/{model.VERSION} trafilatura/{version('trafilatura')}"
"""Stored with every article: our version, the model's, and that of the library the model listens to."""

MIN_WORDS = 8
"""Below this nothing on the page is an article. Every letter of a script without spaces counts as a word."""
SURE = 0.95
"""The expected F1 of a page's best choice from which on nobody else is asked."""
_RESET_AFTER = 500
_pages = itertools.count(1)


@dataclass(slots=True)
class Seen:
    """What one look at a page gives: the tree and all that is read from it before anything is decided."""

    source: str
    tree: HtmlElement
    meta: metadata.Meta
    things: tuple[jsonld.Thing, ...]
    thing: jsonld.Thing
    titles: tuple[str, ...]
    blocks: list[Block]
    nodes: Nodes

    @property
    def description(self) -> str:
        return metadata.first(self.meta, "og:description", "description", "twitter:description") or jsonld.text(
            self.thing.get("description")
        )


def extract(page: Page, *, template: frozenset[int] = frozenset()) -> Article:
    """The article on a page: everything that comes from the page itself.

    `template` holds the hashes (`pipelines.lines.line_hash`) of lines known to be boilerplate on this host; such blocks are
    left out and listed in `removed` with the kind `learned`.

    Raises `Rejected`: `empty`, `not_html`, `too_large`, `too_complex`, `not_article`, `too_short`.
    """
    if next(_pages) % _RESET_AFTER == 0:
        trafilatura.meta.reset_caches()
    seen = look(page.body, page.url, page.headers)
    layout = layouts.fitting(page, seen.tree)
    if layout is not None:
        chosen = layouts.inside(seen.tree, seen.blocks, layout)
    else:
        chosen = choose(seen.blocks, chances(seen), frozenset(map(squeeze, seen.titles)))
    title, lead, lines, removed = compose(seen, chosen, layout, template)
    text = "\n".join(lines)
    if layout is None and (stated := _stated(seen, text)):
        lead, text = "", stated
    words = size(text) + size(lead) if text or lead else 0
    if not words:
        raise Rejected("not_article", "no text stands out on the page")
    if words < MIN_WORDS:
        raise Rejected("too_short", f"{words} words")

    declared_language = (
        page.language or seen.tree.get("lang") or metadata.first(seen.meta, "og:locale", "content-language")
    )
    language = language_of(f"{lead}\n{text}", declared=declared_language)
    shown = layouts.text_of(seen.tree, layout.published) if layout else ""
    moment, where = dates.published(
        seen.tree,
        seen.meta,
        seen.thing,
        seen.things,
        url=page.url,
        language=language,
        before=page.fetched_at,
        shown=shown,
    )
    own, declarations = metadata.canonical_url(seen.tree, seen.meta, page.url)
    source = layouts.source_of(seen.tree, layout, page.url) if layout else []
    named = layouts.texts_of(seen.tree, layout.authors) if layout else ()
    tagged = layouts.texts_of(seen.tree, layout.tags) if layout else ()
    return Article(
        article_id=urls.article_id(page.key or own),
        url=page.url,
        canonical_url=own,
        host=urls.host(page.url),
        title=title,
        lead=lead,
        text=text,
        fetched_at=page.fetched_at,
        publisher=page.publisher,
        language=language,
        authors=metadata.people(named) or metadata.authors(seen.tree, seen.meta, seen.thing),
        published_at=moment.at if moment else None,
        published_at_source=where,
        published_offset=moment.offset if moment else None,
        modified_at=dates.modified(seen.meta, seen.thing, url=page.url, language=language, before=page.fetched_at),
        section=(layout and layouts.text_of(seen.tree, layout.section)) or metadata.section(seen.meta, seen.thing),
        tags=tagged or metadata.tags(seen.meta, seen.thing),
        images=images_around([seen.blocks[i] for i in chosen], seen.meta, page.url),
        source_name=next((found.value for found in source if found.kind == "source_name"), None),
        source_url=next((found.value for found in source if found.kind == "source_url"), None),
        declarations=(
            *source,
            *declarations,
            *metadata.hreflangs(seen.tree, page.url),
            *metadata.sources(seen.meta, seen.thing, page.url),
        ),
        removed=removed,
        rights=metadata.rights(seen.meta, page.headers),
        extractor=EXTRACTOR,
        page_lines=page_lines(seen.blocks),
        below=_below(seen.blocks, chosen),
        archive_file=page.archive_file,
        archive_offset=page.archive_offset,
    )


def body(article: Article) -> str:
    """What a reader reads below the title: the lead, then the text."""
    return "\n".join(part for part in (article.lead, article.text) if part)


def _below(blocks: list[Block], chosen: list[int]) -> tuple[str, ...]:
    """What was left out from the last blocks of the text on. Source, advertisement and comment lines alternate there."""
    if not chosen:
        return ()
    kept = set(chosen)
    first = sorted(kept)[-4:][0]
    return tuple(blocks[i].text for i in range(first, min(first + 24, len(blocks))) if i not in kept)[:12]


def page_lines(blocks: list[Block]) -> tuple[int, ...]:
    """`line_hash` of every block of the whole page, each once, in order, for the host's learned boilerplate."""
    return tuple(dict.fromkeys(number for block in blocks if (number := line_hash(block.text))))


def look(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> Seen:
    """Decodes, parses and reads a page once. Raises `Rejected`: `empty`, `not_html`, `too_large`, `too_complex`."""
    headers = headers or {}
    decode.check(body, headers.get("content-type", ""))
    source = decode.decode(body, headers)
    tree = decode.parse(source)
    meta = metadata.read_meta(tree)
    things = jsonld.things(tree)
    thing = jsonld.article(things)
    blocks, nodes = read_blocks(tree, urls.host(url))
    return Seen(source, tree, meta, things, thing, metadata.titles(tree, meta, thing), blocks, nodes)


def measure(seen: Seen) -> Matrix:
    """The features of the page's blocks, shape (blocks, columns)."""
    hints = Hints(
        titles=tuple(map(squeeze, seen.titles)),
        description=squeeze(seen.description),
        json_body=squeeze(jsonld.text(seen.thing.get("articleBody"))),
    )
    return matrix(describe(seen.blocks, seen.nodes, hints), len(seen.blocks))


def measure_other(seen: Seen) -> Matrix:
    """What trafilatura makes of the blocks, shape (blocks, columns)."""
    return matrix(describe_other(seen.blocks, seen.nodes, squeeze(_trafilatura(seen.tree))), len(seen.blocks))


def chances(seen: Seen) -> Matrix:
    """How likely each block is part of the article, 0–1, shape (blocks,).

    The blocks alone tell on two pages of three or more. Where they leave a doubt trafilatura, which takes as long as everything else, is asked too.
    """
    if not seen.blocks:
        return model.NOTHING
    around = partial(around_chances, seen.blocks, seen.nodes)
    features = measure(seen)
    alone = model.chances(features, around)
    if expected_best(seen.blocks, alone).f1 >= SURE:
        return alone
    return model.chances_with_other(features, measure_other(seen), around)


def _trafilatura(tree: HtmlElement) -> str:
    """The text as trafilatura's own rules find it, without its fallbacks: to the model they were noise, and a third of the time."""
    document = trafilatura.bare_extraction(tree, with_metadata=False, include_comments=False, fast=True)
    return getattr(document, "text", None) or ""


def compose(
    seen: Seen, chosen: list[int], layout: Layout | None, template: frozenset[int]
) -> tuple[str, str, list[str], tuple[Removed, ...]]:
    """Title, lead, the lines of the text, and what was left out because the host repeats it."""
    title = (layout and layouts.text_of(seen.tree, layout.title)) or (seen.titles[0] if seen.titles else "")
    removed: list[Removed] = []
    kept: list[int] = []
    for i in chosen:
        if template and line_hash(seen.blocks[i].text) in template:
            removed.append(Removed("learned", seen.blocks[i].text))
        else:
            kept.append(i)
    lead = layouts.text_of(seen.tree, layout.lead) if layout else ""
    if lead:
        tight = squeeze(lead)
        kept = [i for i in kept if seen.blocks[i].tight not in (tight, squeeze(title))]
    elif (first := _lead(seen, kept)) is not None:
        lead = seen.blocks[first].text
        kept = [i for i in kept if i != first]
    return title, lead, [seen.blocks[i].text for i in kept], tuple(removed)


def _lead(seen: Seen, kept: list[int]) -> int | None:
    """Which block is the lead (sapo): one of the first two, set apart by its name or form from what follows, in no longer text than two paragraphs."""
    description = squeeze(seen.description)
    for i in kept[: min(2, len(kept) - 1)]:
        block = seen.blocks[i]
        tight = block.tight
        named = bool(seen.nodes.near[block.node] & LEAD) and not seen.nodes.near[block.node] & CAPTION
        described = len(tight) > 20 and (
            tight == description or (len(description) > 40 and tight.startswith(description.rstrip(".…")[:80]))
        )
        apart = (
            seen.nodes.tags[block.node] in ("h2", "h3", "h4")
            or seen.nodes.parent[block.node] != seen.nodes.parent[seen.blocks[kept[kept.index(i) + 1]].node]
            or block.strong > 0.9 * len(block.text)
        )
        if (named and apart) or (described and (named or apart)):
            return i
    return None


def _stated(seen: Seen, text: str) -> str:
    """JSON-LD's `articleBody` by lines, if it holds far more than what stands on the page (which some pages fill in later)."""
    value = seen.thing.get("articleBody")
    if not isinstance(value, str) or len(value) < 500 or len(value) < 2.5 * len(text):
        return ""
    lines = (jsonld.text(line) for line in re.split(r"\n+|<br\s*/?>|</p>", value))
    return "\n".join(line for line in lines if line)


_TOLD_BY = 800
"""Characters that tell a language: of 3,300 texts of the evaluation none gets another one from 1,500."""
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def language_of(text: str, declared: str | None = None) -> str | None:
    """The language of a text as BCP 47. What is declared stands if the text agrees on the primary language."""
    import py3langid  # noqa: PLC0415  (its model takes half a second to load)

    guess = str(py3langid.classify(text[:_TOLD_BY])[0]) if len(text) > 20 else None
    if declared and _TAG.fullmatch(declared.strip()):
        primary, *rest = declared.strip().replace("_", "-").split("-")
        if guess is None or primary.lower() == guess:
            return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
    return guess
