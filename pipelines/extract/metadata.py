"""Title, authors, section, tags, rights and declarations: JSON-LD first, then meta, then what a reader sees."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from pipelines import urls
from pipelines.extract import jsonld
from pipelines.records import Declaration

Meta = dict[str, list[str]]

_SPACE = re.compile(r"\s+")
_SEPARATOR = re.compile(r"\s*[|–—·•«»:/-]+\s")
_SUFFIX = re.compile(r"\s+[|\-–—·•«»:/]+\s+")


def squash(text: str | None) -> str:
    return " ".join((text or "").split())


def content(element: HtmlElement) -> str:
    return squash(element.text_content())


def read_meta(tree: HtmlElement) -> Meta:
    """All meta tags: name, property or itemprop in lower case → their contents in order."""
    meta: Meta = {}
    for element in tree.iter("meta"):
        value = squash(element.get("content"))
        if value:
            for key in {
                (element.get(attribute) or "").strip().lower()
                for attribute in ("name", "property", "itemprop", "http-equiv")
            } - {""}:
                meta.setdefault(key, []).append(value)
    return meta


def first(meta: Meta, *names: str) -> str:
    return next((value for name in names for value in meta.get(name, ())), "")


def titles(tree: HtmlElement, meta: Meta, article: jsonld.Thing) -> tuple[str, ...]:
    """Everything the page calls its title, the best first; () if nothing does."""
    headings = [text for h1 in tree.iter("h1") if 3 < len(text := content(h1)) < 400]
    named = squash(tree.findtext(".//title"))
    site = first(meta, "og:site_name")
    shared = first(meta, "og:title", "twitter:title")
    headline = jsonld.text(article.get("headline")) or jsonld.text(article.get("name"))
    ranked = [headline, shared, *(h for h in headings if h.casefold() in named.casefold()), *headings[:1], named]
    known = [text for text in (headline, shared, *headings) if len(text) > 8]
    return tuple(dict.fromkeys(without_suffix(without_site(text, site), known) for text in ranked if text))


def without_suffix(text: str, known: list[str]) -> str:
    """The title without what follows a separator, if it is known without: "Headline - The Paper" where a heading says "Headline"."""
    return next((other for other in known if text.startswith(other) and _SEPARATOR.match(text, len(other))), text)


def without_site(text: str, site: str) -> str:
    """The title without the site's name at its end."""
    parts = _SUFFIX.split(text)
    if len(parts) > 1 and site and parts[-1].casefold() == site.casefold():
        return text[: text.rindex(parts[-1])].rstrip(" |-–—·•«»:/")
    return text


_BY = re.compile(
    r"^(?:by|von|par|por|de|di|da|door|av|af|od|autor(?:en|in)?|authors?|written by|text|texte|foto|story by|reported by|from|przez|yazan|oleh|penulis|"
    r"bài|tác giả|作者|記者|文|取材|автор|текст|συντάκτης|του|της)\s*[:：]?\s+|^[|•·–—-]\s*",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\s*(?:,|;|/|\||·|•|、|，|\s(?:und|and|et|y|e|i|og|och|en|ve|và|dan|&|и|και)\s)\s*", re.IGNORECASE
)
_NO_NAME = re.compile(r"(?<!\w)\d|https?:|www\.|@|[()\[\]{}<>]|[?!…:]|^\W*$")
_BYLINE = re.compile(r"author|byline|writer|autor|redakteur|reporter|journalist|penulis|tac-?gia", re.IGNORECASE)
_NO_BYLINE = re.compile(
    r"image|img|avatar|bio|photo|social|link|icon|description|related|more|count|follow|comment|box|title|role|date|time",
    re.IGNORECASE,
)


