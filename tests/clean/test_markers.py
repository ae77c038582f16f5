"""Every word of the marker tables in every form of its kind, and the forms that are known by structure alone.

A new word is tested by being in its table; a new form gets a row in `FORMS`; what must stay gets a row in `PROSE`.
"""

from datetime import UTC, datetime

import pytest

from pipelines.clean import CLEANER, clean, markers
from pipelines.records import Article

TEXT = (
    "Die Brücke über den Fluss wird ab Montag für zwei Wochen gesperrt.",
    "Der Stadtrat hatte die Arbeiten im Frühjahr beschlossen, weil der Belag an vielen Stellen aufgebrochen war.",
    "Busse fahren in dieser Zeit über die alte Landstraße.",
)
VIETNAMESE = (
    "Cây cầu bắc qua sông sẽ đóng cửa hai tuần kể từ thứ Hai tới.",
    "Hội đồng thành phố đã thông qua kế hoạch sửa chữa từ mùa xuân vì mặt cầu hư hỏng nhiều chỗ.",
    "Trong thời gian này xe buýt sẽ đi theo đường cũ.",
)
URL = "https://paper.example/cau-bac-qua-song-post1234.html"


def article(*lines: str, **fields: object) -> Article:
    made = Article(
        article_id="0" * 32,
        url="https://copy.example/de/a",
        canonical_url="https://copy.example/de/a",
        host="copy.example",
        title="Brücke wird gesperrt",
        text="\n".join(lines),
        fetched_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    return Article(**{name: getattr(made, name) for name in Article.__dataclass_fields__} | fields)  # type: ignore[arg-type]


def removed(cleaned: Article) -> list[tuple[str, str]]:
    return [(cut.kind, cut.text) for cut in cleaned.removed]


def words(table: dict[str, str]) -> list[object]:
    return [pytest.param(word, id=f"{code}-{word}") for code, listed in table.items() for word in listed.split("|")]


def rest(cleaned: Article) -> tuple[str, ...]:
    return tuple(cleaned.text.split("\n"))


# -- every word of the tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", words(markers.SOURCE))
class TestSourceWords:
    @pytest.mark.parametrize("form", ["{}: {}", "{} : {}", "{}：{}", "{}:{}", "{}: {}."])
    def test_with_an_address(self, word, form):
        cleaned = clean(article(*TEXT, form.format(word, URL)))
        assert rest(cleaned) == TEXT
        assert [kind for kind, _ in removed(cleaned)] == ["source_line"]
        assert cleaned.source_url == URL

    def test_glued_to_a_byline(self, word):
        cleaned = clean(article(*TEXT, f"HA KIEN{word[0].upper()}{word[1:]}: {URL}"))
        assert rest(cleaned) == TEXT
        assert cleaned.source_url == URL
        assert cleaned.authors == ("HA KIEN",)

    def test_alone_between_placeholder_and_counter(self, word):
        cleaned = clean(article(*TEXT, "HA KIEN", "[ad_2]", word, "Comment (0)"))
        assert rest(cleaned) == TEXT
        assert ("source_line", word) in removed(cleaned)
        assert cleaned.source_url is None

    def test_alone_at_the_end(self, word):
        assert rest(clean(article(*TEXT, word))) == TEXT

    def test_in_prose_it_stays(self, word):
        prose = f"„{word}: “ stand unter dem Bild, mehr nicht, und niemand fragte nach."
        assert rest(clean(article(*TEXT, prose))) == (*TEXT, prose)

    def test_in_brackets_it_is_a_pictures(self, word):
        cleaned = clean(article(*TEXT, f"({word}: Reuters)"))
        assert removed(cleaned) == [("photo_credit", f"({word}: Reuters)")]
        assert cleaned.source_name is None


@pytest.mark.parametrize("word", words(markers.COMMENTS))
@pytest.mark.parametrize("form", ["{} (0)", "{} (12)", "{}(0)", "{} （3）", "7 {}"])
def test_comment_counters(word, form):
    line = form.format(word)
    cleaned = clean(article(*TEXT, line))
    assert rest(cleaned) == TEXT
    assert removed(cleaned) == [("comment_count", line)]


@pytest.mark.parametrize("word", words(markers.ADS))
@pytest.mark.parametrize("form", ["[{}_1]", "[{}_2]", "[{} 2]", "[{}2]", "【{}2】"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_ad_placeholders(word, form, place):
    lines = list(TEXT)
    lines.insert(place, form.format(word))
    cleaned = clean(article(*lines))
    assert rest(cleaned) == TEXT
    assert removed(cleaned) == [("ad", form.format(word))]


@pytest.mark.parametrize("word", words(markers.PHOTO))
@pytest.mark.parametrize("form", ["{}: Reuters", "{} : Reuters", "({}: AFP)", "{}：ロイター"])
def test_photo_credits_are_no_source(word, form):
    cleaned = clean(article(TEXT[0], form.format(word), *TEXT[1:]))
    assert rest(cleaned) == TEXT
    assert removed(cleaned) == [("photo_credit", form.format(word))]
    assert (cleaned.source_name, cleaned.source_url, cleaned.credits) == (None, None, ())


@pytest.mark.parametrize("word", words(markers.PHOTO))
def test_a_block_that_ends_with_a_photo_credit_is_a_caption(word):
    caption = f"Die Brücke am Tag vor der Sperrung. {word}: Reuters"
    cleaned = clean(article(TEXT[0], caption, *TEXT[1:]))
    assert rest(cleaned) == TEXT
    assert removed(cleaned) == [("caption", caption)]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        pytest.param(kind, word, id=f"{kind}-{word}")
        for kind, table in (
            ("related", markers.RELATED),
            ("related", markers.SECTIONS),
            ("share", markers.SHARE),
            ("tags", markers.TAGS),
            ("player", markers.PLAYER),
            ("ad", markers.ADS),
        )
        for listed in table.values()
        for word in listed.split("|")
    ],
)
def test_words_that_are_markers_alone_on_their_line(kind, word):
    cleaned = clean(article(TEXT[0], word, *TEXT[1:]))
    assert rest(cleaned) == TEXT
    assert len(cleaned.removed) == 1
    prose = f"{word} steht auf dem Schild, das dort seit dem Sommer an der Brücke hängt."
    assert rest(clean(article(prose, *TEXT))) == (prose, *TEXT)


@pytest.mark.parametrize("word", words(markers.RELATED))
def test_read_more_lines(word):
    line = f"{word}: Tunnel soll 2031 fertig sein"
    assert removed(clean(article(TEXT[0], line, *TEXT[1:]))) == [("related", line)]


@pytest.mark.parametrize("word", words(markers.CREDIT_BEFORE))
def test_credits_in_a_byline(word):
    cleaned = clean(article(*TEXT, f"Ngoc Anh ({word} Japan Times, Reuters)"))
    assert rest(cleaned) == TEXT
    assert (cleaned.authors, cleaned.credits) == (("Ngoc Anh",), ("Japan Times", "Reuters"))


@pytest.mark.parametrize("word", words(markers.CREDIT_AFTER))
def test_credits_before_their_word(word):
    cleaned = clean(article(*TEXT, f"ゴック・アン（ジャパンタイムズ、ロイター{word}）"))
    assert rest(cleaned) == TEXT
    assert (cleaned.authors, cleaned.credits) == (("ゴック・アン",), ("ジャパンタイムズ", "ロイター"))


@pytest.mark.parametrize("word", words(markers.CREDIT_BRACKETED))
def test_common_words_credit_an_agency_in_brackets_only(word):
    cleaned = clean(article(*TEXT, f"Ngoc Anh ({word} Reuters)"))
    assert (rest(cleaned), cleaned.credits) == (TEXT, ("Reuters",))
    line = f"{word} Hannover"
    assert clean(article(*TEXT, line)).credits == ()


@pytest.mark.parametrize("word", words(markers.COMPILED))
def test_compiled_bylines(word):
    cleaned = clean(article(*TEXT, f"TB ({word})"))
    assert (rest(cleaned), cleaned.authors, cleaned.credits) == (TEXT, ("TB",), ())


@pytest.mark.parametrize("word", words(markers.BYLINE))
def test_bylines_with_a_label(word):
    for line in (f"{word}: Trường Hoàng", f"{word} : Trường Hoàng"):
        below, above = clean(article(*TEXT, line)), clean(article(line, *TEXT))
        assert rest(below) == rest(above) == TEXT
        assert below.authors == above.authors == ("Trường Hoàng",)


@pytest.mark.parametrize("name", markers.AGENCIES.split("|"))
def test_agencies_behind_the_last_sentence(name):
    for line in (f"{TEXT[2]} ({name})", f"{TEXT[2]}/.({name})"):
        cleaned = clean(article(*TEXT[:2], line))
        assert rest(cleaned) == TEXT
        assert cleaned.credits


@pytest.mark.parametrize("code", markers.DATELINES.split("|"))
@pytest.mark.parametrize("form", ["({}) ", "({}) - ", "({})- ", "( {} ) – ", "{} - "])
def test_datelines(code, form):
    head = form.format(code)
    cleaned = clean(article(head + VIETNAMESE[0], *VIETNAMESE[1:]))
    assert rest(cleaned) == VIETNAMESE
    assert cleaned.dateline == code
    assert removed(cleaned) == [("dateline", head.strip())]
    assert clean(article(*TEXT, lead=head + VIETNAMESE[0])).lead == VIETNAMESE[0]


# -- forms -------------------------------------------------------------------------------------------------------------------

FORMS = [
    # the tails of the aggregator, as seen in each language: byline, placeholder, source, counter
    ("de", ["Ngoc Anh (laut Japan Times, Reuters)", "[Anzeige_2]", f"Quelle: {URL}", "Kommentar (0)"]),
    ("de", ["TB (Zusammenfassung)Quelle: " + URL]),
    ("de", ["HA KIENQuelle"]),
    ("de", [f"[Anzeige_2]Quelle: {URL}Kommentar (0)"]),
    ("de", ["Ngoc Anh", f"Quelle: {URL} Kommentar (0)"]),
    ("ja", ["ゴック・アン", "[広告2]", "ソース", "コメント (0)"]),
    ("ja", ["ゴック・アン", "[広告_2]ソース", "コメント（0）"]),
    ("ar", ["نغوك آنه", "[إعلان 2]", "رابط المصدر", "تعليق (0)"]),
    ("ar", ["\u200f[إعلان 2]\u200f", f"مصدر: {URL}\u200f"]),
    ("pt", ["Ngoc Anh", "Fonte", "Comentário (0)"]),
    ("fr", ["Ngoc Anh", f"Source : {URL}", "Comment (0)"]),
    ("fr", ["Ngoc Anh", "Lien source"]),
    ("es", ["SOLITARIOFuente"]),
    ("es", ["SOLITARIOFuente: " + URL]),
    ("ko", ["응옥 안", "[광고_2]", f"출처: {URL}", "댓글 (0)"]),
    ("id", ["Ngoc Anh", f"Sumber: {URL}", "Komentar (0)"]),
    ("he", ["נגוק אן", f"מקור: {URL}", "תגובה (0)"]),
    ("hi", ["न्गोक आन्ह", f"स्रोत: {URL}", "टिप्पणी (0)"]),
    ("el", ["Ντουόνγκ ΧόαΠηγή"]),
    ("el", ["Ντουόνγκ Χόα", "Πηγή", "Σχόλιο (0)"]),
    ("th", ["ง็อก อันห์", "[โฆษณา_2]", "แหล่งที่มา"]),
    ("ru", ["Нгок Ань", "[объявление_2]", f"Источник: {URL}", "Комментарий (0)"]),
    ("zh", ["玉英", "[广告_2]", f"来源：{URL}", "评论 (0)"]),
    ("lo", ["ງອກ ອານ", f"ແຫຼ່ງທີ່ມາ: {URL}", "ຄຳເຫັນ (0)"]),
    ("km", ["ង៉ុក អាញ", f"ប្រភព: {URL}", "មតិយោបល់ (0)"]),
    ("vi", ["Ngọc Ánh (theo Japan Times, Reuters)", "[Quảng cáo_2]", f"Nguồn: {URL}", "Bình luận (0)"]),
    # languages of no table
    ("sw", ["Ngoc Anh", "[Tangazo_2]", f"Chanzo: {URL}", "Maoni (0)"]),
    ("mn", ["Нгок Ань", "[Зар сурталчилгаа 2]", "Эх сурвалж", "Сэтгэгдэл (0)"]),
    ("ka", ["ნგოკ ანი", "[რეკლამა 2]", f"წყარო: {URL}", "კომენტარი (0)"]),
    ("am", ["ንጎክ አን", "[ማስታወቂያ_2]", f"ምንጭ: {URL}"]),
    ("ta", ["நாக் ஆன்", "[விளம்பரம் 2]", f"ஆதாரம்: {URL}", "கருத்து (0)"]),
    ("ifølge", ["Ngoc Anh (ifølge Japan Times, Reuters)", "[annonce_2]", f"Kilde: {URL}"]),
    # provenance in lines
    ("vi", ["Theo nld.com.vn"]),
    ("vi", ["Theo SGTT"]),
    ("vi", ["(Theo AFP)"]),
    ("vi", ["Theo Thế giới di động"]),
    ("vi", ["Minh Lộc-Hoàng Lộc"]),
    ("vi", ["Thành Lâm (T/H)"]),
    ("vi", ["Nguồn tin: Công Luận"]),
    ("vi", ["Phan Yến Theo BBC"]),
    ("de", ["RND/dpa"]),
    ("de", ["Quelle: ntv.de, hny/dpa"]),
]


@pytest.mark.parametrize(("language", "tail"), [pytest.param(*row, id=f"{row[0]}-{row[1][0][:24]}") for row in FORMS])
@pytest.mark.parametrize("blank", [[], [""]], ids=["", "blank lines"])
def test_tails(language, tail, blank):
    lines = [part for line in tail for part in (*blank, line)]
    cleaned = clean(article(*TEXT, *lines, language=language))
    assert rest(cleaned) == TEXT
    said = " ".join(tail)
    assert cleaned.source_url == (URL if URL in said else None)
    if "Reuters" in said:
        assert cleaned.credits == ("Japan Times", "Reuters")
        assert len(cleaned.authors) == 1
    assert clean(cleaned) == cleaned


UNLISTED = {  # languages of no table: what counts is the form, the place and the slug, not the word
    "sw": ("tangazo", "Chanzo", "Maoni"),
    "mn": ("зар", "Эх сурвалж", "Сэтгэгдэл"),
    "ka": ("რეკლამა", "წყარო", "კომენტარი"),
    "hy": ("գովազդ", "Աղբյուր", "Մեկնաբանություն"),
    "bn": ("বিজ্ঞাপন", "উৎস", "মন্তব্য"),
    "am": ("ማስታወቂያ", "ምንጭ", "አስተያየት"),
    "et": ("reklaam", "Allikas", "Kommentaar"),
    "ur": ("اشتہار", "ماخذ", "تبصرہ"),
}
SLUG = "cau-bac-qua-song-dong-cua-hai-tuan"
ORIGINAL = f"https://paper.example/{SLUG}-post1234.html"


@pytest.mark.parametrize(("ad", "source", "comment"), [pytest.param(*row, id=code) for code, row in UNLISTED.items()])
def test_a_language_of_no_table_with_a_placeholder_or_a_counter_beside(ad, source, comment):
    for tail in (
        ["HA KIEN", f"[{ad}_2]", source, f"{comment} (0)"],
        [f"[{ad}_2]{source}", f"{comment} (0)"],
        [f"[{ad}_2]", f"HA KIEN{source}: {ORIGINAL}"],
        [f"HA KIEN{source}: {ORIGINAL}", f"{comment} (0)"],
    ):
        cleaned = clean(article(*TEXT, *tail))
        assert rest(cleaned) == TEXT, tail
        assert cleaned.source_url == (ORIGINAL if ORIGINAL in " ".join(tail) else None)


@pytest.mark.parametrize("source", [pytest.param(row[1], id=code) for code, row in UNLISTED.items()])
@pytest.mark.parametrize("form", ["{}: {}", "{} : {}", "HA KIEN{}: {}", "Ngoc Anh{} : {}"])
def test_a_language_of_no_table_with_nothing_beside_is_told_by_the_slug(source, form):
    line = form.format(source, ORIGINAL)
    cleaned = clean(article(*TEXT, line, url=f"https://copy.example/xx/{SLUG}"))
    assert rest(cleaned) == TEXT
    assert cleaned.source_url == ORIGINAL
    other = article(*TEXT, line, url="https://copy.example/xx/another-story-of-some-length")
    assert rest(clean(other)) == (*TEXT, line)


@pytest.mark.parametrize(
    ("line", "kept", "credits"),
    [
        (f"{VIETNAMESE[2]} Theo VnExpress", VIETNAMESE[2], ("VnExpress",)),
        (f"{VIETNAMESE[2]} (Theo AFP)", VIETNAMESE[2], ("AFP",)),
        (f"{VIETNAMESE[2]}/.(TTXVN)", VIETNAMESE[2], ("TTXVN",)),
        (f"{VIETNAMESE[2]}/.(Vietnam+)", VIETNAMESE[2], ("Vietnam+",)),
        (f"{VIETNAMESE[2]}/.", VIETNAMESE[2], ()),
        (f"{VIETNAMESE[2]} Vũ-Trung  (TTXVN)", VIETNAMESE[2], ("TTXVN",)),
        (f"{VIETNAMESE[2]} Lê Anh", VIETNAMESE[2], ()),
        (f"{VIETNAMESE[2]} Tin, ảnh: Trường Hoàng", VIETNAMESE[2], ()),
        (f"{TEXT[2]} RND/dpa/hb", TEXT[2], ("RND", "dpa")),
        (f"{TEXT[2]} (dpa)", TEXT[2], ("dpa",)),
        (f"{TEXT[2]}Quelle: {URL}", TEXT[2], ()),
        (f"{TEXT[2]}[ad_2]", TEXT[2], ()),
        (f"{TEXT[2]} ![](https://paper.example/a.jpg) |", TEXT[2], ()),
        (f"{TEXT[2]} |", TEXT[2], ()),
        ("Am Montag kam der Minister .", "Am Montag kam der Minister.", ()),
    ],
)
def test_ends_of_the_last_line(line, kept, credits):  # noqa: A002
    cleaned = clean(article(*TEXT[:2], line, language="vi"))
    assert rest(cleaned) == (*TEXT[:2], kept)
    assert cleaned.credits == credits
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("related", ">> Giá vàng hôm nay tăng mạnh"),
        ("related", "&gt;&gt; Mời xem video"),
        ("player", "0:00 / 0:00"),
        ("player", "0:00"),
        ("image", "![](https://paper.example/a.jpg)"),
        ("image", "![]() |"),
        ("image", "cau-bac-qua-song-1.jpg"),
        ("image", "Brücke wird gesperrt - Ảnh 1."),
        ("image", "Brücke wird gesperrt - Foto 12"),
        ("image", "Cầu bắc qua sông đóng cửa - Ảnh 3."),
        ("residue", "|"),
        ("follow", "Theo dõi Báo Người Đưa Thư trên Google News"),
        ("follow", "Mời quý độc giả theo dõi các chương trình của Đài tại đây"),
        ("follow", "Follow us on Facebook and Instagram"),
        ("follow", "Sign up for our daily newsletter"),
        ("share", "Chia sẻ | Facebook | Zalo | Sao chép liên kết"),
        ("tags", "Từ khóa: cầu, giao thông"),
        ("rights", "© 2024 Brückenbote. Alle Rechte vorbehalten."),
        ("photo_credit", "Ảnh: Trường Hoàng/TTXVN"),
        ("photo_credit", "(Fonte: Reuters)"),
        ("photo_credit", "(出典:ロイター)"),
    ],
)
@pytest.mark.parametrize("place", [1, 3])
def test_lines_anywhere(kind, line, place):
    lines = list(TEXT)
    lines.insert(place, line)
    cleaned = clean(article(*lines))
    assert rest(cleaned) == TEXT
    assert removed(cleaned) == [(kind, line)]
    assert cleaned.source_name is None


