"""Loopback servers that play congluan.vn and vietnam.vn, and any other site a test needs.

    with Server(congluan(now) | vietnam_vn(now)) as server:
        crawl([...], allow_addresses=server.allow, …)

One server answers for every host by the Host header, so pages keep their own addresses.
"""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.stories import BRIDGE, FOREIGN, HYDROGEN, NEWSROOM, STORIES, NewsStory, Text

VIETNAM = timezone(timedelta(hours=7))
HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"
PAPER = "https://congluan.vn"
AGGREGATOR = "https://www.vietnam.vn"
PAPER_HOSTS = ("congluan.vn", "www.congluan.vn")
AGGREGATOR_HOSTS = ("www.vietnam.vn", "vietnam.vn")


@dataclass(frozen=True)
class Answer:
    """What a server says to one address."""

    body: bytes = b""
    status: int = 200
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    wait: float = 0.0
    """Seconds before anything is sent."""
    cut: bool = False
    """Promise more than is sent, then close."""
    raw: Callable[[socket.socket], None] | None = None
    """Write to the connection itself, for servers that break HTTP."""
    then: "Answer | None" = None
    """What the second and every further request gets."""

    @classmethod
    def of(cls, text: str, kind: str = HTML, **more: object) -> Self:
        return replace(cls(text.encode(), kind=kind), **more)  # type: ignore[arg-type]


GONE = Answer.of("<html><body><h1>410</h1></body></html>", status=410)
MISSING = Answer.of("<html><body><h1>404</h1></body></html>", status=404)
Pages = dict[str, Answer]
"""Address with scheme and host → what is answered."""


@dataclass(frozen=True)
class Request:
    host: str
    path: str
    at: float
    """Monotonic seconds."""
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)


class Server:
    """Answers on loopback until the block ends. Not found is 404; conditional requests are honoured."""

    def __init__(self, pages: Mapping[str, Answer], *, hosts: Sequence[str] = ()) -> None:
        self.pages = {_place(url): answer for url, answer in pages.items()}
        self.requests: list[Request] = []
        self._hosts = tuple(hosts) or tuple(dict.fromkeys(host for host, _ in self.pages))
        self._seen: set[tuple[str, str]] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                """Tests read `requests` instead."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Clients of tests are killed in the middle of everything."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    @property
    def allow(self) -> list[str]:
        """Values for `--allow-address`."""
        return [f"{host}=127.0.0.1:{self.port}" for host in self._hosts if not host.startswith("127.")]

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order, with hosts."""
        return [request.host + request.path for request in self.requests]

    def put(self, url: str, answer: Answer) -> None:
        self.pages[_place(url)] = answer

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        host = (handler.headers.get("Host") or "").partition(":")[0]
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append(Request(host, handler.path, time.monotonic(), headers))
        place = host, handler.path
        answer = self.pages.get(place, MISSING)
        if place in self._seen and answer.then is not None:
            answer = answer.then
        self._seen.add(place)
        time.sleep(answer.wait)
        try:
            if answer.raw is not None:
                answer.raw(handler.connection)
                handler.close_connection = True
                return
            _send(handler, answer, headers)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True


def _send(handler: BaseHTTPRequestHandler, answer: Answer, asked: Mapping[str, str]) -> None:
    etag = dict(answer.headers).get("ETag")
    if etag and asked.get("if-none-match") == etag:
        handler.send_response(304)
        handler.send_header("ETag", etag)
        handler.end_headers()
        return
    handler.send_response(answer.status)
    handler.send_header("Content-Type", answer.kind)
    for name, value in answer.headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(answer.body) + (1000 if answer.cut else 0)))
    handler.end_headers()
    handler.wfile.write(answer.body)
    if answer.cut:
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.path + (f"?{parts.query}" if parts.query else "")


# -- congluan.vn ----------------------------------------------------------------------------------------------------------


def address(story: NewsStory) -> str:
    """Where the paper has the story."""
    return f"{PAPER}/{story.slug}-post{story.number}.html"


