"""What a line is: the forms of markers, on top of the words in `markers.py`.

Every function looks at one line, has no state, and says None where it is not sure. `sure` means that another marker stands beside the
line: markers come together, so there a form alone is enough and the word may be of a language that is in no table. Lines longer than
markers are prose and are refused first; that also bounds every regular expression here.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from pipelines.clean import markers

MARKER_LENGTH = 120
"""No marker without an address in it is longer, in characters."""
LINE_LENGTH = 300
"""No line that is a marker as a whole is longer: read-more lines hold a headline."""
URL_LENGTH = 2000

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
_SPACE = " \t\u00a0\u3000" + _INVISIBLE
_EDGE = _SPACE + ".…·•‧-–—*|:：>»«<~=_\"'“”"
_STOP = ".!?…。！？؟।॥։។၊"
_CLOSING = "\"'”’»›)]}）】」』］〕"
_UNCASED = re.compile(r"[\u0590-\u10ff\u1200-\u139f\u1780-\u18af\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def fold(text: str) -> str:
    """How words are compared with the tables: no case, nothing invisible, no punctuation around, single spaces."""
    return " ".join(text.strip(_EDGE).casefold().split())


def _listed(*tables: Mapping[str, str]) -> list[str]:
    return [word for table in tables for words in table.values() for word in words.split("|")]


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold, words))


def _either(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word))) + ")"


class _Endings:
    """Finds which word of a table ends a text; the longest one. A set look-up for each length, where a regular expression would try every word."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word.casefold() for word in words)
        self._lengths = sorted({len(word) for word in self._words}, reverse=True)

    def start(self, text: str) -> int | None:
        for length in self._lengths:
            if length <= len(text) and text[-length:].casefold() in self._words:
                return len(text) - length
        return None


SOURCE = _folded(_listed(markers.SOURCE))
COMMENTS = _folded(_listed(markers.COMMENTS))
ADS = _folded(_listed(markers.ADS))
PHOTO = _folded(_listed(markers.PHOTO))
RELATED = _folded(_listed(markers.RELATED))
TAGS = _folded(_listed(markers.TAGS))
COMPILED = _folded(_listed(markers.COMPILED))
BYLINE = _folded(_listed(markers.BYLINE))
NETWORKS = _folded(markers.NETWORKS.split("|"))
AGENCIES = _folded(markers.AGENCIES.split("|"))
DATELINES = _folded(markers.DATELINES.split("|"))
_PICTURED = PHOTO | SOURCE
_CODES = DATELINES | AGENCIES
ALONE = (
    dict.fromkeys(RELATED, "related")
    | dict.fromkeys(TAGS, "tags")
    | dict.fromkeys(_folded(_listed(markers.SECTIONS)), "related")
    | dict.fromkeys(ADS, "ad")
    | dict.fromkeys(_folded(_listed(markers.SHARE)), "share")
    | dict.fromkeys(_folded(_listed(markers.PLAYER)), "player")
)
"""Words that are a marker when they stand alone on their line → its kind."""
_LONGEST = max(map(len, ALONE)) + 10


# -- what kind of text -------------------------------------------------------------------------------------------------------


def is_sentence(text: str) -> bool:
    """Whether the text ends like a sentence."""
    return text.rstrip(_SPACE + _CLOSING).endswith(tuple(_STOP))


_LABEL = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,3}")


def _is_label(text: str, *, length: int = 30) -> bool:
    """One to four words without punctuation. Vowel signs, which are no letters to `re`, count as none."""
    if not 0 < len(text) <= length:
        return False
    letters = "".join(char for char in text if not unicodedata.category(char).startswith("M"))
    return _LABEL.fullmatch(letters) is not None


def is_blank(text: str) -> bool:
    """Whether there is nothing to see."""
    return not text.strip(_SPACE)


def is_lone_word(line: str) -> bool:
    """One or two short words with no punctuation: a label, whatever the language."""
    word = line.strip(_SPACE + ":：")
    return word.count(" ") <= 1 and _is_label(word, length=24)


_NOT_A_NAME = re.compile(r"[!?。！？؟।;=<>{}\[\]@#:]|\.\s|https?|(?:^|\s)\d+(?:\s|$)|\s(?:theo|laut)\s", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,6}", re.IGNORECASE)


