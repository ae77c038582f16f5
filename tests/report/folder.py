"""A data folder made up from a seed, written by the released schema: any number of articles, with copies, runs and refusals."""

import hashlib
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.store.schema import SCHEMAS

START = datetime(2026, 9, 14, tzinfo=UTC)
PUBLISHERS = (
    ("congluan", "congluan.vn", "vi", 7), ("vietnam_vn", "www.vietnam.vn", "", 11), ("baomoi", "baomoi.com", "vi", 9),
    ("tuoitre", "tuoitre.vn", "vi", 6), ("nhandan", "nhandan.vn", "vi", 4), ("vietnamplus", "www.vietnamplus.vn", "vi", 4),
    ("baogialai", "baogialai.com.vn", "vi", 2), ("vnexpress", "vnexpress.net", "vi", 3), ("baohatinh", "baohatinh.vn", "vi", 1),
    ("laodong", "laodong.vn", "vi", 1),
)  # fmt: skip
AGGREGATORS = ("vietnam_vn", "baomoi")
LANGUAGES = ("de", "en", "ja", "fr", "ko", "es", "zh", "ar", "ru", "vi")
SENTENCES = {
    "vi": (
        "Sáng {d}/{m}, UBND tỉnh {place} tổ chức lễ khánh thành cây cầu dài {n} mét bắc qua sông Ba.",
        "Theo ông {name}, công trình được khởi công từ năm {y} với tổng vốn đầu tư {k} tỷ đồng.",
        "Ngay từ sớm, hàng trăm người dân hai bên bờ đã có mặt để chờ những chuyến xe đầu tiên.",
        "Ngân hàng WB cho biết dự án giúp rút ngắn {n} phút đi lại giữa hai huyện.",
        "Trong giai đoạn tới, địa phương sẽ mở thêm {s} tuyến xe buýt để phục vụ học sinh.",
        "Bà {name} nói rằng gia đình bà đã chờ ngày này suốt {s} năm.",
        "Sở Giao thông đề nghị tài xế giảm tốc độ trong tuần đầu để bảo đảm an toàn.",
        "Dự kiến đến cuối năm {y}, đoạn đường dẫn còn lại dài {k} km sẽ hoàn thành.",
    ),
    "de": (
        "Am Morgen des {d}. {m}. wurde in der Provinz {place} eine {n} Meter lange Brücke über den Fluss Ba eröffnet.",
        "Nach Angaben von {name} begann der Bau im Jahr {y}; er kostete {k} Milliarden Dong.",
        "Schon früh warteten Hunderte an beiden Ufern auf die ersten Wagen.",
        "Die WB teilt mit, das Vorhaben verkürze den Weg zwischen den Kreisen um {n} Minuten.",
        "Als Nächstes sollen {s} Buslinien für Schüler hinzukommen.",
        "{name} sagte, ihre Familie habe {s} Jahre auf diesen Tag gewartet.",
        "Die Behörde bittet, in der ersten Woche langsam zu fahren.",
        "Bis Ende {y} soll die Zufahrt von {k} km fertig sein.",
    ),
    "en": (
        "On the morning of {d}/{m}, {place} province opened a bridge of {n} metres across the Ba river.",
        "According to {name}, work began in {y} and cost {k} billion dong.",
        "From early on, hundreds of people waited on both banks for the first cars.",
        "The WB says the project saves {n} minutes between the two districts.",
        "Next, {s} bus lines for pupils will be added.",
        "{name} said her family had waited {s} years for this day.",
        "The transport department asks drivers to go slowly in the first week.",
        "By the end of {y} the remaining approach of {k} km is to be finished.",
    ),
}  # fmt: skip
TITLES = {
    "vi": "{place} thông xe cầu {n} mét sau {s} năm chờ đợi",
    "de": "{place}: Brücke von {n} Metern nach {s} Jahren eröffnet",
    "en": "{place} opens {n}-metre bridge after {s} years of waiting",
}
PLACES = ("Gia Lai", "Hà Tĩnh", "Phú Yên", "Lào Cai", "Cà Mau", "Đắk Lắk", "Quảng Trị", "Bến Tre")
NAMES = ("Nguyễn Văn An", "Trần Thị Hoa", "Lê Minh Đức", "Phạm Thu Hà", "Vũ Quốc Toàn")
REASONS = ("not_article", "too_short", "gone", "not_html", "noindex")


