"""Addresses: canonical forms in the manner of the URL Standard's own tests, keys, ids and slugs."""

import re
import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipelines import urls

CANONICAL = {
    # scheme, host and port
    "HTTP://EXAMPLE.com": "http://example.com/",
    "https://example.com:443/": "https://example.com/",
    "http://example.com:80/": "http://example.com/",
    "http://example.com:443/": "http://example.com:443/",
    "https://example.com:/a": "https://example.com/a",
    "https://example.com:0443/": "https://example.com/",
    "https://example.com./a": "https://example.com/a",
    "https://user:pa@ss@example.com/": "https://example.com/",
    "https://user@example.com:8443/": "https://example.com:8443/",
    # what browsers forgive
    "  https://example.com/a\n": "https://example.com/a",
    "ht\ntps://exam\tple.com/a\rb": "https://example.com/ab",
    "https:example.com/a": "https://example.com/a",
    "https:///example.com/a": "https://example.com/a",
    "http:\\\\example.com\\a\\b": "http://example.com/a/b",
    # international names, in IDNA 2008 as browsers read it
    "https://BÜCHER.example/": "https://xn--bcher-kva.example/",
    "https://xn--bcher-kva.example/": "https://xn--bcher-kva.example/",
    "https://faß.example/": "https://xn--fa-hia.example/",
    "https://báomới.vn/": "https://xn--bomi-5na0617b.vn/",
    "https://例え。テスト/": "https://xn--r8jz45g.xn--zckzah/",
    "https://b%C3%BCcher.example/": "https://xn--bcher-kva.example/",
    "https://exa%6Dple.com/": "https://example.com/",
    "https://under_score.example/": "https://under_score.example/",
    # addresses of machines, in every notation
    "http://127.1/": "http://127.0.0.1/",
    "http://2130706433/": "http://127.0.0.1/",
    "http://0x7F.1/": "http://127.0.0.1/",
    "http://0177.0.0.1/": "http://127.0.0.1/",
    "http://0/": "http://0.0.0.0/",
    "http://0x/": "http://0.0.0.0/",
    "http://127.0.0.1./": "http://127.0.0.1/",
    "http://１２７.0.0.1/": "http://127.0.0.1/",
    "http://[::FFFF:127.0.0.1]/": "http://[::ffff:7f00:1]/",
    "http://[2001:DB8:0:0::1]:80/": "http://[2001:db8::1]/",
    "http://user@[::1]:8080/a": "http://[::1]:8080/a",
    # dot segments
    "https://a.example/b/./c/../d": "https://a.example/b/d",
    "https://a.example/../../b": "https://a.example/b",
    "https://a.example/b/..": "https://a.example/",
    "https://a.example/b/c/.": "https://a.example/b/c/",
    "https://a.example/b/%2e%2E/c": "https://a.example/c",
    "https://a.example/b/.%2e": "https://a.example/",
    "https://a.example/b//c": "https://a.example/b//c",
    "https://a.example/...": "https://a.example/...",
    # percent-encoding
    "https://a.example/%7euser/%41%2d%5F": "https://a.example/~user/A-_",
    "https://a.example/%2f%3f%23%25": "https://a.example/%2F%3F%23%25",
    "https://a.example/%e1%bb%87": "https://a.example/%E1%BB%87",
    "https://a.example/tiếng việt": "https://a.example/ti%E1%BA%BFng%20vi%E1%BB%87t",
    "https://a.example/100%": "https://a.example/100%25",
    "https://a.example/%zz%4": "https://a.example/%25zz%254",
    "https://a.example/%2541": "https://a.example/%2541",
    "https://a.example/a\ud800b": "https://a.example/a%EF%BF%BDb",
    'https://a.example/"<>`{}|^': "https://a.example/%22%3C%3E%60%7B%7D%7C%5E",
    "https://a.example/?q='x'": "https://a.example/?q=%27x%27",
    "https://a.example/?q=a+b c&r=%c3%a9": "https://a.example/?q=a+b%20c&r=%C3%A9",
    # fragments and queries
    "https://a.example/b#c?d": "https://a.example/b",
    "https://a.example/#!/b": "https://a.example/",
    "https://a.example?": "https://a.example/",
    "https://a.example?b=1": "https://a.example/?b=1",
    "https://a.example/?b=2&a=1&b=1": "https://a.example/?b=2&a=1&b=1",
    "https://a.example/?&a=1&&": "https://a.example/?a=1",
    "https://a.example/?a": "https://a.example/?a",
    "https://a.example/?a=b?c": "https://a.example/?a=b?c",
    # what says where a reader came from
    "https://a.example/?utm_source=x&id=7&UTM_Medium=y": "https://a.example/?id=7",
    "https://a.example/?fbclid=1": "https://a.example/",
    "https://a.example/?%66bclid=1&a=2": "https://a.example/?a=2",
    "https://a.example/?zarsrc=30&gidzl=x": "https://a.example/",
    "https://a.example/?myutm_source=1": "https://a.example/?myutm_source=1",
    "https://a.example/?ref=home": "https://a.example/?ref=home",
    "https://a.example/b;jsessionid=1A2B?c=1": "https://a.example/b?c=1",
    "https://a.example/b;v=1": "https://a.example/b;v=1",
}


