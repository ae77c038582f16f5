from crawler.platforms import Hemera


class TienPhong(Hemera):
    name = "tienphong"
    title = "Tiền Phong"
    hosts = ("tienphong.vn", "www.tienphong.vn", "m.tienphong.vn", "amp.tienphong.vn")
    sitemaps = ("https://tienphong.vn/sitemap.xml",)
    feeds = ("https://tienphong.vn/rss/home.rss",)
    sections = ("https://tienphong.vn/", "https://tienphong.vn/xa-hoi/", "https://tienphong.vn/the-gioi/")
    list_apis = ("https://api.tienphong.vn/api/morenews-zone-105-{page}.html?phrase=",)
