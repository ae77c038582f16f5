from crawler.platforms import OneCms


class CongLy(OneCms):
    name = "congly"
    title = "Công lý"
    hosts = ("congly.vn", "www.congly.vn", "m.congly.vn", "amp.congly.vn")
    feeds = ("https://congly.vn/rss/home.rss",)
    sections = ("https://congly.vn/",)
    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{5,8})\.html"
