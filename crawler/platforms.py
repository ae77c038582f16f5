"""What publishers on one content management system share. A publisher takes a platform as its base and says the rest."""

from datetime import timedelta, timezone

from crawler.news_spider import NewsSpider
from pipelines.records import Layout

VIETNAM = timezone(timedelta(hours=7), "+07")
"""Indochina Time; without daylight saving, so a fixed offset is the whole truth."""


class VietnamesePaper(NewsSpider):
    """A paper that writes Vietnamese and local times."""

    language = "vi"
    zone = VIETNAM


class OneCms(VietnamesePaper):
    """OneCMS: class prefixes `c-`, `b-`, `sc-longform-`; two article templates side by side, no end day known for either."""

    layouts = (
        Layout(
            title="h1.sc-longform-header-title",
            lead="p.sc-longform-header-sapo",
            published="span.sc-longform-header-date",
            authors="span.sc-longform-header-author",
            body="article.entry.entry-no-padding",
            drop=("div.sc-longform-header", "div.sc-hightlight-box", "div.c-box", "div.sc-empty-layer"),
        ),
        Layout(
            title="h1.c-detail-head__title",
            lead="h2.desc, p.desc",
            published="span.c-detail-head__time",
            authors="span.c-detail-head__author",
            section="ol li.breadcrumb-item a",
            tags="div.c-widget-tags.onecms__tags ul li h4 a",
            body="div.c-news-detail > div.b-maincontent, div.c-news-detail > .content-main-normal",
            drop=("div.sc-hightlight-box", "div.c-box", "div.sc-empty-layer"),
        ),
    )


class Hemera(VietnamesePaper):
    """Hemera (ePi): zone lists as JSON, one sitemap a month whose lastmod is the time of the last edit."""

    # …-post1101437.vnp and its AMP form …-post1101437.amp; before 2022 …-1101437.tpo and …/1101437.vnp
    article_url = r"/(?:[\w-]+/)*?(?:(?P<slug>[\w%.-]+?)[-/])?(?:post)?(?P<id>\d{4,8})\.(?:html|vnp|tpo|amp)"
    layouts = (
        Layout(
            title="h1.article__title.cms-title",
            lead="div.article__sapo.cms-desc",
            body="div.article__body.cms-body",
            drop=("div.article__sapo", "table.picture", "div.cms-relate", "div.ads_middle"),
        ),
    )


class VcCorp(VietnamesePaper):
    """VCCorp: ids hold the time of creation to the millisecond, older ones are numbers; related boxes stand inside the body."""

    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{6,20})\.htm"
    layouts = (
        Layout(
            title="h1.detail-title",
            lead="h2.detail-sapo",
            published="div.detail-time",
            authors="div.detail-author",
            body="div.detail-content.afcbc-body",
            drop=("div.VCSortableInPreviewMode",),
        ),
    )


class VnExpressCms(VietnamesePaper):
    """VnExpress and its sisters."""

    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{7,8})(?:-p\d+)?\.html"
    layouts = (
        Layout(
            title="h1.title-detail",
            lead="p.description",
            published="span.date",
            body="article.fck_detail",
            drop=("div.box-tinlienquanv2", "ul.list-news", "div.width_common.box_brief_info"),
        ),
    )


class MasterCms(VietnamesePaper):
    """MasterCMS (`__MASTERCMS_CONTENT`)."""

    article_url = r"/(?:[\w-]+/)*(?P<slug>[\w-]+)-(?P<id>\d{5,7})\.html"
    layouts = (
        Layout(
            title="h1.article-detail-title",
            lead="div.article-detail-desc",
            published="span.article-date, span.format_date",
            authors="div.article-detail-author",
            section="div.bx-breadcrumb a",
            tags="div.article-tags a",
            source="div.article-detail-source",
            body="div.__MASTERCMS_CONTENT",
            drop=("div.article-detail-source", "div.article-tags", "table.MASTERCMS_TPL_TABLE", "table.__MB_ARTICLE_A"),
        ),
    )
