from crawler.platforms import VietnamesePaper
from pipelines.records import Layout


class DanTri(VietnamesePaper):
    name = "dantri"
    title = "Dân Trí"
    hosts = ("dantri.com.vn", "www.dantri.com.vn", "m.dantri.com.vn", "amp.dantri.com.vn")
    host_languages = {"dtinews.dantri.com.vn": "en"}
    sitemaps = ("https://dantri.com.vn/google-news-sitemap.xml", "https://dantri.com.vn/sitemaps/articles.xml")
    feeds = ("https://dantri.com.vn/rss/home.rss",)
    sections = ("https://dantri.com.vn/", "https://dantri.com.vn/xa-hoi.htm", "https://dantri.com.vn/the-gioi.htm")
    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{15,20})\.htm"
    layouts = (
        Layout(
            title="h1.title-page.detail",
            lead="h2.singular-sapo",
            published="time.author-time",
            authors="div.author-name b",
            section="ul.breadcrumbs li a",
            body="div.singular-content",
        ),
    )