def write(data: Path, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> Path:
    """Write rows as one file per table; columns that a row leaves out are null, or the empty value when they may not be."""
    data.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        schema = SCHEMAS[name]
        folder = data / name if name in ("runs", "stories") else data / name / "date=2026-11-24"
        folder.mkdir(parents=True, exist_ok=True)
        kept = list(rows)
        columns = [pa.array([row.get(f.name, _empty(f)) for row in kept], f.type) for f in schema]
        pq.write_table(
            pa.Table.from_arrays(columns, schema=schema),
            folder / ("stories-1.parquet" if name == "stories" else "1.parquet"),
            compression="zstd",
            row_group_size=20_000,
        )
    return data


def _empty(field: pa.Field) -> Any:
    if field.nullable:
        return None
    return {"string": "", "int32": 0, "int64": 0, "double": 0.0}.get(str(field.type), START)


def article(i: int | str, **more: Any) -> dict[str, Any]:
    """A row of `articles` with what it must have."""
    id_ = hashlib.blake2s(str(i).encode(), digest_size=16).hexdigest()
    text = more.get("text", "Một đoạn văn ngắn.")
    return {
        "article_id": id_, "version": 1, "url": f"https://congluan.vn/bai-post{i}.html", "host": "congluan.vn", "publisher": "congluan",
        "language": "vi", "title": f"Bài số {i}", "lead": "", "text": text, "n_chars": len(text), "fetched_at": START,
        "published_at": START, "run_id": run_id(START), "commit_id": f"{run_id(START)}-0001", "story_id": id_,
    } | more  # fmt: skip


def run_id(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}-{hashlib.blake2s(str(at).encode(), digest_size=3).hexdigest()}"


def pages_of(articles: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "url": a["url"], "requested_url": a["url"], "publisher": a["publisher"], "status": 200, "content_type": "text/html",
            "n_bytes": 90_000, "fetched_at": a["fetched_at"], "outcome": "duplicate" if a.get("duplicate_of") else "stored", "reason": "",
            "run_id": a["run_id"], "article_id": a["article_id"], "version": a["version"], "seconds": 0.03, "commit_id": a["commit_id"],
        }
        for a in articles
    ]  # fmt: skip


