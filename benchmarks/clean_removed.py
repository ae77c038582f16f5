"""What the cleaner takes out of real texts: counts by kind, a sample of pieces to judge by eye, and the processor time per article.

    python benchmarks/clean_removed.py ../shared/eval/dedup/*/docs.jsonl.gz [--kind byline] [--sample 40] [--seed 1]

The texts have no markers of ours by construction or come cleaned by others, so nearly every piece must be a marker to a reader's eye.
"""

import argparse
import gzip
import json
import random
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pipelines.clean import clean
from pipelines.records import Article


def article(row: dict[str, str], language: str | None) -> Article:
    url = row.get("url") or f"https://x.example/{row['id']}"
    return Article(
        "0" * 32,
        url,
        url,
        "x.example",
        row.get("title") or "",
        row["text"],
        datetime.now(UTC),
        language=row.get("language") or language,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl.gz")
    parser.add_argument("--kind", help="show pieces of this kind only")
    parser.add_argument("--language", help="of the texts that do not say it")
    parser.add_argument("--sample", type=int, default=10, help="pieces shown for each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for path in options.files:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            articles = [article(json.loads(line), options.language) for line in lines]
        began = time.process_time()
        cleaned = [clean(a) for a in articles]
        spent = time.process_time() - began
        pieces = [(r.kind, r.text, a.text, c) for a, c in zip(articles, cleaned, strict=True) for r in c.removed]
        kinds = Counter(kind for kind, *_ in pieces)
        print(f"\n{path}: {len(articles)} texts, {1000 * spent / len(articles):.3f} ms each, {dict(kinds)}")
        for kind in sorted(kinds):
            if options.kind in (None, kind):
                mine = [piece for piece in pieces if piece[0] == kind]
                for _, text, before, after in random.Random(options.seed).sample(mine, min(options.sample, len(mine))):
                    at = max(before.find(text[:40]), 0)
                    print(
                        f"  {kind:13} {text[:160]!r}  after {before[max(0, at - 40) : at]!r} -> {after.credits} {after.source_name} {after.authors}"
                    )


if __name__ == "__main__":
    main()
