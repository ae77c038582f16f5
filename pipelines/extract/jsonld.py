"""What a page says of itself in JSON-LD (schema.org), read leniently."""

import html
import re
from collections.abc import Iterator
from typing import Any

import orjson
from lxml.html import HtmlElement

ARTICLE_TYPES = frozenset(
    [
        "Article",
        "NewsArticle",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "OpinionNewsArticle",
        "ReviewNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "SocialMediaPosting",
        "TechArticle",
        "ScholarlyArticle",
        "Report",
        "AdvertiserContentArticle",
        "SatiricalArticle",
        "Review",
        "CreativeWork",
    ]
)
PAGE_TYPES = frozenset(
    ("WebPage", "ItemPage", "AboutPage", "FAQPage", "VideoObject", "AudioObject", "PodcastEpisode", "Recipe", "HowTo")
)
_MAX_SCRIPT = 1_000_000
_CONTROL = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")

Thing = dict[str, Any]


def things(tree: HtmlElement) -> tuple[Thing, ...]:
    """Every JSON-LD object of the page that has a type, outermost first; broken scripts are mended or skipped."""
    found: list[Thing] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text and len(script.text) <= _MAX_SCRIPT:
            found.extend(_walk(_load(script.text), 0))
    return tuple(found)


def _load(text: str) -> Any:
    text = text.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip().rstrip(";")
    for mend in (
        lambda t: t,
        lambda t: _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", t)),
        lambda t: _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", html.unescape(t))),
    ):
        try:
            return orjson.loads(mend(text).encode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            continue
    return None


def _walk(value: Any, depth: int) -> Iterator[Thing]:
    if depth > 6:
        return
    if isinstance(value, list):
        for item in value[:200]:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart", "liveBlogUpdate"):
            if isinstance(value.get(key), dict | list) and key not in ("itemListElement", "hasPart", "liveBlogUpdate"):
                yield from _walk(value[key], depth + 1)


def types(thing: Thing) -> set[str]:
    named = thing.get("@type")
    return {str(name).rsplit("/", 1)[-1] for name in (named if isinstance(named, list) else [named])}


def article(found: tuple[Thing, ...]) -> Thing:
    """The object that describes the page's article; {} if none does."""
    best: Thing = {}
    for thing in found:
        if types(thing) & ARTICLE_TYPES and _weight(thing) > _weight(best):
            best = thing
    author = best.get("author")
    references = [
        item
        for item in (author if isinstance(author, list) else [author])
        if isinstance(item, dict) and "@id" in item and "name" not in item
    ]
    if references:  # graphs name a person once and refer to it
        known = {thing["@id"]: thing for thing in found if "name" in thing and isinstance(thing.get("@id"), str)}
        people = [known[item["@id"]] for item in references if isinstance(item["@id"], str) and item["@id"] in known]
        best = best | {"author": people or author}
    return best


def _weight(thing: Thing) -> int:
    named = types(thing)
    return sum(key in thing for key in ("headline", "datePublished", "author", "articleBody", "description")) + (
        1 if named & ARTICLE_TYPES - {"CreativeWork", "Review"} else 0
    )


def text(value: Any) -> str:
    """A string of JSON-LD as plain text on one line: entities resolved, tags dropped, lists by their first."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value") or ""
    if not isinstance(value, str):
        return ""
    plain = html.unescape(html.unescape(value))
    return " ".join(re.sub(r"<[^<>]{1,500}>", " ", plain).split()) if "<" in plain else " ".join(plain.split())


def names(value: Any) -> list[str]:
    """The names in a `Person`, `Organization`, string, or list of them."""
    if isinstance(value, list):
        return [name for item in value for name in names(item)]
    if isinstance(value, dict):
        given = f"{text(value.get('givenName'))} {text(value.get('familyName'))}".strip()
        return names(value.get("name")) or ([given] if given else [])
    return [plain] if isinstance(value, str) and (plain := text(value)) else []
