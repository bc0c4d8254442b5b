"""How the archive is served: where, to whom, and under which names."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from archive.errors import UsageError

PORT = 8321  # of the application; pages as captured have one of their own, an origin of their own
_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `presskeep serve` was asked for.

    ``token`` is what a request must know, None where none is needed. ``names`` are further host names (without port)
    by which the application may be asked for, beside those of loopback and ``host`` itself. ``public`` is the origin
    that stands in links where a proxy is in front, such as ``https://archive.example.org``. ``viewers`` are origins
    whose scripts may read files. ``captured_port`` is where pages as captured are shown, ``viewer_port`` where they
    are with their scripts; None where they are not.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    captured_port: int | None = None
    viewer_port: int | None = None
    token: str | None = None
    names: tuple[str, ...] = ()
    public: str | None = None
    viewers: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """The host names by which the application may be asked for, lower case and without port."""
        own = () if self.host in {"0.0.0.0", "::"} else (bracketed(self.host),)  # noqa: S104 - a comparison
        behind = () if self.public is None else (name_of(self.public.partition("://")[2]),)
        return frozenset(one.lower() for one in (*LOOPBACK_NAMES, *own, *behind, *self.names))


def is_loopback(host: str) -> bool:
    """Whether what listens on a host can be reached from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bracketed(host: str) -> str:
    """A host as it stands in URLs."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def name_of(authority: str) -> str:
    """The host of ``host:port``, lower case."""
    name, colon, port = authority.rpartition(":")
    return (name if colon and (port.isdigit() or not port) else authority).lower()


def origin(given: str, option: str) -> str:
    """An origin as browsers write it; raises UsageError for what is none."""
    found = _ORIGIN.fullmatch(given.strip().rstrip("/").lower())
    if found is None:
        raise UsageError(f"{option} takes an origin such as https://archive.example.org, not {given!r}")
    return found[0]