def is_name(text: str) -> bool:
    """Whether the text looks like the name of a person, a paper or an agency: mostly capitals, or a short one of a script without."""
    text = text.strip(_EDGE)
    if not 1 < len(text) <= 50 or _NOT_A_NAME.search(text) or sum(char.isdigit() for char in text) > 4:
        return False
    if _UNCASED.search(text):
        return len(text) <= 24
    words = text.replace("/", " ").split()
    capital = sum(not word[0].islower() for word in words)
    return len(words) <= 8 and (capital * 3 >= len(words) * 2 or _DOMAIN.fullmatch(text) is not None)


_PARTICLES = frozenset(
    ["de", "da", "del", "di", "du", "la", "le", "van", "von", "der", "den", "ter", "bin", "al", "el", "und", "y"]
)


def is_person(text: str) -> bool:
    """Whether the text looks like one person's full name, in a script with capitals: two to five words, letters only."""
    words = text.replace("-", " ").split()
    return (
        2 <= len(words) <= 5
        and len(text) <= 45
        and not _UNCASED.search(text)
        and all(word.strip(".").replace("’", "").replace("'", "").isalpha() for word in words)
        and all(word[0].isupper() or word in _PARTICLES for word in words)
        and words[-1][0].isupper()
    )


# -- ad placeholders ---------------------------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(r"[\[【［〔]\s?([^\W\d_][^\]】］〕\d]{0,24}?)([ _\u00a0-]?)(\d{1,2})\s?[\]】］〕]")


class Placeholder(NamedTuple):
    start: int
    end: int
    known: bool
    """By its word, or by the underscore that no prose has."""


def placeholder_at_end(line: str) -> Placeholder | None:
    """`[ad_2]`, `[広告2]`: a word and a number in square brackets at the end of the line."""
    if line.rstrip(_EDGE)[-1:] not in ("]", "】", "］", "〕"):
        return None
    opening = max(line.rfind(bracket, max(0, len(line) - 50)) for bracket in "[【［〔")
    found = _PLACEHOLDER.match(line, opening) if opening >= 0 else None
    return _placeholder(found, len(line)) if found and not line[found.end() :].strip(_EDGE) else None


def placeholder_at_start(line: str) -> Placeholder | None:
    """The same at the start of the line."""
    found = _PLACEHOLDER.match(line)
    return _placeholder(found, found.end()) if found else None


def _placeholder(found: re.Match[str], end: int) -> Placeholder | None:
    word = found[1].rstrip(" _-")
    if not _is_label(word, length=24):
        return None
    return Placeholder(found.start(), end, fold(word) in ADS or found[2] == "_")


# -- comment counters --------------------------------------------------------------------------------------------------------

_COUNT = re.compile(r"\s?[(（\[]\s*(\d{1,6})\s*[)）\]]$")
_COUNT_FIRST = re.compile(r"\d{1,6} (\S{1,30}(?: \S{1,20})?)")
_COMMENT_ENDINGS = _Endings(_listed(markers.COMMENTS))


def comment_count(line: str, *, sure: bool) -> int | None:
    """Where `Kommentar (0)` starts that ends the line; 0 when it is the line. A word of no table counts with a zero, or when sure."""
    line = line.rstrip(_SPACE)
    if line[:1].isdigit() and (found := _COUNT_FIRST.fullmatch(line)):
        return 0 if fold(found[1]) in COMMENTS else None
    found = _COUNT.search(line, max(0, len(line) - 16))
    if not found:
        return None
    word = line[: found.start()]
    label = word.strip(_SPACE + ":")
    if fold(label) in COMMENTS or (_is_label(label) and label.count(" ") <= 2 and (sure or int(found[1]) == 0)):
        return 0
    start = _COMMENT_ENDINGS.start(word)
    return start if start and (_glued(word[start - 1], word[start]) or _address_at_end(word[:start])) else None


def is_anchor(line: str) -> bool:
    """Whether the line is a counter or placeholder beyond doubt, also in the middle of a text."""
    if len(line) > 40 or line.rstrip(_SPACE)[-1:] not in (")", "）", "]", "】", "］", "〕"):
        return False
    found = _COUNT.search(line)
    if found and fold(line[: found.start()]) in COMMENTS:
        return True
    ad = placeholder_at_end(line.strip(_SPACE))
    return ad is not None and ad.known and ad.start == 0


