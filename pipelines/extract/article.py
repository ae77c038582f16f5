"""One page to one article: parse once, read everything from the one tree."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import trafilatura
from lxml.html import HtmlElement

from pipelines import urls
from pipelines.extract import dates, decode, jsonld, metadata
from pipelines.extract.blocks import Block, Nodes, read_blocks, squeeze
from pipelines.extract.features import Hints, Matrix, features
from pipelines.lines import line_hash
from pipelines.records import Article, Page, Rejected, Removed

EXTRACTOR = "copydesk-extract/1"


@dataclass(slots=True)
class Seen:
    """What one look at a page gives: the tree and everything read from it before anything is decided."""

    source: str
    tree: HtmlElement
    meta: metadata.Meta
    things: tuple[jsonld.Thing, ...]
    thing: jsonld.Thing
    title: str
    blocks: list[Block]
    nodes: Nodes
    features: Matrix


def look(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> Seen:
    """Decodes, parses and reads a page once. Raises `Rejected`: `empty`, `not_html`, `too_large`, `too_complex`."""
    headers = headers or {}
    decode.check(body, headers.get("content-type", ""))
    source = decode.decode(body, headers)
    tree = decode.parse(source)
    meta = metadata.read_meta(tree)
    found = jsonld.things(tree)
    thing = jsonld.article(found)
    title = metadata.title(tree, meta, thing)
    blocks, nodes = read_blocks(tree, urls.host(url))
    hints = Hints(
        title=title,
        description=squeeze(metadata.first(meta, "og:description", "description", "twitter:description") or jsonld.text(thing.get("description"))),
        json_body=squeeze(jsonld.text(thing.get("articleBody"))),
        other=squeeze(_trafilatura(tree)),
    )
    matrix = features(blocks, nodes, hints) if blocks else np.zeros((0, 0), dtype=np.float32)
    return Seen(source, tree, meta, found, thing, title, blocks, nodes, matrix)


def _trafilatura(tree: HtmlElement) -> str:
    document = trafilatura.bare_extraction(deepcopy(tree), with_metadata=False, include_comments=False)
    return (document.text or "") if document is not None else ""  # type: ignore[union-attr]


def extract(page: Page, *, template: frozenset[int] = frozenset()) -> Article:
    """The article on a page: everything that comes from the page itself.

    `template` holds the hashes (`pipelines.lines.line_hash`) of lines known to be boilerplate on this host; such blocks are
    left out and listed in `removed` with the kind `learned`. The same bytes give the same article under any address.

    Raises `Rejected`: `empty`, `not_html`, `too_large`, `too_complex`, `not_article`, `too_short`.
    """
    decode.check(page.body, page.headers.get("content-type", ""))
    source = decode.decode(page.body, page.headers)
    tree = decode.parse(source)
    meta = metadata.read_meta(tree)
    found = jsonld.things(tree)
    thing = jsonld.article(found)

    document = trafilatura.bare_extraction(deepcopy(tree), with_metadata=False, include_comments=False)
    lines = [" ".join(line.split()) for line in (document.text or "").splitlines()] if document is not None else []  # type: ignore[union-attr]
    title = metadata.title(tree, meta, thing)
    if lines and lines[0].casefold() == title.casefold():
        del lines[0]
    removed = tuple(Removed("learned", line) for line in lines if line_hash(line) in template)
    text = "\n".join(line for line in lines if line and line_hash(line) not in template)
    if not text:
        raise Rejected("not_article", "no text stands out on the page")

    language = language_of(
        text, declared=page.language or tree.get("lang") or metadata.first(meta, "og:locale", "content-language")
    )
    moment, where = dates.published(
        tree, meta, thing, found, url=page.url, language=language, before=page.fetched_at, source=source
    )
    own, declared = metadata.canonical_url(tree, meta, page.url)
    return Article(
        article_id=urls.article_id(page.key or own),
        url=page.url,
        canonical_url=own,
        host=urls.host(page.url),
        title=title,
        text=text,
        fetched_at=page.fetched_at,
        publisher=page.publisher,
        language=language,
        authors=metadata.authors(tree, meta, thing),
        published_at=moment.at if moment else None,
        published_at_source=where if moment else None,
        published_offset=moment.offset if moment else None,
        modified_at=dates.modified(meta, thing, url=page.url, language=language, before=page.fetched_at),
        section=metadata.section(meta, thing),
        tags=metadata.tags(meta, thing),
        declarations=(*declared, *metadata.hreflangs(tree, page.url)),
        removed=removed,
        rights=metadata.rights(meta, page.headers),
        extractor=EXTRACTOR,
        archive_file=page.archive_file,
        archive_offset=page.archive_offset,
    )


def body(article: Article) -> str:
    """What a reader reads below the title: the lead, then the text."""
    return f"{article.lead}\n{article.text}" if article.lead else article.text


_TAG = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$")


def language_of(text: str, declared: str | None = None) -> str | None:
    """The language of a text as BCP 47. What is declared stands if the text agrees on the primary language."""
    import py3langid  # noqa: PLC0415  (its model takes half a second to load)

    words = text[:4000]
    guess = str(py3langid.classify(words)[0]) if len(words) > 20 else None
    if declared and _TAG.match(declared.strip()):
        tag = declared.strip().replace("_", "-")
        if guess is None or tag.split("-")[0].lower() == guess:
            return tag.split("-")[0].lower() + tag[len(tag.split("-")[0]) :]
    return guess
