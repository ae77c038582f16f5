"""XML from strangers: unpacked, decoded and read as a stream, with nothing resolved and everything capped."""

import codecs
import html
import re
import zlib
from collections.abc import Iterator
from io import BytesIO

from lxml import etree

from crawler.discovery.entry import Unreadable

MAX_BYTES = 50 * 1024 * 1024
"""Decompressed; the sitemap protocol's limit."""
MAX_ELEMENTS = 2_000_000
MAX_ENTITIES = 200_000

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]{0,500}?>")
_ENCODING = re.compile(rb"""<\?xml\b[^>]{0,300}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})""")
_ENCODINGS = re.compile(
    r"windows-\d{3,4}|cp\d{3,4}|x-sjis|iso-?8859-\d{1,2}|latin-?1|us-ascii|koi8-[ru]|mac\w{0,12}|tis-?620"
    r"|gbk|gb2312|gb18030|big5(?:-?hkscs)?|euc-(?:jp|kr|cn)|shift[-_]jis|sjis|iso-2022-(?:jp|kr)",
    re.IGNORECASE,
)
_PROLOGUE = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^<>\[]{0,2000}>", re.IGNORECASE)
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]{1,31};")
_HALF = re.compile(  # a surrogate by number, which lxml lets through and then cannot give back
    r"&#(?:x0*d[89a-f][0-9a-f]{2}|0*(?:5529[6-9]|55[3-9]\d\d|56\d{3}|57[0-2]\d\d|573[0-3]\d|5734[0-3]));", re.IGNORECASE
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def unpack(body: bytes) -> bytes:
    """The body out of its gzip, whatever its name and type say; also out of two, as servers do with `.gz` files.

    Raises:
        Unreadable: `empty`, `damaged`, or `too_large` beyond `MAX_BYTES`.
    """
    for _ in range(2):
        if not body.startswith(b"\x1f\x8b"):
            break
        body = _gunzip(body)
    if len(body) > MAX_BYTES:
        raise Unreadable("too_large", f"{len(body)} bytes")
    if not body.strip():
        raise Unreadable("empty", "no content")
    return body


def _gunzip(body: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    while body.startswith(b"\x1f\x8b"):  # a file may have several members
        stream = zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(body, MAX_BYTES + 1 - size)
        except zlib.error as error:
            raise Unreadable("damaged", f"gzip: {error}") from error
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise Unreadable("too_large", f"more than {MAX_BYTES} bytes unpacked")
        if not stream.eof:
            raise Unreadable("damaged", "gzip: cut off")
        body = stream.unused_data
    return b"".join(parts)


def decode(body: bytes) -> str:
    """Text by byte order mark, by declaration, else UTF-8, else Windows-1252. Wrong declarations are survived."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").removeprefix("\ufeff")
    declared = _ENCODING.match(body.lstrip()[:400])
    name = known_encoding(declared[1].decode()) if declared else "utf-8"
    for encoding in ("utf-8", name):  # UTF-8 proves itself, a declaration does not
        try:
            return body.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return body.decode("windows-1252", "replace")


def known_encoding(name: str) -> str:
    """The encoding a page declares if pages are written in it, else UTF-8: Python knows codecs that take quadratic time.

    Declared UTF-16 is UTF-8 too: whoever could read the declaration byte by byte did not read UTF-16.
    """
    return name if _ENCODINGS.fullmatch(name) else "utf-8"


def elements(body: bytes, roots: frozenset[str], names: frozenset[str]) -> Iterator[etree._Element]:
    """Every outermost element with one of these local names, complete. Memory holds one at a time.

    Markup errors are survived: what was read before them is given.

    Raises:
        Unreadable: not XML, HTML instead of XML, another root than these, an internal DTD subset (nobody announces news with entities),
            too large.
    """
    text = _plain(decode(unpack(body)))
    root = ""
    depth = count = 0
    inside = 0  # depth of the named element we are in, 0 outside
    stream = etree.iterparse(
        BytesIO(text.encode()),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        for event, element in stream:
            if event == "start":
                depth += 1
                count += 1
                if count > MAX_ELEMENTS:
                    raise Unreadable("too_large", f"more than {MAX_ELEMENTS} elements")
                if not root:
                    root = local(element)
                    if root not in roots:
                        raise Unreadable(
                            "unknown_format", f"<{root[:40]}> where {' or '.join(sorted(roots))} should be"
                        )
                if not inside and local(element) in names:
                    inside = depth
                continue
            if depth == inside:
                inside = 0
                yield element
            depth -= 1
            if not inside:
                _forget(element)
    except etree.XMLSyntaxError as error:
        if not root:
            raise Unreadable("not_xml", str(error)[:200]) from error
    if not root:
        raise Unreadable("not_xml", repr(text[:80]))


def local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _plain(text: str) -> str:
    """The document without declaration and doctype, HTML's named entities as characters, illegal characters gone."""
    text = _DECLARATION.sub("", text, count=1).lstrip()
    start = _PROLOGUE.match(text).end()  # type: ignore[union-attr]  # it matches the empty string too
    head = text[start : start + 200].lower()
    if re.match(r"<!doctype\s+html|<html|<head|<body", head):
        found = re.search(r"<title[^>]{0,200}>([^<]{0,200})", text, re.IGNORECASE)
        raise Unreadable(
            "html",
            f"an HTML page instead of XML, titled {html.unescape(found[1]).strip()!r}" if found else "an HTML page",
        )
    if head.startswith("<!doctype"):
        doctype = _DOCTYPE.match(text, start)
        if doctype is None:
            raise Unreadable("entities", "a document type with declarations of its own")
        start = doctype.end()
    if not text[start:].lstrip().startswith("<"):
        raise Unreadable("not_xml", repr(text[start : start + 80]))
    text, count = _NAMED.subn(_character, text[start:], count=MAX_ENTITIES)
    if count == MAX_ENTITIES:
        raise Unreadable("entities", f"more than {MAX_ENTITIES} of HTML's named entities")
    return _HALF.sub("\ufffd", _ILLEGAL.sub("", text))


def _character(entity: re.Match[str]) -> str:
    character = html.unescape(entity[0])
    return f"&amp;{entity[0][1:]}" if character == entity[0] else html.escape(character)


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
