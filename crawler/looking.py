"""`copydesk story`, `runs`, `sql`: answers from the tables, while the next run may be writing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import duckdb
from rich.tree import Tree

from crawler import show
from pipelines import lookup, provenance
from pipelines.lookup import Row
from pipelines.provenance import Taken
from pipelines.store import connect


def story(data: str, what: str, *, as_json: bool) -> int:
    """Print all copies of a story as a tree. Returns 0, or 4 when the article is not known."""
    with connect(data) as db:
        article = _find(db, data, what)
        if article is None:
            return 4
        members = lookup.story(db, article)
        copies = lookup.copies(db, [m["article_id"] for m in members])
    if not members:
        show.error(
            f"{what}: stored, but its story is not derived yet", "the run that stored it was killed; start the next one"
        )
        return 4
    original = members[0]["original_id"]
    taken = provenance.tree({m["article_id"]: m["published_at"] for m in members}, copies, original)
    if as_json:
        show.emit({"story_id": members[0]["story_id"], "articles": members, "taken": [_nested(one) for one in taken]})
        return 0
    by_id = {m["article_id"]: m for m in members}
    languages = sorted({m["language"] or "und" for m in members})
    show.out.print(
        f"story {members[0]['story_id'][:12]} · {_count(len(members), 'article')} · {', '.join(languages)}"
        f" · canonical: {next(m['reason'] for m in members if m['is_canonical'])}"
    )
    for one in sorted(taken, key=lambda root: root.article_id != original):
        show.out.print(_drawn(one, by_id, None))
    return 0


def _drawn(taken: Taken, by_id: Mapping[str, Row], under: Tree | None) -> Tree:
    label = _label(by_id[taken.article_id], taken)
    tree = Tree(label) if under is None else under.add(label)
    for one in taken.taken_by:
        _drawn(one, by_id, tree)
    return tree


def _nested(taken: Taken) -> Row:
    """A tree for programs: who, how, how many seconds after the article above, and who took it from there."""
    return {
        "article_id": taken.article_id,
        "kind": taken.copy.kind if taken.copy else None,
        "score": taken.copy.score if taken.copy else None,
        "delay": taken.delay,
        "taken_by": [_nested(one) for one in taken.taken_by],
    }


def _label(member: Row, taken: Taken) -> str:
    how = f"[bold]{taken.copy.kind}[/bold] {taken.copy.score:.2f} · " if taken.copy else ""
    when = f"{member['published_at']:%Y-%m-%d %H:%M}" if member["published_at"] else "no date"
    delay = f" ({'' if taken.delay < 0 else '+'}{span(taken.delay)})" if taken.delay is not None else ""
    named = {True: " · names its source", False: " · does not name its source", None: ""}[
        member["attributed"] if taken.copy else None
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


def runs(data: str, limit: int) -> int:
    """Print the last runs, newest first."""
    with connect(data) as db:
        found = lookup.rows(db, "SELECT * FROM runs ORDER BY started_at DESC LIMIT ?", limit)
    show.table(
        ("run", "started", "seconds", "status", "exit", "pages", "new articles", "copies", "pairs learned from", "command"),
        [
            (
                r["run_id"], f"{r['started_at']:%Y-%m-%d %H:%M:%S}", f"{(r['finished_at'] - r['started_at']) / timedelta(seconds=1):.0f}",
                r["status"], r["exit_code"], r["n_pages"], r["n_articles"], _counts(r["copies"]), _learned(r["parameters"]), r["command"],
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
    if not what.startswith(("http://", "https://")):
        return ()
    from crawler.publishers import publisher_of  # noqa: PLC0415  (Scrapy and every publisher: a second, for nothing but an address)

    known = publisher_of(what)
    return (known.article_key(what),) if known else ()


def _counts(pairs: Any) -> str:
    """A counts column, whether it is a map or a list of {name, value}."""
    items = pairs.items() if isinstance(pairs, Mapping) else ((p["name"], p["value"]) for p in pairs or ())
    return ", ".join(f"{n} {name}" for name, n in sorted(items))


def _learned(parameters: Any) -> str:
    """`de-vi 50`: the confirmed pairs that taught the words of two languages, where that is used."""
    items = (
        parameters.items() if isinstance(parameters, Mapping) else ((p["name"], p["value"]) for p in parameters or ())
    )
    used = [(name, n) for name, n in sorted(items) if name.startswith("pairs.") and n.isdigit()]
    return ", ".join(f"{name.removeprefix('pairs.')} {n}" for name, n in used)


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
