"""Texts a reader would call the same give the same shingles, in every script."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.shingles import WITH_DIGIT, shingle

VIETNAMESE = "Nhà máy thủy điện Hòa Bình hoạt động khỏe mạnh, kỹ sư Lý Đức ở Đà Nẵng hóa ra đã về quê."

SAME = {
    "case": ("Hội Nhà báo VIỆT NAM họp", "HỘI NHÀ BÁO Việt Nam HỌP"),
    "decomposed": (VIETNAMESE, unicodedata.normalize("NFD", VIETNAMESE)),
    "compatibility": (VIETNAMESE, unicodedata.normalize("NFKD", VIETNAMESE)),
    "tone on the other vowel": ("Hòa khỏe thủy hóa lòa xòe", "Hoà khoẻ thuỷ hoá loà xoè"),
    "i and y": ("kỹ sư Lý ở Mỹ hy vọng", "kĩ sư Lí ở Mĩ hi vọng"),
    "another capital that looks like Đ": ("Đà Nẵng đẹp lắm", "Ðà Nẵng đẹp lắm"),
    "quotes and dashes": ('Er sagte: "Nun – gut"', "Er sagte: „Nun - gut“"),
    "lines and spaces": ("eins zwei drei vier", "eins  zwei\ndrei\u00a0vier"),
    "umlauts spelt out": ("Größe über Mängel für Öl", "Groesse ueber Maengel fuer Oel"),
    "soft hyphens and joiners": ("Donau\u00addampf\u200bschiff fährt heute ab", "Donaudampfschiff fährt heute ab"),
    "full width": ("ＡＢＣ １２３ ｘｙｚ", "abc 123 xyz"),
    "digits of another script": ("خبر ١٢٣ عاجل اليوم", "خبر 123 عاجل اليوم"),
    "vowel points": ("كَتَبَ الوَلَدُ الدَرسَ", "كتب الولد الدرس"),
    "ligatures": ("eﬃziente Inﬂation ﬁndet statt", "effiziente inflation findet statt"),
    "spaces in Thai": ("ประเทศไทยประกาศนโยบายใหม่", "ประเทศไทย ประกาศ นโยบายใหม่"),
    "spaces in Chinese": ("中国政府宣布新的经济政策", "中国政府 宣布 新的经济政策"),
}
DIFFERENT = {
    "tone": ("nhà má đi chợ", "nhà mạ đi chợ"),
    "đ and d": ("ông đi về quê", "ông di về quê"),
    "vowel": ("tân hiệp phát bán", "tần hiệp phát bản"),
    "word order": ("Hund beißt Mann heute", "Mann beißt Hund heute"),
    "y that is a vowel of its own": ("tay cầm tay nhau", "tai cầm tai nhau"),
    "number": ("giá vàng 18 triệu", "giá vàng 19 triệu"),
}


@pytest.mark.parametrize(("one", "two"), SAME.values(), ids=SAME)
def test_two_ways_to_write_one_text(one: str, two: str) -> None:
    assert len(shingle(one).hashes) > 0
    assert shingle(one).hashes.tolist() == shingle(two).hashes.tolist()


@pytest.mark.parametrize(("one", "two"), DIFFERENT.values(), ids=DIFFERENT)
def test_two_texts(one: str, two: str) -> None:
    assert set(shingle(one).hashes.tolist()).isdisjoint(shingle(two).hashes.tolist())


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("", 0),
        (" \n –!? \n", 0),
        ("Wort", 1),
        ("zwei Wörter", 1),
        ("drei Wörter hier", 1),
        ("nun sind es vier", 2),
        ("中国政府宣布新政策", 4),
        ("日本のニュース", 2),
        ("ประเทศไทยประกาศข่าว", 7),
        ("한국 정부가 오늘 발표했다", 2),
        ("\U0001f600 nur drei Wörter \U0001f600", 1),
        ("\ud800 nur drei Wörter", 1),
    ],
)
def test_windows_are_three_words_or_as_much_without_spaces(text: str, n: int) -> None:
    assert len(shingle(text).hashes) == n


def test_a_copied_passage_is_found_in_scripts_without_spaces() -> None:
    chinese = "国务院总理昨日在北京主持召开会议研究部署下一阶段经济工作"
    inside = f"本报讯{chinese}会议还讨论了其他问题"
    assert set(shingle(chinese).hashes.tolist()) <= set(shingle(inside).hashes.tolist())


def test_digits_are_marked() -> None:
    hashes = shingle("am 3. Mai kam der Zug in Huế an").hashes
    assert [bool(value & WITH_DIGIT) for value in hashes] == [True, True, False, False, False, False, False]


def test_lines() -> None:
    cut = shingle("eins zwei drei\n\nvier fünf\neins zwei drei")
    assert cut.lines.tolist() == [0, 0, 0, 2, 2, 3]
    assert len(cut.line_hashes) == 4
    assert cut.line_hashes[1] == 0
    assert cut.line_hashes[0] == cut.line_hashes[3] != cut.line_hashes[2]


@settings(deadline=None)  # the first call compiles
@given(st.text(max_size=200))
def test_any_text_can_be_cut_and_its_normal_form_does_not_matter(text: str) -> None:
    composed = unicodedata.normalize("NFKC", text)
    assert np.array_equal(shingle(text).hashes, shingle(composed).hashes)


def test_hashes_do_not_change_between_releases() -> None:
    """An index on disk depends on them: raise `SCHEME` when this fails for a good reason."""
    assert [f"{value:016x}" for value in shingle("Hòa Bình, 3 tháng 5\n中文新闻报道").hashes.tolist()] == HASHES


HASHES = [
    "efe6d8e5f4f15779",
    "b2acce358ad55704",
    "543057654dd909de",
    "02ece09398555a94",
    "544835eb83695c7e",
    "8b84be2608c7256a",
]
