"""The images of an article, with their captions kept apart from the text."""

import re
from itertools import islice
from urllib.parse import urljoin

from lxml.html import HtmlElement

from pipelines.extract.blocks import CAPTION, Block, class_bits
from pipelines.records import Image

MAX_IMAGES = 50
_SMALL = 100
"""Pixels; what says it is narrower is an icon."""
_NO_PICTURE = re.compile(
    r"(?:^data:)|\.svg(?:$|\?)|(?:sprite|pixel|spacer|blank|placeholder|logo|avatar|icon|emoji)[^/]*$", re.IGNORECASE
)


def images_around(chosen: list[Block], meta: dict[str, list[str]], url: str) -> tuple[Image, ...]:
    """The page's declared image first, then those in the element that holds most of the chosen blocks, in order, each once."""
    found: dict[str, Image] = {}
    for value in meta.get("og:image", ())[:1]:
        _add(found, _joined(url, value), "")
    holder = _holder(chosen)
    if holder is not None:
        for element in holder.iter("img", "amp-img"):
            if (address := _address(element, url)) and len(found) < MAX_IMAGES:
                _add(found, address, _caption(element, holder))
    return tuple(found.values())


def _add(found: dict[str, Image], address: str, caption: str) -> None:
    known = found.get(address)
    if address.startswith(("http://", "https://")) and (known is None or (caption and not known.caption)):
        found[address] = Image(address, caption)


def _holder(chosen: list[Block]) -> HtmlElement | None:
    """The smallest element that holds at least four fifths of the chosen text."""
    total = sum(len(block.text) for block in chosen)
    held: dict[HtmlElement, int] = {}
    for block in chosen:
        for element in (block.element, *block.element.iterancestors()):
            held[element] = held.get(element, 0) + len(block.text)
    enough = [element for element, length in held.items() if length >= 0.8 * total]
    return max(enough, key=lambda element: sum(1 for _ in element.iterancestors()), default=None)


def _address(element: HtmlElement, url: str) -> str:
    for name in ("data-src", "data-original", "data-lazy-src", "src"):
        value = (element.get(name) or "").strip()
        if value and not _NO_PICTURE.search(value):
            break
    else:
        return ""
    width = element.get("width") or ""
    if width.isdigit() and int(width) < _SMALL:
        return ""
    return _joined(url, value)


def _joined(url: str, value: str) -> str:
    try:
        return str(urljoin(url, value))
    except ValueError:
        return ""


def _caption(element: HtmlElement, holder: HtmlElement) -> str:
    """The text of the figure's caption, or of the element named as one next to the image."""
    for above in islice(element.iterancestors(), 4):
        if above is holder:
            break
        for inner in above.iter("figcaption", "p", "div", "span"):
            if (
                inner.tag == "figcaption"
                or (class_bits(f"{inner.get('class') or ''}") & CAPTION and inner.find(".//img") is None)
            ) and (text := " ".join(inner.text_content().split())):
                return text[:1000]
        if above.tag == "figure":
            break
    return ""