def _glued(before: str, first: str) -> bool:
    """Whether two neighbouring characters belong to two pieces that lost the space between them: `KIEN|Quelle`, `].|ソース`."""
    if before in _SPACE + "-/'’\"„“«([（":
        return False
    if _UNCASED.match(first):
        return not _UNCASED.match(before)
    return first.isupper() or before in _CLOSING + _STOP


# -- source lines ------------------------------------------------------------------------------------------------------------

_URL = r"(?:(?:https?://|www\.)[^\s<>\"'\[\]{}|\\^`]{4,2000}|[a-z0-9][a-z0-9-]{0,60}(?:\.[a-z0-9-]{1,60}){0,4}\.[a-z]{2,10}/[^\s<>\"'\[\]{}|\\^`]{1,2000})"
_URL_END = re.compile(rf"({_URL})\s*$", re.IGNORECASE)
_SOURCE_ENDINGS = _Endings(_listed(markers.SOURCE))


class Source(NamedTuple):
    start: int
    """Where the marker starts in the line; what stands before is glued to it and no part of it."""
    url: str
    names: tuple[str, ...]


def source(line: str, *, sure: bool) -> Source | None:
    """`Quelle: https://…`, `Nguồn: Công Luận`, `Quelle` alone, and each of them glued to a byline: `HA KIENQuelle`."""
    line = line.rstrip(_SPACE)
    address = _address_at_end(line)
    if address:
        head = line[: address.start()].rstrip(_SPACE)
        start = _source_word(head.rstrip(":：" + _SPACE))
        if start is None and sure:
            start = 0 if not head else _any_word(head[:-1].rstrip(_SPACE)) if head[-1] in ":：" else None
        return None if start is None else Source(start, address[1].rstrip(".,;:)]"), ())
    if len(line) > MARKER_LENGTH:
        return None
    label, colon, rest = line.replace("：", ":").partition(":")
    if colon:
        start = _source_word(label.rstrip(_SPACE))
        said = names(rest, initials=True) if start is not None else ()
        return Source(start, "", said) if start is not None and said else None
    start = _source_word(line.rstrip(_EDGE))
    return Source(start, "", ()) if start is not None and (sure or not start or _closes(line[:start])) else None


def _closes(text: str) -> bool:
    """Whether a source word may be glued to this: a byline, not the first half of `OpenSource`."""
    return text.isupper() or is_person(text) or byline(text, sure=False) is not None


def names_its_source(line: str) -> bool:
    """Whether the line is a source word and the address of an article, and nothing else: `Quelle: https://…/mot-hai-ba-post1.html`."""
    found = source(line, sure=False) if "/" in line and len(line) < URL_LENGTH else None
    return found is not None and found.start == 0 and found.url.rpartition("/")[2].count("-") > 1


def _source_word(head: str) -> int | None:
    """Where the source word starts that ends `head`: 0 when it is all of it, else where it is glued to what stands before."""
    if fold(head) in SOURCE:
        return 0
    start = _SOURCE_ENDINGS.start(head)
    return start if start and _glued(head[start - 1], head[start]) else None


def address(line: str) -> str | None:
    """The address that ends the line."""
    found = _address_at_end(line.rstrip(_SPACE))
    return found[1].rstrip(".,;:)]") if found else None


def _any_word(head: str) -> int | None:
    """Where a source word of any language starts that ends `head`: a label that is all of it or is glued to a byline."""
    if _is_label(head):
        return 0
    for at in range(max(1, len(head) - 30), len(head)):
        before, first = head[at - 1], head[at]
        turns = before.islower() or not before.isalpha() or head[at + 1 : at + 2].islower() or not first.isupper()
        if turns and _glued(before, first) and _is_label(head[at:]) and _closes(head[:at]):
            return at
    return None


def _address_at_end(line: str) -> re.Match[str] | None:
    if "/" not in line or len(line) > URL_LENGTH + MARKER_LENGTH:
        return None
    at = line.rstrip(_SPACE).rfind(" ") + 1
    glued = line.find("http", at)
    return _URL_END.search(line, max(at, glued))


# -- credits and bylines -----------------------------------------------------------------------------------------------------

