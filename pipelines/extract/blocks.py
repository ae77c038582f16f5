"""The blocks of a page: every run of text between two block boundaries, with what the page says about its place.

One walk over the tree finds all candidates, so that no other extractor's choice limits what can be found. The features of
each block follow the literature (text and link density: Kohlschütter et al. 2010; class words: Readability; neighbours and
stacking: Vogels et al. 2018, Web2Text) and are numbers only: no word of the text itself is a feature.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement

INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "object",
        "embed",
        "applet",
        "select",
        "option",
        "textarea",
        "canvas",
        "audio",
        "video",
        "map",
        "math",
        "head",
        "title",
        "meta",
        "link",
        "input",
        "datalist",
        "optgroup",
        "progress",
        "meter",
    ]
)

# Words of class names and ids, by what they say of the element. One bit a group.
CLASS_WORDS = {
    "article": "article story post entry artikel articulo nota noticia news blogpost longform artigo",
    "content": "content body text copy main articlebody storybody postcontent entrycontent bodytext articletext richtext wysiwyg prose paragraph detail details inhalt contenido fulltext maincontent",
    "comment": "comment comments commentlist disqus reply replies respond discussion reaction reactions kommentar kommentare comentarios reader forum binhluan",
    "related": "related recommend recommended recommendation recommendations more readmore also similar latest popular trending teaser teasers promo promotion promoted outbrain taboola next prev previous pager pagination tout card cards feed list listing carousel slider suggestions mehr zum thema lienquan relate",
    "share": "share sharing social shares addthis sharedaddy facebook twitter whatsapp follow print email bookmark tools toolbar action actions likes like icons",
    "nav": "nav navi navigation menu menus breadcrumb breadcrumbs navbar topbar tabs tab toc index sitemap skip links subnav masthead",
    "meta": "meta byline author authors date time timestamp published updated tag tags category categories kicker source credits dateline bio avatar profile keywords topics label labels info posted writer writers contributor",
    "ad": "ad ads advert adverts advertisement advertising sponsor sponsored banner dfp gpt werbung anzeige publicidad quangcao adsense commercial affiliate marketing",
    "newsletter": "newsletter subscribe subscription signup paywall premium register registration login offer donate donation membership cta optin form abo piano",
    "caption": "caption captions figcaption credit copyright image images photo photos picture gallery video media figure img player embed thumbnail thumb foto bild slideshow lightbox",
    "footer": "footer foot bottom copyright legal disclaimer imprint impressum colophon",
    "side": "sidebar side aside rail right left widget widgets secondary complementary module panel box infobox factbox",
    "title": "title headline heading header hed titel titulo ueberschrift",
    "lead": "lead lede intro summary standfirst subtitle subheadline sapo excerpt dek deck abstract description desc sub subhead teasertext vorspann entradilla bajada chapeau",
    "hidden": "hidden hide modal popup overlay cookie cookies consent gdpr dialog visually sr offscreen screen invisible dropdown tooltip alert notice notification",
}
_GROUPS = {word: 1 << bit for bit, words in enumerate(CLASS_WORDS.values()) for word in words.split()}
# A word may stand in two groups.
for _bit, _words in enumerate(CLASS_WORDS.values()):
    for _word in _words.split():
        _GROUPS[_word] |= 1 << _bit

LEAD, CAPTION = (1 << list(CLASS_WORDS).index(name) for name in ("lead", "caption"))

TAGS = [
    "article",
    "main",
    "header",
    "footer",
    "nav",
    "aside",
    "form",
    "figure",
    "table",
    "ul",
    "ol",
    "dl",
    "blockquote",
    "section",
    "figcaption",
    "details",
    "button",
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "td",
    "pre",
]
_TAG_BITS = {tag: 1 << bit for bit, tag in enumerate(TAGS)}
_BODY_BIT, _HIDDEN_BIT = 1 << len(TAGS), 1 << (len(TAGS) + 1)
PLACES = [*TAGS, "articlebody", "hidden"]

_NO_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_LETTERS = re.compile(r"[a-z]+")
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(slots=True)
class Block:
    """A run of text between block boundaries, white space squeezed."""

    text: str
    tight: str
    """`squeeze(text)`."""
    size: int
    """`size(text)`."""
    element: HtmlElement
    """The innermost block element around the text."""
    node: int
    """Its number among the block elements of the page, in document order."""
    linked: int
    """Characters inside links."""
    away: int
    """Characters inside links to other sites."""
    strong: int
    """Characters in bold or emphasis."""
    after_break: bool
    """Whether a `<br>` rather than an element began or ended it."""
    links: int


@dataclass(slots=True)
class Nodes:
    """The block elements of the page in document order, as columns."""

    parent: list[int]
    own: list[int]
    """Class-word bits of the element."""
    near: list[int]
    """… of it, its parent and its grandparent."""
    above: list[int]
    """… of it and all its ancestors."""
    places: list[int]
    """Tag bits of it and all its ancestors."""
    tags: list[str]
    kind: list[int]
    """The same number for elements with the same tags and class names all the way up: the items of a list, the paragraphs of a text."""


_NAMED = 400
"""Characters of a class or id that are read, and remembered."""


@lru_cache(maxsize=20_000)
def class_bits(named: str) -> int:
    """The groups of `CLASS_WORDS` that an element's class or id speaks of: in `articleBody` of `articlebody`, `article` and `body`."""
    named = named[:_NAMED]
    lower = named.lower()
    words = _LETTERS.findall(lower)
    if lower != named:
        words += map(str.lower, _HUMPS.findall(named))
    bits = 0
    for word in words:
        bits |= _GROUPS.get(word, 0)
    return bits


