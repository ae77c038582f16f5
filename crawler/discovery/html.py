"""Section pages: the articles they link to, their next pages, and the feeds they name.

Links are read with one linear pattern, not with a tree: these pages are parsed between two requests, and one tag with 60,000
attributes costs a tree parser five seconds.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from crawler.discovery.entry import MAX_ENTRIES, Entry, Unreadable, address, title
from crawler.discovery.xml import decode, known_encoding, unpack

MAX_BYTES = 8 * 1024 * 1024
MAX_LINKS = 20_000
"""Links looked at; the longest section pages have a tenth of that."""

_LINK = re.compile(r"<(a|link|base)\s([^<>]{1,8192})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w-])(href|rel|type|title)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.IGNORECASE)
_END = re.compile("</a", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,8192}>")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_:-]{2,40})""", re.IGNORECASE)

_NEXT_WORDS = frozenset(
    {
        "xem thêm", "trang sau", "trang tiếp", "tiếp", "tiếp theo", "sau", "cũ hơn", "next", "next page", "older", "more", "load more",
        "weiter", "suivant", "siguiente", "次へ", "다음", "下一页", "›", "»", ">", ">>", "→",
    }
)  # fmt: skip
_PAGE_IN_PATH = re.compile(r"(?:^|[/-])(?:trang|page|p)[-/]?(\d{1,4})(?:\.\w{2,5})?/?$", re.IGNORECASE)
_PAGE_IN_QUERY = frozenset({"page", "p", "trang", "paged"})
_FEED_TYPES = re.compile(r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)", re.IGNORECASE)
_FEED_PATH = re.compile(
    r"(?:\.rss|\.rdf|/(?:rss|feed|atom|feeds)/?|/(?:rss|atom|feed|index)\.xml|/feed\.json)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Section:
    """`articles` in the page's order, each once; `next_pages` of the same list, nearest first."""

    articles: tuple[Entry, ...] = ()
    next_pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Link:
    tag: str
    attributes: dict[str, str]
    url: str
    text: str


def parse_section(body: bytes, base: str, article_url: Callable[[str], bool] | str) -> Section:
    """The articles a section page links to, and where the list goes on.

    Args:
        base: the page's own address.
        article_url: whether an address is an article's (`NewsSpider.is_article`), or a pattern to be found in it.

    Raises:
        Unreadable: `empty`, `too_large`, `damaged`.
    """
    is_article = article_url if callable(article_url) else (lambda url: re.search(article_url, url) is not None)
    here, page = address(base), _page_number(base)
    articles: dict[str, Entry] = {}
    following: dict[str, int] = {}
    for link in _links(body, base):
        if link.tag == "a" and is_article(link.url):
            # The picture's link comes before the headline's: the longer text is the title.
            if link.url in articles:
                if len(link.text) > len(articles[link.url].title):
                    articles[link.url] = Entry(link.url, title=link.text)
            elif len(articles) < MAX_ENTRIES:
                articles[link.url] = Entry(link.url, title=link.text)
        elif _same_site(link.url, base) and link.url != here and (place := _next_place(link, page, base)):
            following[link.url] = min(place, following.get(link.url, place))
    return Section(tuple(articles.values()), tuple(sorted(following, key=lambda url: following[url])[:3]))


def find_feeds(body: bytes, base: str) -> tuple[str, ...]:
    """Feeds the page declares (`<link rel="alternate">`), then those it links to by a feed's usual name.

    Raises:
        Unreadable: `empty`, `too_large`, `damaged`.
    """
    declared: dict[str, None] = {}
    linked: dict[str, None] = {}
    for link in _links(body, base):
        relations = link.attributes.get("rel", "").lower().split()
        if (
            link.tag == "link"
            and {"alternate", "feed"} & set(relations)
            and _FEED_TYPES.match(link.attributes.get("type", "").strip())
        ):
            declared[link.url] = None
        elif link.tag == "a" and _FEED_PATH.search(urlsplit(link.url).path):
            linked[link.url] = None
    return tuple((declared | linked).keys())[:200]


def _links(body: bytes, base: str) -> Iterator[_Link]:
    unpacked = unpack(body)
    if len(unpacked) > MAX_BYTES:
        raise Unreadable("too_large", f"{len(unpacked)} bytes")
    text = _HIDDEN.sub(" ", _decode(unpacked))
    for match in islice(_LINK.finditer(text), MAX_LINKS):
        tag = match[1].lower()
        attributes: dict[str, str] = {}
        for name, double, single, bare in _ATTRIBUTE.findall(match[2]):
            attributes.setdefault(name.lower(), html.unescape(double or single or bare))
        url = address(attributes.get("href", ""), base)
        if url is None:
            continue
        if tag == "base":
            base = url
            continue
        inside = ""
        if tag == "a":
            end = _END.search(text, match.end(), match.end() + 4000)
            inside = title(html.unescape(_TAG.sub(" ", text[match.end() : end.start()]))) if end else ""
        yield _Link(tag, attributes, url, inside or title(attributes.get("title")))


def _decode(body: bytes) -> str:
    charset = _CHARSET.search(body[:4096])
    try:
        return decode(body) if charset is None else body.decode(known_encoding(charset[1].decode()))
    except (LookupError, UnicodeError):
        return decode(body)


def _same_site(url: str, base: str) -> bool:
    return urlsplit(url).netloc == urlsplit(base).netloc


def _page_number(url: str) -> int:
    parts = urlsplit(url)
    found = _PAGE_IN_PATH.search(parts.path)
    numbers = (
        [found[1]] if found else [value for name, value in parse_qsl(parts.query) if name.lower() in _PAGE_IN_QUERY]
    )
    return int(numbers[0]) if numbers and numbers[0].isdecimal() and len(numbers[0]) < 5 else 1


def _next_place(link: _Link, page: int, base: str) -> int:
    """0 for no next page, else its rank: what the page says, what the words say, what the numbers say."""
    if "next" in link.attributes.get("rel", "").lower().split():
        return 1
    if link.tag != "a":
        return 0
    number = _page_number(link.url)
    if _list_of(link.url) == _list_of(base) and number == page + 1:
        return 2
    if link.text.lower().strip(" .…") in _NEXT_WORDS and number == page + 1:
        return 3
    return 0


def _list_of(url: str) -> str:
    """The address without its page number and ending: equal for all pages of one list."""
    parts = urlsplit(url)
    path = _PAGE_IN_PATH.sub("", parts.path).rstrip("/")
    return re.sub(r"\.\w{2,5}$", "", path)
