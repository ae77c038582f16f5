from crawler.platforms import VietnamesePaper
from pipelines.records import Layout


class Baomoi(VietnamesePaper):
    name = "baomoi"
    title = "Báo Mới"
    hosts = ("baomoi.com", "www.baomoi.com", "m.baomoi.com")
    aggregator = True
    sitemaps = ("https://baomoi.com/sitemaps/sitemap-news.xml", "https://baomoi.com/sitemaps/sitemap.xml")
    sections = ("https://baomoi.com/", "https://baomoi.com/the-gioi.epi", "https://baomoi.com/xa-hoi.epi")
    # Three generations: /<slug>-c<id>.epi, /<slug>/c/<id>.epi, /…/<Slug>/<section>/<id>.epi
    article_url = r"/(?:[\w.-]+/)*?(?P<slug>[\w-]+)(?:-c|/c/|/\d+/|/)(?P<id>\d{6,9})\.epi"
    layouts = (
        Layout(
            body="div.content-body",
            drop=(".body-image", ".media-caption", ".body-author"),
            lead="h3.sapo",
            authors=".body-author",
            source="a.source",
        ),
    )
