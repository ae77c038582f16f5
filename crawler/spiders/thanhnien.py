from crawler.platforms import VcCorp


class ThanhNien(VcCorp):
    name = "thanhnien"
    title = "Thanh Niên"
    hosts = ("thanhnien.vn", "www.thanhnien.vn", "m.thanhnien.vn", "amp.thanhnien.vn")
    sitemaps = ("https://thanhnien.vn/sitemap.xml",)
    feeds = ("https://thanhnien.vn/rss/home.rss",)
    sections = ("https://thanhnien.vn/", "https://thanhnien.vn/thoi-su.htm")
    # Before 2023: …-post1234567.html and …-1234567.html
    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+?)-(?:post)?(?P<id>\d{5,20})\.html?"
