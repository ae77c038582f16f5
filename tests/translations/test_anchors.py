"""What of a text survives translation, and in which form."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from pipelines.records import Article
from pipelines.translations import anchors
from pipelines.translations.anchors import CODE, DATE, NAME, NUMBER, PLACE, SOUND, WORD, edition
from pipelines.translations.romanise import romanise, skeleton, skeletons
from tests.translations.texts import STORY

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def article(text: str, language: str | None) -> Article:
    return Article("a", "", "", "", "", text, NOW, language=language)


def keys(text: str, language: str) -> set[int]:
    return set(anchors(article(text, language)).keys.tolist())


def classes(text: str, language: str) -> list[tuple[str, int]]:
    found = anchors(article(text, language))
    return [(surface, int(kind)) for surface, kind in zip(found.surfaces, found.classes, strict=True)]


def share(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return bool(keys(*one) & keys(*other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("$1.13bn", "en"), ("1,13 tỷ", "vi")),
        (("1,13 Mrd.", "de"), ("1,13 tỷ", "vi")),
        (("11億3000万", "ja"), ("1.13 billion", "en")),
        (("११.३ करोड़", "hi"), ("113 million", "en")),
        (("1.234.567", "de"), ("1,234,567", "en")),
        (("1 234 567", "fr"), ("1,234,567", "en")),
        (("820.000", "vi"), ("820,000", "en")),
        (("82万", "ja"), ("820.000", "vi")),
        (("٢٠١٨", "ar"), ("2018", "vi")),
        (("２０１８年", "ja"), ("2018", "vi")),
        (("2,4 Prozent", "de"), ("2.4%", "en")),
        (("14. August", "de"), ("tháng 8", "vi")),
        (("ngày 14/8", "vi"), ("14 августа", "ru")),
        (("8月14日", "ja"), ("14 สิงหาคม", "th")),
        (("Montag", "de"), ("thứ Hai", "vi")),
        (("月曜日", "ja"), ("понедельник", "ru")),
        (("Italien", "de"), ("イタリア", "ja")),
        (("Nhật Bản", "vi"), ("Japan", "en")),
        (("Ý", "vi"), ("Italy", "en")),
        (("американский", "ru"), ("Mỹ", "vi")),
        (("日本", "ja"), ("日本", "zh")),
        (("PAC-3", "de"), ("PAC3", "vi")),
        (("NATO", "en"), ("NATO", "vi")),
        (("Путин", "ru"), ("Putin", "de")),
        (("ブリンケン", "ja"), ("Blinken", "en")),
        (("블링컨은", "ko"), ("Blinken", "vi")),
        (("布林肯", "zh"), ("Blinken", "vi")),
        (("بلينكن", "ar"), ("Blinken", "vi")),
        (("ब्लिंकन", "hi"), ("Blinken", "en")),
        (("Μπλίνκεν", "el"), ("Blinken", "en")),
        (("บลิงเคน", "th"), ("Blinken", "en")),
        (("Mát-xcơ-va", "vi"), ("Moskau", "de")),
        (("church", "en"), ("nhà thờ", "vi")),
        (("教会", "ja"), ("iglesia", "es")),
        (("https://www.example.org/a", "de"), ("http://example.org/b", "vi")),
    ],
)  # fmt: skip
def test_the_same_thing_shares_a_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert share(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1.234", "de"), ("1.234", "en")),
        (("1,13 tỷ", "vi"), ("1,13 triệu", "vi")),
        (("tháng 8", "vi"), ("September", "en")),
        (("Österreich", "de"), ("Australia", "en")),
        (("Blinken", "en"), ("オースティン", "ja")),
        (("Kirche", "de"), ("bệnh viện", "vi")),
    ],
)
def test_other_things_do_not(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not share(one, other)


def test_classes_and_surfaces() -> None:
    found = classes("Am 14. August sagte Merz in Wien: Die PAC-3 kostet 1,13 Mrd. Euro, so die Kirche.", "de")
    assert ("14", NUMBER) in found
    assert ("August", DATE) in found
    assert ("Merz", NAME) in found
    assert ("Wien", PLACE) in found
    assert ("PAC-3", CODE) in found
    assert ("1,13 Mrd", NUMBER) in found
    assert ("Kirche", WORD) in found
    assert (("블링컨은", SOUND)) in classes("블링컨은", "ko")


@pytest.mark.parametrize("language", STORY)
def test_shapes_and_order(language: str) -> None:
    found = anchors(article(STORY[language], language))
    n = len(found.surfaces)
    assert len(found.positions) == len(found.classes) == n > 20
    assert len(found.keys) == len(found.owner)
    assert (np.diff(found.positions.astype(int)) >= 0).all()
    assert (np.diff(found.owner.astype(int)) >= 0).all()
    assert found.owner.max() < n
    by_line = np.split(found.words, np.cumsum(found.lines)[:-1])
    assert len(by_line) == len(STORY[language].split("\n"))
    assert all((np.diff(line.astype(np.int64)) > 0).all() for line in by_line)


def test_vietnamese_is_read_in_any_normal_form() -> None:
    composed = anchors(article(STORY["vi"], "vi"))
    apart = anchors(article(unicodedata.normalize("NFD", STORY["vi"]), "vi"))
    assert composed.keys.tolist() == apart.keys.tolist()


def test_title_and_lead_are_read_too() -> None:
    one = replace(article("Nichts", "de"), title="Lehtonen", lead="NV-15")
    assert {"Lehtonen", "NV-15"} <= set(anchors(one).surfaces)


@pytest.mark.parametrize("language", [None, "xx", "und", "zh-Hant-TW", "sr-Latn"])
@pytest.mark.parametrize("text", ["", " \n", "\u202e𐍈☃️1", "İstanbul ﷽ ½ ٣٫٥ 1.2.3.4 --- a-1-b", "9" * 400])
def test_nothing_makes_it_fall(text: str, language: str | None) -> None:
    found = anchors(article(text, language))
    assert len(found.surfaces) == len(found.positions)


@pytest.mark.parametrize(
    ("tag", "name"),
    [("de-AT", "de"), ("zh-CN", "zh"), ("zh-TW", "zh-Hant"), ("zh_Hant", "zh-Hant"), (None, "und"), ("iw", "he")],
)
def test_what_counts_as_one_language(tag: str | None, name: str) -> None:
    assert edition(tag) == name


def test_skeletons_join_spellings() -> None:
    assert skeleton("blinken") == skeleton(romanise("ブリンケン")) == skeleton("beullingkeon") == skeleton("bulinken")
    assert skeleton("obama") == skeleton("aobama") != skeleton("bama")
    assert set(skeletons("carter")) == {skeleton("karter"), skeleton("kata")}
    assert skeleton("") == skeleton("123") == ""