def congluan(now: datetime, *, stories: Sequence[NewsStory] = STORIES) -> Pages:
    """The paper: robots, a sitemap index with a file a day, a feed, sections, and both article templates in turn."""
    when = {story.slug: now - timedelta(hours=story.hours) for story in stories}
    days: dict[str, list[NewsStory]] = {}
    for story in stories:
        days.setdefault(f"{when[story.slug].astimezone(VIETNAM):%Y-%m-%d}", []).append(story)
    pages: Pages = {
        f"{PAPER}/robots.txt": Answer.of(
            f"User-agent: *\nDisallow: /tim-kiem\nCrawl-delay: 0\nSitemap: {PAPER}/sitemap.xml\n", "text/plain"
        ),
        f"{PAPER}/sitemap.xml": Answer.of(
            index((f"{PAPER}/sitemap/{day}.xml", max(when[s.slug] for s in listed)) for day, listed in days.items()),
            XML,
        ),
        f"{PAPER}/sitemap-news.xml": Answer.of(
            urlset((address(s), when[s.slug]) for s in stories if s.hours < 12), XML, headers=(("ETag", '"news"'),)
        ),
        f"{PAPER}/rss/kinh-te.rss": Answer.of(
            rss([(address(s), s.vi.title, when[s.slug]) for s in stories if s.section.startswith("kinh-te")]),
            "text/xml; charset=utf-8",
        ),
        f"{PAPER}/": Answer.of(section("Nhà báo & Công luận", stories[:4])),
    }
    for day, listed in days.items():
        pages[f"{PAPER}/sitemap/{day}.xml"] = Answer.of(urlset((address(s), when[s.slug]) for s in listed), XML)
    for name in dict.fromkeys([*(story.section for story in stories), "quoc-te/tieu-diem-quoc-te"]):
        pages[f"{PAPER}/{name}"] = Answer.of(section(name, [s for s in stories if s.section == name]))
    for turn, story in enumerate(stories):
        template = template_a if turn % 2 else template_b
        pages[address(story)] = Answer.of(template(story, when[story.slug].astimezone(VIETNAM)))
    return pages


def template_a(story: NewsStory, at: datetime) -> str:
    """OneCMS, long form: title, lead and date stand inside the article element."""
    text = story.vi
    body = "".join(f"<p>{escape(p)}</p>\n" for p in text.paragraphs)
    return page(
        text,
        address(story),
        at,
        f"""<article class="entry entry-no-padding">
<div class="sc-longform-header"><h1 class="sc-longform-header-title block-sc-title">{escape(text.title)}</h1>
<p class="sc-longform-header-sapo block-sc-sapo">{escape(text.lead)}</p>
<span class="sc-longform-header-author">{escape(text.byline)}</span>
<span class="sc-longform-header-date">{at:%d/%m/%Y %H:%M} |</span></div>
{body}<figure><img src="https://congluan-cdn.congluan.vn/files/{story.number}.jpg"><figcaption>Ảnh: CLO</figcaption></figure>
<p><strong>{escape(text.byline)}</strong></p>
<div class="sc-hightlight-box"><p>Nhà báo và Công luận, cơ quan của những người làm báo.</p></div>
</article>""",
    )


def template_b(story: NewsStory, at: datetime) -> str:
    """OneCMS, plain: related links stand inside the body."""
    text = story.vi
    first, *rest = (f"<p>{escape(p)}</p>\n" for p in text.paragraphs)
    related = [s for s in STORIES if s is not story][:2]
    links = "".join(f'<li><a href="{address(s)}">{escape(s.vi.title)}</a></li>' for s in related)
    return page(
        text,
        address(story),
        at,
        f"""<div class="c-detail-head"><ol><li class="breadcrumb-item"><a href="/{story.section}">{story.section}</a></li></ol>
<h1 class="c-detail-head__title">{escape(text.title)}</h1>
<span class="c-detail-head__time">{at:%d/%m/%Y - %H:%M}</span>
<span class="c-detail-head__author">{escape(text.byline.split(" (")[0])}</span></div>
<div class="c-news-detail"><h2 class="desc">{escape(text.lead)}</h2>
<div class="b-maincontent">{first}<div class="c-box"><h3>Bài liên quan</h3><ul>{links}</ul></div>
{"".join(rest)}<p style="text-align: right;"><strong>{escape(text.byline)}</strong></p></div></div>
<div class="c-widget-tags onecms__tags"><ul><li><h4><a href="/tag/tin-moi">tin mới</a></h4></li></ul></div>""",
    )


