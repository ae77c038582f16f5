"""What CLDR calls countries, cities, languages, currencies, months and weekdays in each language, as one code for all languages.

`Italien`, `イタリア` and `Italy` all are `T:IT`. Adjectives meet their country by its stem and by the name of its language (`russisch`, `tiếng Nga`).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

UNSPACED = frozenset({"ja", "zh", "th", "lo", "km", "my"})
PREFIXED = frozenset({"ar", "he", "fa"})
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


@lru_cache(maxsize=64)
def terms(language: str) -> dict[str, list[tuple[str, str, bool]]]:
    """First two characters → [(term in lower case, code, whether a suffix may follow)], longest first."""
    locale = _locale(language)
    base = language.split("-", maxsplit=1)[0]
    found: dict[str, str] = {}
    for name, code in _named(locale) if locale else ():
        folded = unicodedata.normalize("NFKC", re.sub(r"\s*[（(].*", "", name)).lower().strip()
        if base == "ko":
            folded = folded.removesuffix("어")
        elif base == "ja":
            folded = folded.removesuffix("語")
        if len(folded) >= 2 and not folded.isdigit():
            found.setdefault(folded, code)
    for name, code in _MORE.get(base, {}).items():
        found[unicodedata.normalize("NFKC", name).lower()] = code
    table: dict[str, list[tuple[str, str, bool]]] = defaultdict(list)
    for name, code in found.items():
        stem, open_ended = name, base in UNSPACED or base in ("ko", "ar", "he")
        if base in _INFLECTED and len(name) >= 5 and " " not in name and code[0] in "TM":
            stem, open_ended = name[: max(4, len(name) - 2)] if code[0] == "T" else name[: max(4, len(name) - 1)], True
        elif base in _INFLECTED and len(name) >= 4:
            open_ended = True
        table[stem[:2]].append((stem, code, open_ended))
    for entries in table.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return dict(table)


@lru_cache(maxsize=64)
def number_format(language: str) -> tuple[str, str]:
    """(decimal sign, group sign) of a language; the group sign may be a space."""
    locale = _locale(language)
    symbols = locale.number_symbols.get("latn", {}) if locale else {}
    return symbols.get("decimal", "."), symbols.get("group", ",")
