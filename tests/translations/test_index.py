"""Translations among others: found in any order, kept, and not claimed where anchors cannot tell."""

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import model2vec
import numpy as np
import pytest
import tokenizers

from pipelines.records import Article, Copy, Fact
from pipelines.translations import AnchorIndex, Anchors, Parameters, anchors, open_encoder, open_index
from pipelines.translations.learn import associate, explained, learn, segments
from pipelines.translations.search import Search
from tests.translations.texts import GOLD, INDEPENDENT, OTHER, STATEMENT, STORY
from tests.translations.texts import REPORTS as EVENT

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LANGUAGES = list(STORY)


def article(name: str, text: str, language: str, *, hours: float = 0) -> Article:
    title, _, body = text.partition("\n")
    url = f"https://{language}.example/{name}"
    return Article(
        name,
        url,
        url,
        f"{language}.example",
        title,
        body,
        NOW,
        language=language,
        published_at=NOW + timedelta(hours=hours),
    )


EDITIONS = [article(f"story.{language}", text, language, hours=n) for n, (language, text) in enumerate(STORY.items())]
NEWS = [article(f"other.{n}", text, "vi") for n, text in enumerate(OTHER["vi"])]
COLUMNS = [
    article(f"gold.{language}.{n}", text, language) for language, texts in GOLD.items() for n, text in enumerate(texts)
]
REPORTS = [article(f"report.{language}", text, language, hours=3) for language, text in INDEPENDENT.items()]


def ready(articles: Sequence[Article]) -> list[tuple[Article, Anchors]]:
    return [(one, anchors(one)) for one in articles]


def pairs(copies: Sequence[Copy]) -> set[frozenset[str]]:
    return {frozenset((copy.article_id, copy.of_article_id)) for copy in copies}


def found(index: AnchorIndex, articles: Sequence[Article]) -> list[Copy]:
    return index.find(ready(articles), run_id="r", now=NOW)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[AnchorIndex]:
    with open_index(tmp_path) as opened:
        yield opened


ALL = {frozenset(pair) for pair in itertools.combinations([one.article_id for one in EDITIONS], 2)}


def test_every_edition_meets_every_other_one(index: AnchorIndex) -> None:
    copies = found(index, EDITIONS + NEWS)
    assert pairs(copies) == ALL
    to_vi = next(copy for copy in copies if copy.article_id == "story.de" and copy.of_article_id == "story.vi")
    assert (to_vi.kind, to_vi.method, to_vi.similarity) == ("translation", "anchors/1", None)
    assert 0.9 < to_vi.score <= 1
    shown = {fact.value for fact in to_vi.evidence}
    assert {"Nordvind ↔ Nordvind", "1,13 Mrd ↔ 1,13 tỷ", "NV-15 ↔ NV-15", "Montag ↔ thứ Hai"} <= shown


def test_the_later_one_is_the_copy(index: AnchorIndex) -> None:
    order = [one.article_id for one in EDITIONS]
    assert all(order.index(copy.article_id) > order.index(copy.of_article_id) for copy in found(index, EDITIONS))


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("backwards", [False, True])
def test_order_and_size_of_batches_do_not_matter(tmp_path: Path, size: int, backwards: bool) -> None:
    articles = [*NEWS, *(EDITIONS[::-1] if backwards else EDITIONS)]
    copies: list[Copy] = []
    for start in range(0, len(articles), size):
        batch = articles[start : start + size]
        with open_index(tmp_path) as index:  # each in a run of its own
            copies += found(index, batch)
            index.add(f"c{start}", ready(batch))
    assert pairs(copies) == ALL
    assert all(copy.article_id > copy.of_article_id or copy.article_id != "story.vi" for copy in copies)


