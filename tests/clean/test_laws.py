"""Laws of the cleaner, for any text: nothing vanishes, twice is once, and text without a marker stays as it is."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import clean, content_hash, markers, rules
from pipelines.records import Article
from tests.clean.test_markers import FORMS, PROSE, TEXT, URL, VIETNAMESE, article

WORDS = sorted(
    {
        word
        for name in dir(markers)
        if name.isupper()
        if isinstance(table := getattr(markers, name), dict)
        for listed in table.values()
        for word in listed.split("|")
    }
)
ENDINGS = [
    "",
    ":",
    ": " + URL,
    " (0)",
    "_2]",
    " 2]",
    ": Reuters",
    "(0)",
    "：",
    " - Ảnh 1.",
    " |",
    "./.",
    " (Theo AFP)",
    ". ",
]

word = st.sampled_from(WORDS)
markup = st.builds(
    lambda a, b, c, d: a + b + c + d,
    st.sampled_from(["", "[", "(", "HA KIEN", ">> "]),
    word,
    st.sampled_from(ENDINGS),
    st.sampled_from(["", ")", "]", " "]),
)
tail = st.sampled_from([line for _, lines in FORMS for line in lines])
prose = st.sampled_from([*TEXT, *VIETNAMESE, *PROSE])
noise = st.text(st.characters(exclude_characters="\n"), max_size=60)
line = st.one_of(prose, tail, markup, noise, st.builds(str.__add__, prose, tail), st.just(""))
text = st.builds("\n".join, st.lists(line, max_size=12))
form = st.sampled_from(["NFC", "NFD", None])
articles = st.builds(
    lambda text, lead, title, authors, language, form: article(
        unicodedata.normalize(form, text) if form else text,
        lead=lead,
        title=title,
        authors=tuple(authors),
        language=language,
    ),
    text,
    line,
    st.one_of(prose, noise),
    st.lists(st.sampled_from(["Ngoc Anh", "Eva Probst"]), max_size=2),
    st.sampled_from([None, "vi", "de"]),
    form,
)


def visible(*texts: str) -> Counter[str]:
    return Counter(char for text in texts for char in text if not rules.is_blank(char) and not char.isspace())


@given(articles)
@settings(max_examples=600, deadline=None)
def test_what_is_kept_and_what_is_removed_make_up_the_input(before: Article):
    after = clean(before)
    pieces = [cut.text for cut in after.removed]
    assert visible(before.text, before.lead) == visible(after.text, after.lead, *pieces)
    whole = before.text + "\n" + before.lead
    assert all(piece in whole for piece in pieces)
    assert all(pieces)


@given(articles)
@settings(max_examples=600, deadline=None)
def test_cleaning_what_is_clean_changes_nothing(before: Article):
    after = clean(before)
    assert clean(after) == after


@given(
    st.lists(
        st.text(st.sampled_from("abcdeéßzяжאבกข漢字かな 0123456789,;'"), min_size=1, max_size=80).map(
            lambda s: f"{s} sagte er."
        ),
        max_size=8,
    )
)
@settings(max_examples=500, deadline=None)
def test_text_without_a_marker_comes_back_as_it_is(lines: list[str]):
    before = article(*lines)
    after = clean(before)
    assert after.text == before.text
    assert after.removed == ()


@given(text, st.sampled_from(["NFC", "NFD"]))
@settings(max_examples=300, deadline=None)
def test_composed_and_decomposed_text_are_read_alike(given_text: str, form: str):
    composed = clean(article(unicodedata.normalize("NFC", given_text), title="", language="vi"))
    other = clean(article(unicodedata.normalize(form, given_text), title="", language="vi"))
    assert unicodedata.normalize("NFC", other.text) == unicodedata.normalize("NFC", composed.text)
    assert other.content_hash == composed.content_hash


def test_the_content_hash_is_blind_to_what_no_reader_sees_and_to_nothing_else():
    one = content_hash("Tiêu đề", "lead", "Ein  Satz.\nNoch einer.")
    assert one == content_hash(unicodedata.normalize("NFD", "Tiêu đề"), " LEAD ", "Ein Satz. Noch\u00a0einer.")
    assert one != content_hash("Tiêu đề", "lead", "Ein Satz. Noch keiner.")
    assert one != content_hash("Tiêu", "đề lead", "Ein Satz. Noch einer.")
    assert len(one) == 32


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ("[ad_2]\n" * 20_000 + TEXT[0], TEXT[0]),
        (TEXT[0] + "[ad_2]" * 20_000, TEXT[0]),
        (TEXT[0] + "\n" * 100_000 + "[ad_2]", TEXT[0]),
        (f"{TEXT[0]}\nKommentar (3)\n" * 5_000, "\n".join([TEXT[0]] * 5_000)),
        (TEXT[0] + " Foto: Pool." * 5_000, TEXT[0]),
        ("(" * 200_000 + ")", "(" * 200_000 + ")"),
        ("https://" + "a." * 200_000 + "/", "https://" + "a." * 200_000 + "/"),
    ],
    ids=["head", "glued", "blank lines", "counters", "photo credits", "brackets", "address"],
)
def test_texts_made_to_be_slow(before: str, kept: str):
    """Each of these takes minutes with a rule that is quadratic in the text."""
    assert clean(article(*before.split("\n"))).text == kept
