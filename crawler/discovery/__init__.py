"""Where new articles are announced: sitemaps, feeds, section pages, JSON lists. Pure parsers, bytes in, records out.

They never fetch. They read hostile input: sizes and counts are capped, entities and external references are never resolved,
and whatever cannot be read raises `Unreadable`, which says what was found instead.
"""

from crawler.discovery.entry import Entry, Unreadable
from crawler.discovery.feed import parse_feed
from crawler.discovery.html import Section, find_feeds, parse_section
from crawler.discovery.list_api import parse_list_api
from crawler.discovery.sitemap import Sitemap, parse_sitemap
from crawler.discovery.window import children_for, entries_for, matches

__all__ = [
    "Entry",
    "Section",
    "Sitemap",
    "Unreadable",
    "children_for",
    "entries_for",
    "find_feeds",
    "matches",
    "parse_feed",
    "parse_list_api",
    "parse_section",
    "parse_sitemap",
]