_LIST = re.compile(r"\s*[,;、،，/+]\s*|\s+(?:và|and|und|et|y|e|dan|и|και|و)\s+")
_AFTER_WORD = r"(?:\s*[:：]\s*|\s+|(?<=[\u0e00-\u0eff\u1780-\u17ff\u3400-\u9fff])|(?<= ل))"
_BEFORE = re.compile(_either(_listed(markers.CREDIT_BEFORE)) + _AFTER_WORD, re.IGNORECASE)
_BRACKETED = re.compile(_either(_listed(markers.CREDIT_BRACKETED)) + _AFTER_WORD, re.IGNORECASE)
_AFTER = re.compile(rf"\s*{_either(_listed(markers.CREDIT_AFTER))}$", re.IGNORECASE)


def names(text: str, *, initials: bool = False) -> tuple[str, ...]:
    """The names in a list of them, `Japan Times, Reuters`; empty when one of them is no name.

    `initials`: people's initials may stand among the names, `ntv.de, hny/dpa`, and are left out.
    """
    parts = [part for part in map(_bare_name, _LIST.split(text.strip(_EDGE))) if part]
    if initials:
        parts = [
            part
            for part in parts
            if fold(part) in AGENCIES or not (part.islower() and part.isalpha() and len(part) <= 4)
        ]
    return tuple(dict.fromkeys(parts)) if 0 < len(parts) <= 6 and all(map(_is_credit, parts)) else ()


_BRACKET_END = re.compile(r"\s*[(（][^()（）]{0,60}[)）]?$")


def _bare_name(text: str) -> str:
    """The name without what some set around it: `Kiên Giang (ghi)`, `Theo Trí Thức Trẻ`, `AFP)`."""
    text = _BRACKET_END.sub("", text.strip(_EDGE)).strip(_EDGE + ")）")
    found = _BEFORE.match(text)
    return text[found.end() :] if found else text


def _is_credit(text: str) -> bool:
    """A name, or a paper's name of which only the first word is a capital: `Thế giới di động`."""
    return (
        is_name(text)
        or fold(text) in AGENCIES
        or (text[0].isupper() and text.count(" ") <= 4 and len(text) <= 30 and not _NOT_A_NAME.search(text))
    )


def agencies(text: str) -> tuple[str, ...]:
    """The names in a list of agencies and desk codes, at least one of them known: `AFP`, `RND/dpa`, `RND/dpa/hb`. Initials are left out."""
    parts = [part.strip(_EDGE) for part in _LIST.split(text.strip(_EDGE))]
    known = [part for part in parts if fold(part) in AGENCIES]
    rest = [part for part in parts if part not in known]
    if not known or not all(0 < len(part) <= 6 and part.isalpha() for part in rest):
        return ()
    return tuple(dict.fromkeys(part for part in parts if part in known or not part.islower()))


def credited(text: str, *, bracketed: bool = False, sure: bool = False) -> tuple[str, ...]:
    """The names in `laut Japan Times, Reuters`, `ロイターによると`, `AFP/dpa`.

    `bracketed`: the text stood in brackets, where more words lead a name. With `sure` too, lower-case words of any language do.
    """
    text = text.strip(_EDGE)
    if len(text) > MARKER_LENGTH:
        return ()
    if found := _BEFORE.match(text):
        return names(text[found.end() :])
    if (found := _AFTER.search(text)) and found.start():
        return names(text[: found.start()])
    if alone := agencies(text):
        return alone
    if not bracketed:
        return ()
    if found := _BRACKETED.match(text):
        credit = names(text[found.end() :])
        return credit if sure or agencies(text[found.end() :]) else ()
    words = text.split()
    lead = next((at for at, word in enumerate(words) if not word[0].islower()), 0)
    return names(" ".join(words[lead:])) if sure and 0 < lead <= 3 else ()


class Byline(NamedTuple):
    authors: tuple[str, ...]
    credits: tuple[str, ...]


_BYLINE_BRACKETS = re.compile(r"(.{0,60}?)\s*[(（]\s*([^()（）]{1,80})\s*[)）][\s.]*")
_MIDDLE = re.compile(rf"(.{{2,40}}?)\s+{_either(_listed(markers.CREDIT_BEFORE))}\s+(\S.{{1,60}})", re.IGNORECASE)
_TOGETHER = re.compile(r"\s+[-–]\s+|\s*[,&]\s*|\s+(?:và|und|and|et|y|e)\s+")


