from crawler.platforms import VietnamesePaper


class VietnamVn(VietnamesePaper):
    name = "vietnam_vn"
    title = "Vietnam.vn"
    hosts = ("www.vietnam.vn", "vietnam.vn", "thongtin.vietnam.vn", "vjs.vietnam.vn", "vrviet.vn", "www.vrviet.vn")
    aggregator = True
    sitemaps = ("https://www.vietnam.vn/news-sitemap.xml", "https://www.vietnam.vn/sitemap.xml")
    # Sections look like short headlines: four words or more make an article, and each language has its own edition.
    article_url = r"/(?:(?P<lang>[a-z]{2}(?:-[a-z]{2})?)/)?(?P<slug>[\w%.]+(?:-[\w%.]+){3,})/?"
    key_by = "slug"
