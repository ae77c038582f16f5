"""The stateless half: one page in, one article with its fingerprint out, or the reason why not.

Runs in worker processes (`pipelines/workers.py`) or as a map on a distributed engine, unchanged.
"""

import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from pipelines.clean import clean
from pipelines.dedup import fingerprint
from pipelines.extract import extract
from pipelines.records import Article, Fingerprint, Outcome, Page, Rejected
from pipelines.translations import Anchors, anchors

GONE = frozenset({404, 410})
REFUSALS = frozenset(
    {
        "robots",
        "gone",
        "noarchive",
        "budget",
        "address",
        "not_in_archive",
        "not_html",
        "too_large",
        "unsupported_scheme",
    }
)
"""Words in `Page.error` that say the page will not be had; every other word is a failure to try again."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page after the stateless half. Either `article` and what goes with it, or `outcome` saying why not."""

    article: Article | None = None
    fingerprint: Fingerprint | None = None
    anchors: Anchors | None = field(default=None, repr=False)
    outcome: Outcome | None = None
    detail: str = ""
    """For people: what exactly was wrong."""
    seconds: float = 0.0


def prepare(page: Page | Article, template: AbstractSet[int] = frozenset()) -> Prepared:
    """Extract, clean and fingerprint one page, or clean and fingerprint a ready text.

    `template` holds the hashes of lines known to recur on the page's host. Never raises `Rejected`: a refusal is an outcome.
    """
    began = time.process_time()
    try:
        article = ready(page) if isinstance(page, Article) else extract(answered(page), template=frozenset(template))
        article = clean(article)
        if not article.text.strip():
            raise Rejected("empty", "nothing is left after cleaning")
        return Prepared(article, fingerprint(article), anchors(article), seconds=time.process_time() - began)
    except Rejected as refusal:
        failed = refusal.reason.startswith("http_") or (
            isinstance(page, Page) and page.error == refusal.reason not in REFUSALS
        )
        outcome = Outcome("failed" if failed else "rejected", refusal.reason)
        return Prepared(outcome=outcome, detail=refusal.detail, seconds=time.process_time() - began)


def answered(page: Page) -> Page:
    """The page itself, if it is an answer that can hold an article. Raises `Rejected` with the word for what it is instead."""
    if page.error:
        raise Rejected(page.error)
    if page.status in GONE:
        raise Rejected("gone", f"HTTP {page.status}")
    if page.status >= 400:
        raise Rejected(f"http_{page.status}")
    return page


def ready(article: Article) -> Article:
    """A ready text, checked: it has words and a language. Raises `Rejected("empty")`."""
    if not article.text.strip():
        raise Rejected("empty", "the text has no words")
    if article.language:
        return article
    from pipelines.extract import language_of  # noqa: PLC0415  (loads the language model only when it is needed)

    return replace(article, language=language_of(article.text))