def test_the_aggregators_head_names_the_source():
    cleaned = clean(article("Brückenbote" * 2 + "31/12/2024", *TEXT))
    assert (rest(cleaned), cleaned.source_name) == (TEXT, "Brückenbote")


def test_an_agencys_place_line_stays_in_the_text_and_is_taken_down():
    line = "HANOI, Vietnam (AP) — The bridge will close."
    cleaned = clean(article(line, *TEXT))
    assert rest(cleaned) == (line, *TEXT)
    assert (cleaned.dateline, cleaned.credits) == ("HANOI, Vietnam (AP)", ("AP",))


def test_a_tail_above_other_pages_leftovers():
    below = "Der Tunnel unter dem Hafen soll nun doch im Jahr 2031 fertig werden."
    cleaned = clean(article(*TEXT, "Ngoc Anh", "[Anzeige_2]", f"Quelle: {URL}", "Kommentar (0)", below))
    assert rest(cleaned) == (*TEXT, below)
    assert cleaned.source_url == URL


def test_a_source_line_above_other_pages_leftovers():
    below = ("Der Tunnel unter dem Hafen soll nun doch im Jahr 2031 fertig werden.", "Neue Uhr für den Bahnhof")
    cleaned = clean(article(*TEXT, "Ngoc Anh", f"Fuente: {URL}", *below))
    assert rest(cleaned) == (*TEXT, *below)
    assert cleaned.source_url == URL


