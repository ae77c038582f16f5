"""Addresses: one canonical form, the article's id, and the slug that travels with copies."""

import hashlib
import re
from urllib.parse import urlsplit, urlunsplit


def canonical(url: str) -> str:
    """The one form under which an address is known. Idempotent."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").rstrip(".")
    port = parts.port
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    return urlunsplit((parts.scheme.lower() or "https", netloc, parts.path or "/", parts.query, ""))


def host(url: str) -> str:
    """The host in lower case, without `www.`."""
    return (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")


def article_id(key: str) -> str:
    """32 hex digits of an article's key (see `Page.key`)."""
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def slug(url: str) -> str:
    """The last path segment without ids and endings, hyphens removed: equal for an original and its copies on aggregators."""
    last = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]
    last = re.sub(r"(\.\w{2,5}|[-_](post|c)?\d{3,})+$", "", last)
    return re.sub(r"[^a-z0-9]+", "", last.lower())
