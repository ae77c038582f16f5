"""Pages written for the tests."""

from datetime import UTC, datetime

from pipelines.records import Layout, Page

PARAGRAPHS = (
    "The harbour of Westhaven will stay closed to large ships until the end of the month, the port authority said on Tuesday, because the eastern pier has sunk by eleven centimetres since the spring.",
    "Engineers noticed the change in March, when a crane would no longer run straight on its rails, and have measured it every week since then with lasers and with divers under water.",
    "“We would rather lose three weeks than a crane,” said Mara Lindqvist, who heads the authority, and added that ferries and fishing boats may come and go as before.",
    "The city expects the repairs to cost about nine million, half of which the region has promised to pay, and looks for a firm that can drive new piles before the winter storms.",
)
LEAD = "A pier that sinks slowly keeps the big ships away from Westhaven, and repairs cannot begin before autumn."
TITLE = "Sinking pier closes harbour to large ships"
FETCHED = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def news(
    *,
    head: str = "",
    top: str = "",
    inside: str = "",
    bottom: str = "",
    lead: str = "",
    paragraphs: tuple[str, ...] = PARAGRAPHS,
    language: str = "en",
) -> str:
    """A page with the usual furniture around an article; the arguments are HTML put at their places."""
    body = "\n".join(f"<p>{text}</p>" for text in paragraphs)
    return f"""<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{TITLE} | Westhaven Courier</title>
<meta property="og:title" content="{TITLE}"><meta property="og:site_name" content="Westhaven Courier">{head}</head><body>
<header class="site-header"><nav class="menu"><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li><li><a href="/town">Town</a></li></ul></nav></header>
<main><article class="article"><h1 class="article-title">{TITLE}</h1>{top}{lead}
<div class="article-body">{body}{inside}</div></article>{bottom}
<aside class="related"><h3>Read more</h3><ul><li><a href="/a1">Fish market moves to the old station</a></li><li><a href="/a2">Ferry prices rise again in June</a></li>
<li><a href="/a3">School choir wins the regional prize</a></li></ul></aside></main>
<footer class="footer"><p>© 2026 Westhaven Courier. All rights reserved.</p><p><a href="/privacy">Privacy</a> <a href="/contact">Contact</a></p></footer></body></html>"""


def page(
    html: str | bytes,
    url: str = "https://courier.example/town/sinking-pier",
    *,
    headers: dict[str, str] | None = None,
    layouts: tuple[Layout, ...] = (),
    key: str = "",
) -> Page:
    return Page(
        url,
        html if isinstance(html, bytes) else html.encode(),
        FETCHED,
        headers=headers or {},
        layouts=layouts,
        key=key,
    )
