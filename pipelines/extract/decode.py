"""Bytes to characters, and characters to one tree.

The order of belief: a byte order mark, valid UTF-8, what the page or the server declares if the bytes agree, a guess.
Valid UTF-8 comes before the declaration because other encodings do not look like it by chance (Dürst 1997), while wrong
declarations are common.
"""

import codecs
import re
import unicodedata
from collections.abc import Mapping

from charset_normalizer import from_bytes
from lxml import etree
from lxml.html import HtmlElement, document_fromstring

from pipelines.records import Rejected

MAX_BYTES = 5_000_000
MAX_TAGS = 60_000
"""Real articles have at most some 15,000; the time of what follows grows faster than the tags."""
MAX_ATTRIBUTES = 1_000
"""Of one tag; libxml2 takes quadratic time in them."""

_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE
)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_BINARY = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x7fELF",
    b"RIFF",
    b"\x00\x00\x00\x18ftyp",
    b"ID3",
    b"\x00asm",
    b"wOFF",
    b"wOF2",
)
_MARKUP = re.compile(
    rb"<\s*(?:!doctype|html|head|body|div|p|article|section|table|span|meta|title|h1|a)\b", re.IGNORECASE
)

_QUOTED = re.compile(rb"""=\s*(?:"[^"]*"|'[^']*')""")

# What pages call an encoding and what browsers read it as (WHATWG Encoding Standard, "Names and labels").
_READ_AS = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "sjis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-euc-jp": "euc_jp",
    "utf8": "utf-8",
    "utf-16": "utf-8",  # a page that could say so in ASCII is not UTF-16
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
    "unicode": "utf-8",
}

# TCVN 5712:1993 VN3 ("ABC"), the 8-bit code of Vietnam's ".VnTime" fonts; Python has no codec for it.
_TCVN = dict(
    zip(
        [
            *range(161, 175),
            *range(181, 186),
            *range(187, 191),
            *range(198, 205),
            *range(206, 217),
            *range(220, 224),
            *range(225, 240),
            *range(241, 255),
        ],
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)


def decode(body: bytes, headers: Mapping[str, str] | None = None) -> str:
    """The characters of a page; what cannot be read becomes U+FFFD. NULs are dropped, Vietnamese comes composed (NFC)."""
    return _read(body, headers or {}).replace("\x00", "")


def _read(body: bytes, headers: Mapping[str, str]) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(mark):
            return body[len(mark) if name == "utf-8" else 0 :].decode(name, "replace")
    head = body[:400]
    if head.count(0) > len(head) // 3:  # UTF-16 without a mark: every other byte of markup is zero
        return body.decode("utf-16-le" if head[1:2] == b"\x00" else "utf-16-be", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    lenient = body.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    declared = [name.decode("ascii").lower() for name in _DECLARED.findall(body[:4096])] + [
        name.lower() for name in _HEADER.findall(headers.get("content-type", ""))
    ]
    whole = sum(not letter.isascii() for letter in lenient) - broken
    if broken < (
        whole if "utf-8" in declared or "utf8" in declared else whole / 2
    ):  # UTF-8 with some letters cut in half
        return lenient
    for name in declared:
        if name in ("tcvn", "tcvn3", "tcvn5712", "tcvn-5712", "x-viet-tcvn", "x-viet-tcvn5712"):
            return _tcvn(body)
        text = _strictly(body, _READ_AS.get(name, name))
        if text is not None:
            return text
    guess = from_bytes(_sample(body)).best()
    if guess is not None:
        return unicodedata.normalize("NFC", body.decode(guess.encoding, "replace"))
    return lenient


def _strictly(body: bytes, name: str) -> str | None:
    """The body in this encoding, allowing one broken character in 2,000 bytes; None if it cannot be that."""
    if name == "utf-8":
        return None
    try:
        text = body.decode(name, "replace")
    except (LookupError, UnicodeError):  # no such encoding, or one of Python's that is none (`punycode`)
        return None
    if text.count("\ufffd") > 2 + len(body) // 2000:
        return None
    if name == "cp1252" and _looks_tcvn(body):
        return _tcvn(body)
    return unicodedata.normalize("NFC", text) if name in ("cp1258", "windows-1258") else text


def _looks_tcvn(body: bytes) -> bool:
    """Whether a page set in a ".Vn" font is TCVN: its style names the font, and letters stand where Latin-1 has signs."""
    return (
        b".vn" in body[:200_000].lower() and len(re.findall(rb"[A-Za-z][\xb5-\xbe\xae\xa8-\xac]", body[:200_000])) > 20
    )


def _tcvn(body: bytes) -> str:
    return body.decode("latin-1").translate(_TCVN)


def _sample(body: bytes) -> bytes:
    """The part of a page that tells its encoding: text, not scripts and markup; at most 20,000 bytes."""
    text = re.sub(rb"(?is)<(script|style)\b.{0,200000}?</\1>|<[^<>]{0,2000}>", b" ", body[:400_000])
    return re.sub(rb"[\x00-\x40]{2,}", b" ", text)[:20_000]


def check(body: bytes, content_type: str = "") -> None:
    """Refuses what is no page or would cost too much, from the bytes alone and in linear time.

    Raises `Rejected`: `empty`, `too_large`, `not_html`, `too_complex`. Limits on time and memory are the worker's.
    """
    if not body.strip(b" \t\r\n\x00"):
        raise Rejected("empty", "no bytes")
    if len(body) > MAX_BYTES:
        raise Rejected("too_large", f"{len(body)} bytes")
    if body.startswith(_BINARY) or re.match(
        r"(?:image|audio|video|font)/|application/(?:pdf|zip|octet-stream|json)", content_type.lower()
    ):
        raise Rejected("not_html", content_type or "binary")
    wide = body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or body[:400].count(0) > min(len(body), 400) // 3
    plain = body.replace(b"\x00", b"") if wide else body
    if not _MARKUP.search(plain):
        raise Rejected("not_html", "no markup")
    pieces = plain.split(b"<")
    if len(pieces) > 2 * MAX_TAGS:
        raise Rejected("too_complex", f"{len(pieces)} tags")
    inside = b""  # a script or style, where "<" begins no tag
    for piece in pieces:
        if inside:
            if piece[: len(inside) + 1].lower() == b"/" + inside:
                inside = b""
            continue
        if piece[:6].lower() in (b"script", b"style>", b"style "):
            inside = piece[:5].lower() if piece[:5].lower() == b"style" else b"script"
        if (
            len(piece) > 2 * MAX_ATTRIBUTES
            and piece[:1].isalpha()
            and len(_QUOTED.sub(b"", piece).partition(b">")[0].split()) > MAX_ATTRIBUTES
        ):
            raise Rejected("too_complex", f"one tag with more than {MAX_ATTRIBUTES} attributes")


# lxml.html asks a Python function for the class of every element it hands out; one class for all is faster by a tenth of the whole run.
_ONE_CLASS = etree.ElementDefaultClassLookup(element=HtmlElement)


def parse(text: str) -> HtmlElement:
    """One tree for everything that follows, without comments.

    Raises `Rejected`: `empty`; `too_complex` beyond depth 256, where libxml2 stops and silently returns what it has.
    """
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    parser.set_element_class_lookup(_ONE_CLASS)
    try:
        tree = document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Rejected("empty", str(error)[:200]) from None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log.filter_from_fatals()):
        raise Rejected("too_complex", "nested too deep")
    return tree
