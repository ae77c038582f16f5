"""Every form in which a page says where its text comes from, from the page to the declaration. The pages are written for these tests."""

from datetime import UTC, datetime

import pytest

from crawler.publishers import identify
from pipelines.prepare import prepare
from pipelines.records import Article, Page

URL = "https://congluan.vn/tau-cho-hang-chay-hydro-post351204.html"
VI = (
    "Hãng vận tải biển Setouchi Line hôm thứ Hai cho biết tàu Asahi Maru đã hoàn tất 14 chuyến chạy thử trong vịnh Osaka mà không gặp sự cố nào.",
    "Giám đốc kỹ thuật của hãng nói hai bình chứa dung tích 75 mét khối đặt ở đuôi tàu giúp con tàu đi được 900 km trước khi phải tiếp nhiên liệu.",
    "Chi phí đóng tàu là 8,6 tỷ yên, trong đó nhà nước hỗ trợ 3,1 tỷ yên thông qua quỹ đổi mới xanh.",
)
DE = (
    "Die Reederei Setouchi Line teilte am Montag mit, die Asahi Maru habe 14 Probefahrten in der Bucht von Osaka ohne Zwischenfall abgeschlossen.",
    "Nach Angaben der technischen Direktorin reichen zwei Tanks mit je 75 Kubikmetern im Heck für 900 km, bevor nachgetankt werden muss.",
    "Der Bau kostete 8,6 Milliarden Yen, davon trug der Staat über einen grünen Innovationsfonds 3,1 Milliarden Yen.",
)


def read(
    *lines: str, head: str = "", url: str = "https://paper.example/mot-bai-bao-ve-con-tau-moi-123.html"
) -> Article:
    blocks = "".join(f"<p>{line}</p>" for line in lines)
    body = f"<html><head><title>Asahi Maru</title>{head}</head><body><article><h1>Asahi Maru</h1><div class='content-body'>{blocks}</div></article></body></html>"
    page = Page(
        url, body.encode(), datetime(2026, 3, 1, tzinfo=UTC), headers={"content-type": "text/html; charset=utf-8"}
    )
    article = prepare(identify(page)).article
    assert article is not None
    return article


def said(article: Article) -> set[tuple[str, str, str]]:
    return {(one.kind, one.value, one.where) for one in article.declarations}


@pytest.mark.parametrize(
    ("lines", "declared"),
    [
        ((*DE, "[Anzeige_2]", f"Quelle: {URL}", "Kommentar (0)"), {("source_url", URL, "source_line")}),
        ((*DE, f"HA KIENQuelle: {URL}"), {("source_url", URL, "source_line")}),
        ((*VI, "Nguồn tin: nld.com.vn"), {("source_name", "nld.com.vn", "source_line")}),
        ((*VI, "Thu Hà (theo Kyodo, Nikkei)"), {("credit", "Kyodo", "byline"), ("credit", "Nikkei", "byline")}),
        ((*DE, "Thu Ha (laut Kyodo, Nikkei)"), {("credit", "Kyodo", "byline"), ("credit", "Nikkei", "byline")}),
        ((*VI, "Theo Infonet"), {("credit", "Infonet", "byline")}),
        ((*VI[:2], VI[2] + "/.(TTXVN)"), {("credit", "TTXVN", "tail")}),
        (("(TTXVN) - " + VI[0], *VI[1:]), {("credit", "TTXVN", "dateline")}),
    ],
)  # fmt: skip
def test_in_the_text(lines: tuple[str, ...], declared: set[tuple[str, str, str]]) -> None:
    assert said(read(*lines)) == declared


@pytest.mark.parametrize(
    "caption", ["Foto: Pool", "(Quelle: Reuters)", "Der Kapitän im Hafen. (Quelle: Reuters)", "Ảnh: TTXVN"]
)
def test_a_photo_credit_is_no_source(caption: str) -> None:
    assert said(read(*DE, caption)) == set()


@pytest.mark.parametrize(
    ("link", "declared"),
    [
        (f'<link rel="canonical" href="{URL}">', ("canonical", URL, "link")),
        ('<link rel="alternate" hreflang="de" href="https://paper.example/de/1-tau.html">', ("hreflang", "https://paper.example/de/1-tau.html", "link")),
        (f'<meta name="syndication-source" content="{URL}">', ("source_url", URL, "meta")),
    ],
)  # fmt: skip
def test_in_the_head(link: str, declared: tuple[str, str, str]) -> None:
    assert said(read(*VI, head=link)) == {declared}


def test_bao_moi_names_its_source_in_its_own_place() -> None:
    source = f'<a class="source" href="{URL}">Công Luận</a>'
    article = read(*VI, source, url="https://baomoi.com/tau-cho-hang-chay-hydro-c51204123.epi")
    assert said(article) == {("source_name", "Công Luận", "layout"), ("source_url", URL, "layout")}
    assert (article.source_name, article.source_url) == ("Công Luận", URL)