def made_up(n: int, *, days: int = 70, seed: int = 8, broken: bool = True) -> dict[str, list[dict[str, Any]]]:
    """About `n` articles of ten publishers over `days` days, in stories; with `broken`, one publisher's layout changes at the end."""
    rng = random.Random(seed)
    weights = [p[3] for p in PUBLISHERS]
    articles: list[dict[str, Any]] = []
    copies: list[dict[str, Any]] = []
    stories: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    while len(articles) < n:
        size = min(60, int(rng.paretovariate(1.3)))
        story = _story(rng, len(articles), min(size, n - len(articles)), days, weights)
        articles += story[0]
        copies += story[1]
        stories += story[2]
    if broken:
        for a in articles:
            late = a["fetched_at"] > START + timedelta(days=days - 2)
            if a["publisher"] == "tuoitre" and late:
                a["published_at"] = None
    for a in articles:
        chance = 0.06 + 0.05 * (a["publisher"] == "vietnam_vn")
        if (
            broken
            and a["publisher"] == "baogialai"
            and a["fetched_at"] > START + timedelta(days=days - min(12, days // 3))
        ):
            chance = 0.8
        while rng.random() < chance:
            failed = rng.random() < 0.2
            refused.append(
                pages_of([a])[0]
                | {
                    "url": a["url"] + "?x",
                    "outcome": "failed" if failed else "rejected",
                    "article_id": None,
                    "version": None,
                }
                | {"reason": rng.choice(("timeout", "http_503")) if failed else rng.choice(REASONS)}
            )
    pages = pages_of(articles) + refused
    return {
        "articles": articles,
        "copies": copies,
        "pages": pages,
        "runs": _runs(pages, articles, copies),
        "stories": stories,
    }


def _story(
    rng: random.Random, first: int, size: int, days: int, weights: list[int]
) -> tuple[list[Any], list[Any], list[Any]]:
    facts = {
        "place": rng.choice(PLACES), "name": rng.choice(NAMES), "n": rng.randrange(120, 990), "y": rng.randrange(2018, 2027),
        "k": rng.randrange(11, 99), "s": rng.randrange(2, 16), "d": rng.randrange(1, 29), "m": rng.randrange(1, 13),
    }  # fmt: skip
    grown = 0.35 + 0.65 * rng.random() ** 0.6  # the folder grew, and weekends are quiet
    born = START + timedelta(days=grown * (days - 0.05))
    if born.weekday() >= 5 and rng.random() < 0.4:
        born -= timedelta(days=2)
    order = rng.sample(range(8), rng.randrange(5, 9))
    originals = [p for p in PUBLISHERS if p[0] not in AGGREGATORS or rng.random() < 0.2]
    rows: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for i in range(size):
        name, host, language, _ = rng.choice(originals) if i == 0 else rng.choices(PUBLISHERS, weights)[0]
        language = language or rng.choice(LANGUAGES)
        spoken = language if language in SENTENCES else "en"
        kept = list(order)
        kind = "original"
        if i:
            kind = (
                "translation" if language != rows[0]["language"] else rng.choice(("exact", "near", "near", "partial"))
            )
            if kind == "near":
                kept[rng.randrange(len(kept))] = rng.randrange(8)
            elif kind == "partial":
                kept = [*kept[: max(2, len(kept) // 3)], 7, 2, 6]
        text = "\n".join(SENTENCES[spoken][s].format(**facts) for s in kept)
        published = born + timedelta(seconds=0 if not i else math.exp(rng.gauss(8.4, 1.4)))
        fetched = published + timedelta(minutes=20 + rng.random() * 200)
        if fetched >= START + timedelta(days=days):
            fetched = START + timedelta(days=days) - timedelta(hours=6 * rng.random(), seconds=1)
            published = min(published, fetched)
        run = fetched.replace(hour=fetched.hour // 6 * 6, minute=0, second=0, microsecond=0)
        number = first + i
        row = article(
            number, url=f"https://{host}/{'' if language == 'vi' else language + '/'}cau-moi-{number}.html", host=host, publisher=name,
            language=language, title=TITLES[spoken].format(**facts), text=text, n_chars=len(text), published_at=published,
            fetched_at=fetched, run_id=run_id(run), commit_id=f"{run_id(run)}-0001",
        )  # fmt: skip
        if i:
            similarity = {"exact": 1.0, "near": 0.55 + 0.4 * rng.random(), "partial": 0.2 + 0.3 * rng.random()}.get(
                kind
            )
            evidence = [{"name": "shared_shingles", "value": str(rng.randrange(60, 400))}]
            if kind == "translation":
                evidence = [
                    {"name": "anchor", "value": f"{facts[key]} ↔ {facts[key]}"}
                    for key in ("place", "n", "name", "y", "k", "s")
                ]
            links.append(
                {
                    "article_id": row["article_id"], "of_article_id": rows[0]["article_id"], "kind": kind, "similarity": similarity,
                    "containment": similarity and min(1.0, similarity + 0.1), "containment_of": similarity, "score": 0.9,
                    "evidence": evidence, "decided_at": fetched, "run_id": row["run_id"], "method": "shingles/1",
                    "commit_id": row["commit_id"],
                }
            )  # fmt: skip
            row |= {"duplicate_of": rows[0]["article_id"], "duplicate_kind": kind}
        rows.append(row)
    original = rows[0]
    told = [
        {
            "article_id": row["article_id"], "story_id": original["article_id"], "canonical_id": original["article_id"],
            "is_canonical": row is original, "reason": "declared_original" if size > 1 else "only_one",
            "original_id": original["article_id"], "first_published_at": original["published_at"],
            "delay": (row["published_at"] - original["published_at"]).total_seconds(), "n_articles": size,
            "languages": sorted({r["language"] for r in rows}),
            "attributed": None if row is original else rng.random() < (0.9 if row["publisher"] in AGGREGATORS else 0.45),
        }
        for row in rows
    ]  # fmt: skip
    return rows, links, told


def _runs(pages: list[Any], articles: list[Any], copies: list[Any]) -> list[dict[str, Any]]:
    read, new, found = (Counter(row["run_id"] for row in table) for table in (pages, articles, copies))
    rows = []
    for id_, n in sorted(read.items()):
        at = datetime.strptime(id_[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        rows.append(
            {
                "run_id": id_, "command": " ".join(("crawl", *(p[0] for p in PUBLISHERS))), "status": "finished", "exit_code": 0, "started_at": at,
                "finished_at": at + timedelta(seconds=40 + n), "n_pages": n, "n_articles": new[id_],
                "outcomes": [{"name": "stored", "value": new[id_]}], "copies": [{"name": "near", "value": found[id_]}],
                "versions": [{"name": "copydesk", "value": "0.1.0"}, {"name": "trafilatura", "value": "2.3.1"}],
                "parameters": [{"name": "shingle", "value": "word-3"}, {"name": "batch", "value": "500"}],
                "durations": [{"name": "prepare", "value": 31.5}], "message": "", "commit_id": f"{id_}-9999",
            }
        )  # fmt: skip
    return rows


HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(2)>",
    "\u202eesrever\u202c and \u2067isolated\u2069 and \u200fmarked",
    "x" * 10_000,
    "n\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308" * 40,
    "{{ 7 * 7 }} {% raw %} $\\frac{1}{2}$ $unclosed",
    "\x00\x07\x1b[31mred\x1b[0m\r\n\u2028next",
    "]]> --> &lt;b&gt; &amp; \"quoted\" 'single'",
    "انفجار في ميناء بيروت 日本語の見出し ข่าวด่วน",
    "",
)


def hostile() -> dict[str, list[dict[str, Any]]]:
    """One story of articles whose every text field was written by somebody who means harm."""
    articles, copies, stories = [], [], []
    first = article(0)["article_id"]
    for i, bad in enumerate(HOSTILE):
        row = article(
            i, title=bad, text=f"{bad}\n" + "Một câu bình thường đứng ở đây để so sánh hai bài. " * 8 + bad, lead=bad[:2000], publisher=bad[:300],
            host=bad[:300], language="vi" if i % 2 else bad[:20], url=("javascript:alert(3)", "https://a.example/<b>?\"'&x=1", "data:text/html,x")[i % 3],
            source_name=bad, published_at=START + timedelta(minutes=17 * i),
        )  # fmt: skip
        articles.append(row)
        kind = ("near", "translation", "partial", "exact")[i % 4]
        stories.append(
            {
                "article_id": row["article_id"], "story_id": first, "canonical_id": first, "is_canonical": not i, "reason": "x",
                "original_id": first, "delay": 1020.0 * i, "n_articles": len(HOSTILE), "attributed": bool(i % 2) if i else None,
            }
        )  # fmt: skip
        if i:
            copies.append(
                {
                    "article_id": row["article_id"], "of_article_id": first, "kind": kind, "similarity": 0.7, "containment": 0.8,
                    "containment_of": 0.7, "score": 0.9, "decided_at": START, "run_id": row["run_id"], "method": bad[:50],
                    "evidence": [{"name": "anchor", "value": f"{bad[:60]} ↔ {bad[:60]}"}, {"name": bad[:60], "value": bad}],
                    "commit_id": row["commit_id"],
                }
            )  # fmt: skip
    pages = pages_of(articles)
    for page, bad in zip(pages, HOSTILE, strict=True):
        page |= {"reason": bad[:500], "outcome": "rejected", "url": f"https://{bad[:100]}/x", "publisher": bad[:100]}
    runs = _runs(pages, articles, copies)
    for n, bad in enumerate(HOSTILE):
        runs.append(
            runs[0] | {"run_id": f"{bad[:40]}{n}", "command": bad, "status": bad[:90], "message": bad}
            | {"versions": [{"name": bad, "value": bad}]}
        )  # fmt: skip
    return {"articles": articles, "copies": copies, "pages": pages, "runs": runs, "stories": stories}
