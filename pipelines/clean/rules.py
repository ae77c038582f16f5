"""What one line is: the forms of markers, on top of the words in `markers.py`.

Every function looks at one line, has no state and says `None` (or False) where it is not sure. Long lines are prose: most rules
refuse them by length first, which also bounds every regular expression here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pipelines.clean import markers

MARKER_LENGTH = 120
"""No marker without a URL is longer, in characters."""
URL_LENGTH = 2048

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
_EDGE = " \t\u00a0\u3000.…·•‧-–—*|:：>»«<~=_\"'" + _INVISIBLE
_STOP = ".!?…。！？؟।॥։។၊။"
_CLOSING = "\"'”’»›)]}）】」』】〕"
_UNCASED = re.compile(r"[\u0590-\u08ff\u0900-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def fold(text: str) -> str:
    """How words of the tables are compared: no case, no invisible characters, no punctuation around, single spaces."""
    return " ".join(text.strip(_EDGE).casefold().split())


def _words(*tables: Mapping[str, str]) -> frozenset[str]:
    return frozenset(fold(word) for table in tables for words in table.values() for word in words.split("|"))


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


def _listed(*tables: Mapping[str, str]) -> str:
    return _alternatives(word for table in tables for words in table.values() for word in words.split("|"))


SOURCE = _words(markers.SOURCE)
COMMENTS = _words(markers.COMMENTS)
ADS = _words(markers.ADS)
PHOTO = _words(markers.PHOTO)
RELATED = _words(markers.RELATED)
BUTTONS = {
    word: kind for kind, table in (("share", markers.SHARE), ("player", markers.PLAYER)) for word in _words(table)
}
TAGS = _words(markers.TAGS)
COMPILED = _words(markers.COMPILED)
AGENCIES = frozenset(fold(name) for name in markers.AGENCIES.split("|"))
DATELINES = frozenset(fold(name) for name in markers.DATELINES.split("|"))

_SOURCE_END = re.compile(rf"(?:{_listed(markers.SOURCE)})$", re.IGNORECASE)
_URL = r"(?:https?://|www\.)[^\s<>\"'\[\]{}|\\^`]{4,2000}|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,10}/[^\s<>\"'\[\]{}|\\^`]{1,2000}"
_URL_END = re.compile(rf"({_URL})\s*$", re.IGNORECASE)
_COUNT_END = re.compile(r"[(（\[]\s*\d{1,6}\s*[)）\]]$")
_LABEL_CHARS = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,3}$")
_PLACEHOLDER = re.compile(r"[\[【［〔]\s?([^\W\d_]+(?:[ '’-][^\W\d_]+){0,2})([ _\u00a0-]?)(\d{1,2})\s?[\]】］〕]")


class Placeholder(NamedTuple):
    start: int
    end: int
    known: bool


def placeholder_at_end(line: str) -> Placeholder | None:
    """`[ad_2]` and its translations at the end of the line. `known`: by the word, or by the underscore no prose has."""
    opening = max(line.rfind(bracket, -40) if len(line) > 40 else line.rfind(bracket) for bracket in "[【［〔")
    return _placeholder(line, opening, end=True) if opening >= 0 else None


def placeholder_at_start(line: str) -> Placeholder | None:
    """The same at the start of the line."""
    return _placeholder(line, 0, end=False) if line[:1] in "[【［〔" else None


def _placeholder(line: str, position: int, *, end: bool) -> Placeholder | None:
    found = _PLACEHOLDER.match(line, position)
    if not found or (end and line[found.end() :].strip(_EDGE)):
        return None
    stop = len(line) if end else found.end()
    return Placeholder(position, stop, fold(found[1]) in ADS or found[2] == "_")


def is_comment_count(line: str, *, sure: bool) -> bool:
    """`Kommentar (0)`. A word of no table counts with a zero, or after (below) another marker."""
    found = _COUNT_END.search(line) if len(line) <= MARKER_LENGTH // 2 else None
    if not found:
        return False
    word = line[: found.start()].strip(" \u00a0:" + _INVISIBLE)
    if fold(word) in COMMENTS:
        return True
    return bool(_LABEL_CHARS.match(word)) and len(word) <= 30 and (sure or re.sub(r"\D", "", found[0]) == "0")


_COMMENT_GLUED = re.compile(rf"(?:{_listed(markers.COMMENTS)})\s?[(（\[]\s*\d{{1,6}}\s*[)）\]]$", re.IGNORECASE)


def comment_count_glued(line: str) -> int | None:
    """Where a known comment counter starts that is glued to the text before it, as in `….htmlKommentar (0)`."""
    if not _COUNT_END.search(line[-20:]):
        return None
    found = _COMMENT_GLUED.search(line, max(0, len(line) - 60))
    if not found or not found.start():
        return None
    before, word = line[found.start() - 1], found[0][0]
    return (
        found.start()
        if _boundary(before, word) or _URL_END.search(line[: found.start()].rstrip()[-URL_LENGTH:])
        else None
    )


class SourceLine(NamedTuple):
    start: int
    """Where the marker starts in the line; what stands before it is not part of it."""
    url: str
    name: str


def source_line(line: str, *, sure: bool) -> SourceLine | None:
    """`Quelle: https://…`, `Quelle: Công Luận`, `Quelle`, glued to a byline too. `sure`: another marker stands beside the line."""
    if len(line) > URL_LENGTH:
        return None
    found = _URL_END.search(line) if "/" in line else None
    if found:
        head = line[: found.start()].rstrip(" \u00a0" + _INVISIBLE)
        url = found[1].rstrip(".,;:)]\u200f\u200e")
        if head.endswith((":", "：")):
            head = head[:-1].rstrip()
            start = _source_word(head, glued=True)
            if start is None and sure and _is_label(head):
                start = 0
            if start is not None:
                return SourceLine(start, url, "")
        elif fold(head) in SOURCE:
            return SourceLine(0, url, "")
        elif sure and not head:
            return SourceLine(0, url, "")
        return None
    if len(line) > MARKER_LENGTH:
        return None
    label, colon, name = line.replace("：", ":").rpartition(":")
    if colon:
        start = _source_word(label.rstrip(), glued=True)
        name = name.strip(_EDGE)
        return SourceLine(start, "", name) if start is not None and name and is_name(name) else None
    if fold(line) in SOURCE:
        return SourceLine(0, "", "")
    start = _source_word(line.rstrip(_EDGE), glued=sure or not is_sentence(line))
    return SourceLine(start, "", "") if start else None


def _source_word(head: str, *, glued: bool) -> int | None:
    """Where the source word starts that ends `head`: the whole of it, or glued to what stands before."""
    if fold(head) in SOURCE:
        return 0
    found = _SOURCE_END.search(head, max(0, len(head) - 40)) if glued else None
    if not found or not found.start():
        return None
    return found.start() if _boundary(head[found.start() - 1], found[0][0]) else None


def _boundary(before: str, first: str) -> bool:
    """Whether two characters without a space between them belong to two pieces that were glued together."""
    if before.isspace() or before in "-/'’\"„“«([（":
        return False
    if first.isupper():
        return True
    if _UNCASED.match(first):
        return not _UNCASED.match(before)
    return before in _CLOSING or before in _STOP


def _is_label(text: str) -> bool:
    return 0 < len(text) <= 30 and bool(_LABEL_CHARS.match(text.strip(" \u00a0" + _INVISIBLE)))


def is_lone_word(line: str) -> bool:
    """One or two short words with no punctuation: a label, whatever the language."""
    word = line.strip(" \u00a0:：" + _INVISIBLE)
    return len(word) <= 24 and word.count(" ") <= 1 and bool(_LABEL_CHARS.match(word))


def is_sentence(text: str) -> bool:
    """Whether the text ends like a sentence."""
    return text.rstrip(" \u00a0" + _CLOSING + _INVISIBLE)[-1:] in _STOP


_NAME_BAD = re.compile(r"[!?。！？؟।;=<>{}\[\]@#]|\.\s|https?:")


def is_name(text: str) -> bool:
    """Whether the text looks like the name of a person, a paper, an agency, or of a few of them."""
    text = text.strip(_EDGE)
    if not 1 < len(text) <= 60 or _NAME_BAD.search(text) or sum(char.isdigit() for char in text) > 4:
        return False
    if _UNCASED.search(text):
        return len(text) <= 24 or (text.count(" ") + text.count("、") <= 5 and len(text) <= 40)
    words = text.replace("/", " ").replace(",", " ").split()
    capital = sum(word[:1].isupper() or word[:1].isdigit() for word in words)
    return (
        len(words) <= 8
        and (capital * 3 >= len(words) * 2 or _DOMAIN.fullmatch(text) is not None)
        and not words[0][:1].isspace()
    )


_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,6}", re.IGNORECASE)
_SPLIT = re.compile(r"\s*[,;、،，/+]\s*|\s+(?:và|and|und|et|y|e|dan|и|και|&|و)\s+")
_BEFORE = re.compile(
    rf"(?:{_listed(markers.CREDIT_BEFORE)})(?:\s*:\s*|\s+|(?<=[\u3400-\u9fff\u0e00-\u0eff\u1780-\u17ffל])|(?<= ל))",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"\s*(?:{_listed(markers.CREDIT_AFTER)})$", re.IGNORECASE)


def names(text: str) -> tuple[str, ...]:
    """The names of a list: `Japan Times, Reuters`. Empty when one of them is no name."""
    parts = [part.strip(_EDGE) for part in _SPLIT.split(text.strip(_EDGE))]
    parts = [part for part in parts if part]
    if not parts or len(parts) > 6 or not all(_is_one_name(part) for part in parts):
        return ()
    return tuple(dict.fromkeys(parts))


def _is_one_name(text: str) -> bool:
    if not 1 < len(text) <= 40:
        return False
    return is_name(text) or _DOMAIN.fullmatch(text) is not None or fold(text) in AGENCIES


def credited(text: str, *, sure: bool = False) -> tuple[str, ...]:
    """The names in `laut Japan Times, Reuters`, `ロイターによると`, or a list of agencies alone (`AFP/dpa`).

    `sure`: the text stands in a byline beside other markers; then lower-case words of any language may lead (`ifølge Reuters`).
    """
    text = text.strip(_EDGE)
    if len(text) > MARKER_LENGTH:
        return ()
    found = _BEFORE.match(text)
    if found:
        return names(text[found.end() :])
    found = _AFTER.search(text)
    if found and found.start():
        return names(text[: found.start()])
    if all(fold(part) in AGENCIES for part in _SPLIT.split(text)):
        return names(text)
    words = text.split()
    if sure and len(words) > 1 and words[0].islower() and words[0][:1].isalpha() and not _UNCASED.search(text):
        lead = next((at for at, word in enumerate(words) if not word.islower()), len(words))
        return names(" ".join(words[lead:])) if lead <= 3 else ()
    return ()


class Byline(NamedTuple):
    author: str
    credits: tuple[str, ...]


_BRACKETED = re.compile(r"^(.{0,60}?)\s*[(（]\s*([^()（）]{1,80})\s*[)）][\s.]*$")


def byline(line: str, *, sure: bool, authors: Iterable[str] = ()) -> Byline | None:
    """`Ngoc Anh (laut Japan Times, Reuters)`, `Theo SGTT`, `TB (Zusammenfassung)`; the name alone when `sure` or a known author's."""
    if len(line) > MARKER_LENGTH:
        return None
    if fold(line) in {fold(author) for author in authors}:
        return Byline("", ())
    found = _BRACKETED.match(line)
    if found:
        author, inside = found[1].strip(_EDGE), found[2]
        if author and not is_name(author):
            return None
        sources = credited(inside, sure=sure)
        if sources:
            return Byline(author, sources)
        if author and (fold(inside) in COMPILED or (sure and is_name(author))):
            return Byline(author, ())
        return None
    sources = credited(line) if not is_sentence(line) else ()
    if sources:
        return Byline("", sources)
    if sure and is_name(line) and not is_sentence(line) and len(line) <= 40 and ":" not in line:
        return Byline(line.strip(_EDGE), ())
    return None