def page(text: Text, url: str, at: datetime, body: str, language: str = "vi") -> str:
    return f"""<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{escape(text.title)}</title>
<link rel="canonical" href="{url}"><meta property="og:title" content="{escape(text.title)}">
<meta property="og:description" content="{escape(text.lead)}"><meta property="og:url" content="{url}">
<meta property="article:published_time" content="{at.isoformat(timespec="seconds")}"></head>
<body><header><nav><ul><li><a href="/">Trang chủ</a></li><li><a href="/thoi-su">Thời sự</a></li></ul></nav></header>
<main>
{body}
</main><footer><p>Tổng biên tập: Trần Văn Mẫu. Giấy phép số 000/GP. Ghi rõ nguồn khi phát hành lại.</p></footer></body></html>
"""


def section(title: str, stories: Sequence[NewsStory]) -> str:
    items = "".join(
        f'<li><div class="b-grid__img"><a href="{address(s)}"><img src="/{s.number}.jpg" alt=""></a></div>'
        f'<h3 class="b-grid__title"><a href="{address(s)}">{escape(s.vi.title)}</a></h3></li>\n'
        for s in stories
    )
    return f"""<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{escape(title)}</title>
<link rel="alternate" type="application/rss+xml" href="/rss/kinh-te.rss"></head>
<body><h1>{escape(title)}</h1><ul class="onecms_loading">{items}</ul><a href="/lich-vien/2026/11">Lịch</a></body></html>"""


# -- vietnam.vn -----------------------------------------------------------------------------------------------------------

TAILS = {
    "de": ("[Anzeige_2]", "Quelle", "Kommentar (0)"),
    "ja": ("[広告2]", "ソース", "コメント (0)"),
    "fr": ("", "Source", "Comment (0)"),
    "en": ("[ad_2]", "Source", "Comment (0)"),
    "vi": ("", "Nguồn", "Bình luận (0)"),
}
"""Language → advertisement placeholder, source word, comment line (FIELD section 2; en and vi by analogy)."""
LATER = {"vi": 0.5, "en": 1.0, "de": 1.5, "fr": 1.6, "ja": 2.0}
"""Language → hours between the paper and the edition."""


def edition(story: NewsStory, language: str) -> str:
    """Where the aggregator has the story: the slug is never translated."""
    return f"{AGGREGATOR}/{'' if language == 'vi' else language + '/'}{story.slug}"


