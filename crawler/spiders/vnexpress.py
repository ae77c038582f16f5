from crawler.platforms import VnExpressCms


class VnExpress(VnExpressCms):
    name = "vnexpress"
    title = "VnExpress"
    hosts = ("vnexpress.net", "www.vnexpress.net", "m.vnexpress.net", "amp.vnexpress.net")
    host_languages = {"e.vnexpress.net": "en"}
    sitemaps = ("https://vnexpress.net/google-news-sitemap.xml", "https://vnexpress.net/sitemap.xml")
    feeds = ("https://vnexpress.net/rss/tin-moi-nhat.rss", "https://vnexpress.net/rss/the-gioi.rss")
    sections = ("https://vnexpress.net/", "https://vnexpress.net/thoi-su", "https://vnexpress.net/the-gioi")