_END_CREDIT = re.compile(r"\s*[(（]\s*([^()（）]{2,60})\s*[)）]\s*\.?$")
_END_THEO = re.compile(
    rf"(?<=[.!?…。\"”’»/])\s*(?:{_listed({'vi': markers.CREDIT_BEFORE['vi']})})[\s:]+([^.!?]{{2,60}})$"
)


def credit_at_end(line: str) -> tuple[int, tuple[str, ...]] | None:
    """`… gestern. (AFP)`, `… năm nay./.(TTXVN)`, `… kinh tế. Theo Infonet` at the end of the last paragraph: where, and the names."""
    for form in (_END_CREDIT, _END_THEO):
        found = form.search(line, max(0, len(line) - MARKER_LENGTH))
        if found and found.start():
            sources = credited(found[1]) if form is _END_CREDIT else names(found[1])
            if sources and (form is _END_THEO or is_sentence(line[: found.start()].rstrip("/ "))):
                return found.start(), sources
    return None


_DATELINE = re.compile(r"^[(（\[]\s*([^()（）\[\]]{2,24}?)\s*[)）\]]\s*([-–—:]\s*)?(?=\S)")
_DATELINE_BARE = re.compile(r"^([^\W\d_][^\n]{1,18}?)\s+[-–—]\s+(?=\S)")
_CODE = re.compile(r"(?=(?:.*[^\W\d_]){2})(?=\S*[A-ZĐ])[A-ZĐ][A-ZĐ&+.0-9]*(?: ?[A-Z&][A-Za-z]*)?")
_ROMAN = re.compile(r"[IVXLC]+|\d+")


