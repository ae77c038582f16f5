from crawler.platforms import Hemera


class BaoHaTinh(Hemera):
    name = "baohatinh"
    title = "Báo Hà Tĩnh"
    hosts = ("baohatinh.vn", "www.baohatinh.vn", "m.baohatinh.vn", "amp.baohatinh.vn")
    sitemaps = ("https://baohatinh.vn/sitemap.xml",)
    feeds = ("https://baohatinh.vn/rss/home.rss",)
    sections = ("https://baohatinh.vn/",)
