from crawler.platforms import VietnamesePaper
from pipelines.records import Layout


class LaoDong(VietnamesePaper):
    name = "laodong"
    title = "Lao Động"
    hosts = ("laodong.vn", "www.laodong.vn", "m.laodong.vn", "amp.laodong.vn")
    host_languages = {"news.laodong.vn": "en", "ko.laodong.vn": "ko"}
    sitemaps = (
        "https://laodong.vn/sitemap.xml",
        "https://news.laodong.vn/sitemap.xml",
        "https://ko.laodong.vn/sitemap.xml",
    )
    feeds = ("https://laodong.vn/rss/home.rss",)
    sections = ("https://laodong.vn/", "https://laodong.vn/thoi-su/", "https://laodong.vn/the-gioi/")
    # The slug stays Vietnamese in every language, the id too.
    article_url = r"/(?!tags/)(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{6,8})\.(?:ldo|html)"
    layouts = (Layout(title="h1.title", lead="div.chappeau", body="div.art-body"),)
