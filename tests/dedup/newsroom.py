"""Articles made up for these tests: sentences of plain German from a fixed supply of words, so that a text is long and like no other."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipelines import urls
from pipelines.dedup import Index, fingerprint
from pipelines.records import Article, Copy, Fingerprint

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBJECTS = [
    "Rat",
    "Verein",
    "Hafen",
    "Fahrer",
    "Chor",
    "Betrieb",
    "Landkreis",
    "Richter",
    "Forscher",
    "Bäcker",
    "Minister",
    "Turnverein",
    "Zirkus",
    "Senat",
    "Museum",
    "Gärtner",
]
VERBS = [
    "plant",
    "baut",
    "prüft",
    "eröffnet",
    "verlässt",
    "lobt",
    "kritisiert",
    "erweitert",
    "verkauft",
    "sucht",
    "findet",
    "stoppt",
    "feiert",
    "schließt",
    "rettet",
    "zählt",
]
OBJECTS = [
    "Brücke",
    "Schule",
    "Straße",
    "Halle",
    "Orgel",
    "Bibliothek",
    "Werkstatt",
    "Anlage",
    "Strecke",
    "Sammlung",
    "Kirche",
    "Mühle",
    "Siedlung",
    "Küche",
    "Wiese",
    "Quelle",
]
RESTS = [
    "vor dem Winter",
    "trotz der Kosten",
    "mit vielen Helfern",
    "gegen den Willen der Nachbarn",
    "nach langem Streit",
    "zum Erstaunen aller",
]
NAMES = [
    "Albers",
    "Brandt",
    "Cordes",
    "Dierks",
    "Ehlers",
    "Fricke",
    "Gerdes",
    "Harms",
    "Ihnen",
    "Janssen",
    "Klaas",
    "Lübbers",
    "Meiners",
    "Nolte",
    "Oltmanns",
    "Peters",
]


def sentences(seed: int, n: int) -> list[str]:
    """`n` sentences of some twelve words; other seeds share hardly three words in a row."""
    pick = random.Random(seed)
    return [
        f"{pick.choice(SUBJECTS)} {pick.choice(NAMES)} {pick.choice(VERBS)} {pick.choice(['die', 'eine', 'keine', 'jede'])} "
        f"{pick.choice(OBJECTS)} {pick.choice(RESTS)}, sagt {pick.choice(NAMES)} {pick.choice(VERBS)} {pick.choice(SUBJECTS)}."
        for _ in range(n)
    ]


def paragraphs(seed: int, n: int = 8) -> str:
    """A text of `n` paragraphs, some 300 words."""
    every = sentences(seed, 3 * n)
    return "\n".join(" ".join(every[at : at + 3]) for at in range(0, len(every), 3))


def article(
    name: str, text: str, host: str = "", title: str = "", days: float | None = 0.0, version: int = 1
) -> Article:
    """An article called `name`, published `days` after the first of the year; None leaves it undated."""
    url = f"https://{host or name + '.example'}/{name}"
    published = None if days is None else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)
    return Article(
        article_id=urls.article_id(url),
        url=url,
        canonical_url=url,
        host=urls.host(url),
        title=title or f"{name} {text.split('.', maxsplit=1)[0][-40:]}",
        text=text,
        fetched_at=NOW,
        published_at=published,
        version=version,
    )


def printed(articles: Sequence[Article]) -> list[tuple[Article, Fingerprint]]:
    return [(one, fingerprint(one)) for one in articles]


def feed(index: Index, articles: Sequence[Article], size: int = 1, commit: str = "run") -> list[Copy]:
    """Find and add in batches, as a run does; every row in order."""
    rows = []
    for at in range(0, len(articles), size):
        batch = printed(articles[at : at + size])
        rows += index.find(batch, run_id="run", now=NOW)
        index.add(f"{commit}-{at:04}", batch)
    return rows


def standing(rows: Sequence[Copy]) -> dict[frozenset[str], str]:
    """Pair of ids → kind, of the last row of each pair; what was taken back is not there."""
    last = {frozenset((row.article_id, row.of_article_id)): row.kind for row in rows}
    return {pair: kind for pair, kind in last.items() if kind != "refuted"}


def pair(one: Article, two: Article) -> frozenset[str]:
    return frozenset((one.article_id, two.article_id))


def again(one: Article, **changes: object) -> Article:
    """A later version of the same article."""
    return replace(one, version=one.version + 1, **changes)  # type: ignore[arg-type]
