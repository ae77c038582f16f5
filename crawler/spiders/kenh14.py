from crawler.platforms import VcCorp


class Kenh14(VcCorp):
    name = "kenh14"
    title = "Kênh 14"
    hosts = ("kenh14.vn", "www.kenh14.vn", "m.kenh14.vn", "amp.kenh14.vn")
    sitemaps = ("https://kenh14.vn/sitemap.xml",)
    feeds = ("https://kenh14.vn/rss/home.rss",)
    sections = ("https://kenh14.vn/",)
    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{15,20})\.(?:chn|htm)"
