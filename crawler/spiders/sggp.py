from crawler.platforms import Hemera


class Sggp(Hemera):
    name = "sggp"
    title = "Sài Gòn Giải Phóng"
    hosts = ("www.sggp.org.vn", "sggp.org.vn", "m.sggp.org.vn", "amp.sggp.org.vn")
    host_languages = {"en.sggp.org.vn": "en", "cn.sggp.org.vn": "zh"}
    sitemaps = ("https://www.sggp.org.vn/sitemap.xml",)
    feeds = (
        "https://www.sggp.org.vn/rss/home.rss",
        "https://www.sggp.org.vn/rss/xahoi-199.rss",
        "https://www.sggp.org.vn/rss/thegioi-143.rss",
    )
    sections = ("https://www.sggp.org.vn/", "https://www.sggp.org.vn/xahoi/", "https://www.sggp.org.vn/thegioi/")
    list_apis = ("https://api.sggp.org.vn/api/morenews-zone-199-{page}.html?phrase=",)