def test_a_first_half_is_still_found(index: AnchorIndex) -> None:
    index.add("c1", ready(NEWS + EDITIONS[:1]))
    half = replace(EDITIONS[1], text=EDITIONS[1].text[: len(EDITIONS[1].text) // 2])
    assert pairs(found(index, [half])) == {frozenset(("story.de", "story.vi"))}


def test_independent_reports_are_not_translations(index: AnchorIndex) -> None:
    """Nor are the two reports translations of each other."""
    index.add("c1", ready(NEWS + EDITIONS[:1]))
    assert found(index, REPORTS) == []


def test_six_papers_at_one_event_are_not_translations_of_each_other(index: AnchorIndex) -> None:
    """The same day, names and places in English, Vietnamese, Japanese, French and Korean; one more report and its translation."""
    reports = [article(f"event.{language}", text, language) for language, text in EVENT.items()]
    sixth = [article(f"sixth.{language}", text, language) for language, text in STATEMENT.items()]
    assert pairs(found(index, reports + sixth)) == {frozenset(("sixth.vi", "sixth.de"))}
    index.add("c1", ready(NEWS + EDITIONS + reports[:2]))
    assert found(index, reports[2:]) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_better_text_takes_a_link_back(tmp_path: Path, order: tuple[int, ...]) -> None:
    """A round-up repeats the first lines of the story: it is linked while nothing better is known, whenever that comes."""
    lines = STORY["vi"].split("\n")[1:]
    half = article("half.vi", "\n".join(["Kinh tế tuần qua", *lines[:4], *OTHER["vi"][2:]]), "vi", hours=-1)
    latest: dict[frozenset[str], str] = {}
    with open_index(tmp_path) as index:
        for number in order:
            one = (half, EDITIONS[0], EDITIONS[1])[number]
            for copy in found(index, [one]):
                latest[frozenset((copy.article_id, copy.of_article_id))] = copy.kind
            index.add(f"c{number}", ready([one]))
    assert latest.pop(frozenset(("story.de", "story.vi"))) == "translation"
    assert set(latest.values()) <= {"refuted"}
    if order.index(1) == 2:
        assert latest == {frozenset(("story.de", "half.vi")): "refuted"}


def test_another_day_of_a_column_is_not_a_translation(index: AnchorIndex) -> None:
    assert found(index, COLUMNS + NEWS) == []


def test_the_same_day_of_a_column_is(index: AnchorIndex) -> None:
    english = article(
        "gold.en.same",
        GOLD["en"][0]
        .replace("August 8", "August 4")
        .replace("up VND400", "up VND300")
        .replace("VND75.4", "VND78.3")
        .replace("VND77.4", "VND80.3")
        .replace("VND71.6", "VND74.6")
        .replace("2520", "2490")
        .replace("25,700", "25,600"),
        "en",
    )
    assert pairs(found(index, [*COLUMNS[:4], *NEWS, english])) == {frozenset(("gold.en.same", "gold.vi.0"))}


def test_copies_of_the_original_are_all_linked(index: AnchorIndex) -> None:
    """Republished originals are no rivals that make the decision doubtful."""
    again = replace(EDITIONS[0], article_id="story.again", text=EDITIONS[0].text + "\nXem thêm tin cùng chuyên mục.")
    index.add("c1", ready([EDITIONS[0], again, *NEWS]))
    assert pairs(found(index, [EDITIONS[1]])) == {frozenset(("story.de", one)) for one in ("story.vi", "story.again")}


def test_only_within_the_window(index: AnchorIndex) -> None:
    index.add("c1", ready(NEWS + EDITIONS[:1]))
    late = replace(EDITIONS[1], published_at=NOW + timedelta(days=45))
    assert found(index, [late]) == []
    assert pairs(found(index, [replace(late, published_at=NOW + timedelta(days=29))])) == {
        frozenset(("story.de", "story.vi"))
    }
    assert pairs(found(index, [replace(late, published_at=None)])) == {frozenset(("story.de", "story.vi"))}


def test_one_language_is_never_linked_but_two_scripts_of_chinese_may_be(index: AnchorIndex) -> None:
    again = replace(EDITIONS[1], article_id="story.at", language="de-AT")
    assert found(index, [EDITIONS[1], again]) == []


def test_add_is_durable_and_does_nothing_twice(tmp_path: Path) -> None:
    with open_index(tmp_path) as index:
        index.add("c1", ready(EDITIONS[:1] + NEWS))
        index.add("c1", ready(EDITIONS))
        assert index.applied() == {"c1"}
    with open_index(tmp_path) as index:
        assert index.compare("story.vi", "story.de") is None
        assert pairs(found(index, [EDITIONS[1]])) == {frozenset(("story.de", "story.vi"))}


def test_a_new_version_replaces_the_old_one(index: AnchorIndex) -> None:
    index.add("c1", ready(EDITIONS[:1] + NEWS))
    index.add("c2", ready([replace(EDITIONS[0], title="", text=OTHER["vi"][1], version=2)]))
    assert found(index, [EDITIONS[1]]) == []


def test_remove_forgets_on_disk_too(tmp_path: Path) -> None:
    with open_index(tmp_path) as index:
        index.add("c1", ready(EDITIONS[:2] + NEWS))
        index.remove(["story.vi"])
        assert found(index, [EDITIONS[1]]) == []
        assert index.compare("story.vi", "story.de") is None
    with open_index(tmp_path) as index:
        assert found(index, [EDITIONS[1]]) == []


def test_compare_knows_the_batch_last_asked_about(index: AnchorIndex) -> None:
    assert index.compare("story.vi", "story.de") is None
    found(index, EDITIONS[:2])
    alignment = index.compare("story.vi", "story.de")
    assert alignment is not None
    assert alignment.score > 0.9
    assert ("NV-15", "NV-15") in alignment.shared
    other = index.compare("story.de", "story.vi")
    assert other is not None
    assert other.score == pytest.approx(alignment.score, abs=0.01)
    assert other.containment == pytest.approx(alignment.containment_of, abs=0.05)


def test_other_parameters_are_refused(tmp_path: Path) -> None:
    open_index(tmp_path).close()
    with pytest.raises(ValueError, match="window_days"):
        open_index(tmp_path, Parameters(window_days=7))


def test_posting_lists_are_only_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.translations.index._SAVE_FROM", 2)
    batch = [EDITIONS[0], *NEWS]
    with open_index(tmp_path) as index:
        found(index, [EDITIONS[1]])
        for number, one in enumerate(batch):
            index.add(f"c{number}", ready([one]))
            found(index, [EDITIONS[1]])
    files = list(tmp_path.glob("*.postings"))
    assert len(files) == 1
    with open_index(tmp_path) as index:
        expected = found(index, [EDITIONS[1]])
    assert pairs(expected) == {frozenset(("story.de", "story.vi"))}
    for damage in (
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
    ):
        damage(next(tmp_path.glob("*.postings"), files[0]))
        with open_index(tmp_path) as index:
            assert found(index, [EDITIONS[1]]) == expected


def test_a_commit_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with open_index(tmp_path) as index:
        (one, its), *rest = ready(EDITIONS[:3])
        with pytest.raises(AttributeError):
            index.add("c1", [(one, its), (rest[0][0], None)])  # type: ignore[list-item]
        assert index.applied() == set()
        index.add("c1", [(one, its), *rest])
    with sqlite3.connect(tmp_path / "anchors.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM article").fetchone() == (3,)


# -- learning ----------------------------------------------------------------------------------------------------------------------


def made_up(seed: int) -> tuple[str, str]:
    """Ten sentences of a language and of its translation word by word, in another order."""
    rng = np.random.default_rng(seed)
    one, other = [], []
    for _ in range(10):
        numbers = rng.integers(0, 120, 8)
        one.append(" ".join(f"{chr(97 + n % 26)}o{chr(97 + n // 26)}ka" for n in numbers))
        other.append(" ".join(f"{chr(97 + n // 26)}i{chr(97 + n % 26)}mu" for n in rng.permutation(numbers)))
    return "\n".join(one), "\n".join(other)


def taught(n: int) -> list[tuple[Article, Article]]:
    return [
        (article(f"a{seed}", made_up(seed)[0], "de"), article(f"b{seed}", made_up(seed)[1], "vi")) for seed in range(n)
    ]


def teach(index: AnchorIndex, commit: str, pairs: Sequence[tuple[Article, Article]], *, said: str = "source_url in source_line: …") -> None:  # fmt: skip
    """A commit of pairs that were declared (or, by `said`, not) and confirmed."""
    copies = [
        Copy(one.article_id, other.article_id, "translation", None, None, None, 0.95, (Fact("declared", said),), NOW, "r", "m")
        for one, other in pairs
    ]  # fmt: skip
    index.add(commit, ready([one for pair in pairs for one in pair]), copies)


def test_words_are_learned_once_per_pair_and_kept(tmp_path: Path) -> None:
    with open_index(tmp_path) as index:
        teach(index, "c1", taught(10))
        assert index.pairs() == {"de-vi": (10, False)}
        assert index.association("de", "vi") is None
        teach(index, "c2", taught(30))
        teach(index, "c3", [(vi, de) for de, vi in taught(30)])
        assert index.pairs() == {"de-vi": (30, True)}
    with open_index(tmp_path) as index:
        assert index.pairs() == {"de-vi": (30, True)}


def test_only_confirmed_declarations_teach(index: AnchorIndex) -> None:
    teach(index, "c1", taught(20), said="slug in url: mot-hai-ba")
    assert index.pairs() == {}


def test_forgetting_a_pair_forgets_what_it_taught(index: AnchorIndex) -> None:
    teach(index, "c1", taught(30))
    index.remove(["a3"])
    assert index.pairs() == {"de-vi": (29, False)}
    index.add("c2", [])
    assert index.pairs() == {"de-vi": (29, True)}
    index.remove([f"b{n}" for n in range(30)])
    assert index.pairs() == {}


def test_a_kill_before_learning_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed, open_index(tmp_path) as index:
        killed.setattr(AnchorIndex, "_learn", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            teach(index, "c1", taught(30))
    with open_index(tmp_path) as index:
        assert index.applied() == {"c1"}
        assert index.pairs() == {"de-vi": (30, False)}
        index.add("c2", [])
        assert index.pairs() == {"de-vi": (30, True)}


def test_what_was_learned_finds_texts_without_anchors(index: AnchorIndex) -> None:
    teach(index, "c0", taught(40))
    originals = [article(f"b{seed}", made_up(seed)[1], "vi") for seed in range(100, 108)]
    copy = article("a103", made_up(103)[0], "de")
    index.add("c1", ready(originals))
    index.add("c2", ready([copy]))
    with_words = [index.compare(copy.article_id, one.article_id) for one in originals]
    assert max(range(8), key=lambda n: with_words[n].score if with_words[n] else 0) == 3


def test_noise_does_not_help() -> None:
    rng = np.random.default_rng(1)
    mixed = [
        [
            (
                np.unique(rng.integers(1, 500, 12).astype(np.uint32)),
                np.unique(rng.integers(1, 500, 12).astype(np.uint32)),
            )
            for _ in range(8)
        ]
        for _ in range(40)
    ]
    assert not learn(mixed).helps


def test_association_explains_its_own_language() -> None:
    pair = [
        (np.array([1, 2], np.uint32), np.array([11, 12], np.uint32)),
        (np.array([2, 3], np.uint32), np.array([12, 13], np.uint32)),
        (np.array([1, 3], np.uint32), np.array([11, 13], np.uint32)),
    ]
    association = associate([pair[:2], pair[1:], [pair[0]], [pair[2]]])
    assert (explained(association, np.array([1], np.uint32), np.array([11], np.uint32)) <= 1).all()
    best = {
        int(s): int(association.target[association.source == s][np.argmax(association.likely[association.source == s])])
        for s in (1, 2, 3)
    }
    assert best == {1: 11, 2: 12, 3: 13}


def test_passages_correspond() -> None:
    """Line by line where both have as many, else by share."""
    (_, de), (_, vi) = ready([article("a", "eins\nzwei zwei drei\nvier", "de"), article("b", "một\nhai ba\nbốn", "vi")])
    assert [(len(one), len(other)) for one, other in segments(de, vi)] == [(1, 1), (2, 2), (1, 1)]
    (_, short), (_, long) = ready([article("a", "eins zwei", "de"), article("b", "một\nhai\nba\nbốn", "vi")])
    assert [(len(one), len(other)) for one, other in segments(short, long)] == [(2, 4)]


# -- embeddings ----------------------------------------------------------------------------------------------------------------------


class Counting:
    """An encoder: how often each of a few strings stands in a text."""

    name = "counting"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[text.count(word) for word in ("261", "415", "820", "46", "e")] for text in texts], np.float32)


def test_a_model_re_ranks_and_its_vectors_are_kept(tmp_path: Path) -> None:
    with open_index(tmp_path, encoder=Counting()) as index:
        index.add("c1", ready(EDITIONS[:1] + NEWS))
        with_model = found(index, [EDITIONS[1]])
        assert pairs(with_model) == {frozenset(("story.de", "story.vi"))}
        stored = index.entry(article_id="story.vi")
        assert stored is not None
        assert stored.vector is not None
        assert stored.vector[:2].tolist() == [1.0, 1.0]
    with open_index(tmp_path) as index:  # without the model again
        assert pairs(found(index, [EDITIONS[1]])) == pairs(with_model)
        assert index.entry(article_id="story.vi").vector is not None  # type: ignore[union-attr]


def test_vectors_of_another_model_are_not_compared(tmp_path: Path) -> None:
    with open_index(tmp_path, encoder=Counting()) as index:
        index.add("c1", ready(EDITIONS[:1]))
    other = Counting()
    other.name = "another"
    with open_index(tmp_path, encoder=other) as index:
        assert index.entry(article_id="story.vi").vector is None  # type: ignore[union-attr]


def tiny_model(folder: Path, words: Sequence[str]) -> Path:
    """A model2vec model that knows a few words, each its own direction."""
    vocabulary = {word: n for n, word in enumerate(["[UNK]", "[PAD]", *words])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    vectors = np.eye(len(vocabulary), dtype=np.float32)
    vectors[:2] = 0.0
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(str(folder))
    return folder


def ranked(index: AnchorIndex, copy: Article) -> list[tuple[float, str]]:
    (entry,) = index.entries(ready([copy]))
    return [(round(value, 3), one.article_id) for one, value in Search(index, [entry]).ranked(entry, "vi")]


def test_a_local_model2vec_model_re_ranks(tmp_path: Path) -> None:
    """Three texts with the same anchors as the copy; only the model knows which one speaks of the same thing."""
    words = ("turbine", "cầu", "trường")
    texts = [f"Ngày 14/8, Nordvind xây 46 {word} ở Turku, trị giá 415 triệu euro. {word} {word}." for word in words]
    originals = [article(f"o{n}", text, "vi") for n, text in enumerate(texts)]
    copy = article(
        "c", "Am 14. August baute Nordvind in Turku 46 Turbine für 415 Millionen Euro. Turbine Turbine.", "de"
    )
    values = {}
    for name, encoder in (("none", None), ("model", open_encoder(tiny_model(tmp_path / "model", words)))):
        with open_index(tmp_path / name, encoder=encoder) as index:
            index.add("c1", ready(originals))
            values[name] = ranked(index, copy)
    without, moved = ({id_: value for value, id_ in values[name]} for name in ("none", "model"))
    assert values["model"][0][1] == "o0"
    assert moved["o0"] > without["o0"]
    assert moved["o1"] < without["o1"]


def test_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="model2vec"):
        open_encoder(tmp_path)
