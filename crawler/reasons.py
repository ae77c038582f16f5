"""Why a request brought no answer, in one word that lands in the `pages` table."""

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed

from crawler.budgets import Offsite, OverBudget, UnsupportedScheme
from crawler.download import AddressRefused, HeaderFlood, Interrupted, Resting
from crawler.replay import NotInArchive
from crawler.robots import Disallowed, RobotsUnreachable

WORDS: dict[type[BaseException], str] = {
    Interrupted: "",
    Resting: "",
    Disallowed: "robots",
    RobotsUnreachable: "robots_unreachable",
    AddressRefused: "address",
    UnsupportedScheme: "unsupported_scheme",
    OverBudget: "budget",
    Offsite: "offsite",
    NotInArchive: "not_in_archive",
    HeaderFlood: "headers",
    SSL.Error: "tls",
    DownloadTimeoutError: "timeout",
    DownloadCancelledError: "too_large",  # Scrapy cancels for no other reason than DOWNLOAD_MAXSIZE
    CannotResolveHostError: "no_such_host",
    DownloadConnectionRefusedError: "connection",
    ResponseDataLossError: "cut_off",
}


def word(failure: Failure) -> str:
    """The word for a failure; "" when the request was never made and stays due; `connection` for what has no word."""
    error = failure.value
    assert error is not None
    for cause in _causes(error):
        for kind, reason in WORDS.items():
            if isinstance(cause, kind):
                return reason
    if isinstance(error, IgnoreRequest):  # Scrapy's own have no types
        return "redirects" if "redirections" in str(error) else "too_large"
    return "connection"


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all that led to it, Twisted's bundles opened."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting and len(found) < 32:
        cause = waiting.pop(0)
        if cause is None or cause in found:
            continue
        found.append(cause)
        waiting.append(cause.__cause__)
        if isinstance(cause, ResponseFailed):
            waiting += [failure.value for failure in cause.reasons]
    return found