def dateline(line: str) -> tuple[int, str] | None:
    """`(CLO) `, `(HNM) - `, `TTO - ` at the start of a story: where the text begins, and the code."""
    found = _DATELINE.match(line)
    if found:
        code = found[1]
        known = fold(code) in DATELINES or fold(code) in AGENCIES
        formed = bool(_CODE.fullmatch(code)) and not _ROMAN.fullmatch(code)
        follows = line[found.end() : found.end() + 1]
        starts = follows.isupper() or follows in "“\"'‘«„" or follows.isdigit() or bool(_UNCASED.match(follows))
        if known or (found[2] and (formed or is_name(code))) or (formed and len(code) <= 8 and starts):
            return found.end(), code
        return None
    found = _DATELINE_BARE.match(line)
    if found and fold(found[1].strip("() ")) in DATELINES:
        return found.end(), found[1].strip("() ")
    return None


_PLAYER = re.compile(r"\d{1,2}:\d\d(?::\d\d)?\s*(?:/\s*\d{1,2}:\d\d(?::\d\d)?)?")
_IMAGE_FILE = re.compile(r"[\w\-. ()%+]{1,120}\.(?:jpe?g|png|gif|webp|bmp|avif|svg)", re.IGNORECASE)
_IMAGE_MARKDOWN = re.compile(r"!\[[^\]\n]{0,300}\]\([^)\n]{0,1000}\)(?:\s*\|)?")
_IMAGE_NUMBER = re.compile(rf"\s*[-–—]\s*(?:{_listed(markers.PHOTO)})\s*\d{{1,3}}\s*\.?$", re.IGNORECASE)
_ARROW = re.compile(r"(?:>>|»»|>>>|››|►►|&gt;&gt;)")
_FOLLOW = re.compile("|".join(f"(?:{form})" for form in markers.FOLLOW), re.IGNORECASE)
_FOLLOW_HINT = re.compile(
    r"mời|theo dõi|tham gia|truy cập|quan tâm|đăng ký|\bon\b|folgen|suive|s[íi]g|подпис|ikuti|đánh giá|nhấn|nhận",
    re.IGNORECASE,
)
_PHOTO_LINE = re.compile(
    rf"^[(（\[]?\s*(?:{_listed(markers.PHOTO)})\s*(?:[:：=/]|\s[-–—])\s*(.{{2,60}})$", re.IGNORECASE
)
_SOURCE_BRACKETED = re.compile(
    rf"^[(（\[]\s*(?:{_listed(markers.SOURCE, markers.PHOTO)})\s*[:：]\s*([^()（）]{{2,60}})[)）\]]\s*\.?$",
    re.IGNORECASE,
)


