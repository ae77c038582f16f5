"""What every announcement is reduced to, and the one way a parser says no."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urljoin

from pipelines import urls

MAX_ENTRIES = 50_000
"""Entries kept of one document: what the sitemap protocol allows."""
MAX_URL = 2_048
"""Characters; the sitemap protocol's own limit."""
MAX_TITLE = 1_000

Kind = Literal["empty", "html", "damaged", "too_large", "entities", "not_xml", "not_json", "unknown_format"]


class Unreadable(Exception):  # noqa: N818  (it is an answer about a document, not a failure of ours)
    """The bytes are not what they should be. `kind` is for counting, `detail` for people."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Entry:
    """One announced address: an article's, or a child sitemap's."""

    url: str
    """Canonical and absolute."""
    published: datetime | None = None
    """Aware UTC."""
    modified: datetime | None = None
    """Aware UTC; a sitemap's `lastmod`."""
    title: str = ""
    language: str | None = None
    """BCP 47, as the document writes it."""
    alternates: tuple[tuple[str, str], ...] = ()
    """(language, address) of the same article's other editions."""

    @property
    def seen(self) -> datetime | None:
        """The latest time the document gives: for choosing and ordering, not for the article's record."""
        return max((time for time in (self.published, self.modified) if time), default=None)


def address(href: str, base: str = "") -> str | None:
    """`href` as a canonical address, or None when it is none that can be fetched."""
    href = href.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip()  # escaped twice, as one big paper does
    if not href or len(href) > MAX_URL:
        return None
    try:
        absolute = urljoin(base, href) if base else href
    except ValueError:
        return None
    known = urls.split(absolute)
    return str(known) if known else None


def title(text: str | None) -> str:
    """White space folded, length capped."""
    return " ".join((text or "")[: 4 * MAX_TITLE].split())[:MAX_TITLE]
