"""Every Scrapy setting that differs from Scrapy's default, with the reason. `scrapy crawl NAME` and `copydesk crawl` share it.

Ours begin with `COPYDESK_`. They can also be given on Scrapy's command line: `scrapy crawl congluan -s COPYDESK_DATA=news`.
"""

from importlib.metadata import version

BOT_NAME = "copydesk"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# -- ours ---------------------------------------------------------------------------------------------------------------

COPYDESK_DATA = "data"
COPYDESK_CONTACT = ""
"""An address or page where a publisher reaches whoever runs this. Without it no public address is connected to."""
COPYDESK_ALLOW_ADDRESSES: list[str] = []
"""`HOST:PORT` or `NAME=HOST:PORT`: the only private addresses that may be connected to (see `crawler.guard`)."""
COPYDESK_MAX_HEADERS = 256
COPYDESK_MAX_HEADER_BYTES = 64 * 1024
USER_AGENT = f"copydesk/{version('copydesk')}"
"""The contact is appended when a crawl starts: `copydesk/0.1 (+mailto:desk@example.org)`."""

# -- manners ------------------------------------------------------------------------------------------------------------

DOWNLOAD_DELAY = 1.0
"""Seconds between two requests to a host; a publisher, robots.txt and AutoThrottle can only make it longer."""
DOWNLOAD_DELAY_JITTER = 0.0  # the default would go down to half the delay
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_REQUESTS = 16
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 120.0
ROBOTSTXT_OBEY = False  # Scrapy's own fails open; crawler.robots takes its place and cannot be switched off
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate",  # what every reader of the archive understands
}
COOKIES_ENABLED = False
REFERRER_POLICY = "no-referrer"
METAREFRESH_ENABLED = False

# -- safety -------------------------------------------------------------------------------------------------------------

TWISTED_DNS_RESOLVER = "crawler.guard.GuardedResolver"
DOWNLOAD_HANDLERS = {
    "http": "crawler.download.GuardedDownload",
    "https": "crawler.download.GuardedDownload",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024  # also after decompression
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30  # seconds for connection, headers and body together
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_FAIL_ON_DATALOSS = True
HTTPPROXY_ENABLED = False  # a proxy would resolve names where the guard does not see it
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 1
RETRY_HTTP_CODES = [408, 429, 500, 502, 503, 504, 522, 524]
RETRY_EXCEPTIONS = [  # not timeouts: thirty seconds were enough
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.ResponseDataLossError",
]
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the page's outcome says it
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# -- how the parts are joined -------------------------------------------------------------------------------------------

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    "crawler.budgets.BudgetMiddleware": 50,  # before anything is asked
    "crawler.robots.RobotsMiddleware": 100,
    "crawler.replay.ReplayMiddleware": 810,
}
SPIDER_MIDDLEWARES = {  # the spider takes every status and plans its own requests; each costs a generator for every answer
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
EXTENSIONS = {
    "scrapy.extensions.throttle.AutoThrottle": None,
    "crawler.politeness.Throttle": 0,
    "scrapy.extensions.corestats.CoreStats": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.spiderstate.SpiderState": None,
}
ITEM_PIPELINES = {"crawler.item_pipeline.HandToRun": 300}
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # the frontier knows what was fetched
CONCURRENT_ITEMS = 1  # a response gives one page; Scrapy starts that many tasks for each response, 100 by default
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 64 * 1024 * 1024
LOG_LEVEL = "INFO"
LOG_VERSIONS: list[str] = []
LOGSTATS_INTERVAL = 0
STATS_DUMP = False
DOWNLOADER_STATS = False  # it renders every request and response once more to count their bytes
WARN_ON_GENERATOR_RETURN_VALUE = False
