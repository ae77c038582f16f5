"""Numbers, spans of time and foreign words as people read them, and harmless."""

import re
import unicodedata
from datetime import datetime
from urllib.parse import urlsplit

import babel
from babel.core import UnknownLocaleError

_REORDERING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Embeddings, overrides and isolates: they turn what stands beside them around. Plain marks (U+200E, U+200F) may stay."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
MAX_MARKS = 3
"""Combining marks on one letter; Vietnamese and Thai need two, three is generous, and forty climb over the page."""


def clean(text: object, limit: int = 140) -> str:
    """Text from the web on one line: no control or reordering characters, no towers of marks, cut to `limit`."""
    whole = _CONTROL.sub(" ", str(text or "")[: 4 * limit].translate(_REORDERING))
    kept: list[str] = []
    marks = 0
    for letter in whole:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= MAX_MARKS:
            kept.append(letter)
    shown = " ".join("".join(kept).split())
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def text(value: str) -> str:
    """A longer text, lines kept: control and reordering characters out."""
    lines = (_CONTROL.sub(" ", line.translate(_REORDERING)) for line in value.split("\n"))
    return "\n".join(lines)


def link(url: object) -> str:
    """The address if it is one that may be clicked, else ""."""
    try:
        parts = urlsplit(str(url or ""))
    except ValueError:
        return ""
    return str(url) if parts.scheme in ("http", "https") and parts.netloc else ""


def number(value: float | None) -> str:
    """12,345; 1.2 million."""
    if value is None:
        return "–"
    return f"{value / 1e6:.2f} million" if value >= 1e6 else f"{value:,.0f}"


def percent(value: float | None) -> str:
    if value is None:
        return "–"
    shown = 100 * value
    if 0 < shown < 1:
        return "<\u00a01\u00a0%"
    if 99 < shown < 100:
        return ">\u00a099\u00a0%"
    return f"{shown:.0f}\u00a0%"


def span(seconds: float | None) -> str:
    """45 s, 12 min, 3.5 h, 2.1 d; the spaces do not break."""
    if seconds is None:
        return "–"
    sign, left = ("−" if seconds < 0 else ""), abs(seconds)
    if left < 60:
        return f"{sign}{left:.0f}\u00a0s"
    if left < 5400:
        return f"{sign}{left / 60:.0f}\u00a0min"
    if left < 36 * 3600:
        return f"{sign}{left / 3600:.1f}\u00a0h".replace(".0\u00a0h", "\u00a0h")
    if left < 365 * 86400:
        return f"{sign}{left / 86400:.1f}\u00a0d".replace(".0\u00a0d", "\u00a0d")
    return f"{sign}{left / (365.25 * 86400):.1f}\u00a0y"


def moment(value: datetime | None) -> str:
    """2026-11-24 03:05, in UTC."""
    return f"{value:%Y-%m-%d %H:%M}" if value else "–"


def language(code: str) -> str:
    """German, Chinese (zh-Hant), or the code itself when nobody knows it."""
    if not code:
        return "unknown"
    try:
        name = babel.Locale.parse(code, sep="-").get_display_name("en")
    except (ValueError, UnknownLocaleError):
        return clean(code, 12)
    return str(name or code)
