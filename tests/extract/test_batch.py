"""Many pages: in order, with reasons, and knowing what a host repeats."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace

from pipelines.extract import extract
from pipelines.extract.batch import Lines, extract_batch, repeated, without_template
from pipelines.lines import line_hash
from pipelines.records import Article, Outcome, Page
from tests.extract.pages import PARAGRAPHS, TITLE, news, page

BLURB = "Westhaven has had a newspaper since 1871, and the Courier has told the town every morning what happened on the day before."
STORIES = (
    "The fish market moves to the old station in spring, traders agreed after a year of quarrels about rents and parking.",
    "School fees stay as they are for two more years, the council decided with the votes of all but three of its members.",
    "A choir of forty children won the regional prize on Sunday with songs that their teacher wrote in the last summer.",
    "Ferries cost a tenth more from June on, and the company says that fuel and wages leave it no other choice this year.",
)


def upper(article: Article) -> Article:
    return replace(article, section="seen")


def site() -> Iterator[Page]:
    for number, story in enumerate(STORIES):
        html = news(paragraphs=(story, *PARAGRAPHS[number : number + 1], BLURB)).replace(
            TITLE, f"Story number {number}"
        )
        yield page(html, f"https://courier.example/{number}")
    yield page(b"", "https://courier.example/empty")


def test_answers_come_in_order_and_lines_that_recur_are_taken_out() -> None:
    answers = list(extract_batch(site(), 2, then=upper))
    assert answers[-1] == Outcome("rejected", "empty")
    articles = [answer for answer in answers if isinstance(answer, Article)]
    assert [article.url[-1] for article in articles] == ["0", "1", "2", "3"]
    assert all(article.section == "seen" for article in articles)
    for article, story in zip(articles, STORIES, strict=True):
        assert story in article.text
        assert BLURB not in article.text
        assert BLURB in [cut.text for cut in article.removed if cut.kind == "learned"]


def test_a_line_is_template_under_three_titles_only() -> None:
    assert repeated([1, 1, 1, 2, 2, 2, 3], [7, 8, 9, 7, 7, 7, 9]) == {1}
    assert repeated([], []) == frozenset()


def test_a_story_shown_again_and_again_is_not_its_own_template() -> None:
    article = extract(page(news()))
    everything = frozenset(map(line_hash, PARAGRAPHS))
    assert without_template(article, everything) is article


def test_line_hashes_are_blind_to_form_and_not_to_words() -> None:
    assert line_hash("Read  MORE »") == line_hash("read more") != line_hash("read less")
    assert line_hash("Comments (3)") != line_hash("Comments (4)")
    assert line_hash("ＡＢ１") == line_hash("ab1")
    assert line_hash(" — ") == 0
    assert 0 < line_hash("lone \ud800 surrogate") < 2**64


def test_lines_on_disk_are_those_in_memory() -> None:
    """However the lines of the pages fall into runs, a host's template is what `repeated` says of all its lines."""
    dice = random.Random(1)
    common = [dice.getrandbits(64) for _ in range(40)]
    pages = [
        (host, title, (*dice.sample(common, 12), *(dice.getrandbits(64) for _ in range(5))))
        for host in (1, 2, 3)
        for title in range(20)
    ]
    dice.shuffle(pages)
    lines, nothing = Lines(io.BytesIO(), rows=50), Lines(io.BytesIO())
    for one in pages:
        lines.add(*one)
    found = lines.repeated()
    for host in (1, 2, 3):
        pairs = [(line, title) for of, title, page in pages if of == host for line in page]
        assert found[host] == repeated(*zip(*pairs, strict=True)) != frozenset()
    assert nothing.repeated() == {}