def whole_line(line: str, title: str) -> str | None:
    """The kind of a line that is a marker by itself wherever it stands, else None."""
    if len(line) > 300:
        return None
    bare = line.strip(" \t\u00a0\u3000" + _INVISIBLE)
    if not bare or bare in {"|", "||", "![]", "[]", "()"}:
        return "residue"
    if bare[0] in ">»›►&" and _ARROW.match(bare):
        return "related"
    if bare[0] == "!" and _IMAGE_MARKDOWN.fullmatch(bare):
        return "image"
    if bare[0].isdigit() and _PLAYER.fullmatch(bare):
        return "player"
    if title and bare.startswith(title) and _IMAGE_NUMBER.fullmatch(bare[len(title) :]):
        return "image"
    if bare[-1:].isalpha() and _IMAGE_FILE.fullmatch(bare) and not is_sentence(bare):
        return "image"
    key = fold(bare)
    if key in RELATED:
        return "related"
    if key in BUTTONS:
        return BUTTONS[key]
    if key in TAGS:
        return "tags"
    label, colon, rest = bare.replace("：", ":").partition(":")
    if colon and len(label) <= 40:
        label = fold(label)
        if label in RELATED:
            return "related"
        if label in TAGS and not is_sentence(rest):
            return "tags"
    if len(bare) <= MARKER_LENGTH and (_is_photo_credit(bare)):
        return "photo_credit"
    if _FOLLOW_HINT.search(bare) and _FOLLOW.fullmatch(bare):
        return "follow"
    return None