def _people(text: str) -> tuple[str, ...]:
    """The authors in `Minh Anh - Hiệp Mai`; a paper's own code among them is none."""
    text = text.strip(_EDGE)
    parts = [part.strip(_EDGE) for part in _TOGETHER.split(text)]
    if len(parts) == 1 and is_person(text) and len(both := text.split("-")) == 2 and all(map(is_person, both)):
        parts = [part.strip() for part in both]
    return tuple(dict.fromkeys(part for part in parts if part and fold(part) not in _CODES))


def byline(line: str, *, sure: bool, authors: Collection[str] = (), vietnamese: bool = False) -> Byline | None:
    """`Ngoc Anh (laut Japan Times, Reuters)`, `Theo SGTT`, `TB (Zusammenfassung)`, `Tin, ảnh: Trường Hoàng`.

    A name alone counts when it is a known author's, when sure, or when the text is Vietnamese, where it closes nearly every story.
    """
    line = line.strip(_SPACE)
    if len(line) > MARKER_LENGTH or not line:
        return None
    if fold(line) in map(fold, authors):
        return Byline((), ())
    if found := _BYLINE_BRACKETS.fullmatch(line):
        author, inside = found[1].strip(_EDGE), found[2]
        if author and not is_name(author):
            return None
        credit = credited(inside, bracketed=True, sure=sure)
        if credit and (author or _BEFORE.match(inside) or agencies(inside)):
            return Byline(_people(author), credit)
        return Byline(_people(author), ()) if author and (fold(inside) in COMPILED or sure) else None
    if is_sentence(line):
        return None
    if credit := credited(line):
        return Byline((), credit)
    if (found := _MIDDLE.fullmatch(line)) and is_name(found[1]) and (credit := names(found[2])):
        return Byline(_people(found[1]), credit)
    label, colon, name = line.replace("：", ":").partition(":")
    if colon:
        return Byline(_people(name), ()) if fold(label) in BYLINE and is_name(name) else None
    if (sure and len(line) <= 40 and is_name(line)) or (vietnamese and _is_vietnamese_name(line)):
        return Byline(_people(line), ())
    return None


def _is_vietnamese_name(text: str) -> bool:
    return is_person(text) and len(text) <= 30 and all(len(word) <= 7 for word in text.replace("-", " ").split())


def byline_at_head(line: str) -> str | None:
    """The author in `By Jane Doe`, `Tác giả: Ngọc Ánh`, as a line of its own above the text; else None."""
    if len(line) > 60:
        return None
    word, _, rest = line.partition(" ")
    if fold(word.rstrip(":：")) in BYLINE and is_person(rest):
        return rest.strip(_SPACE)
    label, colon, name = line.replace("：", ":").partition(":")
    if not colon or fold(label) not in BYLINE:
        return None
    return name.strip(_SPACE) if is_person(name) or (_UNCASED.search(name) and is_name(name)) else None


_CREDIT_END = re.compile(r"\s*[(（\[]\s*([^()（）\[\]]{2,60})\s*[)）\]][\s.]*$")
_LAST_STOP = re.compile(r"(?:(?<!\b[^\W\d_a-z])(?<!\b[^\W\d_a-z]\w)[.]|[!?…]|/\.)[\"”’»)]*\s+(?=\S)")
# An abbreviation is no stop: `TP. Hồ Chí Minh`, `Dr. No`.


def credit_at_end(line: str) -> tuple[int, tuple[str, ...]] | None:
    """`… gestern. (AFP)`, `… năm nay./.(TTXVN)`, `(Theo AFP)` behind the last sentence: where it starts, and the names."""
    found = _CREDIT_END.search(line, max(0, len(line) - 70))
    if not found or not found.start() or not is_sentence(line[: found.start()].rstrip("/ ")):
        return None
    credit = credited(found[1]) or ((found[1],) if fold(found[1]) in DATELINES else ())
    return (found.start(), credit) if credit else None


def last_piece(line: str) -> int | None:
    """Where the words start that follow the last sentence of the line, when they are few: a byline may be glued on there."""
    start = None
    for found in _LAST_STOP.finditer(line, max(0, len(line) - 110)):
        start = found.end()
    return start if start is not None and len(line) - start <= 80 else None


# -- datelines ---------------------------------------------------------------------------------------------------------------

