from crawler.platforms import VcCorp


class Nld(VcCorp):
    name = "nld"
    title = "Người Lao Động"
    hosts = ("nld.com.vn", "www.nld.com.vn", "m.nld.com.vn", "amp.nld.com.vn")
    sitemaps = ("https://nld.com.vn/sitemap.xml",)
    feeds = ("https://nld.com.vn/rss/home.rss",)
    sections = ("https://nld.com.vn/", "https://nld.com.vn/thoi-su.htm")
