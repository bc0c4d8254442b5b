"""A resolver that knows a few names, and asks nobody."""

from __future__ import annotations

from typing import Any

from scrapy.crawler import Crawler
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer


@implementer(IHostResolution)
class _Done:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        raise NotImplementedError


@implementer(IHostnameResolver)
class KnownNames:
    """Resolves what the setting KNOWN_NAMES maps (a name to a list of addresses); every other name is unknown."""

    def __init__(self, reactor: Any, known: dict[str, list[str]]) -> None:
        self._reactor = reactor
        self._known = known

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> KnownNames:
        return cls(reactor, crawler.settings.getdict("KNOWN_NAMES"))

    def install_on_reactor(self) -> None:
        self._reactor.installNameResolver(self)

    def resolveHostName(
        self,
        receiver: Any,
        name: str,
        portNumber: int = 0,
        *rest: Any,
        **named: Any,
    ) -> Any:
        done = _Done(name)
        receiver.resolutionBegan(done)
        for address in self._known.get(name, [name] if name.replace(".", "").isdigit() or ":" in name else []):
            kind: Any = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, portNumber))
        receiver.resolutionComplete()
        return done
