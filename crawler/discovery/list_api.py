"""JSON lists that section pages load more articles from: Hemera's `data.contents[]`, and others of that shape."""

import html
from datetime import UTC, tzinfo
from typing import Any

import orjson

from crawler.discovery.entry import MAX_ENTRIES, Entry, Unreadable, address, title
from crawler.discovery.times import parse_time
from crawler.discovery.xml import decode, unpack

_LISTS = ("contents", "items", "articles", "list", "results", "data")
_ADDRESS = ("url", "link", "href", "share_url")
_PUBLISHED = ("date", "publish_time", "published_time", "published_at", "publish_date", "distribution_date")
_MODIFIED = ("update_time", "updated_at", "modified_time")


def parse_list_api(body: bytes, base: str, zone: tzinfo = UTC) -> tuple[Entry, ...]:
    """The articles of one page of a list, in its order. An empty list is an answer: there are no more pages.

    Args:
        base: the site's own address (not the API's), for relative ones.
        zone: what a time without one means; Hemera writes epoch seconds.

    Raises:
        Unreadable: `not_json`, or `unknown_format` when there is no list in it.
    """
    try:
        answer = orjson.loads(decode(unpack(body)))
    except orjson.JSONDecodeError as error:
        raise Unreadable("not_json", str(error)) from error
    found = _list(answer)
    if found is None:
        raise Unreadable("unknown_format", "JSON without a list of articles")
    return tuple(
        entry for item in found[:MAX_ENTRIES] if isinstance(item, dict) and (entry := _entry(item, base, zone))
    )


def _list(answer: Any) -> list[Any] | None:
    for _ in range(4):
        if isinstance(answer, list):
            return answer
        if not isinstance(answer, dict):
            return None
        answer = next((answer[name] for name in _LISTS if isinstance(answer.get(name), (list, dict))), None)
    return None


def _entry(item: dict[str, Any], base: str, zone: tzinfo) -> Entry | None:
    url = next(
        (found for name in _ADDRESS if isinstance(item.get(name), str) and (found := address(item[name], base))), None
    )
    if url is None:
        return None
    return Entry(
        url,
        published=next((time for name in _PUBLISHED if (time := parse_time(_plain(item.get(name)), zone))), None),
        modified=next((time for name in _MODIFIED if (time := parse_time(_plain(item.get(name)), zone))), None),
        title=title(html.unescape(str(item.get("title") or "")[:4000])),
    )


def _plain(value: Any) -> str | float | None:
    return value if isinstance(value, (str, int, float)) else None