@pytest.mark.parametrize(("written", "known"), CANONICAL.items())
def test_canonical(written: str, known: str) -> None:
    assert urls.canonical(written) == known
    assert urls.canonical(known) == known


@pytest.mark.parametrize(
    "written",
    [
        "", "   ", "example.com", "/a/b", "//example.com/a", "mailto:a@example.com", "javascript:alert(1)", "file:///etc/passwd",
        "ftp://example.com/", "data:text/html,x", "http://", "http:", "https://?a", "https://#a", "http://:80/", "http://user@/",
        "http://a b/", "http://a<b/", "http://a%00b/", "http://a%2Fb/", "http://a|b/", "http://a..b/", "http://.a/", "http://./",
        "http://[::1/", "http://[::1]x/", "http://[:::]/", "http://[1.2.3]/", "http://a:b/", "http://a:65536/", "http://a:-1/",
        "http://a:８０/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://1.2.3.256/", "http://4294967296/", "http://08/",
        "http://a.0x7g.1x.0xzz9.1.x.09/", "http://example.1x.1/", "http://%ff/", "http://xn--\u00e9/",
        "http://" + "a" * 64 + ".com/", "http://" + "a." * 130 + "com/", "http://" + "a" * 5000 + "/", "\x00\x01",
    ],
)  # fmt: skip
def test_no_address(written: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        urls.canonical(written)
    assert len(str(raised.value)) < 200, "a log line, whatever the page wrote"
    assert urls.split(written) is None
    assert urls.host(written) == ""
    assert urls.slug(written) == ""


PIECES = [
    "http", "https", ":", "/", "//", "\\", "@", "?", "&", "=", "#", ";", "[", "]", "::1", ".", "..", "%2e", "%", "%2", "%25", "%E1%BB",
    "www.", "m.", "amp.", "amp", "print", "a.example", "127.1", "0x7f", "index.html", "-post12.html", "utm_source=1", "ref=x",
    "\n", " ", "\x00", "é", "ｅ", "。", "\u00ad", "\ud800", "İ", "jsessionid=1", "www.google.com/amp/s/", "a.cdn.ampproject.org/c/s/",
]  # fmt: skip


def test_long_addresses_are_none() -> None:
    fits = "https://a.example/" + "a" * (urls.MAX_LENGTH - 18)
    assert urls.canonical(fits) == fits
    assert urls.split(fits + "a") is None
    assert urls.split("https://a.example/" + "é" * 2000) is None, "twelve thousand characters when written out"
    assert urls.article_key("https://a.example" + "/amp" * 2000 + "/x") == "https://a.example/x"


_pieces = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join)