def vietnam_vn(now: datetime, *, stories: Sequence[NewsStory] = STORIES, slow: float = 0.5) -> Pages:
    """The aggregator: day sitemaps, a news sitemap, copies of the paper in every language there is, a foreign story.

    The French copy of NEWSROOM names no source. BRIDGE's Vietnamese copy is slow (`slow` seconds), its English edition is
    gone, its French one broken off.
    """
    listed: list[tuple[str, datetime]] = []
    pages: Pages = {}
    for story in stories:
        for language, text in {"vi": story.vi, **story.translations}.items():
            at = now - timedelta(hours=story.hours - LATER[language])
            url = edition(story, language)
            named = not (story is NEWSROOM and language == "fr")
            pages[url] = Answer.of(copy(story, text, language, at.astimezone(VIETNAM), source=named))
            listed.append((url, at))
    plain = edition(BRIDGE, "vi")
    pages[plain] = replace(pages[plain], wait=slow)
    pages[edition(BRIDGE, "en")] = GONE
    pages[edition(BRIDGE, "fr")] = Answer.of("<html><body><p>Le pont", cut=True)
    bridge = now - timedelta(hours=BRIDGE.hours - 2)
    listed += [(edition(BRIDGE, language), bridge) for language in ("en", "fr")]
    foreign = now - timedelta(hours=FOREIGN.hours)
    pages[edition(FOREIGN, "vi")] = Answer.of(
        copy(FOREIGN, FOREIGN.vi, "vi", foreign.astimezone(VIETNAM), source=False)
    )
    listed.append((edition(FOREIGN, "vi"), foreign))

    days: dict[str, list[tuple[str, datetime]]] = {}
    for url, at in listed:
        days.setdefault(f"{at.astimezone(VIETNAM):%Y-%m-%d}", []).append((url, at))
    old = f"{now - timedelta(days=40):%Y-%m-%d}"
    root = f"{AGGREGATOR}/sitemap/sitemap-post"
    pages[f"{AGGREGATOR}/robots.txt"] = Answer.of(
        f"User-agent: *\nAllow: /\nDisallow: /api/\nSitemap: {AGGREGATOR}/sitemap.xml\n", "text/plain"
    )
    pages[f"{AGGREGATOR}/sitemap.xml"] = Answer.of(
        index(
            [(f"{root}/{day}.xml", max(at for _, at in of)) for day, of in days.items()] + [(f"{root}/{old}.xml", now)]
        ),
        XML,
    )
    for day, of in days.items():
        packed = gzip.compress(urlset(of).encode(), mtime=0)
        pages[f"{root}/{day}.xml"] = Answer(packed, kind=XML, headers=(("Content-Encoding", "gzip"),))
    pages[f"{AGGREGATOR}/news-sitemap.xml"] = Answer.of(urlset(sorted(listed, key=lambda one: one[1])[-5:]), XML)
    return pages


def copy(story: NewsStory, text: Text, language: str, at: datetime, *, source: bool = True) -> str:
    """A page of the aggregator: source name twice, date glued to it, and the tail of its language, glued where it is seen so."""
    advertisement, word, comments = TAILS[language]
    *paragraphs, last = (f"<p>{escape(p)}</p>\n" for p in text.paragraphs)
    glued = word if source and story is HYDROGEN and language in ("de", "fr") else ""
    tail = f"<p>{advertisement}</p>\n" if advertisement else ""
    if source and not glued:
        tail += f'<p>{word}: <a href="{address(story)}">{address(story)}</a></p>\n'
    elif glued:
        tail += f'<p>Source : <a href="{address(story)}">{address(story)}</a></p>\n' if language == "fr" else ""
    name = "Công Luận" if source else ""
    return page(
        text,
        edition(story, language),
        at,
        f"""<div class="post-head"><p>Vietnam.vn - Nền tảng quảng bá Việt Nam</p><h1>{escape(text.title)}</h1>
<p class="post-summary">{escape(text.lead)}</p><div class="meta"><span>{name}</span><span>{name}</span><span>{at:%d/%m/%Y}</span></div></div>
<div class="post-content">{"".join(paragraphs)}{last}<p>{escape(text.byline)}{glued}</p>
{tail}<p>{comments}</p></div>""",
        language,
    )


# -- formats --------------------------------------------------------------------------------------------------------------


def _time(at: datetime) -> str:
    return at.astimezone(VIETNAM).isoformat(timespec="seconds")


def urlset(entries: Iterable[tuple[str, datetime]]) -> str:
    rows = "".join(f"<url><loc>{escape(url)}</loc><lastmod>{_time(at)}</lastmod></url>\n" for url, at in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>'


def index(entries: Iterable[tuple[str, datetime]]) -> str:
    rows = "".join(
        f"<sitemap><loc>{escape(url)}</loc><lastmod>{_time(at)}</lastmod></sitemap>\n" for url, at in entries
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</sitemapindex>'


def rss(entries: Sequence[tuple[str, str, datetime]]) -> str:
    items = "".join(
        f"<item><title>{escape(title)}</title><link>{escape(url)}</link><pubDate>{format_datetime(at)}</pubDate></item>\n"
        for url, title, at in entries
    )
    return f'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>Công luận</title><language>vi</language>\n{items}</channel></rss>'
