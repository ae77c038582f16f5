"""One run: every page one outcome, and no crash loses or doubles anything."""

import multiprocessing
import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import dedup, urls
from pipelines.finish import Read
from pipelines.prepare import Prepared
from pipelines.records import Article, Commit, Page, PageRow
from pipelines.run import AHEAD, Run, parameters
from pipelines.state import State
from pipelines.store import StorageError, Store
from tests.stories import STORIES, Text

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def given(url: str, text: Text, language: str = "vi", source_url: str | None = None, hours: float = 1) -> Article:
    canonical = urls.canonical(url)
    body = "\n".join((text.lead, *text.paragraphs))
    return Article(
        article_id=urls.article_id(canonical), url=url, canonical_url=canonical, host=urls.host(url), title=text.title, text=body,
        fetched_at=NOW, language=language, published_at=NOW - timedelta(hours=hours), source_url=source_url, extractor="given",
    )  # fmt: skip


def articles() -> list[Article]:
    """Seven stories; each stands again in a second paper without its last paragraph, and the translations declare their source."""
    found = []
    for story in STORIES:
        original = f"https://congluan.vn/{story.slug}-post{story.number}.html"
        found.append(given(original, story.vi, hours=20))
        cut = Text(story.vi.title, story.vi.lead, story.vi.paragraphs[:-1], "")
        found.append(given(f"https://baomoi.com/{story.slug}-c{story.number}.epi", cut, hours=10))
        for language, text in story.translations.items():
            found.append(given(f"https://www.vietnam.vn/{language}/{story.slug}", text, language, original, hours=5))
    return found


def process(data: Path, pages: list[Article] | list[Page], **options: int) -> Run:
    with Store.open(data, command="test", parameters=parameters()) as store:
        run = Run(store, data / "state", command="test", processes=0, **options)
        for page in pages:
            run.submit(page)
        run.close()
        return run


def facts(data: Path | str) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]], set[frozenset[str]]]:
    """What the tables say, without when and by which run."""
    with Store.open(data, lock=False) as store:
        found = {(r["article_id"], r["version"], r["content_hash"]) for r in store.read("articles").to_pylist()}
        latest: dict[frozenset[str], str] = {}
        for row in sorted(store.read("copies").to_pylist(), key=lambda r: r["decided_at"]):
            latest[frozenset((row["article_id"], row["of_article_id"]))] = row["kind"]
        stories: dict[str, set[str]] = {}
        for row in store.stories().to_pylist():
            stories.setdefault(row["story_id"], set()).add(row["article_id"])
        pages = store.read("pages").to_pylist()
    assert len(pages) == sum(Counter(row["outcome"] for row in pages).values())
    return found, {(*sorted(pair), kind) for pair, kind in latest.items()}, {frozenset(s) for s in stories.values()}


def test_copies_in_the_language_and_translations_are_found(tmp_path: Path) -> None:
    run = process(tmp_path, articles())
    assert run.counts.outcomes.total() == len(articles())
    _, copies, stories = facts(tmp_path)
    by_id = {a.article_id: a for a in articles()}
    expected = [{a.article_id for a in articles() if story.slug in a.url} for story in STORIES]
    assert {frozenset(s) for s in expected} == stories
    for a, b, kind in copies:
        same = by_id[str(a)].language == by_id[str(b)].language
        assert (kind in ("exact", "near", "partial")) == same, (by_id[str(a)].url, by_id[str(b)].url, kind)


def test_the_run_tells_how_many_pairs_taught_words(tmp_path: Path) -> None:
    process(tmp_path, articles())
    with Store.open(tmp_path, lock=False) as store:
        (run,) = store.read("runs").to_pylist()
    told = {one["name"]: one["value"] for one in run["parameters"]}
    declared = sum("de" in story.translations for story in STORIES)
    assert told["pairs.de-vi"] == f"{declared}, not used"
    assert told["translations.threshold"] == "0.3"


def test_the_same_again_adds_nothing(tmp_path: Path) -> None:
    process(tmp_path, articles())
    before = facts(tmp_path)
    again = process(tmp_path, articles())
    assert again.counts.outcomes == {"unchanged": len(articles())}
    assert facts(tmp_path) == before


