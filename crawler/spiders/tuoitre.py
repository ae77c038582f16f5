from crawler.platforms import VcCorp


class TuoiTre(VcCorp):
    name = "tuoitre"
    title = "Tuổi Trẻ"
    hosts = ("tuoitre.vn", "www.tuoitre.vn", "m.tuoitre.vn", "amp.tuoitre.vn")
    host_languages = {"news.tuoitre.vn": "en"}
    sitemaps = ("https://tuoitre.vn/sitemaps/index.rss",)
    feeds = ("https://tuoitre.vn/rss/tin-moi-nhat.rss",)
    sections = ("https://tuoitre.vn/", "https://tuoitre.vn/thoi-su.htm", "https://tuoitre.vn/the-gioi.htm")