_CODE_BRACKETED = re.compile(r"[(（\[]\s*([^()（）\[\]]{2,24}?)\s*[)）\]]\s*([-–—:]\s*)?(?=\S)")
_CODE_BARE = re.compile(r"([^\W\d_][^\n()]{1,18}?)\s+[-–—]\s+(?=\S)")
_CODE = re.compile(r"(?=(?:.*[^\W\d_]){2})[A-ZĐ][A-ZĐ&+.0-9]*(?: ?[A-Z&][A-Za-z]*)?")
_NUMERAL = re.compile(r"[IVXLCDM]+|\d+")
_PLACE = re.compile(r"([^()\n]{2,70}?)\s?\(([^()]{2,30})\)\s*[-–—]+\s*(?=\S)")


def dateline(line: str) -> tuple[int, str] | None:
    """A paper's code at the start of a story, `(CLO) `, `(HNM) - `, `TTO - `: where the text begins, and the code."""
    if found := _CODE_BRACKETED.match(line):
        code = found[1]
        if fold(code) in DATELINES:
            return found.end(), code
        if fold(code) in AGENCIES or _NUMERAL.fullmatch(code):
            return None
        formed = _CODE.fullmatch(code) is not None
        first = line[found.end()]
        if found[2]:
            return (found.end(), code) if formed or _DOMAIN.fullmatch(code) else None
        return (found.end(), code) if formed and len(code) <= 8 and not first.islower() else None
    found = _CODE_BARE.match(line)
    return (found.end(), found[1]) if found and fold(found[1]) in DATELINES else None


def agency_dateline(line: str) -> tuple[str, tuple[str, ...]] | None:
    """An agency's place line, `LONDON (AP) — `: all of it, and the agencies. It is part of the text and stays there."""
    found = _PLACE.match(line)
    credit = agencies(found[2]) if found else ()
    return (found[0].strip(_SPACE + "-–—"), credit) if found and credit else None


_NAME_TWICE = re.compile(r"(.{2,40}?)\s*\1\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?:\s*[-–]?\s*\d{1,2}:\d\d)?")


def name_twice_and_date(line: str) -> str | None:
    """The paper's name in an aggregator's page head, `Công LuậnCông Luận31/12/2024`; else None."""
    found = _NAME_TWICE.fullmatch(line) if len(line) <= MARKER_LENGTH and line[-1:].isdigit() else None
    return found[1] if found else None


# -- lines that are markers wherever they stand --------------------------------------------------------------------------------

_PLAYER = re.compile(r"\d{1,2}:\d\d(?::\d\d)?\s*/\s*\d{1,2}:\d\d(?::\d\d)?|0?0:00")
_IMAGE_FILE = re.compile(r"[\w\-. ()%+]{1,120}\.(?:jpe?g|png|gif|webp|bmp|avif|svg)", re.IGNORECASE)
_IMAGE_MARKDOWN = re.compile(r"!\[[^\]]{0,300}\]\([^)]{0,300}\)\s*\|?")
_IMAGE_NUMBER = re.compile(r"\s*[-–—]\s*[^\W\d_]{1,12}(?: [^\W\d_]{1,12})?\s*\d{1,3}\s*\.?")
_IMAGE_NUMBER_END = re.compile(r".{10,250}\s[-–—]\s*(?:Ảnh|Hình|Photo|Foto|Bild|Image) \d{1,3}\.?")
_ARROWS = re.compile(r"(?:>>|»»|››|►►|&gt;&gt;)(?![>»])")
_FOLLOW = re.compile("|".join(f"(?:{form})" for form in markers.FOLLOW), re.IGNORECASE)
_FOLLOW_HINTS = markers.FOLLOW_HINTS.split("|")
_RIGHTS = re.compile("|".join(f"(?:{form})" for form in markers.RIGHTS), re.IGNORECASE)
_RIGHTS_HINTS = markers.RIGHTS_HINTS.split("|")
_CREDIT_END_BRACKETS = re.compile(
    r"[(（\[]\s*([^:：()（）\[\]]{1,30}?)\s?[:：]\s*([^:：()（）\[\]]{2,50})[)）\]][\s.]*$"
)
_PHOTO_ENDINGS = _Endings(_listed(markers.PHOTO))
_BOTH = re.compile(r"(?:\b(?:tin|bài|text|text und|words|và|und|and)\s?[,-]?\s?)$", re.IGNORECASE)
# `Tin, ảnh: Trường Hoàng` names who wrote it and took the pictures: a byline.
_STOPS = re.compile(r"[.!?…][\"”’»)]*(?=\s)|[。！？।]")


