from crawler.platforms import Hemera


class NhanDan(Hemera):
    name = "nhandan"
    title = "Nhân Dân"
    hosts = ("nhandan.vn", "www.nhandan.vn", "m.nhandan.vn", "amp.nhandan.vn")
    host_languages = {
        "en.nhandan.vn": "en",
        "fr.nhandan.vn": "fr",
        "es.nhandan.vn": "es",
        "ru.nhandan.vn": "ru",
        "cn.nhandan.vn": "zh",
    }
    sitemaps = ("https://nhandan.vn/sitemap.xml",)
    feeds = (
        "https://nhandan.vn/rss/home.rss",
        "https://nhandan.vn/rss/thegioi-1231.rss",
        "https://nhandan.vn/rss/kinhte-1185.rss",
    )
    sections = ("https://nhandan.vn/", "https://nhandan.vn/thegioi/", "https://nhandan.vn/kinhte/")
    list_apis = ("https://api.nhandan.vn/api/morenews-zone-1231-{page}.html?phrase=",)