@pytest.mark.parametrize("batch", [1, 7])
def test_the_size_of_a_batch_changes_nothing(tmp_path: Path, batch: int) -> None:
    process(tmp_path / "all", articles())
    process(tmp_path / "parts", articles(), batch=batch)
    assert facts(tmp_path / "parts") == facts(tmp_path / "all")


def doubtful() -> list[Article]:
    """Declarations that are no good: an equal slug over another text, a source that is another story, one that nobody has read."""
    bus, bridge = (next(s for s in STORIES if s.slug.startswith(start)) for start in ("ha-noi-thu", "dong-thap"))
    return [
        given(f"https://tap-chi.example/{bus.slug}", bridge.vi, hours=7),
        given(
            "https://www.vietnam.vn/de/mot-bai-bao-khac-han-ve-ca-phe",
            STORIES[1].translations["de"],
            "de",
            f"https://congluan.vn/{bus.slug}-post{bus.number}.html",
            hours=3,
        ),
        given(
            f"https://tong-hop.example/{bus.slug}", bus.vi, source_url="https://khong-ai-doc.example/a-1.html", hours=2
        ),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    """One by one into an empty folder: what is confirmed, declared and refuted at the end is the same."""
    every = articles() + doubtful()
    process(tmp_path / "all", every)
    random.Random(seed).shuffle(every)
    process(tmp_path / "one", every, batch=1)
    expected, found = facts(tmp_path / "all"), facts(tmp_path / "one")
    assert found == expected
    assert {str(row[2]) for row in expected[1]} >= {"translation", "declared", "refuted"}


def test_every_bad_page_has_its_own_reason(tmp_path: Path) -> None:
    def page(n: int, body: bytes = b"", **more: object) -> Page:
        return Page(f"https://paper.example/{n}", body, NOW, **more)  # type: ignore[arg-type]

    run = process(
        tmp_path,
        [
            page(1), page(2, b"%PDF-1.7 \x00\x01"), page(3, b"<p>x", status=404), page(4, b"<p>x", status=503),
            page(5, error="timeout"), page(6, error="robots"), page(7, b"x" * 100, error="too_large"),
        ],
    )  # fmt: skip
    assert run.counts.outcomes == {
        "rejected/empty": 1, "rejected/not_html": 1, "rejected/gone": 1, "failed/http_503": 1,
        "failed/timeout": 1, "rejected/robots": 1, "rejected/too_large": 1,
    }  # fmt: skip


def test_a_page_is_told_done_only_when_it_is_committed(tmp_path: Path) -> None:
    told: list[PageRow] = []
    with Store.open(tmp_path, command="test") as store:
        run = Run(store, tmp_path / "state", command="test", processes=0, batch=3)

        def committed(rows: tuple[PageRow, ...]) -> None:
            ids = set(Store.open(tmp_path, lock=False).read("pages")["url"].to_pylist())
            assert {row.url for row in rows} <= ids
            told.extend(rows)

        run.on_commit.append(committed)
        for article in articles()[:7]:
            run.submit(article)
        run.close()
    assert [row.url for row in told] == [article.url for article in articles()[:7]]


class TestKilled:
    """`kill -9` at any moment: the next run finishes or undoes, nothing is lost, nothing is there twice."""

    @pytest.mark.parametrize(
        "where",
        ["before_commit", "after_commit", "index_learned", "all_but_catalog", "before_stories", "before_run_row"],
    )
    def test_then_the_same_again(self, tmp_path: Path, where: str) -> None:
        process(tmp_path / "whole", articles(), batch=10)
        child = multiprocessing.get_context("spawn").Process(target=_die, args=(tmp_path / "killed", where))
        child.start()
        child.join()
        assert child.exitcode == 9
        process(tmp_path / "killed", articles(), batch=10)
        assert facts(tmp_path / "killed") == facts(tmp_path / "whole")
        with Store.open(tmp_path / "killed", lock=False) as store:
            runs = {row["status"] for row in store.read("runs").to_pylist()}
        assert runs == ({"finished"} if where == "before_commit" else {"finished", "killed"})


def _die(data: Path, where: str) -> None:
    """Run, and die at the second time the named moment comes (the end of a run comes once)."""

    def dies(method: Callable[..., object], *, after: bool, times: int) -> Callable[..., object]:
        seen = 0

        def wrapped(*args: object, **named: object) -> object:
            nonlocal seen
            seen += 1
            result = method(*args, **named) if after or seen < times else None
            if seen >= times:
                os._exit(9)
            return result

        return wrapped

    owner, name, after, times = {
        "before_commit": (Store, "commit", False, 1),
        "after_commit": (Store, "commit", True, 2),
        "index_learned": (dedup.Index, "add", True, 2),
        "all_but_catalog": (State, "learn", True, 2),
        "before_stories": (Store, "write_stories", False, 1),
        "before_run_row": (Store, "write_stories", True, 1),
    }[where]
    setattr(owner, name, dies(getattr(owner, name), after=after, times=times))
    process(data, articles(), batch=10)


def test_an_error_of_the_writer_reaches_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageError("data/articles", "no space left on device", "free some")

    monkeypatch.setattr(Store, "commit", full)
    with Store.open(tmp_path, command="test") as store:
        run = Run(store, tmp_path / "state", command="test", processes=0, batch=1)
        run.submit(articles()[0])
        with pytest.raises(StorageError, match="no space left"):
            run.close()


class TestAWriterThatIsSlow:
    """Whoever waits for the futures is never further ahead of the tables than `AHEAD` batches."""

    BATCH = 3

    @pytest.fixture
    def gate(self, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
        """Commits wait for it."""
        gate, commit = threading.Event(), Store.commit

        def slow(store: Store, what: Commit) -> None:
            assert gate.wait(60)
            commit(store, what)

        monkeypatch.setattr(Store, "commit", slow)
        return gate

    def submitted(self, run: Run) -> tuple[list[Future[Prepared]], list[Future[Prepared]]]:
        """As many as are answered at once, and four more."""
        ahead = AHEAD * self.BATCH
        futures = [run.submit(article) for article in articles()[: ahead + 4]]
        return futures[:ahead], futures[ahead:]

    @pytest.mark.parametrize("processes", [0, 1])
    def test_futures_wait_until_it_has_caught_up(self, tmp_path: Path, gate: threading.Event, processes: int) -> None:
        with Store.open(tmp_path, command="test") as store:
            run = Run(store, tmp_path / "state", command="test", processes=processes, batch=self.BATCH)
            answered, held = self.submitted(run)
            for future in answered:
                future.result(60)
            assert not any(future.done() for future in held)
            gate.set()
            for future in held:
                assert future.result(60).article
            run.close()
        assert run.counts.pages == len(answered) + len(held)

    def test_pages_that_wait_have_let_go_of_their_bodies(self, tmp_path: Path) -> None:
        body = b"<p>" + b"x" * 5000
        process(tmp_path, [Page("https://paper.example/1", body, NOW)])
        read = Read.of(Page("https://paper.example/1", body, NOW), Prepared())
        assert isinstance(read.page, Page)
        assert not read.page.body
        with Store.open(tmp_path, lock=False) as store:
            assert store.read("pages")["n_bytes"].to_pylist() == [len(body)]

    def test_closing_commits_what_waits(self, tmp_path: Path, gate: threading.Event) -> None:
        with Store.open(tmp_path, command="test") as store:
            run = Run(store, tmp_path / "state", command="test", processes=0, batch=self.BATCH)
            answered, held = self.submitted(run)
            threading.Timer(0.1, gate.set).start()
            run.interrupt(KeyboardInterrupt())
        assert all(future.done() for future in held)
        assert run.counts.pages == len(answered) + len(held)

    def test_futures_are_answered_when_it_dies(
        self, tmp_path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            assert gate.wait(60)
            raise StorageError("data/articles", "no space left on device", "free some")

        monkeypatch.setattr(Store, "commit", full)
        with Store.open(tmp_path, command="test") as store:
            run = Run(store, tmp_path / "state", command="test", processes=0, batch=self.BATCH)
            _, held = self.submitted(run)
            gate.set()
            for future in held:
                assert future.result(60).article
            with pytest.raises(StorageError, match="no space left"):
                run.submit(articles()[-1])
            with pytest.raises(StorageError, match="no space left"):
                run.close()
