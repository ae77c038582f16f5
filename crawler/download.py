"""The one way to the network: Scrapy's HTTP/1.1 handler, with a bound on headers, no way around the guard, and an archive of what came."""

import asyncio
from copy import copy
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.archive import ArchiveProcess, exchange
from crawler.guard import GuardedResolver
from crawler.politeness import LONGEST_REST, RESTING, rest

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class AddressRefused(IgnoreRequest):
    """The guard lets no connection through to where this leads."""


class Interrupted(IgnoreRequest):
    """The crawl was asked to stop; the request was not answered and stays due."""


class Resting(IgnoreRequest):
    """The host asked to be left alone for longer than a crawl waits; the request stays due."""


class HeaderFlood(ValueError):  # noqa: N818
    """More headers than any honest server sends."""


class GuardedDownload(HTTP11DownloadHandler):
    """Downloads http and https; a host mapped by `--allow-address NAME=HOST:PORT` is asked over plain HTTP.

    Every answer is stamped with the time it came (`request.meta["fetched_at"]`) and archived; `request.meta["archived"]` is the future
    of its place. Here, because nothing is nearer to the wire: the bytes as they came, redirects and errors too.
    """

    def __init__(self, crawler: "Crawler") -> None:
        super().__init__(crawler)
        settings = crawler.settings
        factory = _factory(settings.getint("COPYDESK_MAX_HEADERS"), settings.getint("COPYDESK_MAX_HEADER_BYTES"))
        self._pool._factory = factory  # noqa: SLF001  (as Scrapy's handler sets its own)
        self._transfers: set[asyncio.Task[Any]] = set()

    async def download_request(self, request: Request) -> Response:
        resolver = _resolver()
        parts = urlparse_cached(request)
        host = (parts.hostname or "").rstrip(".")
        self._slow_down(request)
        await self._rest(host)
        asked = request
        if parts.scheme == "https" and host in resolver.guard.mapped:
            asked = copy(request)
            asked._url = f"http{request.url.removeprefix('https')}"  # noqa: SLF001  (`replace` copies and checks everything)
        transfer = asyncio.current_task()  # Scrapy makes one for every request
        assert transfer is not None
        self._transfers.add(transfer)
        try:
            response = await super().download_request(asked)
        except CannotResolveHostError as error:
            if address := resolver.refused.get(host):
                raise AddressRefused(f"{host} is {address}") from error
            raise
        except asyncio.CancelledError as error:
            raise Interrupted(request.url) from error
        finally:
            self._transfers.discard(transfer)
        self._heed(host, response)
        if asked is not request:
            response._set_url(request.url)  # noqa: SLF001
        self._keep(request, response)
        return response

    def _slow_down(self, request: Request) -> None:
        """Give the host's slot the delay its robots.txt asks for, also when Scrapy has dropped a quiet host's slot meanwhile."""
        spider: Any = self._crawler.spider
        name = request.meta["download_slot"]
        if floor := spider.session.floors.get(name):
            slot = self._crawler.engine.downloader.slots[name]
            slot.delay = max(slot.delay, floor)

    def _keep(self, request: Request, response: Response) -> None:
        spider: Any = self._crawler.spider
        request.meta["fetched_at"] = at = datetime.now(UTC)
        archive: ArchiveProcess | None = spider.session.archive
        if archive is not None and spider.rights_policy != "text_only":
            kept = exchange(request, response, at, keep_noarchive=spider.rights_policy == "archive")
            request.meta["archived"] = archive.put(kept)

    async def _rest(self, host: str) -> None:
        """Wait while the host wants to be left alone (`Session.not_before`). Here and not earlier, because requests queue up."""
        spider: Any = self._crawler.spider
        while (left := spider.session.not_before.get(host, 0.0) - monotonic()) > 0:
            if left > LONGEST_REST:
                raise Resting(f"{host} asks for {left:.0f} s of rest")
            await asyncio.sleep(min(left, 1.0))
            if spider.session.stopping:
                raise Interrupted(host)

    def _heed(self, host: str, response: Response) -> None:
        """Hear Retry-After and 429. Here, so that nothing that is queued slips through before it is known."""
        if response.status not in RESTING:
            return
        said = (response.headers.get("Retry-After") or b"").decode("latin-1")
        if wait := rest(response.status, said, datetime.now(UTC)):
            spider: Any = self._crawler.spider
            not_before: dict[str, float] = spider.session.not_before
            not_before[host] = max(not_before.get(host, 0.0), monotonic() + wait)
            if wait > LONGEST_REST:
                spider.report.failure(host, f"asks for {wait:.0f} s of rest (HTTP {response.status})")

    def abort(self) -> None:
        """Break off what is being transferred."""
        for transfer in self._transfers:
            transfer.cancel()


def _resolver() -> GuardedResolver:
    """The reactor's resolver. Raises `RuntimeError` when it is not the guarded one: then nothing may be fetched."""
    from twisted.internet import reactor  # noqa: PLC0415  (importing it installs it)

    resolver = reactor.nameResolver
    if not isinstance(resolver, GuardedResolver):
        raise RuntimeError("the guarded resolver is not installed (setting TWISTED_DNS_RESOLVER)")
    return resolver


def _factory(max_headers: int, max_bytes: int) -> type[_LenientHTTP11ClientFactory]:
    """A protocol factory whose parser gives up on a flood of headers as it comes in, not after it has been kept."""

    class Parser(_LenientHTTPClientParser):
        _lines = 0
        _bytes = 0

        def lineReceived(self, line: bytes) -> None:  # noqa: N802
            self._lines += 1
            self._bytes += len(line)
            if self._lines > max_headers or self._bytes > max_bytes:
                raise HeaderFlood(f"more than {max_headers} headers or {max_bytes} bytes of them")
            super().lineReceived(line)

    class Protocol(_LenientHTTP11ClientProtocol):
        def request(self, request: Any) -> Any:
            answer = super().request(request)
            assert self._parser is not None
            self._parser.__class__ = Parser
            return answer

    class Factory(_LenientHTTP11ClientFactory):
        def buildProtocol(self, addr: Any) -> Protocol:  # noqa: N802, ARG002
            return Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]

    return Factory
