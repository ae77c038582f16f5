"""Mutated pages through extraction and cleaning, in workers: every page ends as an article or with a known reason.

    python benchmarks/fuzz_extract.py [--examples 2000] [--seed 1]

Pages are written here, then cut, doubled, swapped, repeated and sprinkled with markup by hypothesis, which shrinks what breaks to the
smallest page that still does. Checked on every page: no exception but `Rejected`; no crash (time-outs are counted and the slowest page is
kept); text that can be stored as UTF-8; cleaning twice is cleaning once; the same bytes under another address give the same text. Exit code 1 on a finding.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pipelines.clean import clean
from pipelines.extract import extract
from pipelines.records import Failed, Page, Rejected
from pipelines.workers import Workers

PAGES = tuple(
    page.encode("utf-8")
    for page in (
        """<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Brücke gesperrt - Brückenbote</title>
<meta property="og:title" content="Brücke gesperrt"><meta property="article:published_time" content="2026-01-02T10:00:00+01:00">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","headline":"Brücke gesperrt",
"datePublished":"2026-01-02T10:00:00+01:00","author":[{"@type":"Person","name":"Eva Probst"}]}</script></head>
<body><nav><ul><li><a href="/a">Start</a></li><li><a href="/b">Sport</a></li></ul></nav><article><h1>Brücke gesperrt</h1>
<p class="lead">Die Brücke über den Fluss wird ab Montag für zwei Wochen gesperrt.</p>
<p>Der Stadtrat hatte die Arbeiten im Frühjahr beschlossen, weil der Belag an vielen Stellen aufgebrochen war.</p>
<figure><img src="/b.jpg" alt="Die Brücke"><figcaption>Die Brücke. Foto: Pool</figcaption></figure>
<p>Busse fahren in dieser Zeit über die alte Landstraße, die dafür <a href="/c">verbreitert</a> worden ist.</p>
<p>Ngoc Anh (laut Japan Times, Reuters)</p><p>[Anzeige_2]</p><p>Quelle: https://paper.example/cau-post1.html</p><p>Kommentar (0)</p>
</article><aside><h3>Mehr zum Thema</h3><a href="/d">Tunnel fertig</a></aside><footer>© 2026 Brückenbote</footer></body></html>""",
        """<html><head><title>Cây cầu đóng cửa</title></head><body><h1 class="sc-longform-header-title">Cây cầu đóng cửa</h1>
<p class="sc-longform-header-sapo">(CLO) Cây cầu bắc qua sông sẽ đóng cửa hai tuần kể từ thứ Hai tới.</p>
<span class="sc-longform-header-date">02/01/2026 - 10:00 |</span><article class="entry entry-no-padding">
<p>Hội đồng thành phố đã thông qua kế hoạch sửa chữa từ mùa xuân vì mặt cầu hư hỏng ở nhiều chỗ.</p>
<div class="c-box">Bài liên quan<a href="/x">Hầm mới</a></div><table><tr><td>Năm</td><td>2026</td></tr></table>
<p>Trong thời gian này xe buýt sẽ đi theo đường cũ, con đường vừa được mở rộng./.</p><p><strong>Ngọc Ánh</strong></p></article></body></html>""",
        """<html><body>川に架かる橋は月曜日から二週間にわたって通行止めになると、市が金曜日に発表した。<br><br>橋の舗装が多くの場所で傷んでいたため、
