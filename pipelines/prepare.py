"""The stateless half: one page in, one article with its fingerprint out, or the reason why not.

Runs in worker processes (`pipelines/workers.py`) or as a map on a distributed engine, unchanged.
"""

import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pipelines.clean import clean
from pipelines.dedup import fingerprint
from pipelines.extract import extract, language_of
from pipelines.lines import line_hash
from pipelines.records import Article, Failed, Fingerprint, Outcome, Page, Rejected, Removed
from pipelines.translations import Anchors, anchors

LEARNED = "learned"
"""The kind in `removed` of a line that its host repeats."""
GONE = frozenset({404, 410})
REFUSALS = frozenset(
    {
        "robots",
        "gone",
        "noarchive",
        "offsite",
        "budget",
        "address",
        "not_in_archive",
        "not_article_url",
        "not_html",
        "too_large",
        "unsupported_scheme",
    }
)
"""Words in `Page.error` that say the page will not be had; every other word is a failure to try again."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An article with everything the stateful half needs to know of it."""

    article: Article
    fingerprint: Fingerprint
    anchors: Anchors = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page after the stateless half: either `ready`, or the `outcome` that says why not."""

    ready: Ready | None = None
    outcome: Outcome | None = None
    detail: str = ""
    """For people: what exactly was wrong."""
    seconds: float = 0.0
    """Of one core."""

    @property
    def article(self) -> Article | None:
        return self.ready.article if self.ready else None


def prepare(page: Page | Article, template: AbstractSet[int] = frozenset()) -> Prepared:
    """Extract, clean and fingerprint one page, or clean and fingerprint a ready text, or fingerprint an article that was cleaned before.

    `template` holds the hashes of lines known to recur on the page's host. Never raises `Rejected`: a refusal is an outcome.
    """
    began = time.process_time()
    if isinstance(page, Article) and page.content_hash:
        return Prepared(made_ready_again(page), seconds=time.process_time() - began)
    try:
        article = clean(given(page) if isinstance(page, Article) else extract(answered(page)))
        if not article.text.strip():
            raise Rejected("empty", "nothing is left after cleaning")
        ready = made_ready(article)
        ready = replace(ready, article=without_template(article, template))
        return Prepared(ready, seconds=time.process_time() - began)
    except Rejected as refusal:
        outcome, detail = Outcome("rejected", refusal.reason), refusal.detail
    except Failed as failure:
        outcome, detail = Outcome("failed", failure.reason), failure.detail
    return Prepared(outcome=outcome, detail=detail, seconds=time.process_time() - began)


def prepare_one(work: tuple[Page | Article, AbstractSet[int]]) -> Prepared:
    """`prepare` of a page and its host's template, as a worker takes them. It stands here so that a worker imports nothing of the stateful half."""
    return prepare(*work)


def made_ready(article: Article) -> Ready:
    """The article with its fingerprints, made from its text alone."""
    return Ready(article, fingerprint(article), anchors(article))


def made_ready_again(article: Article) -> Ready:
    """The same of a committed article, from its row: what was known to be template is put back, at the end."""
    template = [piece.text for piece in article.removed if piece.kind == LEARNED]
    whole = replace(article, text="\n".join((article.text, *template))) if template else article
    return replace(made_ready(whole), article=article)


def without_template(article: Article, template: AbstractSet[int]) -> Article:
    """The article without the lines that its host repeats, listed in `removed`; unchanged when nothing else would be left.

    Only the text that people read depends on what was learned, and so on the order of arrival. The content hash and the
    fingerprints are made before: the same bytes are the same content, whenever they come.
    """
    if not template:
        return article
    lines = article.text.split("\n")
    gone = [line for line in lines if line_hash(line) in template]
    if not gone or len(gone) == len(lines):
        return article
    kept = "\n".join(line for line in lines if line_hash(line) not in template)
    return replace(article, text=kept, removed=(*article.removed, *(Removed(LEARNED, line) for line in gone)))


def answered(page: Page) -> Page:
    """The page itself, if it is an answer that can hold an article.

    Raises `Rejected` for what will not be had, `Failed` for what may be had another time.
    """
    if page.error in REFUSALS:
        raise Rejected(page.error)
    if page.error:
        raise Failed(page.error)
    if page.status in GONE:
        raise Rejected("gone", f"HTTP {page.status}")
    if page.status >= 400:
        raise Failed(f"http_{page.status}")
    return page


def given(article: Article) -> Article:
    """A ready text, checked: it has words and a language. Raises `Rejected("empty")`."""
    if not article.text.strip():
        raise Rejected("empty", "the text has no words")
    return article if article.language else replace(article, language=language_of(article.text))


def warm() -> None:
    """Load and compile whatever the first page would have to wait for: models, tables of names, numba's kernels."""
    sentences = (
        "Ngày 24/11, tàu Asahi Maru dài 116 mét rời cảng Kobe, theo Kyodo.",
        "Das Schiff kostete 8,6 Milliarden Yen, teilte die Reederei am Montag mit.",
        "あさひ丸は神戸と横浜の間を週2便運航する。",
        "这艘船每周往返神户和横滨两次。",
        "아사히마루는 고베와 요코하마를 오간다.",
        "Судно будет ходить между Кобе и Иокогамой.",
        "เรือลำนี้จะแล่นระหว่างโกเบกับโยโกฮามา",
    )
    for sentence in sentences:
        body = f"<title>{sentence}</title><h1>{sentence}</h1>" + f"<p>{sentence * 4}</p>" * 4
        page = Page(
            "https://warm.invalid/page",
            body.encode(),
            datetime.now(UTC),
            headers={"content-type": "text/html; charset=utf-8"},
        )
        prepare(page)
