"""Pages that break parsers. Each ends with a reason, within the limits of its worker, and the next page is as good as ever."""

import resource
import unicodedata
from datetime import UTC, datetime

import pytest

from pipelines.extract import extract
from pipelines.extract.decode import _TCVN
from pipelines.records import Article, Failed, Page, Rejected
from pipelines.workers import Workers

MEMORY = 1 << 30

GERMAN = (
    "Die Brücke über den Fluss wird ab Montag für zwei Wochen gesperrt, teilte die Stadt am Freitag mit.",
    "Der Stadtrat hatte die Arbeiten im Frühjahr beschlossen, weil der Belag an vielen Stellen aufgebrochen war.",
    "Busse fahren in dieser Zeit über die alte Landstraße, die dafür eigens verbreitert worden ist.",
)
VIETNAMESE = (
    "Cây cầu bắc qua sông sẽ đóng cửa hai tuần kể từ thứ Hai tới, chính quyền thành phố cho biết hôm thứ Sáu.",
    "Hội đồng thành phố đã thông qua kế hoạch sửa chữa từ mùa xuân vì mặt cầu hư hỏng ở nhiều chỗ.",
    "Trong thời gian này xe buýt sẽ đi theo đường cũ, con đường vừa được mở rộng cho việc đó.",
)
JAPANESE = (
    "川に架かる橋は月曜日から二週間にわたって通行止めになると、市が金曜日に発表した。",
    "橋の舗装が多くの場所で傷んでいたため、市議会は春に工事を決めていた。",
    "この間、バスはそのために広げられた古い街道を走ることになっている。",
)
CHINESE = (
    "市政府星期五宣布，跨河大桥将从下星期一起关闭两个星期，届时车辆需要绕行。",
    "由于桥面多处破损，市议会已经在春天决定进行维修，并为此准备了专门的经费。",
    "在此期间，公共汽车将改走为此拓宽的老公路，乘客需要提前安排好自己的时间。",
)
KOREAN = (
    "강을 가로지르는 다리가 월요일부터 두 주 동안 통제된다고 시가 금요일에 발표했다.",
    "다리의 포장이 여러 곳에서 부서졌기 때문에 시의회는 봄에 공사를 결정했다.",
    "이 기간에 버스는 이를 위해 넓힌 옛 국도로 다니게 된다고 시는 덧붙였다.",
)
RUSSIAN = (
    "Мост через реку закроют с понедельника на две недели, сообщили в пятницу в мэрии города.",
    "Городской совет принял решение о ремонте ещё весной, потому что покрытие во многих местах разбито.",
    "Автобусы в это время поедут по старой дороге, которую специально для этого расширили.",
)


def markup(paragraphs: tuple[str, ...], charset: str = "", language: str = "de") -> str:
    meta = f'<meta charset="{charset}">' if charset else ""
    body = "".join(f"<p>{p}</p>\n" for p in paragraphs)
    return (
        f'<!DOCTYPE html><html lang="{language}"><head>{meta}<title>{paragraphs[0][:20]}</title></head>'
        f"<body><article><h1>{paragraphs[0][:20]}</h1>\n{body}</article></body></html>"
    )


def page(body: bytes, content_type: str = "text/html") -> Page:
    return Page(
        "https://paper.example/a", body, datetime(2026, 1, 2, tzinfo=UTC), headers={"content-type": content_type}
    )


def measured(fetched: Page) -> tuple[Article, int]:
    """The article and the worker's peak memory so far, in bytes."""
    return extract(fetched), 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture(scope="module")
def workers():
    with Workers(measured, 2, seconds=10, memory=MEMORY) as pool:
        yield pool


GOOD = markup(GERMAN, "utf-8").encode()
MIDDLE = GOOD.index(b"<p>Der Stadtrat")
REFUSED = {"empty", "not_html", "not_article", "too_short", "too_large", "too_complex", "timeout", "memory", "crashed"}


def within(piece: bytes) -> bytes:
    """The good page with this in its middle."""
    return GOOD[:MIDDLE] + piece + GOOD[MIDDLE:]