def authors(tree: HtmlElement, meta: Meta, article: jsonld.Thing) -> tuple[str, ...]:
    """Who wrote the article, in order, each once.

    JSON-LD, then meta, then the byline that a reader sees; a name that is only the site's own is given when no person is found.
    """
    sites = {name.casefold() for name in (*meta.get("og:site_name", ()), *jsonld.names(article.get("publisher")))}
    stated = jsonld.names(article.get("author"))
    first_choice: tuple[str, ...] = ()
    for named in (
        stated,
        meta.get("author", ()),
        meta.get("article:author", ()),
        meta.get("parsely-author", ()),
        meta.get("dc.creator", ()),
    ):
        found = people(named)
        if found and not first_choice:
            first_choice = found
        if found and not all(_is_site(name, sites, article) for name in found):
            return found
    return byline(tree) or first_choice


def _is_site(name: str, sites: set[str], article: jsonld.Thing) -> bool:
    plain = name.casefold()
    author = article.get("author")
    organisation = (
        jsonld.text(author).casefold() if isinstance(author, dict) and "Organization" in jsonld.types(author) else ""
    )
    return plain in sites or plain == organisation or bool(re.search(r"\.\w{2,3}$|^admin", plain))


def byline(tree: HtmlElement) -> tuple[str, ...]:
    """The names in the first byline of the page that looks like one; () if none does."""
    marked = [
        element
        for element in tree.iter("a", "span", "div", "p", "address", "li", "strong", "em")
        if _is_byline(element)
    ]
    for element in sorted(
        marked[:40], key=lambda e: not ("author" in (e.get("rel") or "") or (e.get("itemprop") or "") == "author")
    ):
        text = squash(
            " ".join(element.itertext("*"))
        )  # names and roles often stand in elements of their own, without a space
        if 2 < len(text) <= 120:
            found = people([text])
            if found and all(_like_a_name(name) for name in found):
                return found
    return ()


def _is_byline(element: HtmlElement) -> bool:
    if "author" in (element.get("rel") or "") or (element.get("itemprop") or "") == "author":
        return True
    named = f"{element.get('class') or ''} {element.get('id') or ''}"
    return named != " " and _names_a_byline(named)


@lru_cache(maxsize=10_000)
def _names_a_byline(named: str) -> bool:
    return _BYLINE.search(named) is not None and _NO_BYLINE.search(named) is None


def _like_a_name(name: str) -> bool:
    words = name.split()
    return (
        len(words) <= 5
        and (not words[0].islower() or not name.isascii())
        and (len(words) > 1 or not name.isascii() or len(name) > 2)
    )


def people(named: Iterable[str]) -> tuple[str, ...]:
    """Names as names: several in one string set apart, without "By", addresses and picture credits, each once."""
    kept: dict[str, None] = {}
    for text in named:
        if "://" in text or "facebook.com" in text or "twitter.com" in text:
            continue
        for part in _BETWEEN.split(_BY.sub("", squash(text))):
            name = _BY.sub("", part.strip(" .|-–—")).strip()
            if 1 < len(name) < 80 and not _BY.match(f"{name} ") and not _NO_NAME.search(name):
                kept.setdefault(name)
    return tuple(kept)


def sources(meta: Meta, article: jsonld.Thing, url: str) -> list[Declaration]:
    """What the page names as the source of its text: JSON-LD `isBasedOn` and `citation`, the meta tags for syndication."""
    declared: list[Declaration] = []
    own = _canonical_or_as_is(url)
    for where, values in (
        (
            "json_ld",
            _addresses(article.get("isBasedOn"))
            + _addresses(article.get("isBasedOnUrl"))
            + _addresses(article.get("citation")),
        ),
        ("meta", [*meta.get("original-source", ()), *meta.get("syndication-source", ()), *meta.get("dc.source", ())]),
    ):
        addresses = (_canonical_or_as_is(value) for value in values if value.startswith(("http://", "https://")))
        declared.extend(Declaration("source_url", address, where) for address in addresses if address != own)
    for key in ("publisher", "sourceOrganization"):
        thing = article.get(key)
        for site in _addresses(thing):
            if urls.host(site) and not _same_site(site, url):
                declared.extend(Declaration("source_name", name, "json_ld") for name in jsonld.names(thing)[:1])
    return list(dict.fromkeys(declared))[:20]


