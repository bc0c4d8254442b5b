"""The address guard: which addresses of the network a crawler may connect to."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapy.exceptions import IgnoreRequest
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import (
    IReactorPluggableNameResolver,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.web.client import URI
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from archive.configuration import Destination
from crawler.names import Found, Names

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The IANA special-purpose address registries (RFC 6890), written out: what `ipaddress.is_global` says differs between
# patch releases of Python.
_RESERVED_V4 = {
    "0.0.0.0/8": "of this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a carrier",
    # A public network, but within Azure it is the machine's host, which gives out its configuration and secrets.
    "168.63.129.16/32": "a cloud's metadata service",
    "169.254.0.0/16": "link-local",  # 169.254.169.254 gives cloud credentials to whoever asks
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved for protocols",
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "a retired 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_LOOPBACK_V4 = ipaddress.IPv4Network("127.0.0.0/8")
# All global unicast addresses lie in 2000::/3 (RFC 4291, section 2.4, and IANA's allocations), without these parts.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_RESERVED_V6 = {
    "2001::/23": "reserved for protocols",  # Teredo among them
    "2001:db8::/32": "for documentation",
    "3fff::/20": "for documentation",
}
_NAMED_V6 = {
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
    "64:ff9b:1::/48": "translated within a network",
}
# Networks whose addresses carry an IPv4 address, and the bit at which it ends: what counts is where they lead.
_CARRIERS = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped (RFC 4291, section 2.5.5.2)
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64 (RFC 6052)
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4 (RFC 3056)
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible (RFC 4291, section 2.5.5.1), and :: itself
)
# ISATAP (RFC 5214, section 6.1): in any network, an address that ends so leads to the IPv4 address behind it.
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
_V4 = tuple((ipaddress.IPv4Network(network), why) for network, why in _RESERVED_V4.items())
_V6 = tuple((ipaddress.IPv6Network(network), why) for network, why in {**_RESERVED_V6, **_NAMED_V6}.items())


class AddressForbidden(IgnoreRequest):
    """A connection that the address guard does not allow."""


def refusal(address: str, *, allow_loopback: bool = False) -> str | None:
    """Why this address is not to be connected to, in words; None when it may be.

    ``address`` is an IPv4 or IPv6 address as text, a scope id included; what is none is refused.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return f"{address!r} is no address"
    why = _reserved(ip, allow_loopback=allow_loopback)
    return f"{address} is {why}" if why else None


def _reserved(ip: Address, *, allow_loopback: bool) -> str | None:
    if isinstance(ip, ipaddress.IPv4Address):
        if ip in _LOOPBACK_V4:
            return None if allow_loopback else "this machine"
        return next((why for network, why in _V4 if ip in network), None)
    if ip == ipaddress.IPv6Address("::1"):
        return None if allow_loopback else "this machine"
    for carrier, shift in _CARRIERS:
        if ip in carrier:
            carried = ipaddress.IPv4Address(int(ip) >> shift & 0xFFFFFFFF)
            return _reserved(carried, allow_loopback=allow_loopback)
    if ip.scope_id is not None:
        return "bound to an interface"
    named = next((why for network, why in _V6 if ip in network), None)
    if named is not None or ip not in _GLOBAL_V6:
        return named or "reserved"
    if int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
        return _reserved(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF), allow_loopback=allow_loopback)
    return None


@dataclass(frozen=True, slots=True)
class Guard:
    """What ``[network]`` of archive.toml allows.

    ``resolve`` maps host names to destinations that are connected to in their place, and may lie anywhere: who wrote
    them there knows them.
    """

    allow_loopback: bool = False
    resolve: Mapping[str, Destination] = field(default_factory=dict)

    def refusal(self, address: str) -> str | None:
        """Why this address is not to be connected to, in words; None when it may be."""
        return refusal(address, allow_loopback=self.allow_loopback)

    def destination(self, scheme: str, host: str, port: int) -> tuple[str, int] | None:
        """Where the configuration sends connections to a host; None where the name is to be resolved.

        Raises ConnectionRefusedError where the configuration says that another scheme is spoken there.
        """
        given = self.resolve.get(host.lower().rstrip("."))
        if given is None:
            return None
        if given.scheme and given.scheme != scheme:
            raise ConnectionRefusedError(string=f"archive.toml says that {host} speaks {given.scheme} only")
        return given.address, given.port or port


