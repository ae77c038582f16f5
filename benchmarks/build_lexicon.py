"""Build `pipelines/translations/lexicon.npz` from CLDR's annotations: the words every language has for the same symbols.

    npm pack cldr-annotations-full@48.2.0 && tar xzf cldr-annotations-full-48.2.0.tgz
    python benchmarks/build_lexicon.py package/annotations

CLDR names some two thousand symbols in each language (a church, a ballot box, an ambulance) for finding them by keyword. A symbol is a concept
here; a word that names it is an anchor. Unicode License v3 (`pipelines/translations/lexicon.LICENSE`).
"""

import argparse
import json
import unicodedata
from collections import defaultdict
from pathlib import Path

import numpy as np

LANGUAGES = "ar cs de el en es fa fr he hi id it ja km ko lo ms nl pl pt ru th tr uk vi zh zh-Hant".split()  # noqa: SIM905
MOST_SYMBOLS = 8
"""A word for more symbols than this names none of them."""


def words(annotations: dict[str, dict[str, list[str]]], symbols: list[str], language: str) -> dict[str, list[int]]:
    """Word → the symbols it names, by number."""
    named: dict[str, set[int]] = defaultdict(set)
    least = 2 if language in ("ja", "zh", "zh-Hant", "ko") else 3
    for number, symbol in enumerate(symbols):
        entry = annotations.get(symbol, {})
        for word in entry.get("default", []) + entry.get("tts", []):
            folded = unicodedata.normalize("NFKC", word).lower().strip()
            if (
                len(folded) >= least
                and len(folded.split()) <= 4
                and not any(c.isdigit() or c in ":()[]" for c in folded)
            ):
                named[folded].add(number)
    return {word: sorted(numbers) for word, numbers in sorted(named.items()) if len(numbers) <= MOST_SYMBOLS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the package's folder with one folder per language")
    parser.add_argument("-o", "--output", type=Path, default=Path("pipelines/translations/lexicon.npz"))
    options = parser.parse_args()
    read = {}
    for language in LANGUAGES:
        path = options.folder / language / "annotations.json"
        read[language] = json.loads(path.read_text(encoding="utf8"))["annotations"]["annotations"]
    symbols = sorted(
        symbol
        for symbol, entry in read["en"].items()
        if any(c.isalpha() for word in entry.get("default", []) for c in word)
    )
    arrays: dict[str, np.ndarray] = {}
    for language in LANGUAGES:
        named = words(read[language], symbols, language)
        arrays[f"{language}.words"] = np.frombuffer("\n".join(named).encode(), np.uint8)
        arrays[f"{language}.counts"] = np.array([len(numbers) for numbers in named.values()], np.uint8)
        arrays[f"{language}.symbols"] = np.array(
            [number for numbers in named.values() for number in numbers], np.uint16
        )
    np.savez_compressed(options.output, **arrays)
    print(f"{len(symbols)} symbols, {len(LANGUAGES)} languages, {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