@given(
    st.sampled_from(["", "http://", "https://a.example/", "https://www.google.com/amp/s/", "https://m.a.example/?"]),
    _pieces,
)
@example("https://www.google.com/amp/s/", "www.google.com/amp/s/a.example/amp/amp/")
@example("https://a.example/", "amp/index.html/index-amp.html")
def test_forms_are_stable(start: str, rest: str) -> None:
    """Canonical form and key are idempotent, a key does not depend on how the address was written, nothing but ValueError is raised."""
    try:
        known = urls.canonical(start + rest)
    except ValueError:
        return
    assert urls.canonical(known) == known
    assert re.fullmatch(r"https?://[!-~]+", known), "ASCII without white space"
    assert "#" not in known
    key = urls.article_key(start + rest)
    assert urls.article_key(key) == key
    assert urls.article_key(known) == key
    assert urls.slug(known) == urls.slug(start + rest)
    assert urls.host(known) == urls.host(start + rest) != ""


@given(
    st.text(string.ascii_lowercase + "-", min_size=1, max_size=20),
    st.lists(st.sampled_from(sorted(urls.TRACKING)), min_size=1, max_size=3),
    st.text(string.ascii_letters + string.digits + "%+", max_size=8),
)
def test_tracking_never_makes_another_page(path: str, names: list[str], value: str) -> None:
    query = "&".join(f"{name}={value}" for name in names)
    assert urls.canonical(f"https://a.example/{path}?{query}") == urls.canonical(f"https://a.example/{path}")
    assert urls.canonical(f"https://a.example/{path}?{query}&id=5") == urls.canonical(f"https://a.example/{path}?id=5")


@given(
    st.sampled_from(["https", "http"]), st.text(string.ascii_lowercase, min_size=1, max_size=10), st.integers(1, 65535)
)
def test_parts_make_the_whole(scheme: str, name: str, port: int) -> None:
    address = urls.parse(f"{scheme}://{name}.example:{port}/a?b=1")
    assert urls.parse(str(address)) == address
    assume(port not in (80, 443))
    assert address == (scheme, f"{name}.example", port, "/a", "b=1")


ONE_ARTICLE = [
    "https://congluan.vn/mot-bai-bao-post12.html",
    "http://congluan.vn/mot-bai-bao-post12.html",
    "https://www.congluan.vn/mot-bai-bao-post12.html?utm_source=zalo#comments",
    "https://m.congluan.vn/mot-bai-bao-post12.html",
    "https://amp.congluan.vn/mot-bai-bao-post12.html",
    "https://congluan.vn/amp/mot-bai-bao-post12.html",
    "https://congluan.vn/print/mot-bai-bao-post12.html",
    "https://congluan.vn/mot-bai-bao-post12.html/amp",
    "https://congluan.vn/mot-bai-bao-post12.html/amp/",
    "https://congluan.vn/mot-bai-bao-post12.html?amp=1",
    "https://congluan.vn/mot-bai-bao-post12.html?outputType=amp",
    "https://congluan.vn/mot-bai-bao-post12.html?print",
    "https://congluan.vn/mot-bai-bao-post12.html?view=print",
    "https://congluan.vn/mot-bai-bao-post12.html?ref=home",
    "https://congluan.vn/mot-bai-bao-post12.amp.html",
    "https://congluan-vn.cdn.ampproject.org/c/s/congluan.vn/mot-bai-bao-post12.html",
    "https://congluan-vn.cdn.ampproject.org/v/s/www.congluan.vn/mot-bai-bao-post12.html?amp=1",
    "https://www.google.com/amp/s/congluan.vn/amp/mot-bai-bao-post12.html",
]


@pytest.mark.parametrize("address", ONE_ARTICLE)
def test_all_views_have_one_key(address: str) -> None:
    assert urls.article_key(address) == "https://congluan.vn/mot-bai-bao-post12.html"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://congluan.vn/a-post1.html", "https://congluan.vn/a-post2.html"),
        ("https://congluan.vn/a", "https://thuonghieucongluan.com.vn/a"),
        ("https://a.example/?id=1", "https://a.example/?id=2"),
        ("https://a.example/?view=list", "https://a.example/?view=print"),
        ("https://a.example/A", "https://a.example/a"),
        ("https://m.vn/a", "https://vn/a"),
        ("https://mobile.a.example/x", "https://mobilea.example/x"),
        ("https://a.example/amp", "https://a.example/"),
        ("https://a.example/campaign/x", "https://a.example/x"),
        ("https://a.example:8080/x", "https://a.example/x"),
        ("https://en.a.example/x", "https://a.example/x"),
    ],
)
def test_other_articles_have_other_keys(one: str, other: str) -> None:
    assert urls.article_key(one) != urls.article_key(other)


