"""`copydesk story`, `explain`, `runs`, `sql`: answers from the tables, while the next run may be writing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.tree import Tree

from crawler import show
from crawler.publishers import publisher_of
from pipelines import dedup, lookup
from pipelines.lookup import Row
from pipelines.store import connect

CANDIDATES = 10
"""Candidates that `explain` shows."""


def story(data: str, what: str, *, as_json: bool) -> int:
    """Print all copies of a story as a tree. Returns 0, or 4 when the article is not known."""
    with connect(data) as db:
        article = _find(db, data, what)
        if article is None:
            return 4
        members = lookup.story(db, article)
        relations = {m["article_id"]: lookup.relations(db, m["article_id"]) for m in members}
    if not members:
        show.error(
            f"{what}: stored, but its story is not derived yet", "the run that stored it was killed; start the next one"
        )
        return 4
    if as_json:
        show.emit({"story_id": members[0]["story_id"], "articles": members})
        return 0
    by_id = {m["article_id"]: m for m in members}
    first = by_id[members[0]["original_id"]] if members[0]["original_id"] in by_id else members[0]
    languages = sorted({m["language"] or "und" for m in members})
    show.out.print(
        f"story {members[0]['story_id'][:12]} · {_count(len(members), 'article')} · {', '.join(languages)}"
        f" · canonical: {first['reason'] if first['is_canonical'] else next(m['reason'] for m in members if m['is_canonical'])}"
    )
    parents = {m["article_id"]: _taken_from(m, relations[m["article_id"]], by_id, first["article_id"]) for m in members}
    nodes: dict[str, Tree] = {}

    def node(member: Row) -> Tree:
        if member["article_id"] not in nodes:
            parent, relation = parents[member["article_id"]]
            label = _label(member, relation)
            nodes[member["article_id"]] = Tree(label) if parent is None else node(by_id[parent]).add(label)
        return nodes[member["article_id"]]

    for member in members:
        node(member)
    show.out.print(node(first))
    return 0


def _taken_from(
    member: Row, relations: Sequence[Row], by_id: Mapping[str, Row], root: str
) -> tuple[str | None, Row | None]:
    """The article this one was taken from: what it declares, else the strongest relation to an earlier one; the root has none."""
    if member["article_id"] == root:
        return None, None
    mine = [
        r
        for r in relations
        if r["article_id"] == member["article_id"] and r["of_article_id"] in by_id and r["kind"] != "refuted"
    ]
    if mine:
        best = max(mine, key=lambda r: (r["of_article_id"] == root, r["score"]))
        return best["of_article_id"], best
    theirs = [r for r in relations if r["of_article_id"] == member["article_id"] and r["article_id"] == root]
    return root, theirs[0] if theirs else None


def _label(member: Row, relation: Row | None) -> str:
    how = f"[bold]{relation['kind']}[/bold] {relation['score']:.2f} · " if relation else ""
    when = f"{member['published_at']:%Y-%m-%d %H:%M}" if member["published_at"] else "no date"
    delay = f" (+{span(member['delay'])})" if relation and member["delay"] is not None else ""
    named = {True: " · names its source", False: " · does not name its source", None: ""}[
        member["attributed"] if relation else None
    ]
    mark = "● " if member["is_canonical"] else ""
    title = show.safe(member["title"] or "(no title)", 90)
    return (
        f"{mark}{how}{show.safe(member['language'] or 'und')} · {show.safe(member['host'])} · {when}{delay}{named}\n"
        f"{title}\n[dim]{show.safe(member['url'], 300)}[/dim]"
    )


def span(seconds: float) -> str:
    """A delay for people: `2 h 10 min`, `3 d 4 h`."""
    minutes = round(abs(seconds) / 60)
    days, hours = divmod(minutes // 60, 24)
    sign = "-" if seconds < 0 else ""
    if days:
        return f"{sign}{days} d {hours} h"
    return f"{sign}{hours} h {minutes % 60:02d} min" if hours else f"{sign}{minutes} min"


def explain(data: str, what: str, *, as_json: bool) -> int:
    """Print everything known of an address or article, and why. Returns 0, or 4 when nothing is known."""
    with connect(data) as db:
        article = lookup.article_id(db, what, _keys(what))
        visits = lookup.visits(db, what, article)
        versions = lookup.versions(db, article) if article else []
        relations = lookup.relations(db, article) if article else []
        members = lookup.story(db, article) if article else []
        candidates = _candidates(db, Path(data), article) if article else []
    if not visits and not versions:
        show.error(f"{what}: never read into {data}", "copydesk crawl URL fetches one address")
        return 4
    if as_json:
        show.emit(
            {
                "visits": visits,
                "versions": versions,
                "relations": relations,
                "story": members,
                "candidates": list(candidates),
            }
        )
        return 0
    _visits(visits)
    if versions:
        _version(versions[-1], len(versions))
        _relations(article or "", relations)
        _considered(candidates, relations)
        _story(article or "", members)
    return 0


def _visits(visits: Sequence[Row]) -> None:
    show.out.print("[bold]read[/bold]")
    for v in visits:
        reason = f"/{v['reason']}" if v["reason"] else ""
        where = f" · {v['archive_file']} at byte {v['archive_offset']}" if v["archive_file"] else ""
        show.out.print(
            f"  {v['fetched_at']:%Y-%m-%d %H:%M:%S} · HTTP {v['status']} · [bold]{v['outcome']}{show.safe(reason)}[/bold]{where}"
        )
        show.out.print(f"    [dim]{show.safe(v['url'], 300)}[/dim]")


def _version(row: Row, n_versions: int) -> None:
    show.out.print(f"[bold]article[/bold] {row['article_id']} · version {row['version']} of {n_versions}")
    published = (
        f"{row['published_at']:%Y-%m-%d %H:%M} UTC, from {row['published_at_source']}"
        if row["published_at"]
        else "unknown"
    )
    facts = {
        "title": row["title"], "publisher": row["publisher"] or row["host"], "language": row["language"], "published": published,
        "authors": ", ".join(row["authors"] or ()), "source": row["source_url"] or row["source_name"], "credits": ", ".join(row["credits"] or ()),
        "rights": row["rights"], "text": f"{row['n_chars']} characters by {row['extractor']}, {row['cleaner']}",
    }  # fmt: skip
    for name, value in facts.items():
        if value:
            show.out.print(f"  {name}: {show.safe(value, 300)}")
    for said in row["declarations"] or ():
        show.out.print(
            f"  declared {show.safe(said['kind'])} in {show.safe(said['where'])}: {show.safe(said['value'], 300)}"
        )
    if row["removed"]:
        show.out.print("[bold]removed from the text[/bold]")
        for piece in row["removed"]:
            show.out.print(f"  {show.safe(piece['kind'])}: {show.safe(piece['text'], 160)}")


def _relations(article: str, relations: Sequence[Row]) -> None:
    show.out.print(
        "[bold]relations[/bold]" if relations else "[bold]relations[/bold]: none; nothing known is a copy of it"
    )
    for r in relations:
        direction = "is taken from" if r["article_id"] == article else "was taken by"
        numbers = [
            f"{name} {r[column]:.2f}"
            for name, column in (
                ("Jaccard", "similarity"),
                ("contained", "containment"),
                ("of the other", "containment_of"),
                ("score", "score"),
            )
            if r[column] is not None
        ]
        show.out.print(
            f"  [bold]{r['kind']}[/bold] {direction} {show.safe(r['host'] or '?')}: {show.safe(r['title'] or r['url'] or '?', 90)}"
        )
        show.out.print(f"    {', '.join(numbers)} · by {show.safe(r['method'])}, {r['decided_at']:%Y-%m-%d %H:%M}")
        anchors = [fact["value"] for fact in r["evidence"] or () if fact["name"] == "anchor"]
        for fact in r["evidence"] or ():
            if fact["name"] != "anchor":
                show.out.print(f"    [dim]{show.safe(fact['name'])}: {show.safe(fact['value'], 300)}[/dim]")
        if anchors:
            show.out.print(f"    [dim]anchors in both: {show.safe(' · '.join(anchors), 1500)}[/dim]")


def _candidates(db: duckdb.DuckDBPyConnection, data: Path, article: str) -> list[Row]:
    """What the copy index compares the article with today, the most alike first; nothing when there is no index here."""
    folder = data / "state" / "index"
    if not folder.exists():
        return []
    try:
        with dedup.open_index(folder) as index:
            found = index.candidates_of(article)[:CANDIDATES]
    except (dedup.IndexMismatch, dedup.IndexDamaged) as error:
        show.error(str(error))
        return []
    known = {
        row["article_id"]: row
        for row in lookup.rows(
            db,
            "SELECT article_id, title, url FROM articles_latest WHERE list_contains(?, article_id)",
            [candidate.article_id for candidate in found],
        )
    }
    return [
        {"url": "", "title": ""}
        | known.get(c.article_id, {})
        | asdict(c.likeness)
        | {"article_id": c.article_id, "kind": c.kind}
        for c in found
    ]


def _considered(candidates: Sequence[Row], relations: Sequence[Row]) -> None:
    """The candidates that are no copies, and why not."""
    linked = {article for r in relations for article in (r["article_id"], r["of_article_id"])}
    others = [c for c in candidates if c["kind"] is None or c["article_id"] not in linked]
    if not others:
        return
    show.out.print("[bold]looked at, and not linked[/bold]")
    for c in others:
        why = "a copy by today's rules" if c["kind"] else "too little in common, boilerplate of the host left out"
        show.out.print(f"  {show.safe(c['title'] or c['url'], 90)}")
        show.out.print(
            f"    Jaccard {c['similarity']:.2f}, contained {c['containment']:.2f}, of the other {c['containment_of']:.2f}, "
            f"{c['shared']} shingles shared, {c['boilerplate']} left out · {why}"
        )


def _story(article: str, members: Sequence[Row]) -> None:
    mine = next((m for m in members if m["article_id"] == article), None)
    if mine is None:
        return
    canonical = next((m for m in members if m["is_canonical"]), mine)
    which = "this article" if canonical is mine else show.safe(canonical["url"], 300)
    show.out.print(
        f"[bold]story[/bold] {mine['story_id'][:12]} · {_count(len(members), 'article')} · canonical: {which}, because {canonical['reason']}"
    )


def runs(data: str, limit: int) -> int:
    """Print the last runs, newest first."""
    with connect(data) as db:
        found = lookup.rows(db, "SELECT * FROM runs ORDER BY started_at DESC LIMIT ?", limit)
    show.table(
        ("run", "started", "seconds", "status", "exit", "pages", "new articles", "copies", "command"),
        [
            (
                r["run_id"], f"{r['started_at']:%Y-%m-%d %H:%M:%S}", f"{(r['finished_at'] - r['started_at']) / timedelta(seconds=1):.0f}",
                r["status"], r["exit_code"], r["n_pages"], r["n_articles"], _counts(r["copies"]), r["command"],
            )
            for r in found
        ],
    )  # fmt: skip
    return 0


def sql(data: str, query: str) -> int:
    """Print the answer to a query over the views. Returns 0, or 2 when DuckDB refuses it."""
    with connect(data) as db:
        try:
            cursor = db.execute(query)
            names = [column[0] for column in cursor.description or ()]
            show.table(names, cursor.fetchall())
        except duckdb.Error as error:
            show.error(
                str(error),
                "the views are: articles, articles_latest, clean, copies, copies_with_titles, languages, pages, runs, stories, syndication",
            )
            return 2
    return 0


def _find(db: duckdb.DuckDBPyConnection, data: str, what: str) -> str | None:
    found = lookup.article_id(db, what, _keys(what))
    if found is None:
        show.error(
            f"{what}: no article in {data} has this id or address", "copydesk explain says whether it was ever read"
        )
    return found


def _keys(what: str) -> tuple[str, ...]:
    known = publisher_of(what) if what.startswith(("http://", "https://")) else None
    return (known.article_key(what),) if known else ()


def _counts(pairs: Any) -> str:
    """A counts column, whether it is a map or a list of {name, value}."""
    items = pairs.items() if isinstance(pairs, Mapping) else ((p["name"], p["value"]) for p in pairs or ())
    return ", ".join(f"{n} {name}" for name, n in sorted(items))


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
