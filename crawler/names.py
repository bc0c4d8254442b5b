"""Names: the resolver of a crawling process, in which names that hang hold up no others.

Twisted's own asks the system in ten threads, without a time-out: ten names that hang are all it can take. Here each
look-up has a thread, one for each name; who takes longer than a moment gives up its place, though its thread may go on
for as long as the system likes. What comes is kept for minutes, since the system tells no lifetimes.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from scrapy.crawler import Crawler
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer

from archive.configuration import Network
from archive.exchange import NoAnswer
from crawler.lookup import SILENT, WITNESS, Outcome, ask
from crawler.reach import has_route

# Seconds until who asked is told that there is no answer: as long as a connection may take.
PATIENCE = 10.0
# Look-ups under way at once. An answer takes milliseconds, or a tenth of a second where nobody has it at hand: so that
# is some hundred names a second, more than hosts are begun with.
PLACES = 16
# Seconds after which a look-up takes no place any more, and how many threads there may be then: resolvers give a name
# up after 10 to 30 s, and a process has 200 sites.
MOMENT, MOST = 1.0, 256
# Seconds for which an answer holds: addresses, that there are none, and that nothing could be found out.
KEPT, NONE_KEPT, UNKNOWN_KEPT = 300.0, 60.0, 5.0
MOST_KEPT = 10_000
# Seconds for which an answer proves that the resolver is there. Where a look-up fails and nothing has come for so long,
# the witness is asked for: so a lost resolver is told from the lost name servers of a site.
TRUSTED = 20.0
# What a host looks like from a machine without a network.
_OURS = frozenset({NoAnswer.DNS, NoAnswer.UNREACHABLE})


class LookupFailed(DNSLookupError):
    """A name has no address that could be found: the code and words of the outcome say why.

    ``ours`` says that no name at all could be looked up: then it is this machine's resolver that is away.
    """

    def __init__(self, name: str, outcome: Outcome, *, ours: bool = False) -> None:
        said = f"{name}: {outcome.words}" + (f" ({outcome.code})" if outcome.code != SILENT else "")
        super().__init__(f"{said}; no other name can be looked up either" if ours else said)
        self.outcome = outcome
        self.ours = ours

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(eq=False, slots=True)
class _Flight:
    """A look-up under way, and who waits for it."""

    name: str
    waiters: list[Deferred[tuple[str, ...]]] = field(default_factory=list)
    begun: bool = False
    placed: bool = False  # it counts among `PLACES`
    given_up: bool = False  # who asked was told; its thread goes on
    timers: list[Any] = field(default_factory=list)


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        raise NotImplementedError  # as in Twisted's own: nobody calls it


@implementer(IHostnameResolver)
class Names:
    """The resolver. All of it runs in the reactor's thread, but for `crawler.lookup.ask`.

    ``TWISTED_DNS_RESOLVER = "crawler.names.Names"`` installs it; ``patience`` is PRESSKEEP_LOOKUP_TIMEOUT, in seconds.
    """

    def __init__(self, reactor: Any, patience: float = PATIENCE, look: Callable[[str], Outcome] = ask) -> None:
        self._reactor = reactor
        self._patience = patience
        self._look = look
        self._flights: dict[str, _Flight] = {}
        self._queue: deque[_Flight] = deque()
        self._placed = self._threads = 0
        self._kept: OrderedDict[str, tuple[float, Outcome]] = OrderedDict()
        self._heard = -TRUSTED  # when the resolver last knew something, by the reactor's clock
        self.down = False  # the last look-ups failed, and that of the witness, too

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """The resolver of a crawler's process."""
        return cls(reactor, crawler.settings.getfloat("PRESSKEEP_LOOKUP_TIMEOUT", PATIENCE))

    def install_on_reactor(self) -> None:
        """Be the one that the reactor asks."""
        self._reactor.installNameResolver(self)

    def look_up(self, name: str) -> Deferred[tuple[str, ...]]:
        """The addresses of a name, as text; fails with LookupFailed. What it gives can be cancelled."""
        if is_ip(name):
            return succeed((name,))
        name = name.lower()
        known = self._kept.get(name)
        if known is not None:
            until, outcome = known
            if self._reactor.seconds() < until:
                return self._told(name, outcome)
            del self._kept[name]
        flight = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = _Flight(name)
            flight.timers.append(self._reactor.callLater(self._patience, self._give_up, flight))
            self._queue.append(flight)
            self._begin_more()
        elif flight.given_up:
            return self._told(name, _silent(self._patience))
        found = flight
        waiter: Deferred[tuple[str, ...]] = Deferred(lambda cancelled: _forget(found, cancelled))
        flight.waiters.append(waiter)
        return waiter

    def resolveHostName(
        self,
        receiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """As Twisted's interface has it, in which a failure is an answer without addresses."""
        resolution = _Resolution(hostName)
        receiver.resolutionBegan(resolution)

        def complete(addresses: tuple[str, ...]) -> None:
            for address in addresses:
                one = twisted_address(address, portNumber)
                if addressTypes is None or isinstance(one, tuple(addressTypes)):
                    receiver.addressResolved(one)
            receiver.resolutionComplete()

        self.look_up(hostName).addErrback(lambda _: ()).addCallback(complete)
        return resolution

    def _told(self, name: str, outcome: Outcome) -> Deferred[tuple[str, ...]]:
        if outcome.addresses:
            return succeed(outcome.addresses)
        return fail(LookupFailed(name, outcome, ours=self.down and not outcome.answered))

    def _begin_more(self) -> None:
        """Begin what waits, as far as there are places; the witness needs none."""
        while self._queue and self._placed < PLACES and self._threads < MOST:
            self._begin(self._queue.popleft())
        for flight in [one for one in self._queue if one.name == WITNESS]:
            self._queue.remove(flight)
            self._begin(flight)

    def _begin(self, flight: _Flight) -> None:
        flight.begun = flight.placed = True
        self._placed += 1
        self._threads += 1
        flight.timers.append(self._reactor.callLater(MOMENT, self._make_room, flight))
        # A daemon: nobody waits for those that hang when the process ends.
        try:
            threading.Thread(target=self._work, args=(flight,), name=f"look-up of {flight.name}", daemon=True).start()
        except RuntimeError as error:  # the system has no thread left
            self._reactor.callLater(0, self._landed, flight, Outcome(code="RuntimeError", words=str(error)))

    def _work(self, flight: _Flight) -> None:
        outcome = self._look(flight.name)
        with contextlib.suppress(RuntimeError):  # the reactor has ended meanwhile
            self._reactor.callFromThread(self._landed, flight, outcome)

    def _make_room(self, flight: _Flight) -> None:
        """It takes longer than an answer does: others begin."""
        if flight.placed:
            flight.placed = False
            self._placed -= 1
            self._begin_more()

    def _give_up(self, flight: _Flight) -> None:
        """Who asked has waited long enough. While its thread goes on, nobody waits for that name again."""
        flight.given_up = True
        if not flight.begun:
            self._queue.remove(flight)
            del self._flights[flight.name]
        self._tell(flight, _silent(self._patience))

    def _landed(self, flight: _Flight, outcome: Outcome) -> None:
        self._threads -= 1
        self._make_room(flight)
        self._begin_more()
        for timer in flight.timers:
            if timer.active():
                timer.cancel()
        del self._flights[flight.name]
        # What ends in a number is an address in an old spelling: no resolver is asked for it.
        if outcome.is_distant and not flight.name.rpartition(".")[2][:1].isdigit():
            self._heard, self.down = self._reactor.seconds(), False
        self._keep(flight.name, outcome)
        self._tell(flight, outcome)

    def _keep(self, name: str, outcome: Outcome) -> None:
        holds = KEPT if outcome.addresses else NONE_KEPT if outcome.answered else UNKNOWN_KEPT
        self._kept[name] = self._reactor.seconds() + holds, outcome
        self._kept.move_to_end(name)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def _tell(self, flight: _Flight, outcome: Outcome) -> None:
        """Tell who waits; of a failure that may be this machine's only when that is known."""
        waiters, flight.waiters = flight.waiters, []
        if outcome.answered or flight.name == WITNESS or self._reactor.seconds() - self._heard < TRUSTED:
            self._hand_out(flight.name, waiters, outcome)
            return
        if waiters:
            self.look_up(WITNESS).addBoth(self._attested, flight.name, waiters, outcome)

    def _attested(
        self, testimony: object, name: str, waiters: list[Deferred[tuple[str, ...]]], outcome: Outcome
    ) -> None:
        error = getattr(testimony, "value", None)
        self.down = isinstance(error, LookupFailed) and not error.outcome.answered
        self._hand_out(name, waiters, outcome)

    def _hand_out(self, name: str, waiters: list[Deferred[tuple[str, ...]]], outcome: Outcome) -> None:
        for waiter in waiters:
            if not waiter.called:  # it may have been cancelled meanwhile
                self._told(name, outcome).chainDeferred(waiter)


@implementer(IHostnameResolver)
class Found:
    """A resolver that gives the addresses that were found before, whatever it is asked: for an endpoint to try them."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self._addresses = addresses

    def resolveHostName(self, receiver: Any, hostName: str, portNumber: int = 0, *rest: Any, **named: Any) -> Any:
        """As Twisted's interface has it."""
        resolution = _Resolution(hostName)
        receiver.resolutionBegan(resolution)
        for address in self._addresses:
            receiver.addressResolved(twisted_address(address, portNumber))
        receiver.resolutionComplete()
        return resolution


def is_ours(reason: NoAnswer | None, network: Network) -> bool:
    """Whether a failure is that of this machine, which has no network or no resolver.

    One that has names of its own needs none.
    """
    if reason not in _OURS or network.allow_loopback or network.resolve:
        return False
    return not has_route() or (reason is NoAnswer.DNS and _is_down())


def _is_down() -> bool:
    """Whether the resolver of this crawling process gives no answer for any name."""
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

    resolver = getattr(reactor, "nameResolver", None)
    return isinstance(resolver, Names) and resolver.down


def is_ip(name: str) -> bool:
    """Whether a host is an IP address as text, which nobody need look up."""
    return isIPAddress(name) or isIPv6Address(name)


def twisted_address(address: str, port: int) -> IPv4Address | IPv6Address:
    """An address as Twisted has it."""
    return IPv6Address("TCP", address, port) if ":" in address else IPv4Address("TCP", address, port)


def _silent(patience: float) -> Outcome:
    return Outcome(code=SILENT, words=f"no answer of the resolver within {patience:g} s")


def _forget(flight: _Flight, cancelled: Deferred[tuple[str, ...]]) -> None:
    if cancelled in flight.waiters:
        flight.waiters.remove(cancelled)
