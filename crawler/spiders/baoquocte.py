from crawler.platforms import MasterCms


class BaoQuocTe(MasterCms):
    name = "baoquocte"
    title = "Báo Thế giới và Việt Nam"
    hosts = ("baoquocte.vn", "www.baoquocte.vn", "m.baoquocte.vn", "amp.baoquocte.vn")
    host_languages = {"en.baoquocte.vn": "en", "cn.baoquocte.vn": "zh"}
    feeds = ("https://baoquocte.vn/rss_feed/", "https://baoquocte.vn/rss_feed/kinh-te")
    sections = ("https://baoquocte.vn/", "https://baoquocte.vn/the-gioi", "https://baoquocte.vn/thoi-su")
