"""Which addresses may be connected to, and the resolver that lets no other through.

The check stands where a name has become an address: Twisted connects to exactly what `GuardedResolver` hands on, literal
addresses included, whatever their notation, so neither a redirect nor a name that resolves differently the second time gets
around it (CWE-918, server-side request forgery).
"""

import ipaddress
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

log = logging.getLogger(__name__)

OPTION = re.compile(r"(?:(?P<name>[\w.-]+)=)?(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[\w.-]+)):(?P<port>\d{1,5})")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address stands in the last four bytes."""


class BadOptionError(ValueError):
    """An `--allow-address` that cannot be understood."""


def is_public(address: str) -> bool:
    """Whether the address belongs to the public Internet, and every IPv4 address embedded in it does too.

    Follows the IANA special-purpose registries (RFC 6890) as Python's `ipaddress` keeps them: not private, loopback,
    link-local, shared (CGNAT), unique local, multicast, reserved or documentation.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in NAT64:
            inner.append(ipaddress.IPv4Address(ip.packed[12:]))
        if int(ip) >> 32 == 0 and int(ip) > 1:  # ::a.b.c.d, "IPv4-compatible", long deprecated and still routed by some
            inner.append(ipaddress.IPv4Address(ip.packed[12:]))
        found = [address for address in inner if address is not None]
        if found:
            return all(is_public(str(address)) for address in found)
    return ip.is_global and not ip.is_multicast


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be connected to besides the public Internet."""

    allowed: frozenset[tuple[str, int]] = frozenset()
    """Addresses and ports named by `--allow-address`."""
    mapped: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Host name → address and port that plays it, over plain HTTP. Pages keep their own addresses."""
    public: bool = True
    """False without a contact: then nothing but what is named may be connected to."""

    @classmethod
    def parse(cls, options: Iterable[str], *, public: bool = True) -> Self:
        """From `127.0.0.1:8000`, `[::1]:8000` or `congluan.vn=127.0.0.1:8000`. Raises `BadOptionError`."""
        allowed: set[tuple[str, int]] = set()
        mapped: dict[str, tuple[str, int]] = {}
        for option in options:
            found = OPTION.fullmatch(option.strip())
            host = found and (found["v6"] or found["host"])
            if found is None or not host or not 0 < int(found["port"]) < 65536:
                raise BadOptionError(f"--allow-address {option!r}: expected HOST:PORT or NAME=HOST:PORT")
            host = "127.0.0.1" if host == "localhost" else host
            try:
                place = str(ipaddress.ip_address(host)), int(found["port"])
            except ValueError:
                raise BadOptionError(f"--allow-address {option!r}: {host} is no IP address") from None
            allowed.add(place)
            if found["name"]:
                mapped[found["name"].lower()] = place
        return cls(frozenset(allowed), mapped, public)

    def permits(self, address: str, port: int) -> bool:
        """Whether a connection to this address may be opened."""
        return (address, port) in self.allowed or (self.public and is_public(address))


@implementer(IHostnameResolver)
class GuardedResolver:
    """A Twisted name resolver that hands on only permitted addresses. Scrapy installs it (`TWISTED_DNS_RESOLVER`)."""

    def __init__(self, reactor: Any, guard: Guard) -> None:
        self.guard = guard
        self.refused: dict[str, str] = {}
        """Host → the address it was refused for, so that a failure can say why."""
        self._reactor = reactor
        self._inner: Any = reactor.nameResolver  # Twisted's interfaces are not typed for callers

    @classmethod
    def from_crawler(cls, crawler: "Crawler", reactor: Any) -> Self:
        settings = crawler.settings
        options = settings.getlist("COPYDESK_ALLOW_ADDRESSES")
        return cls(reactor, Guard.parse(options, public=bool(settings.get("COPYDESK_CONTACT"))))

    def install_on_reactor(self) -> None:
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802  (Twisted's name)
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        place = self.guard.mapped.get(hostName.lower().rstrip("."))
        if place is None:
            receiver = _Sieve(resolutionReceiver, hostName, portNumber, self)
            return self._inner.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        kind = IPv6Address if ":" in place[0] else IPv4Address
        resolutionReceiver.addressResolved(kind("TCP", *place))
        resolutionReceiver.resolutionComplete()
        return resolution


@implementer(IResolutionReceiver)
class _Sieve:
    def __init__(self, receiver: Any, name: str, port: int, resolver: GuardedResolver) -> None:
        self._receiver, self._name, self._port, self._resolver = receiver, name, port, resolver

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self._resolver.refused.pop(self._name, None)
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if self._resolver.guard.permits(address.host, self._port):
            self._receiver.addressResolved(address)
        else:
            log.debug("%s resolves to %s: refused", self._name, address.host)
            self._resolver.refused[self._name] = address.host

    def resolutionComplete(self) -> None:  # noqa: N802
        self._receiver.resolutionComplete()


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """It is complete before anyone could cancel it."""