@implementer(IReactorPluggableNameResolver, IReactorTime)
class _GuardedReactor:
    """The reactor as an endpoint sees it: it connects to no address that the guard forbids.

    The check stands where the connection is made, on the numeric address that it is made to: no second look-up can
    come in between.
    """

    def __init__(self, reactor: Any, guard: Guard, tried: Callable[[str], None]) -> None:
        self._reactor = reactor
        self.guard: Guard | None = guard
        self._tried = tried
        self.nameResolver = reactor.nameResolver
        self.seconds = reactor.seconds
        self.callLater = reactor.callLater
        self.getDelayedCalls = reactor.getDelayedCalls

    def installNameResolver(self, resolver: Any) -> Any:
        return self._reactor.installNameResolver(resolver)

    def connectTCP(self, host: str, port: int, *rest: Any, **named: Any) -> Any:
        self._tried(host)
        why = self.guard.refusal(host) if self.guard is not None else None
        if why:
            raise AddressForbidden(f"{why}: [network] in archive.toml does not allow it")
        return self._reactor.connectTCP(host, port, *rest, **named)


@implementer(IStreamClientEndpoint)
class _Endpoint:
    """A host and port to connect to under the guard; names are looked up when a connection is really needed."""

    def __init__(
        self, reactor: Any, guard: Guard, uri: URI, bind: Any, timeout: float, tried: Callable[[str], None]
    ) -> None:
        self._reactor = reactor
        self._guard = guard
        self._uri = uri
        self._bind = bind
        self._timeout = timeout
        self._tried = tried

    def connect(self, factory: Any) -> Deferred[Any]:
        """Connect; fails with AddressForbidden, DNSLookupError or what the connection failed with.

        A name is looked up once: what the guard checks, address by address, is what is connected to.
        """
        host, port = self._uri.host.decode("ascii"), self._uri.port
        reactor = _GuardedReactor(self._reactor, self._guard, self._tried)
        try:
            destination = self._guard.destination(self._uri.scheme.decode("ascii"), host, port)
        except ConnectionRefusedError as refused:
            return fail(refused)
        if destination is not None:
            host, port = destination
            reactor.guard = None  # who wrote it there knows where it leads
            self._tried(host)
        if not isinstance(self._reactor.nameResolver, Names):  # another one's: its failures have no reasons
            return HostnameEndpoint(reactor, host, port, self._timeout, self._bind).connect(factory)
        found: Deferred[tuple[str, ...]] = self._reactor.nameResolver.look_up(host)

        def connect(addresses: tuple[str, ...]) -> Deferred[Any]:
            reactor.nameResolver = Found(addresses)
            return HostnameEndpoint(reactor, addresses[0], port, self._timeout, self._bind).connect(factory)

        return found.addCallback(connect)


@implementer(IAgentEndpointFactory)
@dataclass(frozen=True, slots=True)
class GuardedEndpoints:
    """What gives an agent its endpoints: every connection under the guard, TLS by the policy and the URL's own name.

    ``tried`` is told each address that a connection is tried to; ``timeout`` is in seconds.
    """

    reactor: Any
    guard: Guard
    policy: Any  # an IPolicyForHTTPS: type checkers do not know interfaces of zope
    timeout: float
    bind: tuple[str, int] | None
    tried: Callable[[str], None]

    def endpointForURI(self, uri: URI) -> Any:
        """The endpoint of a URI; its host must be ASCII."""
        endpoint: Any = _Endpoint(self.reactor, self.guard, uri, self.bind, self.timeout, self.tried)
        if uri.scheme == b"https":
            return wrapClientTLS(self.policy.creatorForNetloc(uri.host, uri.port), endpoint)
        return endpoint
