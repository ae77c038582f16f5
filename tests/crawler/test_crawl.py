"""Whole crawls of loopback servers that play congluan.vn and vietnam.vn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler import web
from tests.crawler.conftest import Crawl
from tests.site import PAPER, XML, Answer, Server, address, congluan, edition, rss, urlset, vietnam_vn
from tests.stories import BRIDGE, FOREIGN, HYDROGEN, NEWSROOM, STORIES

NOW = datetime.now(UTC)
COPIES = [edition(story, language) for story in STORIES for language in ("vi", *story.translations)]


@pytest.fixture
def server() -> Server:
    return Server(congluan(NOW) | vietnam_vn(NOW, slow=0.2))


def test_every_article_and_every_copy_of_it_is_fetched_once(server: Server, crawl: Crawl) -> None:
    with server:
        played = crawl(server, names=["congluan", "vietnam_vn"])
    outcomes = played.outcomes()
    originals = {address(story) for story in STORIES}
    broken = {edition(BRIDGE, "en"): "rejected/gone", edition(BRIDGE, "fr"): "failed/cut_off"}
    assert outcomes == dict.fromkeys(originals | set(COPIES), "stored") | broken
    assert played.result["failures"] == []
    assert edition(FOREIGN, "vi") not in outcomes
    assert not any("/lich-vien/" in path or "/2026-10" in path for path in server.paths)


def test_a_second_crawl_asks_for_nothing_that_is_known(server: Server, crawl: Crawl) -> None:
    with server:
        first = crawl(server, names=["congluan", "vietnam_vn"])
        asked = len(server.requests)
        second = crawl(server, names=["congluan", "vietnam_vn"])
    assert len(second.rows) == len(first.rows)
    assert len(server.requests) - asked <= 0.05 * asked


def test_a_replay_gives_the_same_rows_without_a_server(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    with server:
        live = crawl(server, names=["congluan", "vietnam_vn"])
    archive = sorted((tmp_path / "data" / "raw").glob("*.warc.gz"))
    replayed = crawl(None, data=tmp_path / "again", names=["congluan", "vietnam_vn"], replay=[str(p) for p in archive])
    again = crawl(None, data=tmp_path / "again", names=["congluan", "vietnam_vn"], replay=[str(p) for p in archive])
    columns = ("url", "status", "publisher", "n_bytes", "fetched_at", "outcome", "archive_offset")
    answered = {tuple(row[c] for c in columns) for row in live.rows if row["status"]}
    assert {tuple(row[c] for c in columns) for row in replayed.rows if row["status"]} == answered
    assert again.rows == replayed.rows


def test_all_takes_what_is_no_copy_of_anything_known(server: Server, crawl: Crawl) -> None:
    with server:
        played = crawl(server, names=["vietnam_vn"], all_copies=True)
    assert edition(FOREIGN, "vi") in played.outcomes()


def test_the_source_that_a_copy_declares_is_followed(server: Server, crawl: Crawl) -> None:
    with server:
        played = crawl(server, urls=[edition(HYDROGEN, "en")])
    assert played.outcomes() == {edition(HYDROGEN, "en"): "stored", address(HYDROGEN): "stored"}
    assert played.result["reports"] == ["congluan", "vietnam_vn"]


def test_of_the_originals_on_one_unknown_site_a_crawl_asks_for_a_few_and_the_next_goes_on(crawl: Crawl) -> None:
    copies = [edition(story, language) for story in (HYDROGEN, NEWSROOM) for language in story.translations][:7]
    named = [f"http://bao.example/bai-{n}.html" for n in range(len(copies))]
    assert len(copies) == 7
    pages = {url: Answer.of(f'<a href="{source}">{source}</a>') for url, source in zip(copies, named, strict=True)}
    pages |= dict.fromkeys((*named, f"{named[0]}-other"), Answer.of("<h1>Tin</h1>"))
    pages["http://bao.example/robots.txt"] = Answer.of(
        f"User-agent: *\nDisallow: {urlsplit(named[6]).path}", "text/plain"
    )
    pages["https://www.vietnam.vn/robots.txt"] = Answer.of("", "text/plain")
    with Server(pages) as server:
        first = crawl(server, urls=copies)
        assert sum(url in named for url in first.outcomes()) == 5
        planned = crawl(server, urls=[edition(FOREIGN, "vi")], dry_run=True).result["planned"]
        assert set(named) - set(first.outcomes()) <= set(planned)
        second = crawl(server, urls=[edition(FOREIGN, "vi")])
    ended = {url: outcome for url, outcome in second.outcomes().items() if url in named}
    assert ended == dict.fromkeys(named[:6], "stored") | {named[6]: "rejected/robots"}
    assert not second.result["failures"]


@pytest.mark.parametrize("late", ["/sitemap/", "/rss/", "/quoc-te"])
def test_a_limit_takes_the_newest_whichever_list_answers_last(server: Server, crawl: Crawl, late: str) -> None:
    for url, answer in congluan(NOW).items():
        if url.startswith(PAPER + late):
            server.put(url, replace(answer, wait=0.5))
    with server:
        played = crawl(server, names=["congluan"], limit=2)
        rest = crawl(server, names=["congluan"])
    assert {row["url"] for row in played.rows} == {address(NEWSROOM), address(HYDROGEN)}
    assert len(rest.outcomes()) == len(STORIES)


def test_a_window_in_the_past_takes_what_was_published_in_it(server: Server, crawl: Crawl) -> None:
    with server:
        played = crawl(
            server,
            names=["congluan"],
            since=(NOW - timedelta(hours=22)).isoformat(),
            until=(NOW - timedelta(hours=13)).isoformat(),
        )
    dated = {row["url"] for row in played.rows}
    assert {address(s) for s in STORIES if 13 < s.hours < 22} <= dated


def test_a_dry_run_says_what_it_would_fetch_and_writes_nothing(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    with server:
        played = crawl(server, names=["congluan"], dry_run=True)
    assert played.result["planned"][0] == address(NEWSROOM)
    assert len(played.result["planned"]) == len(STORIES)
    assert not any(path.endswith(".html") for path in server.paths)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("status", [403, 500])
def test_a_publisher_that_refuses_is_a_failure_with_its_reason(server: Server, crawl: Crawl, status: int) -> None:
    with server:
        for url in [url for url in congluan(NOW) if not url.endswith("/robots.txt")]:
            server.put(url, Answer.of("no", status=status))
        played = crawl(server, names=["congluan", "vietnam_vn"])
    assert f"congluan: sitemap {PAPER}/sitemap.xml: HTTP {status}" in played.result["failures"]
    assert not any(failure.startswith("vietnam_vn") for failure in played.result["failures"])


def test_an_unchanged_page_is_asked_for_again_after_an_hour_and_told_apart(server: Server, crawl: Crawl) -> None:
    with server:
        crawl(server, names=["congluan"], urls=[])
        again = crawl(server, urls=[address(HYDROGEN)])
    assert [row["url"] for row in again.rows].count(address(HYDROGEN)) == 2
    first, second = (row for row in again.rows if row["url"] == address(HYDROGEN))
    assert (first["archive_file"], first["archive_offset"]) == (second["archive_file"], second["archive_offset"])


def test_a_server_may_say_that_a_page_has_not_changed(server: Server, crawl: Crawl) -> None:
    url = address(HYDROGEN)
    with server:
        server.put(url, replace(server.pages["congluan.vn", url.removeprefix(PAPER)], headers=(("ETag", '"one"'),)))
        crawl(server, urls=[url])
        played = crawl(server, urls=[url])
    first, second = played.rows
    assert [
        request.headers.get("if-none-match")
        for request in server.requests
        if request.path in url and request.path != "/"
    ] == [None, '"one"']
    columns = ("url", "status", "n_bytes", "outcome", "archive_file", "archive_offset")
    assert [first[c] for c in columns] == [second[c] for c in columns]
    assert second["fetched_at"] > first["fetched_at"]


def test_a_site_without_a_file_is_looked_around_in(crawl: Crawl) -> None:
    site = "http://bao.example"
    article = Answer.of("<html><body><h1>Tin</h1></body></html>")
    found = [f"{site}/mot-bai-bao-tim-thay-trong-{where}" for where in ("trang-chu", "nguon-tin", "ban-do-trang")]
    pages = dict.fromkeys(found, article) | {
        f"{site}/robots.txt": Answer.of(f"Sitemap: {site}/map.xml\n", "text/plain"),
        f"{site}/": Answer.of(
            f'<link rel="alternate" type="application/rss+xml" href="/rss"><a href="{found[0]}">Tin</a>'
        ),
        f"{site}/rss": Answer.of(rss([(found[1], "Tin", NOW)]), XML),
        f"{site}/map.xml": Answer.of(
            urlset([(found[2], NOW), (f"{site}/cu-roi-khong-con-la-tin-moi-nua", NOW - timedelta(days=9))]), XML
        ),
    }
    with Server(pages) as server:
        played = crawl(server, urls=[f"{site}/"])
    assert played.outcomes() == dict.fromkeys(found, "stored")


@pytest.mark.parametrize(
    ("path", "article"),
    [
        ("nhat-ban-dua-tau-cho-hang-chay-hydro-vao-tuyen", True),
        ("cho-noi-hop-som-post81234.html", True),
        ("2026/08/14/mayor-says-no/", True),
        ("2026/11/tet-ve-som", True),
        ("lich-vien/2026/11", False),
        ("tag/tin-moi-2026", False),
        ("the-thao/trang-2.html", False),
        ("van-hoa/the-thao", False),
    ],
)
def test_an_address_of_a_site_without_a_file_is_an_article_by_its_headline(path: str, article: bool) -> None:
    assert web.site("https://bao.example/").is_article(f"https://bao.example/{path}") == article
