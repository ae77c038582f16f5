"""The parts of an article that survive translation: numbers, dates, names, acronyms, addresses.

An anchor stands at a place of the text and has one or more keys; two anchors of different languages are the same thing when they
share a key. A number has its value, a place its CLDR code, a name its spelling and its consonant skeletons (`romanise`).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise
from operator import itemgetter

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipelines.records import Article
from pipelines.translations.romanise import japanese, pinyin, romanise, skeleton, skeletons
from pipelines.translations.terms import PREFIXED, UNSPACED, number_format, starting, terms

VERSION = 2
NUMBER, DATE, PLACE, NAME, CODE, SOUND, WORD = range(7)
"""Classes of anchors: figures; months and weekdays; CLDR terms; spelled names; acronyms, alphanumerics, addresses; guessed names in scripts without capitals;
everyday words."""

_LIMIT = 60_000
"""Characters of a text that are read; news is shorter."""
_MAX_ANCHORS = 6000

_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0900-\u0963\u0971-\u097f\u0e01-\u0e4e\u0e81-\u0ece\u1780-\u17d3\u1000-\u109f"
_LETTERS = rf"(?:[^\W\d_]++|[{_MARKS}]++)++"
_ANCHOR = rf"""(?P<url>https?://[^\s<>"'（）)]+|www\.[^\s<>"'（）)]+|[\w.+-]++@[\w-]++\.[\w.]+)
      |(?P<code>(?<![\w-])(?:[A-Za-zĐđ]{{1,6}}[-–]?\d{{1,4}}(?:[A-Za-z]|-\d+)?|\d{{1,4}}[-]?[A-Z]{{1,4}}\d*)(?![\w]))
      |(?P<number>\d+(?:[.,\u00a0\u202f'’٬٫]\d+|[ ](?=\d{{3}}(?!\d))\d{{3}})*)
      |(?P<word>{_LETTERS}(?:['’‐-]{_LETTERS})*)"""
_SCAN = re.compile(_ANCHOR, re.VERBOSE)
_WORD = re.compile(_LETTERS)
_HAN = re.compile("[\u3400-\u9fff]+")
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]{2,}(?:[・＝=][\u30a1-\u30fa\u30fc]+)*")
_LATIN = frozenset(
    chr(c) for c in (*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00))
)
_SMALL = "".join(sorted(letter for letter in _LATIN if letter.islower()))
_SCAN_SPACED = re.compile(rf"(?:[{_SMALL}]++[ ,]++)++|{_ANCHOR}", re.VERBOSE)
"""The same for texts that write spaces, where small Latin words are no anchors: a row of them is passed over at once."""
_CASED = frozenset({"latin", "cyrillic", "greek"})

# Words after (before, in none) a figure that multiply it. CJK and Indian units are glued or spaced.
_MAGNITUDES: dict[str, float] = {
    "thousand": 1e3, "nghìn": 1e3, "ngàn": 1e3, "tausend": 1e3, "mille": 1e3, "mil": 1e3, "ribu": 1e3, "тыс": 1e3, "тысяч": 1e3, "тысячи": 1e3, "χιλιάδες": 1e3, "χιλ": 1e3, "천": 1e3, "千": 1e3, "พัน": 1e3, "ألف": 1e3, "آلاف": 1e3, "אלף": 1e3, "हजार": 1e3, "हज़ार": 1e3, "k": 1e3,
    "vạn": 1e4, "万": 1e4, "萬": 1e4, "만": 1e4, "หมื่น": 1e4, "แสน": 1e5, "लाख": 1e5, "lakh": 1e5,
    "million": 1e6, "millions": 1e6, "millionen": 1e6, "mio": 1e6, "m": 1e6, "mn": 1e6, "triệu": 1e6, "millón": 1e6, "millones": 1e6, "milhões": 1e6, "juta": 1e6, "jt": 1e6, "млн": 1e6, "миллион": 1e6, "миллиона": 1e6, "миллионов": 1e6, "εκατομμύρια": 1e6, "εκατ": 1e6, "εκατομμυρίων": 1e6, "백만": 1e6, "百万": 1e6, "百萬": 1e6, "ล้าน": 1e6, "مليون": 1e6, "ملايين": 1e6, "מיליון": 1e6, "मिलियन": 1e6, "करोड़": 1e7, "crore": 1e7, "천만": 1e7,
    "亿": 1e8, "億": 1e8, "억": 1e8,
    "billion": 1e9, "billions": 1e9, "bn": 1e9, "b": 1e9, "tỷ": 1e9, "tỉ": 1e9, "milliarden": 1e9, "milliarde": 1e9, "mrd": 1e9, "milliard": 1e9, "milliards": 1e9, "miliar": 1e9, "млрд": 1e9, "миллиард": 1e9, "миллиарда": 1e9, "миллиардов": 1e9, "δισεκατομμύρια": 1e9, "δισ": 1e9, "δισεκατομμυρίων": 1e9, "مليار": 1e9, "מיליארד": 1e9, "बिलियन": 1e9, "अरब": 1e9, "พันล้าน": 1e9, "十亿": 1e9, "十億": 1e9,
    "trillion": 1e12, "triliun": 1e12, "兆": 1e12, "조": 1e12, "万亿": 1e12, "ล้านล้าน": 1e12, "трлн": 1e12, "billionen": 1e12,
}  # fmt: skip
_MAGNITUDE = re.compile(
    r"[\s\u00a0-]{0,2}("
    + "|".join(sorted(map(re.escape, _MAGNITUDES), key=len, reverse=True))
    + r")(?P<end>\.?(?![a-zà-ỹа-яα-ω]))"
)
_MAGNITUDE_STARTS = frozenset(word[0] for word in _MAGNITUDES) | {" ", "\u00a0", "-"}

_KOREAN_PARTICLES = re.compile(
    "(?:에서는|에게|에서|으로|까지|부터|이라고|라고|이나|이며|처럼|보다|들은|들이|들의|은|는|이|가|을|를|의|에|도|로|와|과|만|인|씨)$"
)
_ARABIC_PREFIX = re.compile("^(?:[وف]?[بلك]?(?:ال)|لل|[وبلكف])")
_HEBREW_PREFIX = re.compile("^(?:[ושכ]?[בלמה])")

# The characters that Chinese uses to spell foreign names by sound, most of them in the names of countries and cities.
_ZH_SOUND = frozenset(
    "阿埃艾安奥澳巴白班邦宝保贝本比彼别宾波伯博勃布查达大代戴丹当道德登邓迪蒂丁东杜顿多俄厄恩尔耳凡范菲费芬丰佛弗夫福富盖冈高戈哥格葛根古圭哈海汉翰豪赫黑亨洪侯胡华怀霍基吉几加嘉贾简杰金津久喀卡凯坎康考柯科克肯孔库夸奎昆拉腊来莱赖兰朗劳勒雷蕾黎里理李立丽利莉连林琳龙隆卢鲁路吕伦罗洛马玛迈麦曼毛梅门蒙米密敏明摩莫墨姆穆拿那娜纳奈南内尼妮涅宁牛纽农努诺欧帕派潘庞佩蓬皮匹平泊珀普奇齐恰钱乔切琴丘屈让日荣儒瑞若撒萨塞赛桑瑟森沙山尚绍舍圣施什史士斯丝思松苏素所索塔台泰坦汤唐陶特滕提廷图土托脱瓦万旺威韦维魏温文翁沃乌吾伍西希锡夏香肖谢辛欣兴休许逊雅亚延扬杨耶叶伊易因英尤于约赞泽曾扎詹珍芝朱兹佐岛顿爾納羅馬盧蘭倫瑪賓貝維韋岡勞萊納費達雷魯麥烏蘇薩賽齊諾歐龍蓋詹傑凱魯華萬"
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """The anchors of one article, in the order of the text. Arrays are read-only by convention."""

    article_id: str
    language: str
    """Base subtag, with the script for Chinese (`zh-Hant`): what counts as one language."""
    keys: NDArray[np.uint64] = field(repr=False)
    """Hashes, shape (k,): grouped by anchor, unique within one."""
    owner: NDArray[np.uint16] = field(repr=False)
    """The anchor each key belongs to, shape (k,), rising."""
    positions: NDArray[np.uint16] = field(repr=False)
    """Where each anchor starts, 0–65535 of the text's length, shape (n,)."""
    classes: NDArray[np.uint8] = field(repr=False)
    """NUMBER … SOUND, shape (n,)."""
    surfaces: tuple[str, ...] = field(repr=False)
    """What the text says there, n strings."""
    words: NDArray[np.uint32] = field(repr=False)
    """Hashes of the words of the text, line by line, each once a line, for what the index learns about words."""
    lines: NDArray[np.int32] = field(repr=False)
    """How many of `words` stand in each line, shape (lines,)."""
    n_chars: int = 0


_TRADITIONAL = re.compile(r"^(zh|yue)\b.*\b(hant|tw|hk|mo)\b", re.IGNORECASE)


def edition(language: str | None) -> str:
    """What counts as one language: the base subtag; traditional Chinese apart, since conversions of script are made like translations."""
    tag = (language or "und").replace("_", "-").lower()
    return (
        "zh-Hant"
        if _TRADITIONAL.match(tag)
        else {"iw": "he", "in": "id", "no": "nb"}.get(tag.split("-")[0], tag.split("-")[0])
    )


LENGTH_BITS = 15
"""The low four bits of a key: the length of a skeleton, 15 for all other keys, which do not meet by chance."""


@lru_cache(maxsize=262144)
def _hash(key: str) -> int:
    length = min(14, len(key) - 2) if key.startswith("s:") else LENGTH_BITS
    return xxhash.xxh64_intdigest(key.encode()) & ~LENGTH_BITS | length


@lru_cache(maxsize=131072)
def _hashes(keys: tuple[str, ...]) -> tuple[int, ...]:
    """Of each different key."""
    return tuple(map(_hash, dict.fromkeys(keys)))


def number_key(value: float) -> int:
    """The key of a figure."""
    return _hash(_figure(value))


def _figure(value: float) -> str:
    return f"n:{value:.6g}"


def anchors(article: Article) -> Anchors:
    """The anchors of title, lead and text. Stateless; about a millisecond an article."""
    text = unicodedata.normalize(
        "NFKC", "\n".join(part for part in (article.title, article.lead, article.text) if part)[:_LIMIT]
    )
    language = edition(article.language)
    found = sorted(_find(text, language), key=itemgetter(0))[:_MAX_ANCHORS]
    keys = [_hashes(names) for *_, names in found]
    sizes = [len(some) for some in keys]
    offsets = np.array([offset for offset, *_ in found], np.int64)
    by_line = [words(line, language) for line in text.split("\n") if line.strip()]
    return Anchors(
        article_id=article.article_id,
        language=language,
        keys=np.fromiter(chain.from_iterable(keys), np.uint64, sum(sizes)),
        owner=np.repeat(np.arange(len(found), dtype=np.uint16), sizes),
        positions=(offsets * (65535 / max(1, len(text)))).astype(np.uint16),
        classes=np.array([kind for _, kind, _, _ in found], dtype=np.uint8),
        surfaces=tuple(surface for _, _, surface, _ in found),
        words=np.array([word for line in by_line for word in line], np.uint32),
        lines=np.array([len(line) for line in by_line], np.int32),
        n_chars=len(text),
    )


_KANA_TAIL = re.compile("[\u3041-\u309f]+")
_STEM = 6
"""Letters of a word that are kept: endings differ, and a few hundred sentences show few of them."""


def words(text: str, language: str) -> list[int]:
    """Hashes of what stands for the words of a text, sorted, each once: characters and pairs of them in Chinese, Japanese, Korean and
    Thai, else syllables or stems."""
    base = language.split("-", maxsplit=1)[0]
    different = set(_WORD.findall(text.lower()))
    if base not in ("ko", *UNSPACED):
        return sorted(set(map(_stem_hash, different)))
    found: set[str] = set()
    for word in different:
        if base in ("zh", "ja"):
            for run in _KANA_TAIL.split(word):
                found.update(run)
                found.update(map("".join, pairwise(run)))
        elif base == "ko":
            found.add(word[:2])
            found.add(word[:3])
        else:
            found.update(word[at : at + 3] for at in range(len(word) - 2))
    return sorted(set(map(_word_hash, found)))


@lru_cache(maxsize=262144)
def _word_hash(word: str) -> int:
    return xxhash.xxh32_intdigest(word.encode())


@lru_cache(maxsize=131072)
def _stem_hash(word: str) -> int:
    return xxhash.xxh32_intdigest(word[:_STEM].encode())


_Found = tuple[int, int, str, tuple[str, ...]]


def _find(text: str, edition_: str) -> Iterator[_Found]:
    """(offset, class, surface, keys) of every anchor."""
    language = edition_.split("-", maxsplit=1)[0]
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    taken = bytearray(len(text))
    for offset, end, codes in _terms(lower, edition_):
        kind = codes[0][0]
        if kind != "S":
            taken[offset:end] = b"\1" * (end - offset)
        yield offset, DATE if kind in "MW" else WORD if kind == "S" else PLACE, text[offset:end], codes
    spaced = language not in UNSPACED
    for match in (_SCAN_SPACED if spaced else _SCAN).finditer(text):
        group = match.lastgroup
        if group is None:
            continue
        offset, surface = match.start(), match.group()
        if group == "word":
            if taken[offset]:
                continue
            if not (spaced and surface[0] in _LATIN):
                yield from _foreign(surface, offset, language, taken)
            elif surface[0].isupper() or surface[-1].isupper():
                for at, class_, part, keys in _latin(surface, language):
                    yield offset + at, class_, part, keys
        elif group == "number":
            yield from _number(surface, offset, match.end(), text, lower, language)
        elif group == "code":
            yield offset, CODE, surface, ("a:" + re.sub(r"[^a-z0-9]", "", romanise(surface)),)
        else:
            host = re.sub(r"^(https?://)?(www\.)?", "", surface).split("/")[0].lower()
            yield offset, CODE, surface, ("u:" + host,)


def _terms(lower: str, language: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(start, end, codes) of the terms in a text in lower case, none inside another."""
    if language.split("-", maxsplit=1)[0] in UNSPACED:
        table = terms(language)
        start, size = 0, len(lower)
        while start < size - 1:
            term = next(
                (term for term in table.get(lower[start : start + 2], ()) if lower.startswith(term.text, start)), None
            )
            if term:
                yield start, start + len(term.text), term.codes
            start += len(term.text) if term else 1
        return
    free = 0
    prefix = PREFIXED.get(language, "")
    for word in _WORD.finditer(lower):
        whole = word.group()
        some = starting(whole, language)
        if not some and whole[0] not in prefix:  # most words
            continue
        start = word.start()
        if start < free:
            continue
        for skip in range(4):
            if skip and (skip > len(whole) or whole[skip - 1] not in prefix):
                break
            term = None
            for possible in starting(whole[skip:], language) if skip else some:
                if len(possible.text) <= len(whole) - skip or _stands(possible.text, lower, start + skip):
                    term = possible
                    break
            if term:
                free = start + skip + len(term.text)
                yield start + skip, max(free, word.end()) if " " not in term.text else free, term.codes
                break


def _stands(term: str, lower: str, start: int) -> bool:
    end = start + len(term)
    return lower.startswith(term, start) and (end == len(lower) or not lower[end].isalpha())


def _number(surface: str, offset: int, end: int, text: str, lower: str, language: str) -> Iterator[_Found]:
    value = _value(surface, language)
    if value is None:
        return
    keys = [_figure(value)]
    if end < len(text):
        if language == "vi" and lower[max(0, offset - 6) : offset].endswith("tháng "):
            yield offset, DATE, "tháng " + surface, (f"M{value:.0f}",)
            return
        if text[end] in "月월" and 1 <= value <= 12:
            yield offset, DATE, surface + text[end], (f"M{value:.0f}",)
            return
        if (
            text[end] in "/-"
            and (date := re.match(r"(\d{1,2})[/-](\d{1,2})(?!\d)", text[offset : offset + 6]))
            and 1 <= int(date[2]) <= 12
            and language not in ("en", "ja", "zh", "ko")
        ):
            yield end, DATE, date[0], (f"M{int(date[2])}",)
        if lower[end] in _MAGNITUDE_STARTS and (unit := _MAGNITUDE.match(lower, end)):
            factor = _MAGNITUDES[unit[1]]
            total = value * factor
            rest = re.compile(r"\s?(\d[\d,]*)\s?([万萬만千천])?").match(text, unit.end())
            if factor >= 1e4 and unit[1] in "亿億억万萬만" and rest:
                small = _value(rest[1], language) or 0.0
                total += small * _MAGNITUDES.get(rest[2] or "", 1.0)
            yield offset, NUMBER, text[offset : unit.end(1)], (_figure(total),)
            return
    yield offset, NUMBER, surface, tuple(keys)


@lru_cache(maxsize=65536)
def _value(surface: str, language: str) -> float | None:
    """What a figure means where it stands: separators by the language's rule, and by the group of three when that is broken."""
    digits = "".join(
        str(unicodedata.digit(c)) if c.isdigit() else c for c in surface if c.isdigit() or c in ".,٬٫ \u00a0\u202f'’"
    )
    digits = digits.translate({ord(c): None for c in " \u00a0\u202f'’٬"}).replace("٫", ".")
    decimal, _ = number_format(language)
    signs = [c for c in digits if c in ".,"]
    if signs:
        last = signs[-1]
        tail = digits.rpartition(last)[2]
        if len(set(signs)) == 2:
            whole = digits.replace("," if last == "." else ".", "").replace(",", ".")
        elif len(signs) > 1 or (len(tail) == 3 and (last != decimal or language in ("vi", "de", "es", "id"))):
            whole = digits.replace(last, "")
        else:
            whole = digits.replace(",", ".")
    else:
        whole = digits
    try:
        return float(whole[:24])
    except ValueError:
        return None


@lru_cache(maxsize=131072)
def _name_keys(latin: str) -> tuple[str, ...]:
    """Spelling and skeletons of a romanised name; skeletons of two classes say nothing."""
    spelled = re.sub(r"[^a-z]", "", latin)
    return tuple([f"l:{spelled}"] * (len(spelled) >= 2) + [f"s:{one}" for one in skeletons(latin) if len(one) >= 3])


@lru_cache(maxsize=65536)
def _latin(surface: str, language: str) -> tuple[_Found, ...]:
    """The anchors in a capitalised Latin word, from its start. Vietnamese ones syllable by syllable, foreign spellings joined."""
    if len(surface) < 2:
        return ()
    latin = romanise(surface)
    if surface.isupper() and len(surface) <= 6:
        spelled = "a:" + re.sub(r"[^a-z0-9]", "", latin)
        return ((0, CODE, surface, (spelled, *(_name_keys(latin) if len(surface) > 3 else ()))),)
    if language == "vi" and "-" in surface:
        latin = latin.replace("-", "").replace("tx", "s").replace("x", "s")
    found = [(0, NAME, surface, _name_keys(latin))]
    if language != "vi" and "-" in surface:
        at = 0
        for part in surface.split("-"):
            if len(part) > 2 and part[0].isupper():
                found.append((at, NAME, part, _name_keys(romanise(part))))
            at += len(part) + 1
    return tuple(found)


def _foreign(surface: str, offset: int, language: str, taken: bytearray) -> Iterator[_Found]:
    """Names in scripts that are not Latin."""
    if language == "ja":
        for run in _KATAKANA.finditer(surface):
            at = run.start()
            for part in re.split("[・＝=]", run.group()):
                if not taken[offset + at]:
                    keys = _name_keys(romanise(part.replace("ー", "")))
                    if keys:
                        yield offset + at, NAME, part, keys
                at += len(part) + 1
        for run in _HAN.finditer(surface):
            if len(run.group()) >= 2:
                for at, word, keys in _kanji(run.group()):
                    if not taken[offset + run.start() + at]:
                        yield offset + run.start() + at, SOUND, word, keys
    elif language == "zh":
        for run in _HAN.finditer(surface):
            yield from _chinese(run.group(), offset + run.start(), taken)
    elif language in ("th", "lo", "km", "my"):
        yield from _windows(surface, offset)
    elif surface[0].isupper():
        latin = romanise(surface)
        yield offset, NAME, surface, _name_keys(latin)
    elif language in ("ko", "ar", "he", "fa", "hi") and len(surface) >= 2:
        keys = _uncased_keys(surface, language)
        if keys:
            yield offset, SOUND, surface, keys


@lru_cache(maxsize=131072)
def _uncased_keys(surface: str, language: str) -> tuple[str, ...]:
    forms = [surface]
    if language == "ko":
        stem = _KOREAN_PARTICLES.sub("", surface)
        forms = [stem if len(stem) >= 2 else surface]
    elif language == "ar":
        forms = list(dict.fromkeys((surface, _ARABIC_PREFIX.sub("", surface))))
    elif language == "he":
        forms = list(dict.fromkeys((surface, _HEBREW_PREFIX.sub("", surface))))
    keys: dict[str, None] = {}
    for form in forms:
        keys |= dict.fromkeys(_name_keys(romanise(form).replace("lm", "lm")))
    return tuple(keys)


@lru_cache(maxsize=65536)
def _kanji(run: str) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    """The words of a run of kanji by their reading; names of people and places are read as they are written abroad."""
    return tuple(
        (at, word, _name_keys(reading.replace("ou", "o").replace("uu", "u")))
        for word, reading, at in japanese(run)
        if len(reading) >= 3 and _name_keys(reading)
    )


def _chinese(run: str, offset: int, taken: bytearray) -> Iterator[_Found]:
    """Stretches of two or more characters that spell by sound, whole and in parts."""
    start = 0
    while start < len(run):
        end = start
        while end < len(run) and run[end] in _ZH_SOUND and not taken[offset + end]:
            end += 1
        if end - start >= 2:
            stretch = run[start:end]
            for at, part, keys in _spelled(stretch):
                yield offset + start + at, SOUND, part, keys
        start = max(end, start + 1)


@lru_cache(maxsize=65536)
def _spelled(stretch: str) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    parts = []
    for at in range(len(stretch) - 1):
        keys: dict[str, None] = {}
        for size in (2, 3, 4, 5):
            if at + size <= len(stretch):
                latin = "".join(map(pinyin, stretch[at : at + size]))
                keys |= dict.fromkeys(key for key in _name_keys(latin) if key[0] == "s")
        if keys:
            parts.append((at, stretch[at : at + 5], tuple(keys)))
    return tuple(parts)


_SILENT = re.compile(".[\u0e38\u0e34]?\u0e4c")


def _windows(surface: str, offset: int) -> Iterator[_Found]:
    """Thai, Lao and Khmer do not part words: the skeletons of every five, six and seven consonants in a row."""
    letters: list[tuple[int, str]] = []
    text = _SILENT.sub(lambda silent: "\0" * len(silent.group()), surface)
    for at, char in enumerate(text):
        sound = skeleton(romanise(char)).removeprefix("A")
        if sound and not (letters and letters[-1][1] == sound and at - letters[-1][0] == 1):
            letters.append((at, sound))
    for first in range(len(letters) - 4):
        start = letters[first][0]
        some = letters[first : first + 7]
        sounds = "".join(sound for _, sound in some)
        keys = tuple(f"s:{sounds[:size]}" for size in range(5, len(some) + 1))
        yield offset + start, SOUND, surface[start : some[-1][0] + 1], keys
