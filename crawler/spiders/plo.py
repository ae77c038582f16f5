from crawler.platforms import Hemera


class Plo(Hemera):
    name = "plo"
    title = "Pháp Luật TP.HCM"
    hosts = ("plo.vn", "www.plo.vn", "m.plo.vn", "amp.plo.vn")
    sitemaps = ("https://plo.vn/sitemap.xml",)
    feeds = ("https://plo.vn/rss/home.rss", "https://plo.vn/rss/thoi-su-1.rss", "https://plo.vn/rss/quoc-te-8.rss")
    sections = ("https://plo.vn/", "https://plo.vn/thoi-su/", "https://plo.vn/quoc-te/")
    list_apis = ("https://api.plo.vn/api/morenews-zone-1-{page}.html?phrase=",)
