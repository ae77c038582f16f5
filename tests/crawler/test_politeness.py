"""robots.txt, delays and waiting, against loopback servers. Times are only ever bounded from below."""

import signal
import socket
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from crawler.politeness import retry_after
from crawler.robots import MAX_DELAY, UNREACHABLE, Rules
from tests.crawler.conftest import Crawl, finish, start
from tests.site import PAPER, Answer, Server, address, congluan
from tests.stories import STORIES

NOW = datetime.now(UTC)
PLAIN = "text/plain"


def dropped(connection: socket.socket) -> None:
    connection.close()


def gaps(server: Server) -> list[float]:
    times = [request.at for request in server.requests]
    return [later - earlier for earlier, later in pairwise(times)]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(status=503),
        Answer(status=429, headers=(("Retry-After", "1"),)),
        Answer(raw=dropped),
        Answer(b"User-agent", cut=True),
    ],
    ids=["500", "503", "429", "dropped", "cut off"],
)
def test_nothing_is_fetched_while_robots_txt_cannot_be_had(crawl: Crawl, answer: Answer) -> None:
    with Server(congluan(NOW) | {f"{PAPER}/robots.txt": answer}) as server:
        played = crawl(server, names=["congluan"])
        assert set(server.paths) == {"congluan.vn/robots.txt"}
        assert played.rows == []
        assert "so nothing of https://congluan.vn is fetched now" in played.result["failures"][0]
        server.put(f"{PAPER}/robots.txt", Answer.of("", PLAIN))
        assert len(crawl(server, names=["congluan"]).rows) == len(STORIES)


def test_rules_that_are_known_go_on_to_hold_while_robots_txt_cannot_be_had(crawl: Crawl, tmp_path: Path) -> None:
    from crawler.frontier import Frontier
    from crawler.session import FRONTIER

    with Server(congluan(NOW)) as server:
        frontier = Frontier(tmp_path / "data" / FRONTIER)
        yesterday = datetime.fromtimestamp(NOW.timestamp() - 2 * 86400, UTC)
        frontier.keep_robots("https://congluan.vn", yesterday, 200, b"User-agent: *\nDisallow: /dong-thap")
        frontier.close()
        server.put(f"{PAPER}/robots.txt", Answer(status=503))
        outcomes = crawl(server, names=["congluan"]).outcomes()
    assert sorted(outcomes.values()) == ["rejected/robots"] + ["stored"] * (len(STORIES) - 1)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_no_robots_txt_means_no_rules(crawl: Crawl, status: int) -> None:
    with Server(congluan(NOW) | {f"{PAPER}/robots.txt": Answer(status=status)}) as server:
        assert len(crawl(server, names=["congluan"]).rows) == len(STORIES)


def test_robots_txt_is_asked_for_once_a_day(crawl: Crawl) -> None:
    with Server(congluan(NOW)) as server:
        crawl(server, names=["congluan"], limit=1)
        crawl(server, names=["congluan"])
    assert server.paths.count("congluan.vn/robots.txt") == 1


def test_rules_are_read_as_rfc_9309_says() -> None:
    rules = Rules.parse(
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n\nUser-Agent: CopyDesk\nAllow: /tin/cong-khai\nDisallow: /tin/\n"
        b"Disallow: /*.pdf$\nCrawl-delay: 7\nSitemap: https://a.vn/s.xml\n"
    )
    assert rules.allows("https://a.vn/the-thao")
    assert rules.allows("https://a.vn/tin/cong-khai/1")
    assert not rules.allows("https://a.vn/tin/1")
    assert not rules.allows("https://a.vn/a.pdf")
    assert rules.delay == 7
    assert rules.sitemaps == ("https://a.vn/s.xml",)
    assert Rules.parse(b"User-agent: *\nCrawl-delay: 9000").delay == MAX_DELAY
    assert Rules.parse(b"User-agent: *\nRequest-rate: 1/5").delay == 5
    assert not UNREACHABLE.allows("https://a.vn/")
    assert Rules.parse(b"\x00\xff" * 1000).allows("https://a.vn/")


