from crawler.platforms import OneCms


class Congluan(OneCms):
    name = "congluan"
    title = "Nhà báo & Công luận"
    hosts = ("congluan.vn", "www.congluan.vn", "m.congluan.vn", "amp.congluan.vn")
    sitemaps = ("https://congluan.vn/sitemap-news.xml", "https://congluan.vn/sitemap.xml")
    feeds = ("https://congluan.vn/rss/kinh-te.rss",)
    sections = (
        "https://congluan.vn/",
        "https://congluan.vn/thoi-su/tin-tuc",
        "https://congluan.vn/quoc-te/the-gioi-24h",
        "https://congluan.vn/quoc-te/tieu-diem-quoc-te",
        "https://congluan.vn/bao-chi-truyen-thong/nghe-bao",
        "https://congluan.vn/phap-luat/dieu-tra",
        "https://congluan.vn/van-hoa/the-thao",
        "https://congluan.vn/xe",
    )
    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>post\d{1,6}|10\d{6})\.html"
    key_by = "slug"  # one article stands under both ids: …-post340561.html is …-10336560.html
