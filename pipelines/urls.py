"""Addresses: one canonical form, the key of an article, its id, and the slug that travels with copies.

The canonical form follows the URL Standard (https://url.spec.whatwg.org) for http(s) and then takes out what never
chooses a page: user names, the fragment, tracking parameters, a host's trailing dot. It can still be fetched. An
article's *key* folds more (`www.`, mobile, AMP and print forms, http and https) and is for comparing only.
"""

import hashlib
import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

import idna

# fmt: off
TRACKING = frozenset({
    "_ga", "_gac", "_gl", "dclid", "gad_campaignid", "gad_source", "gbraid", "gclid", "gclsrc", "gs_l", "srsltid", "wbraid",  # Google
    "fb_action_ids", "fb_action_types", "fb_ref", "fb_source", "fbclid", "igsh", "igshid",  # Facebook, Instagram
    "gidzl", "zarsrc",  # Zalo
    "epik", "li_fat_id", "msclkid", "ref_src", "ref_url", "s_cid", "ttclid", "twclid", "yclid",  # other networks
    "_hsenc", "_hsmi", "mc_cid", "mc_eid", "mkt_tok", "oly_anon_id", "oly_enc_id", "vero_conv", "vero_id", "vgo_ee",  # newsletters
    "_openstat", "at_campaign", "at_medium", "cmpid", "icid", "ito", "ncid", "sc_campaign", "scid", "smid", "soc_src", "soc_trk",
    "spm", "wickedid", "zanpid",
    "jsessionid", "phpsessid",  # sessions
})
"""Query parameters that say where a reader came from, never what is shown."""
TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "matomo_", "piwik_", "hsa_", "__cft__", "__tn__", "__xts__", "at_custom")

_VIEW_PARAMETERS = frozenset({"amp", "display", "isprint", "m", "mobile", "output", "outputtype", "print", "printview", "view"})
_VIEW_VALUES = frozenset({"", "1", "amp", "mobile", "print", "true"})
_READER_PARAMETERS = frozenset({"ref", "referrer", "share"})  # some site may choose a page with them: out of keys only
_VIEW_HOSTS = frozenset({"amp", "m", "mobile", "print", "wap", "www"})
_VIEW_SEGMENTS = frozenset({"amp", "print"})
# fmt: on
_AMP_CACHES = (
    re.compile(r"https?://[^/]+\.cdn\.ampproject\.org/(?:[a-z]/)?(s/)?(.+)"),
    re.compile(r"https?://www\.google\.[a-z.]+/amp/(s/)?(.+)"),
)

MAX_LENGTH = 8192
"""Characters of an address, written and canonical; RFC 9110 §4.1 asks servers for 8,000 octets at least."""

