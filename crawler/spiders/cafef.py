from crawler.platforms import VcCorp


class CafeF(VcCorp):
    name = "cafef"
    title = "CafeF"
    hosts = ("cafef.vn", "www.cafef.vn", "m.cafef.vn", "amp.cafef.vn")
    sitemaps = ("https://cafef.vn/sitemap.xml",)
    feeds = ("https://cafef.vn/trang-chu.rss",)
    sections = ("https://cafef.vn/",)
    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{15,20})\.chn"