def test_host() -> None:
    assert urls.host("HTTPS://WWW.Congluan.VN.:443/a") == "congluan.vn"
    assert urls.host("https://thongtin.vietnam.vn/") == "thongtin.vietnam.vn"
    assert urls.host("https://www.vn/") == "vn"


def test_article_id() -> None:
    one = urls.article_id("https://congluan.vn/a")
    assert re.fullmatch(r"[0-9a-f]{32}", one)
    assert one == urls.article_id("https://congluan.vn/a") != urls.article_id("https://congluan.vn/b")
    assert urls.article_id("\ud800") != urls.article_id("?")


# The words of an invented headline as six kinds of site write them.
HEADLINE = "sachvosoviettranduongthuvienlangmochieunay"
SAME_SLUG = [
    "https://congluan.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-post305266.html",
    "https://www.congluan.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-10336560.html?utm_source=x",
    "https://congluan.vn/van-hoa/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-post7.html#top",
    "https://www.vietnam.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay",
    "https://www.vietnam.vn/zh-cn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay/",
    "https://vrviet.vn/de/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieunay",
    "https://baomoi.com/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay/c/50123456.epi",
    "https://baomoi.com/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-c50123456.epi",
    "http://www.baomoi.com/Home/VanHoa/congluan.vn/Sach-vo-so-Viet-tran-duong-thu-vien-lang-mo-chieu-nay/12240106.epi",
    "http://www.baomoi.com/Sach-vo-so-Viet-tran-duong-thu-vien-lang-mo-chieu-nay/144/12240106.epi",
    "https://www.vietnamplus.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-post1012345.vnp",
    "https://www.vietnamplus.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay/712345.vnp",
    "https://tienphong.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-post1612345.tpo",
    "https://tuoitre.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-20260814192600123.htm",
    "https://kenh14.vn/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-20260814192600123.chn",
    "https://vnexpress.net/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-4567890.html",
    "https://vnexpress.net/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-4567890-p2.html",
    "https://laodong.vn/van-hoa/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-1234567.ldo",
    "https://cand.example/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay-i671234/",
    "https://a.example/s%C3%A1ch-v%E1%BB%9F-s%E1%BB%91-Vi%E1%BB%87t-tr%E1%BA%A7n-%C4%91%C6%B0%E1%BB%9Dng-thu-vien-lang-mo-chieu-nay.html",
]


@pytest.mark.parametrize("address", SAME_SLUG)
def test_slug_travels(address: str) -> None:
    assert urls.slug(address) == HEADLINE


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("https://a.example/mot-hai-ba-bon-nam-sau-bay-nam-2026", "mothaibabonnamsaubaynam2026"),
        ("https://a.example/mot-hai-ba-bon-nam-sau-bay-nam-2026-post1.html", "mothaibabonnamsaubaynam2026"),
        ("https://a.example/mot-hai-ba-bon-nam-sau-bay-len-toi-100000", "mothaibabonnamsaubaylentoi100000"),
        ("https://a.example/mot-hai-ba-bon-nam-sau-bay-v1000/12240106.epi", "mothaibabonnamsaubayv1000"),
        ("https://a.example/新闻报道新闻报道新闻报道新闻报道新闻报道", "新闻报道新闻报道新闻报道新闻报道新闻报道"),
    ],
)
def test_slug_keeps_numbers_of_the_headline(address: str, slug: str) -> None:
    assert urls.slug(address) == slug


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/", "https://a.example/index.html", "https://a.example/video", "https://a.example/thoi-su/tin-tuc",
        "https://a.example/12240106.epi", "https://a.example/post305266.html", "https://a.example/2026/08/14/", "https://a.example/a?slug=mot-hai-ba-bon-nam-sau-bay",
        "https://a.example/quoc-te/tieu-diem-quoc-te", "https://a.example/ket-qua-xo-so-mien-nam-post12.html",
    ],
)  # fmt: skip
def test_short_and_generic_slugs_are_none(address: str) -> None:
    assert urls.slug(address) == ""