@lru_cache(maxsize=50_000)
def _bits_and_shape(named: str) -> tuple[int, str]:
    """`class_bits` of an element's class, and the class without digits."""
    return class_bits(named), named.translate(_NO_DIGITS)


def read_blocks(tree: HtmlElement, host: str = "") -> tuple[list[Block], Nodes]:
    """All blocks of the page's body in document order, and the block elements they stand in."""
    body = tree.find("body")
    root = body if body is not None else tree
    blocks: list[Block] = []
    nodes = Nodes([], [], [], [], [], [], [])
    kinds: dict[tuple[int, str, str], int] = {}
    stack: list[tuple[int, HtmlElement]] = []
    parts: list[str] = []
    linked = away = strong = in_link = in_away = in_strong = links = 0
    broken = False

    def flush(next_broken: bool) -> None:
        nonlocal linked, away, strong, links
        text = " ".join("".join(parts).split())
        parts.clear()
        if text and stack:
            node, element = stack[-1]
            tight = text.replace(" ", "").lower()
            blocks.append(
                Block(text, tight, size(text), element, node, linked, away, strong, broken or next_broken, links)
            )
        linked = away = strong = links = 0

    parents, owns, nears, aboves = nodes.parent, nodes.own, nodes.near, nodes.above
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        if event == "start":
            if tag in SKIPPED or not isinstance(tag, str):
                walker.skip_subtree()
                continue
            if tag in INLINE:
                if tag == "a":
                    in_link += 1
                    links += 1
                    href = element.get("href") or ""
                    in_away += href.startswith(("http:", "https:", "//")) and (not host or host not in href)
                elif tag in ("b", "strong", "em", "i"):
                    in_strong += 1
            elif tag == "br":
                if parts:
                    flush(True)
                broken = True
            else:
                if parts:
                    flush(False)
                broken = False
                own = 0
                place = _TAG_BITS.get(tag, 0)
                shape = ""
                if element.attrib:
                    named = element.get("class")
                    if named:
                        own, shape = _bits_and_shape(named[:_NAMED])
                    ident = element.get("id")
                    if ident:
                        own |= class_bits(ident)
                    if "articlebody" in (element.get("itemprop") or "").lower():
                        place |= _BODY_BIT
                    style = element.get("style")
                    if (
                        (style and _HIDDEN_STYLE.search(style))
                        or element.get("hidden") is not None
                        or element.get("aria-hidden") == "true"
                    ):
                        place |= _HIDDEN_BIT
                number = len(parents)
                up = stack[-1][0] if stack else -1
                parents.append(up)
                owns.append(own)
                nodes.tags.append(tag)
                nodes.kind.append(kinds.setdefault((nodes.kind[up] if up >= 0 else -1, tag, shape), len(kinds)))
                if up < 0:
                    nears.append(own)
                    aboves.append(own)
                    nodes.places.append(place)
                else:
                    over = parents[up]
                    nears.append(own | owns[up] | (owns[over] if over >= 0 else 0))
                    aboves.append(own | aboves[up])
                    nodes.places.append(place | nodes.places[up])
                stack.append((number, element))
            text = element.text
            if text:
                parts.append(text)
                if in_link or in_strong:
                    n = len(text.strip())
                    if in_link:
                        linked += n
                        if in_away:
                            away += n
                    if in_strong:
                        strong += n
            continue
        if tag in INLINE:
            if tag == "a":
                in_link -= 1
                href = element.get("href") or ""
                in_away -= href.startswith(("http:", "https:", "//")) and (not host or host not in href)
            elif tag in ("b", "strong", "em", "i"):
                in_strong -= 1
        elif stack and element is stack[-1][1]:
            if parts:
                flush(False)
            broken = False
            stack.pop()
        if not stack:
            break
        tail = element.tail
        if tail:
            parts.append(tail)
            if in_link or in_strong:
                n = len(tail.strip())
                if in_link:
                    linked += n
                    if in_away:
                        away += n
                if in_strong:
                    strong += n
    return blocks, nodes


def size(text: str) -> int:
    """The words of a text; in scripts without spaces every letter is one."""
    words = text.count(" ") + 1
    return words if text.isascii() else words + len(_UNSPACED.findall(text))


def squeeze(text: str) -> str:
    """The text without any white space, lower case, for finding it again in another extractor's output."""
    return "".join(text.split()).lower()


def share_in(text: str, other: str) -> float:
    """How much of a squeezed text stands in another, judged by the whole or by up to eight probes; 0–1."""
    if not other or not text:
        return 0.0
    if text in other:
        return 1.0
    if len(text) < 30:
        return 0.0
    starts = range(0, len(text) - 15, max(15, (len(text) - 15) // 7))
    return sum(text[i : i + 15] in other for i in starts) / len(starts)
