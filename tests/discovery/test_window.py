"""Which announcements a crawl needs."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery import Entry, children_for, entries_for, matches
from crawler.discovery.window import period


def day(month: int, date: int, hour: int = 0) -> datetime:
    return datetime(2026, month, date, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("sitemap/sitemap-post/2026-08-14.xml", day(8, 14), day(8, 15)),
        ("sitemaps/article-20260814.xml.gz", day(8, 14), day(8, 15)),
        ("2026/08/14/sitemap.xml", day(8, 14), day(8, 15)),
        ("sitemaps/2026-08-14-1.xml", day(8, 14), day(8, 15)),
        ("StaticSitemaps/sitemaps-2026-8-11-15.xml", day(8, 11), day(8, 16)),
        ("sitemaps/sitemaps-2026-11-1-5.xml", day(11, 1), day(11, 6)),
        ("sitemaps/news-2026-8.xml", day(8, 1), day(9, 1)),
        ("sitemaps/news-2026-08.xml", day(8, 1), day(9, 1)),
        ("sitemaps/news-2026-11-2.xml", day(11, 1), day(12, 1)),
        ("sitemaps/2026/6/article.xml", day(6, 1), day(7, 1)),
        ("post-202608.xml", day(8, 1), day(9, 1)),
        ("sitemap.xml?y=2026&m=8&d=14", day(8, 14), day(8, 15)),
        ("sitemap.xml?y=2026&m=8", day(8, 1), day(9, 1)),
        ("sitemaps/news-2026-12.xml", day(12, 1), datetime(2027, 1, 1, tzinfo=UTC)),
        ("archive-2026.xml", day(1, 1), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_period(path: str, start: datetime, end: datetime) -> None:
    assert period(f"https://a.example/{path}") == (start, end)


@pytest.mark.parametrize(
    "path", ["news-sitemap.xml", "post-sitemap12.xml", "post-340561.xml", "sitemap-2026-02-30.xml", "10336560.xml", ""]
)
def test_no_period(path: str) -> None:
    assert period(f"https://2026-08-14.example/{path}") is None


def test_children_of_a_window() -> None:
    def child(name: str, modified: datetime | None = None) -> Entry:
        return Entry(f"https://a.example/{name}.xml", modified=modified)

    old, month, eve, today, tomorrow = (
        child(name) for name in ("2026-07-01", "2026-08", "2026-08-13", "2026-08-14", "2026-08-15")
    )
    news, stale, fresh = child("news"), child("stale", day(3, 1)), child("fresh", day(8, 14, 10))
    children = [old, month, eve, today, tomorrow, news, stale, fresh]
    assert children_for(children, since=day(8, 14)) == (news, month, tomorrow, today, fresh, eve)
    assert children_for(children, since=day(8, 14), until=day(8, 15)) == (news, month, tomorrow, today, fresh, eve)
    assert children_for(children, until=day(8, 1)) == (news, month, fresh, old, stale)
    assert set(children_for(children)) == set(children)


def test_a_number_that_looks_like_a_year_needs_a_second_witness() -> None:
    chunk = Entry("https://a.example/sitemap-2010.xml", modified=day(8, 14))
    archive = Entry("https://a.example/archive-2010.xml", modified=datetime(2010, 12, 31, 23, tzinfo=UTC))
    assert children_for([chunk, archive, Entry("https://a.example/sitemap-2011.xml")], since=day(8, 1)) == (
        Entry("https://a.example/sitemap-2011.xml"),
        chunk,
    )


def test_entries_of_a_window() -> None:
    a = Entry("https://a.example/a", published=day(8, 14, 8))
    edited = Entry("https://a.example/b", published=day(8, 10), modified=day(8, 14, 9))
    old = Entry("https://a.example/c", modified=day(8, 10))
    unknown = Entry("https://a.example/d")
    assert entries_for([old, unknown, a, edited], since=day(8, 14)) == (edited, a, unknown)
    assert entries_for([old, unknown, a, edited], until=day(8, 12)) == (edited, old, unknown)
    assert entries_for([a], since=day(8, 14, 8)) == (a,)
    assert entries_for([a], until=day(8, 14, 8)) == ()
    assert entries_for([old], until=day(8, 9, 1)) == (old,), "it may be a whole day's lastmod"
    assert entries_for([old], until=day(8, 9)) == ()


times = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.lists(
        st.builds(Entry, st.sampled_from(["https://a.example/x", "https://a.example/2026-08-14.xml"]), times, times),
        max_size=8,
    ),
    times,
    times,
)
def test_windows_only_leave_out(entries: list[Entry], since: datetime | None, until: datetime | None) -> None:
    for chosen in (entries_for(entries, since, until), children_for(entries, since, until)):
        assert not set(chosen) - set(entries)
    assert len(entries_for(entries)) == len(children_for(entries)) == len(entries)


def test_copies_of_known_stories() -> None:
    originals = {"sachvosoviettranduongthuvienlangmochieunay", ""}
    copy = Entry("https://www.vietnam.vn/de/sach-vo-so-viet-tran-duong-thu-vien-lang-mo-chieu-nay")
    other = Entry("https://www.vietnam.vn/de/mot-bai-khac-han-khong-ai-biet-den-bao-gio")
    short = Entry("https://www.vietnam.vn/the-thao")
    assert matches([other, copy, short], originals) == (copy,)
    assert matches([copy], {}) == ()
