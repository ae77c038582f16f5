"""The parts of the report: words, differences, anchors, drawings."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipelines.report import words
from pipelines.report.charts import _ticks
from pipelines.report.diff import MAX_WORDS, anchored, pairs, side_by_side
from pipelines.report.facts import Steps
from pipelines.report.svg import INK, Canvas, chart


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (0, "0 s"), (45, "45 s"), (720, "12 min"), (3600 * 3.5, "3.5 h"), (3600 * 6, "6 h"), (-300, "−5 min"), (86400 * 2, "2 d"),
     (86400 * 800, "2.2 y")],
)  # fmt: skip
def test_spans(seconds: float | None, shown: str) -> None:
    assert words.span(seconds).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(None, "–"), (0.0, "0 %"), (0.004, "< 1 %"), (0.5, "50 %"), (0.999, "> 99 %"), (1.0, "100 %")],
)
def test_percentages_never_round_to_all_or_nothing(share: float | None, shown: str) -> None:
    assert words.percent(share).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://a.example/x", True), ("http://a.example", True), ("javascript:alert(1)", False), ("data:text/html,x", False), ("//a.example", False),
     ("https://[bad", False), (None, False), (" https://a.example", True)],
)  # fmt: skip
def test_only_web_addresses_are_links(url: str | None, kept: bool) -> None:
    assert bool(words.link(url)) == kept


@given(st.text(), st.integers(5, 60))
def test_cleaned_text_is_short_and_one_line(text: str, limit: int) -> None:
    shown = words.clean(text, limit)
    assert len(shown) <= limit
    assert not set(shown) & set("\n\r\t\x00\x1b\u202e\u2066\u2028")
    assert words.clean(shown, limit) == shown


@pytest.mark.parametrize(
    ("code", "name"), [("de", "German"), ("zh-Hant", "Traditional"), ("", "unknown"), ("<b>", "<b>")]
)
def test_languages_have_names(code: str, name: str) -> None:
    assert name in words.language(code)


def _shown(side: tuple[object, ...]) -> str:
    return "".join(getattr(piece, "text") for piece in side if getattr(piece, "kind") != "skipped")  # noqa: B009


def test_a_difference_is_found_in_its_place() -> None:
    original = "Cây cầu dài 350 mét được khánh thành sáng nay tại Gia Lai.\nNgười dân vui mừng."
    copy = "Cây cầu dài 350 mét vừa được đưa vào sử dụng sáng nay tại Gia Lai.\nNgười dân vui mừng."
    compared = side_by_side(original, copy)
    assert [p.text for p in compared.original if p.kind == "only"] == ["được khánh thành "]
    assert [p.text for p in compared.copy if p.kind == "only"] == ["vừa được đưa vào sử dụng "]
    assert _shown(compared.original) == original
    assert not compared.cut


def test_case_and_composition_are_no_difference() -> None:
    compared = side_by_side("HÀ NỘI hôm nay", "Hà Nội hôm nay")
    assert [p.kind for p in compared.copy] == ["same"]
    assert compared.share == 1.0


def test_scripts_without_spaces_are_compared_by_letter() -> None:
    compared = side_by_side("大橋が今日開通した。住民は喜んだ。", "大橋が昨日開通した。住民は喜んだ。")
    assert [p.text for p in compared.original if p.kind == "only"] == ["今"]


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_is_lost_or_made_up(a: str, b: str) -> None:
    compared = side_by_side(a, b)
    if not any(p.kind == "skipped" for side in (compared.original, compared.copy) for p in side):
        assert _shown(compared.original) == a.strip() or _shown(compared.original).strip() == a.strip()
        assert _shown(compared.copy).strip() == b.strip()
    assert 0 <= compared.share <= 1


def test_long_texts_are_cut_and_it_is_said() -> None:
    text = " ".join(str(n) for n in range(MAX_WORDS * 40))
    compared = side_by_side(text, text)
    assert compared.cut
    assert [p.kind for p in compared.original] == ["same", "skipped", "same"]


def test_anchors_stand_in_both_texts() -> None:
    anchors = pairs([("shared_anchors", "3"), ("anchor", "350 ↔ 350"), ("anchor", "Seoul ↔ 서울"), ("anchor", "UN")])
    assert anchors == [("350", "350"), ("서울", "Seoul"), ("UN", "UN")]
    here, there = anchored("3500 명, 350 미터, 서울", "350 Meter in Seoul, sagt die UN", anchors)
    assert [(text, n) for text, n in here.pieces if n] == [("350", 1), ("서울", 2)]
    assert [(text, n) for text, n in there.pieces if n] == [("350", 1), ("Seoul", 2), ("UN", 3)]
    assert "".join(text for text, _ in here.pieces) == "3500 명, 350 미터, 서울"


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=5).filter(str.strip), max_size=8))
def test_marking_keeps_the_text(text: str, anchors: list[str]) -> None:
    here, there = anchored(text, text, [(a, a) for a in anchors])
    assert "".join(piece for piece, _ in here.pieces) == text == "".join(piece for piece, _ in there.pieces)


def test_a_chart_carries_no_colour_no_style_and_no_stray_id() -> None:
    def draw(canvas: Canvas) -> None:
        ax = canvas.axes(40, 0, canvas.width, 60)
        (bar,) = ax.bar([0], [1], color=INK["near"])
        canvas.tip(bar, "a <b> & $x$ \x00 \u202e")
        ax.set_title("$unclosed \u0e17 <script>")

    drawn = chart("A label", draw, (100, 100))
    assert "style=" not in drawn
    assert "#0c0d" not in drawn
    for text in drawn.split("\n"):
        tree = etree.fromstring(text)
        assert tree.get("role") == "img"
        assert [node.text for node in tree.iter("{*}title")] == ["a <b> & $x$"]
        used = {part for node in tree.iter() for part in (node.get("href", ""), node.get("clip-path", "")) if part}
        for name in tree.xpath("//@id"):
            assert any(str(name) in reference for reference in used)
        assert tree.xpath("//*[contains(@class, 'f-near')]")


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (date(2026, 11, 1), date(2026, 11, 4), ["Nov 1", "Nov 2", "Nov 3"]),
        (date(2026, 11, 1), date(2026, 12, 1), ["Nov 2", "Nov 9", "Nov 16", "Nov 23", "Nov 30"]),
        (date(2025, 9, 1), date(2026, 4, 1), ["Sep", "Oct", "Nov", "Dec", "2026", "Feb", "Mar"]),
        (date(2012, 1, 1), date(2026, 1, 2), ["2012", "2014", "2016", "2018", "2020", "2022", "2024", "2026"]),
    ],
)
def test_ticks(first: date, last: date, shown: list[str]) -> None:
    assert [word for _, word in _ticks(first, last, 8)] == shown


def test_steps_cover_the_time() -> None:
    axis = Steps(date(2026, 1, 1), date(2026, 3, 1), 7)
    assert axis.starts[0] == date(2026, 1, 1)
    assert axis.starts[-1] <= axis.last
    assert len(axis.starts) == 9