def test_a_crawl_delay_is_kept(crawl: Crawl) -> None:
    robots = Answer.of("User-agent: *\nCrawl-delay: 0.6\n", PLAIN)
    with Server(congluan(NOW) | {f"{PAPER}/robots.txt": robots}) as server:
        crawl(server, urls=[address(story) for story in STORIES[:3]])
    assert len(server.requests) == 4
    assert min(gaps(server)[1:]) > 0.5


def test_a_second_passes_between_requests_by_default(crawl: Crawl) -> None:
    with Server(congluan(NOW)) as server:
        settings = {"DOWNLOAD_DELAY": 1.0, "AUTOTHROTTLE_ENABLED": True}
        crawl(server, urls=[address(story) for story in STORIES[:2]], settings=settings)
    assert len(server.requests) == 3
    assert min(gaps(server)) > 0.9


def test_the_shipped_settings_are_that_polite() -> None:
    from crawler import settings

    assert settings.DOWNLOAD_DELAY >= 1
    assert settings.AUTOTHROTTLE_START_DELAY >= 1
    assert settings.DOWNLOAD_DELAY_JITTER == 0
    assert settings.CONCURRENT_REQUESTS_PER_DOMAIN <= 2
    assert settings.DOWNLOAD_VERIFY_CERTIFICATES is True


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(crawl: Crawl, status: int) -> None:
    story = STORIES[0]
    pages = congluan(NOW)
    busy = Answer(status=status, headers=(("Retry-After", "1"),), then=pages[address(story)])
    with Server(pages | {address(story): busy}) as server:
        played = crawl(server, urls=[address(story)])
    assert played.outcomes() == {address(story): "stored"}
    assert gaps(server)[-1] > 0.9


def test_a_host_that_wants_a_long_rest_gets_it(crawl: Crawl) -> None:
    urls = [address(story) for story in STORIES]
    rest = Answer(status=429, headers=(("Retry-After", "86400"),))
    with Server(congluan(NOW) | dict.fromkeys(urls, rest)) as server:
        played = crawl(server, urls=urls, settings={"DOWNLOAD_DELAY": 0.1})
        asked = [path for path in server.paths if path.endswith(".html")]
        assert len(asked) == 1
        assert played.outcomes() in ({}, {f"https://{asked[0]}": "failed/http_429"})
        assert "congluan: congluan.vn: asks for 86400 s of rest (HTTP 429)" in played.result["failures"]
        for url, answer in congluan(NOW).items():
            server.put(url, answer)
        again = crawl(server, names=["congluan"], data=None)
    assert len([row for row in again.rows if row["outcome"] == "stored"]) >= len(STORIES) - 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120.0), (" 5 ", 5.0), ("Tue, 24 Nov 2026 00:01:00 GMT", 60.0), ("Tue, 24 Nov 2026 00:00:00 GMT", 0.0)],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float) -> None:
    assert retry_after(said, datetime(2026, 11, 24, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("said", ["", "soon", "-5", "1e9", "٣"])
def test_any_other_retry_after_says_nothing(said: str) -> None:
    assert retry_after(said, NOW) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_crawl_with_all_that_was_fetched(
    crawl: Crawl, tmp_path: Path, number: signal.Signals
) -> None:
    data = tmp_path / "data"
    stuck = {address(STORIES[-1]): Answer(wait=20)}
    with Server(congluan(NOW) | stuck) as server:
        process = start(server, data, urls=[address(s) for s in STORIES], settings={"DOWNLOAD_DELAY": 0.3}, batch=100)
        while len(server.requests) < 4:
            time.sleep(0.02)
        process.send_signal(number)
        played = finish(process, data)
        assert played.result["interrupted"] == number
        asked = {f"https://{path}" for path in server.paths if path.endswith(".html")}
        assert set(played.outcomes()) == asked
        assert 0 < len(asked) < len(STORIES)
        for story in STORIES:
            server.put(address(story), congluan(NOW)[address(story)])
        rest = crawl(server, names=["congluan"])
    assert set(rest.outcomes()) == {address(story) for story in STORIES}