市議会は春に工事を決めていた。<br>この間、バスはそのために広げられた古い街道を走ることになっている。<br>[広告2]<br>ソース<br>コメント (0)</body></html>""",
    )
)
PIECES = (
    b"<p>", b"</p>", b"<div>", b"</div>", b"<table><tr><td>", b"<a href='", b"<!--", b"-->", b"<![CDATA[", b"<script>", b"</script>", b"<style>", b"<svg><p>", b"<template>",
    b"<base href='//[::1'>", b"<meta charset=utf-16>", b"<meta charset=x>", b"&#xD800;", b"&#0;", b"&bogus;", b"\x00", b"\x0c", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae", b"]]>",
    b'{"@type":"NewsArticle","datePublished":"', b"2026-13-45T99:99:99Z", b"<time datetime='0000'>", b"lang='xx-yy-zz'", b"<p>Quelle: ", b" (0)", b"[x_9]", b"https://[", b"http://a:b:c/",
    b"<select><option>", b"<math><mi>", b"<frameset>", b"<plaintext>", b"<noscript>", b"</body>", b"</html><html>",
)  # fmt: skip

place = st.floats(0, 1, exclude_max=True)
change = st.one_of(
    st.tuples(st.just("insert"), place, st.sampled_from(PIECES), st.sampled_from([1, 1, 1, 2, 50, 400, 5000])),
    st.tuples(st.just("insert"), place, st.binary(min_size=1, max_size=8), st.sampled_from([1, 2, 100])),
    st.tuples(st.just("cut"), place, st.integers(1, 200), st.just(0)),
    st.tuples(st.just("double"), place, st.integers(1, 400), st.sampled_from([1, 3, 30])),
    st.tuples(st.just("move"), place, st.integers(1, 200), place),
)
mutated = st.tuples(st.sampled_from(PAGES), st.lists(change, min_size=1, max_size=8))


def apply(page: bytes, changes: list[tuple[str, float, bytes | int, int | float]]) -> bytes:
    for verb, where, what, how in changes:
        at = int(where * len(page))
        match verb:
            case "insert":
                page = page[:at] + bytes(what) * int(how) + page[at:] if isinstance(what, bytes) else page
            case "cut":
                page = page[:at] + page[at + int(what) :]
            case "double":
                page = page[:at] + page[at : at + int(what)] * int(how) + page[at:]
            case "move":
                piece, page = page[at : at + int(what)], page[:at] + page[at + int(what) :]
                to = int(how * len(page))
                page = page[:to] + piece + page[to:]
    return page


def read(body: bytes) -> str:
    """Extract and clean one page twice, under two addresses; the outcome's name. Raises `AssertionError` when a law is broken."""
    when = datetime(2026, 1, 3, tzinfo=UTC)
    first = clean(extract(Page("https://paper.example/a", body, when)))
    other = clean(extract(Page("https://other.example/b/c", body, when)))
    assert first.text == other.text, "the text depends on the address"
    assert clean(first) == first, "cleaning twice is not cleaning once"
    for text in (first.title, first.lead, first.text, *first.authors, *first.tags, first.section or ""):
        text.encode("utf-8")
        assert "\x00" not in text
    assert first.published_at is None or (first.published_at.tzinfo is not None and first.published_at.year >= 1990)
    return "article"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    ends: Counter[str] = Counter()
    slowest = (0.0, b"")

    with Workers(read, 1, seconds=10) as workers:
        workers.submit(b"<p>The first page waits for what a worker loads.").exception()

        @seed(options.seed)
        @settings(
            max_examples=options.examples,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(mutated)
        def every_page_ends_well(drawn: tuple[bytes, list[tuple[str, float, bytes | int, int | float]]]) -> None:
            nonlocal slowest
            body = apply(*drawn)
            began = time.perf_counter()
            error = workers.submit(body).exception()
            slowest = max(slowest, (time.perf_counter() - began, body))
            ends[
                f"{type(error).__name__}/{error.reason}"
                if isinstance(error, Rejected | Failed)
                else type(error).__name__
                if error
                else "article"
            ] += 1
            bounded = isinstance(error, Rejected) or (isinstance(error, Failed) and error.reason != "crashed")
            if error is not None and not bounded:
                error.add_note(f"page of {len(body)} bytes: {body[:3000]!r}")
                raise error

        try:
            every_page_ends_well()
        except Exception as finding:  # noqa: BLE001  (whatever it is, it is what we are looking for)
            print(
                f"FOUND {type(finding).__name__}: {finding}\n" + "\n".join(getattr(finding, "__notes__", [])),
                file=sys.stderr,
            )
            return 1
        finally:
            for end, count in ends.most_common():
                print(f"{count:7} {end}")
            if slowest[0] > 2:
                path = Path(tempfile.gettempdir()) / "fuzz_slowest.html"
                path.write_bytes(slowest[1])
                print(f"slowest: {slowest[0]:.1f} s, kept in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
