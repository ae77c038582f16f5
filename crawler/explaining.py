"""`copydesk explain`: all that is known of one address, and why it ended as it did, while the next run may be writing."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from crawler import show
from crawler.frontier import Known, known_of
from crawler.publishers import identify, publisher_of
from crawler.session import FRONTIER
from pipelines import dedup, lookup, sources, translations, urls
from pipelines.extract import extract
from pipelines.lookup import Row
from pipelines.records import Rejected
from pipelines.store import Forgotten, Store, connect, tombstones

CANDIDATES = 10
"""Candidates of each sort that are shown."""
AROUND = 60
"""Characters shown on each side of what was removed."""
ANCHORS = 24
"""Shared anchors of a translation that are shown; `--json` has all."""

CANONICAL = {
    "only_one": "it is the only one",
    "declared_original": "copies name it as their source, and it names none itself",
    "earliest_complete": "of the complete texts in the original's language it was published first",
}
REASONS: Mapping[str, str] = {
    "address": "its host leads to a private address, which the guard refuses",
    "budget": "too many addresses of one kind: a calendar, a filter, or a path that repeats itself",
    "bug": "a fault of copydesk's own on this page, please report it; nothing else was touched",
    "connection": "the server did not answer, or broke off; tried again later",
    "crashed": "the worker that read it died; nothing else was touched",
    "cut_off": "the answer ended before it was whole; tried again later",
    "empty": "no text, or none that is left when everything removable is removed",
    "forgotten": "taken down with `copydesk forget`; it stays out",
    "gone": "the server says 404 or 410",
    "headers": "more headers than an honest server sends",
    "memory": "reading it took more memory than a page may have",
    "no_such_host": "the name of the host is not known; tried again later",
    "noarchive": "the page asks not to be kept",
    "not_article": "the page holds no article: a list, a front page, a player",
    "not_article_url": "the publisher's articles have other addresses",
    "not_html": "not a web page",
    "not_in_archive": "the archive that was replayed holds no answer for it",
    "offsite": "it leads away from the publisher's hosts",
    "redirects": "redirected too often",
    "robots": "the site's robots.txt forbids it; asked again when the rules change",
    "robots_unreachable": "nobody could say what robots.txt allows, so nothing was fetched; tried again later",
    "timeout": "no answer, or no end of reading it, in the time a page has",
    "tls": "the certificate is not good",
    "too_complex": "a tree so deep or so wide that no honest page has it",
    "too_large": "more bytes than a page may have",
    "too_short": "fewer words than an article has",
    "unsupported_scheme": "neither http nor https",
}
"""What each reason in `pages` says. `http_503` and its like are the server's status."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece that was removed from a text, and what stood around it; both "" when the archived page is not here."""

    kind: str
    text: str
    before: str = ""
    after: str = ""


def explain(data: str, what: str, *, as_json: bool) -> int:
    """Print everything known of an address or article, and why. Returns 0, or 4 when nothing is known."""
    forms = _forms(what)
    with Store.open(data, lock=False) as store:
        state = store.state_folder
        stones = [stone for stone in tombstones(store) if _is_of(stone, what)]
    frontier = known_of(state.parent / FRONTIER, forms)
    with connect(data) as db:
        article = lookup.article_id(db, what, forms)
        visits = lookup.visits(db, forms, article)
        versions = lookup.versions(db, article) if article else []
        relations = lookup.relations(db, article) if article else []
        members = lookup.story(db, article) if article else []
        candidates = _titled(db, list(_candidates(state, article))) if article else []
    cuts = _cuts(state.parent, versions[-1]) if versions else []
    if not (visits or versions or frontier or stones):
        _never(data, what)
        return 4
    if as_json:
        show.emit(
            {
                "frontier": [asdict(known) for known in frontier],
                "forgotten": [{"what": stone.what, "at": stone.at} for stone in stones],
                "visits": visits,
                "versions": versions,
                "removed": [asdict(cut) for cut in cuts],
                "relations": relations,
                "candidates": candidates,
                "story": members,
            }
        )
        return 0
    _known(frontier, stones, read=bool(visits or versions))
    _visits(visits)
    if versions:
        _version(versions[-1], len(versions), cuts)
        _relations(article or "", relations)
        _considered(candidates, relations)
        _story(article or "", members)
    return 0


# -- what there is to tell --------------------------------------------------------------------------------------------------


def _forms(what: str) -> tuple[str, ...]:
    """The forms under which an address may be known: as given, canonical, and the publisher's key."""
    forms = [what]
    if what.startswith(("http://", "https://")):
        try:
            forms.append(urls.canonical(what))
        except ValueError:
            return (what,)
        owner = publisher_of(what)
        forms += [owner.article_key(what)] if owner else []
    return tuple(dict.fromkeys(forms))


