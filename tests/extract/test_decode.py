"""Bytes in every encoding that newspapers use, with right, wrong and no declaration."""

import pytest

from pipelines.extract import extract
from pipelines.extract.decode import _TCVN, decode
from tests.extract.pages import page

TEXTS = {
    "vi": "Cảng biển đóng cửa với tàu lớn đến hết tháng, chính quyền cho biết hôm thứ Ba, vì cầu tàu phía đông đã lún mười một phân kể từ mùa xuân năm nay.",
    "ja": "港は月末まで大型船の入港を停止すると、港湾当局が火曜日に発表した。東の桟橋が春から十一センチ沈んだためである。漁船は通常通り出入りできる。",
    "zh": "港务局星期二表示，由于东码头自春季以来下沉了十一厘米，港口将对大型船舶关闭至月底，渡轮和渔船仍可照常进出，维修要到秋天才能开始。",
    "ko": "항만청은 동쪽 부두가 봄 이후 십일 센티미터 가라앉아 이달 말까지 대형 선박의 입항을 금지한다고 화요일에 밝혔다. 어선은 드나들 수 있다.",
    "ru": "Порт будет закрыт для крупных судов до конца месяца, сообщили во вторник власти, потому что восточный причал с весны осел на одиннадцать сантиметров.",
    "de": "Der Hafen bleibt für große Schiffe bis Monatsende gesperrt, teilte die Behörde am Dienstag mit, weil die östliche Mole seit dem Frühjahr abgesunken ist.",
}


def html(text: str, charset: str = "") -> str:
    declared = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<html><head>{declared}<title>x</title></head><body><article><p>{text}</p><p>{text[::-1]}</p></article></body></html>"


@pytest.mark.parametrize(
    ("language", "encoding", "declared"),
    [
        ("vi", "utf-8", "iso-8859-1"),
        ("vi", "utf-16", "utf-8"),
        ("vi", "utf-16-le", ""),
        ("vi", "utf-8-sig", ""),
        ("ja", "shift_jis", "Shift_JIS"),
        ("ja", "euc_jp", "x-euc-jp"),
        ("ja", "cp932", ""),
        ("zh", "gb18030", "gb2312"),
        ("zh", "gb18030", "utf-8"),
        ("ko", "cp949", "ks_c_5601-1987"),
        ("ru", "cp1251", "windows-1251"),
        ("ru", "koi8-r", "koi8-r"),
        ("de", "cp1252", "iso-8859-1"),
        ("de", "cp1252", ""),
    ],
)
def test_the_characters_come_back(language: str, encoding: str, declared: str) -> None:
    assert TEXTS[language] in decode(html(TEXTS[language] * 3, declared).encode(encoding))


def windows_1258(text: str) -> bytes:
    """Vietnamese as windows-1258 keeps it: letters of its own with the tone as a mark behind them."""
    import unicodedata

    out = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            out.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            marks = unicodedata.normalize("NFD", letter)
            tone = next(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
            base = unicodedata.normalize("NFC", marks.replace(tone, ""))
            out.append(base.encode("cp1258") + tone.encode("cp1258"))
    return b"".join(out)


def test_windows_1258_comes_back_composed() -> None:
    assert TEXTS["vi"] in decode(windows_1258(html(TEXTS["vi"], "windows-1258")))


def test_tcvn_is_read_where_the_font_gives_it_away() -> None:
    back = {letter: code for code, letter in _TCVN.items()}
    plain = html(f'<font face=".VnTime">{TEXTS["vi"] * 3}</font>', "iso-8859-1").lower()
    raw = bytes(back.get(letter, ord(letter) if ord(letter) < 128 else 63) for letter in plain)
    assert TEXTS["vi"].lower() in decode(raw)


def test_a_header_counts_and_a_broken_letter_does_not_spoil_the_page() -> None:
    assert TEXTS["ru"] in decode(
        html(TEXTS["ru"]).encode("cp1251"), {"content-type": "text/html; charset=windows-1251"}
    )
    cut = html(TEXTS["vi"] * 4).encode() + b"\xe1\xba"
    assert TEXTS["vi"] in decode(cut)


def test_nuls_and_lone_surrogates_do_not_cut_the_text() -> None:
    text = TEXTS["de"]
    raw = html(text[:40] + "\x00" + text[40:]).encode() + b"\xed\xa0\x80"
    assert text in extract(page(raw)).text