def test_the_source_of_a_chart_is_not_the_articles():
    line = f"Quelle: {URL}"
    cleaned = clean(article(TEXT[0], line, *TEXT[1:], *VIETNAMESE))
    assert cleaned.source_url is None


@pytest.mark.parametrize(
    "below",
    [
        ["Ngoc Anh (laut Japan Times, Reuters)", "[Anzeige_2]", f"Quelle: {URL}", "Kommentar (0)"],
        [f"Ngoc Anh (laut Japan Times, Reuters)Quelle: {URL}", "Gleiche Kategorie"],
        [f"Ngoc Anh (laut Japan Times, Reuters)[Anzeige_2]Quelle: {URL}Kommentar (0)"],
        ["Ngoc Anh (theo Japan Times, Reuters)", f"Chanzo: {URL}", "Maoni (0)"],
    ],
)
def test_what_the_extractor_left_out_below_the_text_names_the_source(below):
    cleaned = clean(article(*TEXT, below=tuple(below)))
    assert rest(cleaned) == TEXT
    assert cleaned.source_url == URL
    assert (cleaned.authors, cleaned.credits) == (("Ngoc Anh",), ("Japan Times", "Reuters"))
    assert cleaned.below == ()
    assert clean(cleaned) == cleaned


def test_other_things_below_the_text_say_nothing():
    below = (
        "Gleiche Kategorie",
        "Tunnel fertig",
        "Facebook: https://social.example/bote",
        "Quelle: Wikipedia",
        "Eva Probst",
        "Kommentar (0)",
    )
    cleaned = clean(article(*TEXT, below=("Mehr dazu", "Tunnel", "Uhr", "Bahnhof", *below)))
    assert cleaned.removed == ()
    assert (cleaned.source_url, cleaned.source_name, cleaned.credits, cleaned.authors) == (None, None, (), ())


