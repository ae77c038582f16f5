from crawler.platforms import Hemera


class TinNhanhChungKhoan(Hemera):
    name = "tinnhanhchungkhoan"
    title = "Đầu tư Chứng khoán"
    hosts = (
        "www.tinnhanhchungkhoan.vn",
        "tinnhanhchungkhoan.vn",
        "m.tinnhanhchungkhoan.vn",
        "amp.tinnhanhchungkhoan.vn",
    )
    sitemaps = ("https://www.tinnhanhchungkhoan.vn/sitemap.xml",)
    sections = ("https://www.tinnhanhchungkhoan.vn/",)
    list_apis = (
        "https://api.tinnhanhchungkhoan.vn/api/morenews-zone-1-{page}.html?phrase=",
        "https://api.tinnhanhchungkhoan.vn/api/morenews-zone-6-{page}.html?phrase=",
        "https://api.tinnhanhchungkhoan.vn/api/morenews-zone-39-{page}.html?phrase=",
    )