def _addresses(value: object) -> list[str]:
    if isinstance(value, list):
        return [address for item in value[:20] for address in _addresses(item)]
    if isinstance(value, dict):
        return _addresses(value.get("url")) or _addresses(value.get("@id"))
    return [value.strip()] if isinstance(value, str) and value.strip().startswith("http") else []


def section(meta: Meta, article: jsonld.Thing) -> str | None:
    return (
        jsonld.text(article.get("articleSection"))
        or first(meta, "article:section", "section", "cxenseparse:recs:category")
        or None
    )


def tags(meta: Meta, article: jsonld.Thing) -> tuple[str, ...]:
    """The article's keywords, in order, each once."""
    listed = article.get("keywords")
    values = (
        listed
        if isinstance(listed, list)
        else [listed]
        if listed
        else meta.get("article:tag") or meta.get("news_keywords") or meta.get("keywords") or []
    )
    words = [word for value in values for word in re.split(r"[,;]", jsonld.text(value))]
    return tuple(dict.fromkeys(tag for word in words if 1 < len(tag := squash(word)) <= 80))[:30]


def rights(meta: Meta, headers: Mapping[str, str]) -> str | None:
    """What the page reserves, of `noindex`, `noarchive`, `tdm-reservation` (W3C TDMRep), comma-separated."""
    said = " ".join([*meta.get("robots", ()), headers.get("x-robots-tag", "")]).lower()
    found = [
        word
        for word in ("noindex", "noarchive")
        if word in said or (word == "noindex" and re.search(r"\bnone\b", said))
    ]
    if "1" in (first(meta, "tdm-reservation"), headers.get("tdm-reservation", "").strip()):
        found.append("tdm-reservation")
    return ",".join(found) or None


def canonical_url(tree: HtmlElement, meta: Meta, url: str) -> tuple[str, list[Declaration]]:
    """The address the page calls its own, if it can be: same site, not the front page. With what it declares on the way.

    A canonical link to another site is not ours but a declaration of where the text comes from.
    """
    declared: list[Declaration] = []
    own = at = _canonical_or_as_is(url)
    links = [link.get("href") for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    for where, href in [("link", link) for link in links] + [("meta", value) for value in meta.get("og:url", ())]:
        try:
            target = str(urljoin(url, (href or "").strip()))
            if not target.startswith(("http://", "https://")) or not urls.host(target):
                continue
            target = urls.canonical(target)
        except ValueError:
            continue
        if where == "link" and target != own:
            declared.append(Declaration("canonical", target, "link"))
        if _same_site(target, own) and urlsplit(target).path not in ("", "/") and own == at:
            own = target
    return own, declared


def _canonical_or_as_is(url: str) -> str:
    try:
        return urls.canonical(url)
    except ValueError:
        return url


def _same_site(a: str, b: str) -> bool:
    one, other = urls.host(a).split("."), urls.host(b).split(".")
    return one[-2:] == other[-2:] if min(len(one), len(other)) > 1 else one == other


def hreflangs(tree: HtmlElement, url: str) -> list[Declaration]:
    """The other editions of this page, by language; at most 50."""
    found = []
    own = _canonical_or_as_is(url)
    for link in tree.iter("link"):
        language, href = link.get("hreflang"), link.get("href")
        if language and href and "alternate" in (link.get("rel") or "").lower() and language.lower() != "x-default":
            try:
                target = urls.canonical(urljoin(url, href.strip()))
            except ValueError:
                continue
            if target != own and target.startswith("http"):
                found.append(Declaration("hreflang", target, "link", language))
    return list(dict.fromkeys(found))[:50]
