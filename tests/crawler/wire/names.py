"""Resolvers that know a few names, and ask nobody; addresses they read as the system's own does."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any, Self

from scrapy.crawler import Crawler
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer

from crawler.lookup import Outcome
from crawler.names import Names


@implementer(IHostResolution)
class _Done:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        raise NotImplementedError


@implementer(IHostnameResolver)
class KnownNames:
    """Resolves what the setting KNOWN_NAMES maps (a name to a list of addresses); every other name is unknown.

    A list of lists gives another answer to each look-up, the last one for ever: so names are rebound.
    """

    def __init__(self, reactor: Any, known: dict[str, list[Any]]) -> None:
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
        for address in self._addresses(name):
            kind: Any = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, portNumber))
        receiver.resolutionComplete()
        return done

    def _addresses(self, name: str) -> list[str]:
        return addresses(self._known, name)


class Known(Names):
    """Presskeep's own resolver, asking such a list in place of the system, and keeping nothing."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        known = crawler.settings.getdict("KNOWN_NAMES")

        def look(name: str) -> Outcome:
            found = tuple(addresses(known, name))
            return Outcome(found) if found else Outcome(code="EAI_NONAME", words="Name or service not known")

        return cls(reactor, look=look)

    def _keep(self, name: str, outcome: Outcome) -> None:
        """Forget at once: each connection looks up anew."""


def addresses(names: dict[str, list[Any]], name: str) -> list[str]:
    """What these names say of one; each look-up takes an answer of a list of lists."""
    known = names.get(name)
    if known is None:
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            return []
        return [str(address[0]) for *_, address in found]
    if isinstance(known[0], list):
        return list(known.pop(0) if len(known) > 1 else known[0])
    return known


class Late(Names):
    """Presskeep's own resolver, whose every name leads to this machine; LATE_NAME once the file LATE_UNTIL is there."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        late, until = crawler.settings["LATE_NAME"], Path(crawler.settings["LATE_UNTIL"])

        def look(name: str) -> Outcome:
            while name == late and not until.exists():
                time.sleep(0.01)
            return Outcome(("127.0.0.1",))

        return cls(reactor, patience=60, look=look)
