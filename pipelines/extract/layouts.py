"""Publishers' templates: where the parts stand, as CSS selectors (`records.Layout`)."""

from functools import lru_cache
from typing import cast
from urllib.parse import urljoin

from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from pipelines.extract.blocks import Block, squeeze
from pipelines.records import Declaration, Layout, Page

_ENOUGH = 60
"""Squeezed characters a body must have; an empty shell that a script fills does not count as a match."""


@lru_cache(maxsize=512)
def _selector(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")


def select(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    """The elements that a CSS selector finds, in document order; none for ""."""
    return cast("list[HtmlElement]", _selector(selector)(tree)) if selector else []


def text_of(tree: HtmlElement, selector: str) -> str:
    """The text of the first element that has any, on one line."""
    return next(iter(texts_of(tree, selector)), "")


def texts_of(tree: HtmlElement, selector: str) -> tuple[str, ...]:
    """The texts of all elements found, each on one line, each once; `content` for meta elements."""
    found = (
        element.get("content") if element.tag == "meta" else element.text_content()
        for element in select(tree, selector)
    )
    return tuple(dict.fromkeys(text for raw in found if (text := " ".join((raw or "").split()))))


def fitting(page: Page, tree: HtmlElement) -> Layout | None:
    """The first layout of the publisher that is valid for the day of the page and whose body is there and holds text."""
    for layout in page.layouts:
        if layout.valid_until is not None and page.fetched_at.date() > layout.valid_until:
            continue
        bodies = select(tree, layout.body)
        if bodies and sum(len(squeeze(element.text_content())) for element in bodies) >= _ENOUGH:
            return layout
    return None


def inside(tree: HtmlElement, blocks: list[Block], layout: Layout) -> list[int]:
    """The numbers of the blocks in the layout's body and not in what it drops; captions and titles are not text."""
    bodies = set(select(tree, layout.body))
    drops = {element for selector in layout.drop for element in select(tree, selector)}
    titles = {squeeze(text) for text in texts_of(tree, layout.title)}
    known: dict[HtmlElement, bool] = {}

    def is_in(element: HtmlElement | None) -> bool:
        if element is None:
            return False
        if element not in known:
            if element in drops or element.tag in ("figcaption", "figure"):
                known[element] = False
            elif element in bodies:
                known[element] = not any(above in drops for above in element.iterancestors())
            else:
                known[element] = is_in(element.getparent())
        return known[element]

    return [i for i, block in enumerate(blocks) if is_in(block.element) and block.tight not in titles]


def source_of(tree: HtmlElement, layout: Layout, url: str) -> list[Declaration]:
    """The source that the page names in its own place for it: the link's address, and its name."""
    declared = []
    for element in select(tree, layout.source)[:1]:
        link = element if element.tag == "a" else element.find(".//a[@href]")
        href = urljoin(url, (link.get("href") or "").strip()) if link is not None else ""
        if href.startswith(("http://", "https://")) and href.rstrip("/") != url.rstrip("/"):
            declared.append(Declaration("source_url", href, "layout"))
        if name := " ".join(element.text_content().split()):
            declared.append(Declaration("source_name", name, "layout"))
    return declared
