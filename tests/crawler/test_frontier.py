"""What the frontier remembers, and when it wants a page again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.frontier import (
    BACK_OFF,
    LIST_FIRST,
    LIST_LONGEST,
    LIST_SHORTEST,
    MAX_BACK_OFF,
    QUARANTINE,
    QUARANTINE_AFTER,
    REVISITS,
    Found,
    Frontier,
)
from pipelines.records import PageRow

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
URL = "https://paper.vn/bai-1.html"


def row(url: str = URL, outcome: str = "stored", reason: str = "", at: datetime = NOW, **more: str) -> PageRow:
    return PageRow(
        url=url,
        requested_url=more.get("requested_url", url),
        publisher="paper",
        status=200,
        content_type="text/html",
        n_bytes=1,
        fetched_at=at,
        outcome=outcome,
        reason=reason,
        run_id="r",
    )


def found(url: str = URL, **more: object) -> Found:
    return Found(url, url, **more)  # type: ignore[arg-type]


def taken(frontier: Frontier, at: datetime = NOW, n: int = 10, publisher: str = "paper") -> list[str]:
    return [visit.url for visit in frontier.take(publisher, n, now=at)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "frontier.sqlite"


def test_what_was_taken_and_not_committed_is_due_again_after_a_crash(path: Path) -> None:
    first = Frontier(path)
    assert first.add("paper", [found()], now=NOW) == 1
    assert taken(first) == [URL]
    assert taken(first) == []
    second = Frontier(path)  # the first was never closed: as after kill -9
    assert taken(second) == [URL]


def test_an_article_is_wanted_again_after_an_hour_a_day_and_a_week(path: Path) -> None:
    at = NOW
    for wait in REVISITS:
        frontier = Frontier(path)
        frontier.add("paper", [found()], now=at)
        assert taken(frontier, at) == [URL]
        frontier.committed([row(at=at)])
        assert taken(Frontier(path), at + wait - timedelta(seconds=1)) == []
        at += wait
    frontier = Frontier(path)
    assert taken(frontier, at) == [URL]
    frontier.committed([row(at=at, outcome="unchanged")])
    assert taken(Frontier(path), at + timedelta(days=1000)) == []
    assert frontier.counts("paper") == {"done": 1}


def test_an_old_article_from_a_backfill_is_fetched_once(path: Path) -> None:
    frontier = Frontier(path)
    frontier.add("paper", [found(published=NOW - timedelta(days=30))], now=NOW)
    taken(frontier)
    frontier.committed([row()])
    assert frontier.counts("paper") == {"done": 1}


def test_a_commit_that_is_told_twice_counts_once(path: Path) -> None:
    frontier = Frontier(path)
    frontier.add("paper", [found()], now=NOW)
    frontier.committed([row()])
    frontier.committed([row()])
    frontier.apply("r", [row()])
    assert frontier.unapplied(["r", "s"]) == ["s"]
    assert taken(Frontier(path), NOW + REVISITS[0]) == [URL]


def test_a_failure_backs_off_and_is_quarantined_and_never_lost(path: Path) -> None:
    at, waits = NOW, []
    frontier = Frontier(path)
    frontier.add("paper", [found()], now=at)
    for _ in range(QUARANTINE_AFTER + 2):
        frontier.committed([row(outcome="failed", reason="timeout", at=at)])
        due = next(
            wait
            for wait in (timedelta(hours=h) for h in (1, 2, 4, 8, 16, 24, 168))
            if Frontier(path).take("paper", 1, now=at + wait)
        )
        waits.append(due)
        at += due
    assert waits[:2] == [BACK_OFF, BACK_OFF * 2]
    assert waits[5:9] == [MAX_BACK_OFF] * 4
    assert waits[-3:] == [QUARANTINE] * 3
    frontier.committed([row(at=at)])
    assert frontier.outcome(URL) == "stored"


@pytest.mark.parametrize(
    ("reason", "state"), [("too_short", "refused"), ("not_html", "refused"), ("robots", "due"), ("gone", "due")]
)
def test_a_refusal_is_remembered(path: Path, reason: str, state: str) -> None:
    frontier = Frontier(path)
    frontier.add("paper", [found()], now=NOW)
    frontier.committed([row(outcome="rejected", reason=reason)])
    assert frontier.counts("paper") == {state: 1}
    assert taken(frontier) == []


def test_gone_is_believed_the_second_time(path: Path) -> None:
    frontier = Frontier(path)
    frontier.add("paper", [found()], now=NOW)
    frontier.committed([row(outcome="rejected", reason="gone")])
    assert taken(frontier, NOW + timedelta(days=1)) == [URL]
    frontier.committed([row(outcome="rejected", reason="gone", at=NOW + timedelta(days=1))])
    assert frontier.counts("paper") == {"gone": 1}


def test_the_asked_for_come_first_then_the_declared_then_the_newest(path: Path) -> None:
    frontier = Frontier(path)
    frontier.add(
        "paper",
        [
            found("https://paper.vn/old", published=NOW - timedelta(days=1)),
            found("https://paper.vn/new", published=NOW - timedelta(hours=1)),
            found("https://paper.vn/declared", published=NOW - timedelta(days=9), priority=1),
            found("https://paper.vn/asked", priority=2),
        ],
        now=NOW,
    )
    assert [url.rpartition("/")[2] for url in taken(frontier)] == ["asked", "declared", "new", "old"]


def test_an_address_found_without_a_date_takes_the_one_another_list_gives(path: Path) -> None:
    old, new = URL, "https://paper.vn/bai-2.html"
    frontier = Frontier(path)
    frontier.add("paper", [found(old)], now=NOW)
    frontier.add("paper", [found(old, published=NOW - timedelta(hours=9))], now=NOW)
    frontier.add("paper", [found(new, published=NOW - timedelta(hours=1))], now=NOW)
    assert taken(frontier) == [new, old]


def test_a_copy_waits_until_its_original_is_known_whichever_comes_first(path: Path) -> None:
    frontier = Frontier(path)
    copies = [found(f"https://agg.vn/{lang}/tin", slug="tin", parked=True) for lang in ("de", "ja")]
    assert frontier.add("agg", copies[:1], now=NOW) == 0
    assert taken(frontier, publisher="agg") == []
    frontier.add("paper", [found(slug="tin")], now=NOW)
    assert frontier.add("agg", [*copies, found("https://agg.vn/khac", slug="khac", parked=True)], now=NOW) == 1
    assert sorted(taken(frontier, publisher="agg")) == ["https://agg.vn/de/tin", "https://agg.vn/ja/tin"]
    assert frontier.counts("agg") == {"due": 2, "parked": 1}


def test_copies_of_one_aggregator_do_not_release_each_other(path: Path) -> None:
    frontier = Frontier(path)
    for lang in ("de", "ja"):
        frontier.add("agg", [found(f"https://agg.vn/{lang}/tin", slug="tin", parked=True)], now=NOW)
    assert frontier.counts("agg") == {"parked": 2}


def test_one_article_under_two_addresses_is_one_row(path: Path) -> None:
    frontier = Frontier(path)
    one = Found("https://paper.vn/key", "https://paper.vn/bai-post1.html")
    other = Found("https://paper.vn/key", "https://www.paper.vn/bai-10300001.html")
    assert frontier.add("paper", [one, other], now=NOW) == 1
    assert taken(frontier) == [one.url]


def test_a_redirect_marks_both_addresses(path: Path) -> None:
    frontier = Frontier(path)
    frontier.add("paper", [found()], now=NOW)
    taken(frontier)
    frontier.alias("paper", "https://paper.vn/moved", "https://paper.vn/moved", now=NOW)
    frontier.committed([row("https://paper.vn/moved", requested_url=URL)])
    assert taken(Frontier(path)) == []


def test_a_list_is_asked_more_often_while_it_brings_news(path: Path) -> None:
    frontier, at = Frontier(path), NOW
    assert frontier.listing("paper", URL, now=at).due
    waits = []
    for news in (1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0):
        frontier.visited(URL, news=news, etag="e", now=at)
        wait = next(
            m for m in range(1, 24 * 60 + 2) if frontier.listing("paper", URL, now=at + timedelta(minutes=m)).due
        )
        waits.append(timedelta(minutes=wait))
        at += waits[-1]
    assert waits[0] == LIST_FIRST
    assert waits[2] == LIST_SHORTEST
    assert waits[3:] == sorted(waits[3:])
    assert waits[-1] == LIST_LONGEST
    assert frontier.listing("paper", URL).etag == "e"


def test_a_list_that_failed_is_asked_again_by_the_next_crawl(path: Path) -> None:
    frontier = Frontier(path)
    frontier.listing("paper", URL, now=NOW)
    assert frontier.list_failed(URL, now=NOW) == 1
    assert frontier.list_failed(URL, now=NOW) == 2
    assert frontier.listing("paper", URL, now=NOW).due


def test_a_dry_run_sees_everything_and_changes_nothing(path: Path) -> None:
    frontier = Frontier(path)
    frontier.add("paper", [found()], now=NOW)
    copy = Frontier.copy_of(path)
    assert taken(copy) == [URL]
    copy.add("paper", [found("https://paper.vn/2")], now=NOW)
    assert taken(frontier) == [URL]
    assert frontier.counts("paper") == {"due": 1}


def test_no_query_reads_every_address(path: Path) -> None:
    frontier = Frontier(path)
    asked: list[str] = []
    frontier._db.set_trace_callback(asked.append)
    frontier.add("paper", [found(slug="tin"), found("https://paper.vn/2", slug="khac", parked=True)], now=NOW)
    taken(frontier)
    frontier.learn(URL, etag="e", last_modified="", archive_file="f", archive_offset=1)
    frontier.committed([row()])
    frontier.alias("paper", "https://paper.vn/3", "https://paper.vn/3", now=NOW)
    frontier.outcome(URL)
    frontier.counts("paper")
    frontier._db.set_trace_callback(None)
    queries = [query for query in asked if query.startswith(("SELECT", "UPDATE", "INSERT"))]
    assert len(queries) > 10
    plans = {query: frontier._db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall() for query in queries}
    assert not {query: plan for query, plan in plans.items() if any(step[3].startswith("SCAN") for step in plan)}