def _is_photo_credit(line: str) -> bool:
    found = _SOURCE_BRACKETED.match(line) if line[0] in "(（[" else None
    found = found or _PHOTO_LINE.match(line)
    return bool(found) and is_name(found[1].strip(")）] ")) if found else False


_RESIDUE_END = re.compile(r"(?:\s*!\[[^\]\n]{0,300}\]\([^)\n]{0,1000}\))*\s+\|\s*$|(?:\s*!\[\]\([^)\n]{0,1000}\))+\s*$")
_SPACED_STOP = re.compile(r"(?<=\w) +(?=\.(?:\s|$))")
_PLACE_DATE = re.compile(r"^(.{2,40}?)\s*\1\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?:\s*[-–]?\s*\d{1,2}:\d\d)?$")


def residue_at_end(line: str) -> int | None:
    """Where `![]() |` or a lone ` |` starts that ends the line."""
    if line[-1:] not in "|)":
        return None
    found = _RESIDUE_END.search(line, max(0, len(line) - 400))
    return found.start() if found else None


def stops(line: str) -> str:
    """The line without the space that auto-linking leaves before a full stop."""
    return _SPACED_STOP.sub("", line) if " ." in line else line


def name_twice_and_date(line: str) -> str | None:
    """The paper's name in `Công LuậnCông Luận31/12/2024`, an aggregator's page head; else None."""
    if len(line) > MARKER_LENGTH or not line[-1:].isdigit():
        return None
    found = _PLACE_DATE.match(line)
    return found[1] if found else None