def whole_line(line: str, title: str) -> str | None:
    """The kind of a line that is a marker by itself, wherever it stands; else None."""
    if len(line) > LINE_LENGTH:
        return None
    bare = line.strip(_SPACE)
    if not bare.strip(_SPACE + "|"):
        return "residue" if bare else None
    if bare[0] in ">»›►&" and _ARROWS.match(bare):
        return "related"
    if bare[0] == "!" and _IMAGE_MARKDOWN.fullmatch(bare):
        return "image"
    if bare[0].isdigit() and _PLAYER.fullmatch(bare):
        return "player"
    if _is_image(bare, title):
        return "image"
    if len(bare) <= _LONGEST and (kind := ALONE.get(fold(bare))):
        return kind
    label, colon, rest = bare.replace("：", ":").partition(":")
    if colon and len(label) <= 40 and not rest.rstrip(_SPACE).endswith((".", "。")):
        label = fold(label)
        if label in RELATED:
            return "related"
        if label in TAGS:
            return "tags"
        if label in PHOTO and is_name(rest):
            return "photo_credit"
    if bare[0] in "(（[" and (found := _CREDIT_END_BRACKETS.match(bare)) and fold(found[1]) in _PICTURED:
        return "photo_credit" if is_name(found[2]) else None
    if len(bare) > 200:
        return None
    key = bare.casefold()
    if any(hint in key for hint in _FOLLOW_HINTS) and _FOLLOW.fullmatch(bare):
        return "follow"
    if any(hint in key for hint in _RIGHTS_HINTS) and _RIGHTS.fullmatch(bare):
        return "rights"
    if "|" in bare and sum(fold(part) in NETWORKS for part in bare.split("|")) > 1:
        return "share"
    return None


def _is_image(line: str, title: str) -> bool:
    """A raw file name, or the alternative text that numbers the pictures of a story: `<title> - Ảnh 1.`"""
    if line[-4:].lower() in (".jpg", "jpeg", ".png", ".gif", "webp", ".bmp", "avif", ".svg"):
        return _IMAGE_FILE.fullmatch(line) is not None
    if line.rstrip(" .")[-1:].isdigit():
        return (
            bool(title and line.startswith(title) and _IMAGE_NUMBER.fullmatch(line, len(title)))
            or _IMAGE_NUMBER_END.fullmatch(line) is not None
        )
    return False


def is_caption(line: str, credit: int) -> bool:
    """Whether a line that ends with a photo credit, from `credit` on, is short enough to be all caption."""
    if len(line) > LINE_LENGTH or "./." in line or line[:2] in ("- ", "• ", "* "):
        return False
    return len(_STOPS.findall(line, 0, credit)) <= 2


def photo_credit_at_end(line: str) -> int | None:
    """Where `Foto: Pool` or `(Quelle: Reuters)` starts that ends the line. In brackets the source is a picture's, not the article's."""
    colon = max(line.rfind(":"), line.rfind("："))
    if colon < max(1, len(line) - 60):
        return None
    if line.rstrip(". ")[-1:] in (")", "）", "]") and (
        found := _CREDIT_END_BRACKETS.search(line, max(0, len(line) - 100))
    ):
        return found.start() if found.start() and fold(found[1]) in _PICTURED and is_name(found[2]) else None
    label = line[:colon].rstrip()
    start = _PHOTO_ENDINGS.start(label)
    if not start or not is_name(line[colon + 1 :]) or label[start - 1] not in " \u00a0.(（[–—-。、」』":
        return None
    return None if _BOTH.search(line, max(0, start - 8), start) else start


_RESIDUE_END = re.compile(r"(?:\s*!\[[^\]]{0,300}\]\([^)]{0,300}\)\s*\|?|\s+\|)\s*$")
_SPACED_STOP = re.compile(r"(?<=\w) +(?=\.(?:\s|$))")


def residue_at_end(line: str) -> int | None:
    """Where `![]() |` or a lone ` |` starts that ends the line, unless bars divide the line into cells."""
    if line[-1:] not in ("|", ")") or line.count("|") > 1:
        return None
    found = _RESIDUE_END.search(line, max(0, len(line) - 620))
    return found.start() if found else None


def stops(line: str) -> str:
    """The line without the space that auto-linking a word leaves before a full stop."""
    return _SPACED_STOP.sub("", line) if " ." in line else line


def is_vietnamese(language: str | None) -> bool:
    return (language or "").lower().split("-")[0] == "vi"