REFUSALS = {
    "nothing": (b"", "empty"),
    "white space": (b" \n\t" * 1000, "empty"),
    "20 MB of text": (within(b"<p>" + b"Viel Text. " * 2_000_000 + b"</p>"), "too_large"),
    "20 MB of tags": (within(b"<b>" * 7_000_000), "too_large"),
    "100,000 attributes": (within(b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x</p>"), "too_complex"),
    "200,000 paragraphs": (within(b"<p>Satz.</p>" * 200_000), "too_complex"),
    "100,000 levels": (within(b"<div>" * 100_000), "too_complex"),
    "PDF": (b"%PDF-1.7\n" + bytes(range(256)) * 400, "not_html"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400, "not_html"),
    "gzip in gzip": (b"\x1f\x8b\x08\x00" + bytes(range(256)) * 400, "not_html"),
    "binary": (bytes(range(256)) * 4000, "not_html"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_page_beyond_the_limits_is_refused_with_its_reason(workers, name):
    body, reason = REFUSALS[name]
    error = workers.submit(page(body)).exception()
    assert isinstance(error, Rejected)
    assert error.reason == reason
    assert reason in REFUSED


SURVIVED = {
    "an unclosed comment at the end": GOOD.replace(b"</article>", b"<!-- ") + b"x" * 1_000_000,
    "null bytes in words": GOOD.replace(b"Frei", b"Fr\x00ei"),
    "lone surrogates as UTF-8": within(b"<p>\xed\xa0\x80\xed\xbf\xbf</p>"),
    "lone surrogates as references": within(b"<p>&#xD800; &#xDFFF; &#x110000; &#0;</p>"),
    "broken UTF-8": within(b"<p>\xff\xfe\xc3\x28</p>"),
    "control characters": within(b"<p>" + bytes(range(1, 32)) + b"</p>"),
    "900 attributes": within(b"<p " + b" ".join(b"a%d=1" % n for n in range(900)) + b">x</p>"),
    "200 levels": within(b"<div>" * 200 + b"</div>" * 200),
    "tags left open": within(b"<b><i><u><a href=x><table><tr><td>"),
    "tags closed twice": within(b"</b></i></p></p></div></div>"),
    "a script with tags": within(b"<script>document.write('<p>Nein.</p></art' + 'icle>')</script>"),
    "a million entities": within(b"<p>" + b"&amp;" * 400_000 + b"</p>"),
    "a doctype that grows": b'<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + GOOD,
    "a base that is no address": GOOD.replace(b"<head>", b'<head><base href="http://[::1">'),
    "JSON-LD that nests": GOOD.replace(
        b"<head>", b'<head><script type="application/ld+json">' + b"[" * 50_000 + b"</script>"
    ),
    "JSON-LD that is no article": GOOD.replace(
        b"<head>", b'<head><script type="application/ld+json">{"@type": 7, "@graph": [null, [], "x", 1e999]}</script>'
    ),
    "dates out of time": GOOD.replace(
        b"<head>", b'<head><meta property="article:published_time" content="99999-99-99T99:99:99+99:99">'
    ),
    "an image of its own": within(b'<img src="data:image/png;base64,' + b"A" * 2_000_000 + b'">'),
}


@pytest.mark.parametrize("name", SURVIVED)
def test_a_broken_page_with_a_text_gives_the_text(workers, name):
    article, _ = workers.submit(page(SURVIVED[name])).result()
    assert "über den Fluss" in article.text
    assert "\x00" not in article.text
    article.text.encode("utf-8")
    article.title.encode("utf-8")


BOUNDED = {
    "an unclosed comment in the middle": within(b"<!-- " + b"x" * 1_000_000),
    "an unclosed attribute": within(b'<p class="' + b"x" * 1_000_000),
    "50,000 open formats": within(b"<b><i>" * 25_000),
    "one word of 4 MB": within(b"<p>" + b"x" * 4_000_000 + b"</p>"),
    "59,000 rows": within(b"<table>" + b"<tr><td>x" * 29_000 + b"</table>"),
    "59,000 links": within(b"<a href=/x>x</a>" * 59_000),
    "a million spaces": within(b"<p>" + b" " * 4_000_000 + b"</p>"),
    "a million line breaks": within(b"<p>" + b"<br>" * 50_000 + b"</p>"),
    "59,000 comments": within(b"<!-- x -->" * 59_000),
    "a form in a form": within(b"<form>" * 10_000),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_a_hostile_page_ends_within_the_limits(workers, name):
    """A text, or a reason: which one depends on the parser. That it ends, in time, is what the worker sees to."""
    future = workers.submit(page(BOUNDED[name]))
    error = future.exception(timeout=60)
    assert error is None or (isinstance(error, Rejected | Failed) and error.reason in REFUSED), repr(error)


def test_after_all_that_a_good_page_is_as_good_as_ever_and_memory_is_bounded(workers):
    futures = [workers.submit(page(body)) for body in [*SURVIVED.values(), *BOUNDED.values()]]
    peaks = [future.result()[1] for future in futures if not future.exception()]
    article, peak = workers.submit(page(GOOD)).result()
    assert article.text.split("\n")[-2:] == list(GERMAN[1:])
    assert max(*peaks, peak) < 2 * MEMORY


# -- encodings ---------------------------------------------------------------------------------------------------------------


def windows_1258(text: str) -> bytes:
    """Vietnamese as Windows writes it: letters with their hat or horn composed, tones after them."""
    out = []
    for char in unicodedata.normalize("NFC", text):
        try:
            out.append(char.encode("cp1258"))
        except UnicodeEncodeError:
            tones = [mark for mark in unicodedata.normalize("NFD", char) if mark in "\u0300\u0301\u0303\u0309\u0323"]
            base = "".join(mark for mark in unicodedata.normalize("NFD", char) if mark not in tones)
            out.append(unicodedata.normalize("NFC", base).encode("cp1258") + "".join(tones).encode("cp1258"))
    return b"".join(out)


def tcvn(text: str) -> bytes:
    """Vietnamese in TCVN 5712 (VN3), as pages of the 1990s have it."""
    codes = {char: code for code, char in _TCVN.items()}
    return bytes(codes.get(char, ord(char) & 0x7F) for char in unicodedata.normalize("NFC", text))


ENCODINGS = {
    "utf-8": (GERMAN, str.encode),
    "utf-8 with a mark": (GERMAN, lambda text: text.encode("utf-8-sig")),
    "utf-16 with a mark": (GERMAN, lambda text: text.encode("utf-16")),
    "utf-16le": (GERMAN, lambda text: text.encode("utf-16-le")),
    "utf-16be": (GERMAN, lambda text: text.encode("utf-16-be")),
    "windows-1252": (GERMAN, lambda text: text.encode("cp1252")),
    "windows-1251": (RUSSIAN, lambda text: text.encode("cp1251")),
    "koi8-r": (RUSSIAN, lambda text: text.encode("koi8-r")),
    "windows-1258": (VIETNAMESE, windows_1258),
    "tcvn": (VIETNAMESE, tcvn),
    "shift_jis": (JAPANESE, lambda text: text.encode("shift_jis")),
    "euc-jp": (JAPANESE, lambda text: text.encode("euc_jp")),
    "gb18030": (CHINESE, lambda text: text.encode("gb18030")),
    "gb2312": (CHINESE, lambda text: text.encode("gb2312")),
    "euc-kr": (KOREAN, lambda text: text.encode("euc_kr")),
}
GUESSED = ("utf-8", "utf-8 with a mark", "utf-16 with a mark", "utf-16le", "utf-16be", "windows-1252", "windows-1251")
GUESSED += ("shift_jis", "euc-jp", "gb18030", "euc-kr")


def read(workers: Workers, name: str, charset: str, content_type: str = "text/html") -> tuple[str, ...]:
    paragraphs, encode = ENCODINGS[name]
    article, _ = workers.submit(page(encode(markup(paragraphs, charset, language="")), content_type)).result()
    return tuple(unicodedata.normalize("NFC", line) for line in article.text.split("\n"))[-2:]


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_declared_encoding(workers, name):
    assert read(workers, name, name.split()[0]) == ENCODINGS[name][0][-2:]


@pytest.mark.parametrize("name", ENCODINGS)
def test_an_encoding_declared_by_the_server(workers, name):
    assert read(workers, name, "", f"text/html; charset={name.split()[0]}") == ENCODINGS[name][0][-2:]


@pytest.mark.parametrize("name", GUESSED)
def test_no_encoding_declared(workers, name):
    assert read(workers, name, "") == ENCODINGS[name][0][-2:]


@pytest.mark.parametrize("name", [name for name in GUESSED if name != "windows-1252"])
def test_a_wrong_encoding_declared(workers, name):
    assert read(workers, name, "utf-8" if not name.startswith("utf-8") else "iso-8859-1") == ENCODINGS[name][0][-2:]
