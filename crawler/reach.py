"""Reach: whether this machine has a network at all. What fails without one is no fault of the hosts."""

from __future__ import annotations

import contextlib
import socket

# Networks for documentation (RFC 5737, RFC 3849): nobody is there, and connecting a datagram socket sends nothing.
_NOWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def has_route() -> bool:
    """Whether the kernel knows a way to the open network, over IPv4 or IPv6. Nothing is sent."""
    for family, address in _NOWHERE:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            return True
    return False
