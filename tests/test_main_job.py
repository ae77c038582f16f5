"""The main job as its user runs it: the `copydesk` command against servers that play congluan.vn and vietnam.vn."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.site import PAPER, Answer, Server, address, congluan, edition, vietnam_vn
from tests.stories import BRIDGE, DURIAN, FOREIGN, HYDROGEN, NEWSROOM, STORIES

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "tests" / "demo" / "demo.warc.gz"
FAST = {"COPYDESK_PROCESSES": "2"}


def copydesk(*words: object, cwd: Path, code: int | None = 0, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command; its exit code must be `code`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    done = subprocess.run(
        [sys.executable, "-m", "crawler", *map(str, words)],
        cwd=cwd, env=clean | {"PYTHONPATH": str(ROOT)} | FAST | environ, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert code is None or done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
    return done


def ask(data: Path, query: str) -> list[tuple[Any, ...]]:
    """DuckDB over plain globs, as an analyst would."""
    views = "".join(
        f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{data}/{name}/**/*.parquet', hive_partitioning=true);"
        for name in ("articles", "copies", "pages", "runs", "stories")
    )
    with duckdb.connect() as db:
        db.execute(views)
        return db.execute(query).fetchall()


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Server, list[dict[str, Any]]]]:
    """A crawl, and the same crawl right after it; with the summaries they printed and the number of requests."""
    folder = tmp_path_factory.mktemp("crawl")
    now = datetime.now(UTC)
    summaries = []
    with Server(congluan(now) | vietnam_vn(now, slow=0.5)) as server:
        for _ in range(2):
            allowed = [f"--allow-address={one}" for one in server.allow]
            before = len(server.requests)
            done = copydesk("crawl", *allowed, cwd=folder)
            summaries.append(json.loads(done.stdout.splitlines()[-1]) | {"asked": len(server.requests) - before})
        yield folder, server, summaries


def test_every_page_has_one_outcome_and_the_counts_add_up(crawled: tuple[Path, Server, list[dict[str, Any]]]) -> None:
    folder, _, (first, _) = crawled
    data = folder / "data"
    (pages,) = ask(data, "SELECT count(*), count(DISTINCT requested_url) FROM pages")
    assert pages == (first["n_pages"], first["n_pages"])
    assert sum(first["outcomes"].values()) == first["n_pages"]
    assert dict(ask(data, "SELECT requested_url, reason FROM pages WHERE outcome IN ('rejected', 'failed')")) == {
        edition(BRIDGE, "en"): "gone",
        edition(BRIDGE, "fr"): "cut_off",
    }
    ((articles,),) = ask(data, "SELECT count(*) FROM articles")
    assert articles == first["n_articles"] == first["outcomes"]["stored"] + first["outcomes"]["duplicate"]


def test_every_copy_is_in_the_story_of_its_original(crawled: tuple[Path, Server, list[dict[str, Any]]]) -> None:
    folder, _, _ = crawled
    found: dict[str, set[str]] = {}
    for story, url in ask(
        folder / "data", "SELECT stories.story_id, url FROM stories JOIN articles USING (article_id)"
    ):
        found.setdefault(story, set()).add(url)
    expected = [{address(s)} | {edition(s, language) for language in ("vi", *s.translations)} for s in STORIES]
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected))
    originals = dict(
        ask(
            folder / "data",
            "SELECT DISTINCT o.url, canonical_id = original_id FROM stories s JOIN articles o ON o.article_id = original_id",
        )
    )
    assert originals == {address(s): True for s in STORIES}


def test_the_copy_without_a_source_line_is_found_and_said_not_to_name_it(
    crawled: tuple[Path, Server, list[dict[str, Any]]],
) -> None:
    folder, _, _ = crawled
    rows = ask(
        folder / "data",
        f"SELECT c.kind, a.source_url, s.attributed FROM articles a JOIN stories s USING (article_id) JOIN copies c ON c.article_id = a.article_id "
        f"JOIN articles o ON o.article_id = c.of_article_id WHERE a.url = '{edition(NEWSROOM, 'fr')}' AND o.url = '{address(NEWSROOM)}'",
    )
    assert rows == [("translation", None, False)]


@pytest.mark.parametrize("language", ["de", "ja"])
def test_the_text_is_clean_and_the_source_is_kept(
    crawled: tuple[Path, Server, list[dict[str, Any]]], language: str
) -> None:
    folder, _, _ = crawled
    ((text, source, credits_, removed),) = ask(
        folder / "data",
        f"SELECT text, source_url, credits, [r.kind FOR r IN removed] FROM articles WHERE url = '{edition(HYDROGEN, language)}'",
    )
    assert text.splitlines() == list(HYDROGEN.translations[language].paragraphs)
    assert source == (
        None if language == "de" else address(HYDROGEN)
    )  # the German page ends "…)Quelle" and says no more
    assert list(credits_) == list(HYDROGEN.credits)
    assert {"ad", "source_line", "comment_count", "byline"} <= set(removed)


def test_every_response_is_in_the_archive(crawled: tuple[Path, Server, list[dict[str, Any]]]) -> None:
    folder, _, _ = crawled
    from pipelines import sources

    places = {
        (p.url, f"raw/{p.archive_file}", p.archive_offset)
        for warc in (folder / "data" / "raw").glob("*.warc.gz")
        for p in sources.read(warc)
    }  # type: ignore[union-attr]
    named = set(ask(folder / "data", "SELECT url, archive_file, archive_offset FROM pages WHERE reason <> 'cut_off'"))
    assert named <= places


def test_the_second_run_asks_for_little_and_adds_nothing(crawled: tuple[Path, Server, list[dict[str, Any]]]) -> None:
    _, _, (first, second) = crawled
    assert second["asked"] <= 0.05 * first["asked"] + 1
    assert (second["n_articles"], second["copies"]) == (0, {})


def test_pandas_and_polars_read_what_duckdb_reads(crawled: tuple[Path, Server, list[dict[str, Any]]]) -> None:
    import pandas as pd
    import polars as pl

    folder, _, (first, _) = crawled
    for name in ("articles", "copies", "pages", "runs", "stories"):
        ((count,),) = ask(folder / "data", f"SELECT count(*) FROM {name}")
        assert len(pd.read_parquet(folder / "data" / name)) == count
        assert pl.scan_parquet(folder / "data" / name / "**" / "*.parquet").select(pl.len()).collect().item() == count
    assert first["n_articles"] == len(pd.read_parquet(folder / "data" / "articles"))


def test_story_and_explain_answer_for_any_address_of_the_article(
    crawled: tuple[Path, Server, list[dict[str, Any]]],
) -> None:
    folder, _, _ = crawled
    told = copydesk("story", edition(HYDROGEN, "ja") + "?utm_source=x", cwd=folder).stdout
    assert told.count("translation") == 4
    assert "names its source" in told
    told = copydesk("explain", edition(HYDROGEN, "de"), cwd=folder).stdout
    for expected in ("duplicate", "is taken from congluan.vn", "sitemap", "read once"):
        assert expected in told
    # what was removed, in its place; what was looked at and is no copy; why the canonical is the canonical
    assert "(laut Kyodo, Nikkei)⟦Quelle⟧" in told
    assert "⟦[Anzeige_2]⟧ ¶ Kommentar (0)" in told
    assert "looked at, and not linked" in told
    assert re.search(r"score 0\.\d\d; 0\.\d\d is needed", told)
    assert "because copies name it as their source" in told


def test_explain_answers_for_what_was_refused_or_never_read(
    crawled: tuple[Path, Server, list[dict[str, Any]]],
) -> None:
    folder, _, _ = crawled
    gone = copydesk("explain", edition(BRIDGE, "en") + "?utm_source=x", cwd=folder).stdout
    assert "rejected/gone" in gone
    assert "the server says 404 or 410" in gone
    failed = copydesk("explain", edition(BRIDGE, "fr"), cwd=folder).stdout
    assert "failed/cut_off" in failed
    assert "next visit" in failed
    parked = copydesk("explain", edition(FOREIGN, "vi"), cwd=folder).stdout
    assert "found, and not read yet" in parked
    assert "waits until an original with its slug is known" in parked
    never = copydesk("explain", "https://congluan.vn/x-post1.html", cwd=folder, code=4).stderr
    assert "never read into data, and in no list" in never
    assert "copydesk crawl URL" in never
    assert "has another address" in copydesk("explain", "https://congluan.vn/the-thao", cwd=folder, code=4).stderr
    told = json.loads(copydesk("explain", edition(HYDROGEN, "de"), "--json", cwd=folder).stdout)
    assert {cut["kind"] for cut in told["removed"] if cut["before"]} >= {"ad", "source_line", "comment_count", "byline"}
    assert any(one["kind"] is None and one["why_not"] for one in told["candidates"])


def test_the_run_log_is_short(crawled: tuple[Path, Server, list[dict[str, Any]]]) -> None:
    folder, _, _ = crawled
    assert len(copydesk("runs", cwd=folder).stdout.splitlines()) == 2


def test_a_changed_article_is_a_new_version_and_its_story_stays(
    crawled: tuple[Path, Server, list[dict[str, Any]]], tmp_path: Path
) -> None:
    shutil.copytree(crawled[0] / "data", data := tmp_path / "data")  # the other tests count what two crawls brought
    now = datetime.now(UTC)
    changed = {
        u: Answer(a.body.replace(b"(CLO) ", "(CLO) Cập nhật: ".encode()), kind=a.kind)
        for u, a in congluan(now).items()
        if u == address(DURIAN)
    }
    with Server(congluan(now) | changed) as server:
        allowed = [f"--allow-address={one}" for one in server.allow]
        copydesk("crawl", address(DURIAN), *allowed, cwd=tmp_path)
    rows = ask(data, f"SELECT version, duplicate_of FROM articles WHERE url = '{address(DURIAN)}' ORDER BY version")
    assert [version for version, _ in rows] == [1, 2]
    ((n,),) = ask(
        data,
        f"SELECT n_articles FROM stories JOIN articles USING (article_id) WHERE url = '{address(DURIAN)}' LIMIT 1",
    )
    assert n == 2 + len(DURIAN.translations)


def test_scrapy_crawl_writes_the_same_tables(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Server(congluan(now)) as server:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
        listed = subprocess.run(
            [sys.executable, "-m", "scrapy", "list"], cwd=ROOT, env=clean, capture_output=True, text=True, check=True
        )
        assert {"congluan", "vietnam_vn", "baomoi"} <= set(listed.stdout.split())
        settings = [f"-sCOPYDESK_DATA={tmp_path / 'data'}", "-sCOPYDESK_ALLOW_ADDRESSES=" + ",".join(server.allow)]
        subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "congluan", *settings],
            cwd=ROOT,
            env=clean,
            capture_output=True,
            check=True,
            timeout=180,
        )
    assert ask(tmp_path / "data", "SELECT count(*), count(DISTINCT publisher) FROM articles") == [(len(STORIES), 1)]
    assert ask(tmp_path / "data", "SELECT status, n_articles FROM runs") == [("finished", len(STORIES))]


def test_the_demo_archive_gives_the_same_tables_without_a_network(tmp_path: Path) -> None:
    for name in ("a", "b"):
        copydesk("crawl", "--replay", DEMO, "--data", name, cwd=tmp_path)
    columns = "article_id, content_hash, title, published_at, source_url, duplicate_kind IS NULL"
    first, second = (sorted(ask(tmp_path / name, f"SELECT {columns} FROM articles")) for name in ("a", "b"))
    assert len(first) == 26
    assert [row[:5] for row in first] == [row[:5] for row in second]
    kinds = "SELECT kind, count(*) FROM copies GROUP BY ALL ORDER BY ALL"
    assert ask(tmp_path / "a", kinds) == ask(tmp_path / "b", kinds)
    again = json.loads(copydesk("crawl", "--replay", DEMO, "--data", "a", cwd=tmp_path).stdout.splitlines()[-1])
    assert again["n_articles"] == 0
    copydesk("reextract", "--data", "a", "--out", "c", cwd=tmp_path, code=2)  # a replay keeps no archive of its own
    copydesk("ingest", DEMO, "--data", "d", cwd=tmp_path)
    assert ask(tmp_path / "d", "SELECT count(*) FROM articles WHERE publisher <> ''") == [(26,)]


def test_reextract_rebuilds_the_tables_and_says_what_changed(
    crawled: tuple[Path, Server, list[dict[str, Any]]], tmp_path: Path
) -> None:
    folder, _, (first, _) = crawled
    shutil.copytree(folder / "data", tmp_path / "data")
    (tmp_path / "more.jsonl").write_text(
        '{"id": "1", "url": "https://a.example/1", "text": "Only in the tables, not in the archive."}'
    )
    copydesk("ingest", "more.jsonl", cwd=tmp_path)
    done = copydesk("reextract", "--out", "again", cwd=tmp_path)
    _, changes, example = map(json.loads, done.stdout.splitlines())
    assert changes == dict.fromkeys(changes, 0) | {
        "same": first["n_articles"], "only_before": 1, "more_characters": -example["characters_before"],
    }  # fmt: skip
    assert (example["url"], example["what"]) == ("https://a.example/1", "only before")
    assert "Warning" not in done.stderr
    columns = "SELECT article_id, content_hash, title, published_at, source_url FROM articles ORDER BY ALL"
    assert ask(tmp_path / "again", columns) == ask(folder / "data", columns)


def test_an_ingest_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = json.loads(copydesk("ingest", DEMO, "--data", "whole", cwd=tmp_path).stdout.splitlines()[-1])
    environ = {n: v for n, v in os.environ.items() if not n.startswith("COPYDESK_")} | {"PYTHONPATH": str(ROOT)} | FAST
    command = [sys.executable, "-m", "crawler", "ingest", str(DEMO), "--data", "killed", "--batch", "4"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((tmp_path / "killed").glob("pages/**/*.parquet")) and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    ((before,),) = duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/killed/pages/**/*.parquet'").fetchall()
    assert 0 < before < whole["n_pages"], "it was killed in the middle"
    rest = json.loads(copydesk("ingest", DEMO, "--data", "killed", cwd=tmp_path).stdout.splitlines()[-1])
    again = json.loads(copydesk("ingest", DEMO, "--data", "killed", cwd=tmp_path).stdout.splitlines()[-1])
    assert rest["n_pages"] == whole["n_pages"] - before
    assert again["n_pages"] == 0
    articles = "SELECT article_id, version, content_hash FROM articles ORDER BY ALL"
    assert ask(tmp_path / "killed", articles) == ask(tmp_path / "whole", articles)


class TestBadInput:
    """A clear message, the exit code of DESIGN section 4, everything else stored, nothing half-written."""

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["crawl", "congluann", "--contact", "a@b.example"], "did you mean 'congluan'"),
            (["crawl"], "no contact is configured"),
            (["crawl", "--sinse", "2d"], "--since"),
            (["crawl", "--since", "soon", "--contact", "a@b.example"], "neither a duration"),
            (["crawl", "--replay", "none.warc.gz"], "none.warc.gz"),
            (["crwl"], "crawl"),
            (["ingest", "none.jsonl"], "none.jsonl"),
            (["extract", "none.html"], "none.html"),
            (["extract"], "say what to extract"),
            (["publishers", "check", "nobody", "--contact", "a@b.example"], "nobody"),
        ],
    )
    def test_usage(self, tmp_path: Path, words: list[str], message: str) -> None:
        done = copydesk(*words, cwd=tmp_path, code=2)
        assert message in done.stderr.replace("\n", " ")
        assert not (tmp_path / "data").exists()

    def test_an_unknown_key_in_the_configuration(self, tmp_path: Path) -> None:
        (tmp_path / "copydesk.toml").write_text("contcat = 'a@b.example'")
        assert "did you mean 'contact'" in copydesk("runs", cwd=tmp_path, code=2).stderr

    def test_no_network(self, tmp_path: Path) -> None:
        done = copydesk(
            "crawl",
            "--contact",
            "desk@news.invalid",
            "--allow-address",
            "127.0.0.1:9",
            "https://paper.invalid/a-long-headline-1.html",
            cwd=tmp_path,
            code=4,
        )
        assert "paper.invalid" in done.stdout

    @pytest.mark.parametrize("status", [403, 500])
    def test_a_publisher_that_refuses(self, tmp_path: Path, status: int) -> None:
        now = datetime.now(UTC)
        refusing = {url: Answer.of("no", status=status) for url in congluan(now) if not url.endswith("robots.txt")}
        with Server(congluan(now) | refusing | vietnam_vn(now, slow=0.0)) as server:
            allowed = [f"--allow-address={one}" for one in server.allow]
            done = copydesk("crawl", "congluan", "vietnam_vn", "--all", *allowed, cwd=tmp_path, code=4)
        summary = json.loads(done.stdout.splitlines()[-1])
        assert any("congluan: " in failure and str(status) in failure for failure in summary["failures"])
        assert summary["publishers"]["vietnam_vn"]["stored"] > 0
        assert ask(tmp_path / "data", "SELECT status, exit_code FROM runs") == [("partial", 4)]

    def test_an_unwritable_folder(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("a file is in the way")
        done = copydesk("ingest", DEMO, cwd=tmp_path, code=6)
        assert "data" in done.stderr

    def test_damaged_sources_are_told_and_the_rest_is_stored(self, tmp_path: Path) -> None:
        (tmp_path / "torn.warc.gz").write_bytes(DEMO.read_bytes()[:-200])
        (tmp_path / "texts.jsonl").write_text('{"id": 1, "text": "' + "Ein Satz. " * 30 + '"}\n{"id": 2\n')
        done = copydesk("ingest", "torn.warc.gz", "texts.jsonl", cwd=tmp_path, code=4)
        summary = json.loads(done.stdout.splitlines()[-1])
        assert summary["outcomes"]["failed/corrupt_record"] == 2
        assert len(summary["failures"]) == 2
        assert summary["n_articles"] > 20

    def test_a_second_run_at_the_same_time(self, tmp_path: Path) -> None:
        from pipelines.store import Store

        with Store.open(tmp_path / "data", command="the other run"):
            done = copydesk("ingest", DEMO, cwd=tmp_path, code=3)
        assert "the other run" in done.stderr

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_the_crawl_and_keeps_what_was_fetched(self, tmp_path: Path, number: int, code: int) -> None:
        now = datetime.now(UTC)
        with Server(congluan(now) | vietnam_vn(now, slow=20.0)) as server:
            allowed = [f"--allow-address={one}" for one in server.allow]
            environ = (
                {n: v for n, v in os.environ.items() if not n.startswith("COPYDESK_")}
                | {"PYTHONPATH": str(ROOT)}
                | FAST
            )
            process = subprocess.Popen(
                [sys.executable, "-m", "crawler", "crawl", *allowed],
                cwd=tmp_path,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            deadline = time.monotonic() + 60
            while len(server.requests) < 25 and time.monotonic() < deadline:
                time.sleep(0.1)
            process.send_signal(number)
            out, log = process.communicate(timeout=30)
        assert process.returncode == code, log[-2000:]
        assert json.loads(out.splitlines()[-1])["status"] == "interrupted"
        ((articles,),) = ask(tmp_path / "data", "SELECT count(*) FROM articles")
        assert articles > 0


def test_extract_prints_the_user_s_example_as_the_article_and_nothing_else(tmp_path: Path) -> None:
    from tests.site import copy as page

    text = HYDROGEN.translations["ja"]
    (tmp_path / "page.html").write_text(page(HYDROGEN, text, "ja", datetime.now(UTC)))
    done = copydesk("extract", "page.html", "--url", edition(HYDROGEN, "ja"), "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert found["title"] == text.title
    assert found["source_url"] == address(HYDROGEN)
    assert found["text"].splitlines() == list(text.paragraphs)
    assert found["lead"] == text.lead


def test_the_foreign_story_is_not_fetched_without_all(crawled: tuple[Path, Server, list[dict[str, Any]]]) -> None:
    folder, _, _ = crawled
    assert ask(folder / "data", f"SELECT 1 FROM pages WHERE url = '{edition(FOREIGN, 'vi')}'") == []


def test_a_declared_original_of_a_site_without_a_file_is_fetched_and_found_to_be_the_original(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    known = congluan(now) | vietnam_vn(now)
    there, closed = (address(story).replace(PAPER, f"http://{host}.example") for story, host in ((HYDROGEN, "bao"), (NEWSROOM, "dong")))  # fmt: skip
    pages = {
        there: moved(known[address(HYDROGEN)], PAPER, "http://bao.example"),
        "http://bao.example/robots.txt": Answer.of("", "text/plain"),
        edition(HYDROGEN, "ja"): moved(known[edition(HYDROGEN, "ja")], address(HYDROGEN), there),
        "http://dong.example/robots.txt": Answer.of("no", status=503),
        edition(NEWSROOM, "de"): moved(known[edition(NEWSROOM, "de")], address(NEWSROOM), closed),
        "https://www.vietnam.vn/robots.txt": known["https://www.vietnam.vn/robots.txt"],
    }
    with Server(pages) as server:
        allowed = [f"--allow-address={one}" for one in server.allow]
        copydesk("crawl", edition(HYDROGEN, "ja"), edition(NEWSROOM, "de"), *allowed, cwd=tmp_path)
        before = len(server.requests)
        copydesk("crawl", edition(HYDROGEN, "ja"), *allowed, cwd=tmp_path)
        again = [path for path in server.paths[before:] if ".example" in path]
    assert not again
    data = tmp_path / "data"
    assert dict(
        ask(data, "SELECT DISTINCT requested_url, outcome || ' ' || reason FROM pages WHERE url LIKE '%.example/%'")
    ) == {
        there: "duplicate ",  # it came after its copy
        closed: "failed robots_unreachable",
    }
    assert ask(
        data,
        "SELECT o.url, s.reason, s.n_articles FROM stories s JOIN articles a USING (article_id) JOIN articles o ON o.article_id = s.original_id "
        f"WHERE a.url = '{edition(HYDROGEN, 'ja')}'",
    ) == [(there, "declared_original", 2)]


def moved(page: Answer, what: str, where: str) -> Answer:
    assert what.encode() in page.body
    return replace(page, body=page.body.replace(what.encode(), where.encode()))