def test_a_known_author_closes_the_text():
    cleaned = clean(article(*TEXT, "Eva Probst", authors=("Eva Probst",)))
    assert (rest(cleaned), cleaned.authors) == (TEXT, ("Eva Probst",))


def test_what_the_extractor_found_is_kept():
    cleaned = clean(article(*TEXT, f"Nguồn: {URL}", source_url="https://first.example/a", authors=("Eva Probst",)))
    assert cleaned.source_url == "https://first.example/a"
    assert [d.value for d in cleaned.declarations] == [URL]


# -- what stays --------------------------------------------------------------------------------------------------------------

PROSE = [
    "Unter dem Artikel stand nur „Quelle: unbekannt“ und sonst nichts.",
    "Quelle: So nennt man den Ort, an dem Wasser aus der Erde tritt.",
    "Der Zähler zeigte am Abend noch immer „Kommentar (0)“ an.",
    "Es gab keinen Kommentar (0) dazu, sagte die Sprecherin.",
    "Die Zeitung beruft sich auf eine Quelle",
    "Reden ist Silber, Open Source ist Gold",
    "Die Zukunft gehört OpenSource",
    "Alles über DataSource",
    "これはオープンソースです。",
    "開発の多くはオープンソース",
    "Nach Angaben von Reuters wurde die Brücke geschlossen.",
    "Theo AFP, cây cầu sẽ đóng cửa hai tuần.",
    "Theo dõi diễn biến trên sông, người dân lo ngại nước dâng cao hơn nữa.",
    "The committee voted on the plan [3] and on the annex [annex 2] after lunch.",
    "Read more books: that was the advice she gave to every class she taught in forty years.",
    "Related: so fühlte er sich mit allen, die an der Brücke arbeiteten.",
    "Das Foto: ein Mann, eine Brücke, kein Wort darunter.",
    "Mehr dazu auf https://paper.example/bruecke-gesperrt",
    "Anmeldung: https://paper.example/anmeldung",
    "(Wer das liest, weiß es schon.) Danach wurde es still im Saal.",
    "(II) Der zweite Abschnitt beginnt am Ufer.",
    "EU - Gipfel und Handel waren die Themen des Tages.",
    "Endstand: Hannover 3, Braunschweig 1 (0)",
    "Tore: Müller (12), Schmidt (45)",
    "Um 12:30 begann die Sitzung, um 14:00 war sie zu Ende.",
    ">>> print('hello')",
    "Cột | Hàng | Ô |",
    "Copyright law in a fragmented world",
    "Von Hannover nach Bremen",
]


@pytest.mark.parametrize("line", PROSE)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_prose_that_only_looks_like_a_marker_stays(line, place):
    lines = list(TEXT)
    lines.insert(place, line)
    before = article(*lines)
    cleaned = clean(before)
    assert cleaned.text == before.text
    assert cleaned.removed == ()
    assert (cleaned.source_url, cleaned.source_name) == (None, None)


def test_the_version_of_the_tables_is_stored():
    assert clean(article(*TEXT)).cleaner == CLEANER
    assert markers.VERSION in CLEANER