_C0_AND_SPACE = "".join(map(chr, range(33)))
_LINE_BREAKS = {ord(character): None for character in "\t\n\r"}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_UNSAFE_IN_PATH = re.compile(r"[^!$&'()*+,\-./0-9:;=@A-Z_a-z~%]")
_UNSAFE_IN_QUERY = re.compile(r"[^!$&()*+,\-./0-9:;=?@A-Z_a-z~%\[\]{}|`^\\]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)


class Address(NamedTuple):
    """A canonical address in its parts. `host` is in ASCII; `port` is None for the scheme's own; `query` has no `?`."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}{'?' if self.query else ''}{self.query}"


@lru_cache(maxsize=4096)  # the same few addresses of a page are asked for by every stage
def parse(url: str) -> Address:
    """The canonical address in its parts.

    Raises:
        ValueError: not an absolute http(s) address, or one that no browser would take either. Nothing else, ever.
    """
    if len(url) > MAX_LENGTH:
        raise ValueError(f"address of {len(url)} characters")
    return _parse(url)


@lru_cache(maxsize=1024)  # a crawl asks a dozen times for each address it has in hand
def _parse(url: str) -> Address:
    text = url.strip(_C0_AND_SPACE).translate(_LINE_BREAKS)
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ValueError(f"not an absolute address: {text[:80]!r}")
    name = scheme[1].lower()
    if name not in _DEFAULT_PORTS:
        raise ValueError(f"not http(s): {name}")
    text = _SURROGATE.sub("\ufffd", text[scheme.end() :])
    text = text.partition("#")[0]
    before, mark, query = text.partition("?")
    before = before.replace("\\", "/").lstrip("/")
    authority, slash, path = before.partition("/")
    host, port = _host_and_port(authority.rpartition("@")[2])
    port = None if port == _DEFAULT_PORTS[name] else port
    address = Address(name, host, port, _path(slash + path), _query(query) if mark else "")
    if len(str(address)) > MAX_LENGTH:
        raise ValueError(f"address of {len(str(address))} characters")
    return address


def split(url: str) -> Address | None:
    """The same, or None where `parse` raises: for addresses that pages write, where a bad one is no news."""
    try:
        return parse(url)
    except ValueError:
        return None


def canonical(url: str) -> str:
    """The one form under which an address is known and fetched. Idempotent.

    Raises:
        ValueError: not an absolute http(s) address.
    """
    return str(parse(url))


def host(url: str) -> str:
    """The host in lower case, without `www.`; "" for what is no http(s) address."""
    address = split(url)
    return address.host.removeprefix("www.") if address else ""


@lru_cache(maxsize=4096)
def article_key(url: str) -> str:
    """One address for all views of an article: http and https, `www.` and bare, mobile, AMP and print. Idempotent.

    For comparing only: the address may not answer. A publisher's own rule (`NewsSpider.article_key`) knows more.

    Raises:
        ValueError: not an absolute http(s) address.
    """
    known = canonical(url)
    while (folded := _fold(known)) != known:
        known = folded
    return known


def article_id(key: str) -> str:
    """32 hex digits of an article's key (see `Page.key`)."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# --- slugs -----------------------------------------------------------------------------------------------------------

MIN_SLUG = 20
"""Letters and digits below which a slug is no evidence: sections and columns (`tieu-diem-quoc-te`, `ket-qua-xo-so-mien-nam`). 0.8 % of 9,000
Vietnamese headlines are shorter."""

_ENDING = re.compile(r"\.(?:s?html?|epi|vnp|tpo|ldo|vov|vnn|chn|aspx?|php|jsp|amp)$")
_ID = re.compile(r"[-_.](?:post\d+|[a-z]{0,4}\d{5,}|[a-z]\d{4})$")  # …-post3  …-c52812345  …-20260814192600123  …-i6713
_ID_AT_THE_END = re.compile(
    r"[-_.](?:post\d+|[a-z]\d{6,}|\d{7,})$"
)  # without an ending, `…-len-toi-100000` is a headline
_PART = re.compile(r"-p\d{1,2}$")
_NO_LETTER = re.compile(r"[\W_]+")
_ONLY_ID = re.compile(r"[a-z]{0,4}[-_]?\d*")


@lru_cache(maxsize=4096)
def slug(url: str) -> str:
    """The headline in the address, folded: equal for an article and its copies on aggregators, in every language edition.

    Without ids, endings, hyphens, case and diacritics. "" when the address holds no headline, or one too short to mean anything.
    Strong evidence, not proof: daily columns repeat theirs.
    """
    address = split(url)
    if address is None:
        return ""
    has_id = False
    for segment in reversed(address.path.split("/")):
        words, ending = _ENDING.subn("", unquote(segment).lower())
        stem = words if has_id else (_ID if ending else _ID_AT_THE_END).sub("", _PART.sub("", words))
        if not _ONLY_ID.fullmatch(stem):
            letters = _letters(stem)
            return letters if len(letters) >= MIN_SLUG else ""
        has_id = has_id or words.isdecimal()  # …/<slug>/c/12240106.epi: what looks like an id further up is headline
    return ""


def _letters(words: str) -> str:
    marks = unicodedata.normalize("NFKD", words.replace("đ", "d"))
    return _NO_LETTER.sub("", marks)


# --- the parts of an address -----------------------------------------------------------------------------------------


def _host_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("bad IPv6 address")
        try:
            return ipaddress.IPv6Address(inside.partition("%")[0]).compressed, _port(rest[1:])
        except ipaddress.AddressValueError as error:
            raise ValueError(f"bad IPv6 address: {inside[:60]!r}") from error
    name, _, port = text.partition(":")
    return _host(name), _port(port)


def _port(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,8}", text) or int(text) > 65535:
        raise ValueError(f"bad port: {text[:20]!r}")
    return int(text)


def _host(name: str) -> str:
    try:
        name = unquote(name, errors="strict")
        if not name.isascii():
            name = idna.encode(name, uts46=True, transitional=False).decode()
    except UnicodeError as error:  # also idna's
        raise ValueError(f"no such host name: {name[:60]!r}") from error
    name = name.lower().rstrip(".")
    if not name or ".." in name or name.startswith(".") or _FORBIDDEN_IN_HOST.search(name):
        raise ValueError(f"bad host: {name[:60]!r}")
    if len(name) > 253 or any(len(label) > 63 for label in name.split(".")):
        raise ValueError(f"host too long: {name[:60]!r}")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", name.rpartition(".")[2]):
        return _ipv4(name)
    return name


def _ipv4(name: str) -> str:
    """Every notation browsers take (`127.1`, `0x7f.1`, `2130706433`, `0177.0.0.1`), as four decimal numbers."""
    labels = name.split(".")
    try:
        numbers = [_ipv4_number(label) for label in labels]
    except ValueError as error:
        raise ValueError(f"bad IPv4 address: {name[:60]!r}") from error
    *first, last = numbers
    if len(numbers) > 4 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        raise ValueError(f"bad IPv4 address: {name[:60]!r}")
    value = last + sum(number << 8 * (3 - place) for place, number in enumerate(first))
    return str(ipaddress.IPv4Address(value))


def _ipv4_number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") and len(label) > 1 else 10)


def _path(path: str) -> str:
    path = _UNSAFE_IN_PATH.sub(_escaped, _ESCAPE.sub(_unescaped, path))
    path = _SESSION.sub("", path)
    kept: list[str] = []
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
            continue
        if place == len(segments) - 1:
            kept.append("")  # a directory, as in `/a/..`
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    pairs = _UNSAFE_IN_QUERY.sub(_escaped, _ESCAPE.sub(_unescaped, query)).split("&")
    return "&".join(pair for pair in pairs if pair and not _tracks(pair.partition("=")[0].lower()))


def _tracks(name: str) -> bool:
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def _unescaped(escape: re.Match[str]) -> str:
    """`%41` → `A`, `%2f` → `%2F`, a lone `%` → `%25`."""
    digits = escape[1]
    if digits is None:
        return "%25"
    byte = int(digits, 16)
    return chr(byte) if byte in _UNRESERVED else f"%{digits.upper()}"


def _escaped(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in character[0].encode())


def _fold(known: str) -> str:
    """One step from an address to its article's key; the address itself when there is none left to take."""
    for cache in _AMP_CACHES:
        if (wrapped := cache.fullmatch(known)) and (inside := split(f"http{'s' if wrapped[1] else ''}://{wrapped[2]}")):
            return str(inside)
    address = parse(known)
    name = address.host
    first, _, rest = name.partition(".")
    if first in _VIEW_HOSTS and "." in rest:
        name = rest
    segments = [segment for segment in address.path.split("/") if segment]
    while len(segments) > 1 and segments[0].lower() in _VIEW_SEGMENTS:
        del segments[0]
    while len(segments) > 1 and segments[-1].lower() in _VIEW_SEGMENTS:
        del segments[-1]
    if segments:
        segments[-1] = re.sub(r"(?i)^index\.(?:html?|php)$|[.-]amp(?=\.html?$|$)", "", segments[-1])
    pairs = [pair for pair in address.query.split("&") if pair and not _is_view(pair.lower())]
    path = "/" + "/".join(segment for segment in segments if segment)
    return canonical(str(Address("https", name, address.port, path, "&".join(pairs))))


def _is_view(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return name in _READER_PARAMETERS or (name in _VIEW_PARAMETERS and value in _VIEW_VALUES)
