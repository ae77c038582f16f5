"""What CLDR calls countries, cities, languages, currencies, months, weekdays and everyday things in each language, as one code for all.

`Italien`, `イタリア` and `Italy` all are `T:IT`. Adjectives meet their country by its stem and by the name of its language (`russisch`, `tiếng Nga`).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from numpy.typing import NDArray

UNSPACED = frozenset({"ja", "zh", "th", "lo", "km", "my"})
PREFIXED = {"ar": "وفبكلا", "he": "ושכבלמה"}
"""Letters that are written onto the front of a word: and, in, to, the."""
_INFLECTED = frozenset(
    {
        "ru",
        "uk",
        "be",
        "bg",
        "sr",
        "el",
        "pl",
        "cs",
        "sk",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "en",
        "hi",
        "fi",
        "hu",
        "tr",
        "sv",
        "da",
        "ro",
    }
)

# Everyday names that CLDR leaves out or writes in full.
_MORE: dict[str, dict[str, str]] = {
    "vi": {
        "Mỹ": "T:US", "Hoa Kỳ": "T:US", "Anh": "T:GB", "Ý": "T:IT", "Nhật": "T:JP", "Úc": "T:AU", "Đức": "T:DE", "Bỉ": "T:BE", "Áo": "T:AT", "Nga": "T:RU", "Hàn": "T:KR",
        "Thổ Nhĩ Kỳ": "T:TR", "Triều Tiên": "T:KP", "Phi-líp-pin": "T:PH", "Mã Lai": "T:MY", "Pari": "C:Europe/Paris", "Paris": "C:Europe/Paris", "Bắc Kinh": "C:Asia/Beijing",
        "Luân Đôn": "C:Europe/London", "London": "C:Europe/London", "Mát-xcơ-va": "C:Europe/Moscow", "Moscow": "C:Europe/Moscow", "Tokyo": "C:Asia/Tokyo", "Washington": "C:America/Washington",
        "Trung Đông": "X:mideast", "Liên Hợp Quốc": "T:UN", "LHQ": "T:UN", "Hồng Kông": "T:HK", "Xê-un": "C:Asia/Seoul",
    },
    "en": {"U.S.": "T:US", "US": "T:US", "USA": "T:US", "American": "T:US", "UK": "T:GB", "Britain": "T:GB", "British": "T:GB", "Dutch": "T:NL", "Danish": "T:DK", "Spanish": "T:ES", "Middle East": "X:mideast", "Beijing": "C:Asia/Beijing"},
    "de": {"USA": "T:US", "Amerika": "T:US", "amerikanisch": "T:US", "britisch": "T:GB", "Großbritannien": "T:GB", "UN": "T:UN", "Peking": "C:Asia/Beijing", "Nahe Osten": "X:mideast"},
    "fr": {"américain": "T:US", "britannique": "T:GB", "Grande-Bretagne": "T:GB", "ONU": "T:UN", "Pékin": "C:Asia/Beijing", "Moyen-Orient": "X:mideast"},
    "es": {"estadounidense": "T:US", "EE. UU.": "T:US", "EEUU": "T:US", "británic": "T:GB", "ONU": "T:UN", "Pekín": "C:Asia/Beijing"},
    "id": {"AS": "T:US", "Amerika": "T:US", "Inggris": "T:GB", "Tiongkok": "T:CN", "PBB": "T:UN", "Beijing": "C:Asia/Beijing"},
    "ru": {"США": "T:US", "америк": "T:US", "британ": "T:GB", "Великобритан": "T:GB", "ООН": "T:UN", "Пекин": "C:Asia/Beijing"},
    "el": {"ΗΠΑ": "T:US", "αμερικαν": "T:US", "Βρετανί": "T:GB", "βρετανικ": "T:GB", "ΟΗΕ": "T:UN", "Πεκίνο": "C:Asia/Beijing"},
    "ja": {"米": "T:US", "米国": "T:US", "アメリカ": "T:US", "英国": "T:GB", "イギリス": "T:GB", "独": "T:DE", "仏": "T:FR", "豪": "T:AU", "国連": "T:UN", "中東": "X:mideast", "北京": "C:Asia/Beijing", "ロシア": "T:RU"},
    "zh": {"美国": "T:US", "美國": "T:US", "英国": "T:GB", "英國": "T:GB", "联合国": "T:UN", "聯合國": "T:UN", "中东": "X:mideast", "中東": "X:mideast", "北京": "C:Asia/Beijing", "俄国": "T:RU", "朝鲜": "T:KP", "德国": "T:DE"},
    "ko": {"미국": "T:US", "영국": "T:GB", "유엔": "T:UN", "중동": "X:mideast", "베이징": "C:Asia/Beijing", "북한": "T:KP", "한국": "T:KR", "호주": "T:AU"},
    "ar": {"أمريك": "T:US", "أميرك": "T:US", "بريطاني": "T:GB", "الأمم المتحدة": "T:UN", "بكين": "C:Asia/Beijing"},
    "he": {"ארה\"ב": "T:US", "אמריקא": "T:US", "בריטני": "T:GB", "האו\"ם": "T:UN", "בייג'ינג": "C:Asia/Beijing"},
    "hi": {"अमेरिक": "T:US", "ब्रिट": "T:GB", "ब्रिटेन": "T:GB", "संयुक्त राष्ट्र": "T:UN", "बीजिंग": "C:Asia/Beijing"},
    "th": {"สหรัฐ": "T:US", "อเมริกา": "T:US", "อังกฤษ": "T:GB", "สหประชาชาติ": "T:UN", "ปักกิ่ง": "C:Asia/Beijing"},
}  # fmt: skip


def _locale(language: str) -> Locale | None:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None


def _named(locale: Locale) -> Iterator[tuple[str, str]]:
    """Every (name, code) that CLDR has for this language."""
    for code, name in locale.territories.items():
        if len(code) == 2 and code.isalpha():
            yield name, f"T:{code}"
    likely = get_global("likely_subtags")
    for code, name in locale.languages.items():
        if len(code) == 2 and code not in ("en", "es", "pt", "ar"):
            region = str(likely.get(code, "")).rpartition("_")[2]
            if len(region) == 2:
                words = name.split()
                yield (
                    (words[-1] if words[0].casefold() in ("tiếng", "bahasa") and len(words) > 1 else name),
                    f"T:{region}",
                )
    for zone, names in locale.time_zones.items():
        if names.get("city"):
            yield names["city"], f"C:{zone}"
    for zone in get_global("zone_territories"):
        city = zone.rpartition("/")[2].replace("_", " ")
        if zone.count("/") == 1 and not zone.startswith("Etc") and locale.language not in UNSPACED:
            yield city, f"C:{zone}"
    for context in ("format", "stand-alone"):
        for month, name in locale.months[context]["wide"].items():
            yield name, f"M{month}"
        for day, name in locale.days[context]["wide"].items():
            yield name, f"W{day}"
    for code, name in locale.currencies.items():
        if code in _CURRENCIES:
            yield name, f"$:{code}"


_CURRENCIES = frozenset(
    [
        "USD",
        "EUR",
        "JPY",
        "GBP",
        "CNY",
        "VND",
        "KRW",
        "RUB",
        "INR",
        "THB",
        "AUD",
        "CAD",
        "CHF",
        "SGD",
        "IDR",
        "TRY",
        "BRL",
    ]
)


@dataclass(frozen=True, slots=True)
class Term:
    """What a language calls something."""

    text: str
    """In lower case, NFKC; a stem when `open`."""
    codes: tuple[str, ...]
    open: bool
    """Whether letters may follow: endings, or the next word of a script without spaces."""


@lru_cache(maxsize=64)
def terms(language: str) -> dict[str, list[Term]]:
    """The terms of a language by what a text must start with to have them, longest first.

    That is the first two characters in scripts without spaces, elsewhere the term's first word (or stem).
    """
    locale = _locale(language)
    base = language.split("-", maxsplit=1)[0]
    found: dict[str, tuple[str, ...]] = {}
    for name, code in _named(locale) if locale else ():
        folded = _folded(re.sub(r"\s*[（(].*", "", name))
        if base == "ko":
            folded = folded.removesuffix("어")
        elif base == "ja":
            folded = folded.removesuffix("語")
        if len(folded) >= 2 and not folded.isdigit():
            found.setdefault(folded, (code,))
    for name, code in _MORE.get(base, {}).items():
        found[_folded(name)] = (code,)
    for word, codes in _lexicon(language).items():
        found.setdefault(word, codes)
    table: dict[str, list[Term]] = defaultdict(list)
    for name, codes in found.items():
        term = _term(name, codes, base)
        first = term.text[:2] if base in UNSPACED else _FIRST_WORD.match(term.text)[0]  # type: ignore[index]
        table[first].append(term)
    for entries in table.values():
        entries.sort(key=lambda term: -len(term.text))
    return dict(table)


_FIRST_WORD = re.compile(r"[^\s‐-]+|.")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower().strip()


def _term(name: str, codes: tuple[str, ...], base: str) -> Term:
    """A country's or month's name also stands for its inflections and adjectives, other words for their plurals."""
    if base in UNSPACED:
        return Term(name, codes, True)
    if base in _INFLECTED and " " not in name and codes[0][0] in "TM" and len(name) >= 5:
        return Term(name[: max(4, len(name) - (2 if codes[0][0] == "T" else 1))], codes, True)
    if base in _INFLECTED and " " not in name and codes[0][0] == "S" and len(name) >= 6:
        return Term(name[:-1], codes, True)
    return Term(name, codes, base in ("ko", "ar", "he") or (base in _INFLECTED and len(name) >= 4 and " " not in name))


LONGEST_ENDING = 8


@lru_cache(maxsize=131072)
def starting(word: str, language: str) -> tuple[Term, ...]:
    """The terms that may start with this word (of a spaced script), names before everyday words, the longest first; more
    than this word must still be compared."""
    table = terms(language)
    found = list(table.get(word, ()))
    for size in range(len(word) - 1, max(1, len(word) - LONGEST_ENDING - 1), -1):
        if possible := table.get(word[:size]):
            found += [term for term in possible if term.open and term.text == word[:size]]
    return tuple(sorted(found, key=lambda term: (term.codes[0][0] == "S", -len(term.text))))


@lru_cache(maxsize=1)
def _lexicon_file() -> Mapping[str, NDArray[np.generic]]:
    with np.load(Path(__file__).with_name("lexicon.npz")) as stored:
        return dict(stored)


def _lexicon(language: str) -> dict[str, tuple[str, ...]]:
    """Everyday words by the symbols they name (`benchmarks/build_lexicon.py`)."""
    stored = _lexicon_file()
    name = language if f"{language}.words" in stored else language.split("-", maxsplit=1)[0]
    if f"{name}.words" not in stored:
        return {}
    words = stored[f"{name}.words"].tobytes().decode().split("\n")
    symbols = iter(stored[f"{name}.symbols"].tolist())
    return {
        word: tuple(f"S:{next(symbols)}" for _ in range(count))
        for word, count in zip(words, stored[f"{name}.counts"].tolist(), strict=True)
    }


@lru_cache(maxsize=64)
def number_format(language: str) -> tuple[str, str]:
    """(decimal sign, group sign) of a language; the group sign may be a space."""
    locale = _locale(language)
    symbols = locale.number_symbols.get("latn", {}) if locale else {}
    return symbols.get("decimal", "."), symbols.get("group", ",")