def _is_of(stone: Forgotten, what: str) -> bool:
    labels = urls.host(what).split(".") if "://" in what else []
    return what in stone.article_ids or stone.what in (what, *(".".join(labels[n:]) for n in range(len(labels))))


def _candidates(state: Path, article: str) -> Iterator[Row]:
    """What the indexes compare the article with today, the most alike first; nothing when there are none here."""
    if (state / "index").is_dir():
        try:
            with dedup.open_index(state / "index") as index:
                for one in index.candidates_of(article)[:CANDIDATES]:
                    yield asdict(one.likeness) | {
                        "article_id": one.article_id,
                        "kind": one.kind,
                        "why_not": one.why_none,
                    }
        except (dedup.IndexMismatch, dedup.IndexDamaged) as error:
            show.error(str(error))
    if (state / "anchors" / "anchors.sqlite").is_file():
        try:
            with translations.open_index(state / "anchors") as anchors:
                for other in anchors.candidates_of(article)[:CANDIDATES]:
                    yield {
                        "article_id": other.article_id, "kind": "translation" if other.linked else None, "why_not": other.why_none,
                        "score": other.alignment.score, "shared_anchors": len(other.alignment.shared), "language": other.language,
                    }  # fmt: skip
        except (sqlite3.Error, ValueError) as error:
            show.error(f"{state / 'anchors'}: {error}", "copydesk verify --repair")


def _titled(db: duckdb.DuckDBPyConnection, candidates: Sequence[Row]) -> list[Row]:
    ids = [one["article_id"] for one in candidates]
    query = "SELECT article_id, title, url FROM articles_latest WHERE list_contains(?, article_id)"
    known = {row["article_id"]: row for row in lookup.rows(db, query, ids)}
    return [{"url": "", "title": ""} | known.get(one["article_id"], {}) | one for one in candidates]


def _cuts(data: Path, row: Row) -> list[Cut]:
    """What was removed, in its place: the archived page is extracted again, by today's code."""
    removed = [Cut(piece["kind"], piece["text"]) for piece in row["removed"] or ()]
    if not removed or not row["archive_file"]:
        return removed
    page = sources.page_at(data / row["archive_file"], row["archive_offset"])
    if page is None:
        return removed
    try:
        article = extract(identify(page))
    except Rejected:
        return removed
    whole = "\n".join((article.lead, article.text, *article.below))
    seen: dict[str, int] = {}
    found = []
    for cut in removed:
        at = whole.find(cut.text, seen.get(cut.text, 0))
        if at >= 0:
            end = seen[cut.text] = at + len(cut.text)
            cut = Cut(cut.kind, cut.text, whole[max(0, at - AROUND) : at], whole[end : end + AROUND])  # noqa: PLW2901
        found.append(cut)
    return found


# -- telling it -------------------------------------------------------------------------------------------------------------


def _never(data: str, what: str) -> None:
    owner = publisher_of(what) if "://" in what else None
    if owner is not None and not owner.is_article(what):
        show.error(
            f"{what}: never read into {data}, and never will be: an article of {owner.name} has another address",
            f"copydesk publishers check {owner.name} shows what its articles look like",
        )
    else:
        show.error(f"{what}: never read into {data}, and in no list that was", "copydesk crawl URL fetches one address")


def _known(frontier: Sequence[Known], stones: Sequence[Forgotten], *, read: bool) -> None:
    for stone in stones:
        show.out.print(
            f"[bold]forgotten[/bold] on {show.safe(stone.at)}, as {show.safe(stone.what, 300)}; it stays out"
        )
    if frontier:
        show.out.print("[bold]found[/bold]" if read else "[bold]found, and not read yet[/bold]")
    for one in frontier:
        where = {"asked": "asked for", "declared": "a copy names it", "": "on the way of a redirect"}.get(
            one.found_in, f"in {one.found_in}"
        )
        show.out.print(f"  {one.found:%Y-%m-%d %H:%M} · {one.publisher} · {show.safe(where, 300)}")
        times = {0: "not read yet", 1: "read once", 2: "read twice"}.get(one.visits, f"read {one.visits} times")
        tried = f" · last: {one.outcome}" if one.outcome else ""
        then = {
            "due": f"next visit {one.next_visit:%Y-%m-%d %H:%M} or after" if one.next_visit else "next visit unknown",
            "parked": "waits until an original with its slug is known (`copydesk crawl --all` takes it all the same)",
            "done": "not visited again: it has been looked at again often enough",
            "gone": "not visited again: it is gone",
            "refused": "not visited again: it was refused",
        }[one.state]
        show.out.print(f"    {times}{show.safe(tried)} · {then}")


