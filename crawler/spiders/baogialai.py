from crawler.platforms import Hemera


class BaoGiaLai(Hemera):
    name = "baogialai"
    title = "Báo Gia Lai"
    hosts = ("baogialai.com.vn", "www.baogialai.com.vn", "m.baogialai.com.vn", "amp.baogialai.com.vn")
    sitemaps = ("https://baogialai.com.vn/sitemap.xml",)
    sections = ("https://baogialai.com.vn/", "https://baogialai.com.vn/thoi-su/")
