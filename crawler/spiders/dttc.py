from crawler.platforms import Hemera


class Dttc(Hemera):
    name = "dttc"
    title = "Sài Gòn Đầu tư Tài chính"
    hosts = ("dttc.sggp.org.vn",)
    sitemaps = ("https://dttc.sggp.org.vn/sitemap.xml",)
    sections = ("https://dttc.sggp.org.vn/",)