def _visits(visits: Sequence[Row]) -> None:
    if visits:
        show.out.print("[bold]read[/bold]")
    for v in visits:
        reason = f"/{v['reason']}" if v["reason"] else ""
        where = f" · {v['archive_file']} at byte {v['archive_offset']}" if v["archive_file"] else ""
        status = f"HTTP {v['status']}" if v["status"] else "no answer"
        show.out.print(
            f"  {v['fetched_at']:%Y-%m-%d %H:%M:%S} · {status} · [bold]{v['outcome']}{show.safe(reason)}[/bold]{show.safe(where)}"
        )
        show.out.print(f"    [dim]{show.safe(v['url'], 300)}[/dim]")
        if v["reason"]:
            said = "the server's answer" if v["reason"].startswith("http_") else REASONS.get(v["reason"], "")
            show.out.print(f"    {said}" if said else f"    {show.safe(v['reason'])}")


def _version(row: Row, n_versions: int, cuts: Sequence[Cut]) -> None:
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
    if cuts:
        show.out.print("[bold]removed from the text[/bold]")
    for cut in cuts:
        before, after = (show.safe(" ¶ ".join(side.split("\n"))) for side in (cut.before, cut.after))
        show.out.print(
            f"  {show.safe(cut.kind)}: [dim]{before}[/dim][bold red]⟦{show.safe(cut.text, 160)}⟧[/bold red][dim]{after}[/dim]"
        )


def _relations(article: str, relations: Sequence[Row]) -> None:
    show.out.print(
        "[bold]relations[/bold]" if relations else "[bold]relations[/bold]: none; nothing known is a copy of it"
    )
    last = {frozenset((r["article_id"], r["of_article_id"])): r for r in relations}
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
        old = "" if last[frozenset((r["article_id"], r["of_article_id"]))] is r else " [dim](superseded below)[/dim]"
        show.out.print(
            f"  [bold]{r['kind']}[/bold] {direction} {show.safe(r['host'] or '?')}: {show.safe(r['title'] or r['url'] or '?', 90)}{old}"
        )
        show.out.print(f"    {', '.join(numbers)} · by {show.safe(r['method'])}, {r['decided_at']:%Y-%m-%d %H:%M}")
        anchors = [fact["value"] for fact in r["evidence"] or () if fact["name"] == "anchor"]
        for fact in r["evidence"] or ():
            if fact["name"] != "anchor":
                show.out.print(f"    [dim]{show.safe(fact['name'])}: {show.safe(fact['value'], 300)}[/dim]")
        if anchors:
            _side_by_side([anchor.partition(" ↔ ")[::2] for anchor in anchors])


def _side_by_side(anchors: Sequence[tuple[str, str]]) -> None:
    """What two texts in two languages share: the copy's words on the left, the original's on the right, in the copy's order."""
    grid = Table("    in the copy", "in the original", box=None, pad_edge=False, header_style="dim")
    for here, there in anchors[:ANCHORS]:
        grid.add_row(f"    {show.safe(here, 60)}", show.safe(there, 60))
    show.out.print(grid)
    if len(anchors) > ANCHORS:
        show.out.print(f"    [dim]and {len(anchors) - ANCHORS} more[/dim]")


def _considered(candidates: Sequence[Row], relations: Sequence[Row]) -> None:
    """The candidates that are no copies, and why not."""
    linked = {article for r in relations for article in (r["article_id"], r["of_article_id"])}
    others = [c for c in candidates if c["article_id"] not in linked]
    if not others:
        show.out.print("[bold]looked at, and not linked[/bold]: nothing else")
        return
    show.out.print("[bold]looked at, and not linked[/bold]")
    for c in others:
        show.out.print(f"  {show.safe(c['title'] or c['url'], 90)}")
        show.out.print(f"    [dim]{show.safe(c['url'], 300)}[/dim]")
        if "score" in c:
            told = f"{c['language']}, {c['shared_anchors']} anchors shared"
        else:
            told = (
                f"Jaccard {c['similarity']:.2f}, contained {c['containment']:.2f}, of the other {c['containment_of']:.2f}, "
                f"{c['shared']} shingles shared, {c['boilerplate']} left out as boilerplate"
            )
        show.out.print(f"    {told} · {c['why_not'] or 'a copy by what is known today'}")


def _story(article: str, members: Sequence[Row]) -> None:
    mine: Any = next((m for m in members if m["article_id"] == article), None)
    if mine is None:
        return
    canonical = next((m for m in members if m["is_canonical"]), mine)
    which = "this article" if canonical is mine else show.safe(canonical["url"], 300)
    show.out.print(f"[bold]story[/bold] {mine['story_id'][:12]} · {len(members)} article{'s' * (len(members) != 1)}")
    show.out.print(f"  canonical: {which}, because {CANONICAL.get(canonical['reason'], canonical['reason'])}")
