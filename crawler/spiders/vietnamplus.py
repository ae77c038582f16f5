from crawler.platforms import Hemera


class VietnamPlus(Hemera):
    name = "vietnamplus"
    title = "VietnamPlus"
    hosts = ("www.vietnamplus.vn", "vietnamplus.vn", "m.vietnamplus.vn", "amp.vietnamplus.vn")
    host_languages = {
        "en.vietnamplus.vn": "en",
        "fr.vietnamplus.vn": "fr",
        "es.vietnamplus.vn": "es",
        "ru.vietnamplus.vn": "ru",
        "zh.vietnamplus.vn": "zh",
    }
    sitemaps = ("https://www.vietnamplus.vn/sitemap.xml",)
    feeds = ("https://www.vietnamplus.vn/rss/thegioi-209.rss", "https://www.vietnamplus.vn/rss/kinhte-311.rss")
    sections = (
        "https://www.vietnamplus.vn/",
        "https://www.vietnamplus.vn/thegioi/",
        "https://www.vietnamplus.vn/kinhte/",
    )
    list_apis = ("https://api.vietnamplus.vn/api/morenews-zone-209-{page}.html?phrase=",)
