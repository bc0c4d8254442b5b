"""Reach: whether this machine has a network at all. What fails without one is no fault of the hosts."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from archive.configuration import Network
from crawler.lookup import WITNESS, Outcome, ask

# Networks for documentation (RFC 5737, RFC 3849): nobody is there, and connecting a datagram socket sends nothing.
_NOWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
# Seconds between two questions whether the resolver is back.
_AGAIN = 15.0


def has_route() -> bool:
    """Whether the kernel knows a way to the open network, over IPv4 or IPv6. Nothing is sent."""
    for family, address in _NOWHERE:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            return True
    return False


class Reach:
    """Whether the network is there, and names can be looked up, for a parent whose children may find that they cannot.

    For one thread. As long as nobody doubts the resolver it is asked nothing.
    """

    def __init__(self, look: Callable[[str], Outcome] = ask) -> None:
        self._look = look
        self._doubted = False
        self._asked = 0.0
        self._asking: threading.Thread | None = None
        self._knew = False

    def doubt(self) -> None:
        """Hear that no name could be looked up."""
        self._doubted, self._knew = True, False

    def is_there(self, network: Network) -> bool:
        """Whether there is a network, as far as is known; never waits. Who has names of its own needs none."""
        return bool(network.allow_loopback or network.resolve) or (has_route() and self._resolves())

    def _resolves(self) -> bool:
        if self._doubted and self._knew:
            self._doubted = False
        if not self._doubted:
            return True
        over = self._asking is None or not self._asking.is_alive()
        if over and time.monotonic() - self._asked >= _AGAIN:
            self._asked = time.monotonic()
            self._asking = threading.Thread(target=self._ask, name="look-up", daemon=True)
            self._asking.start()
        return False

    def _ask(self) -> None:
        self._knew = self._look(WITNESS).answered
