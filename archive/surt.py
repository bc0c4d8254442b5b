"""SURT keys: URLs as web-archive indexes sort them, so that one host's captures lie side by side.

The canonical form is that of pywb, cdxj-indexer and OpenWayback (the rules of `iipc/webarchive-commons`): it merges
more addresses than `archive.url.normalise` does, since who replays a page asks for it in many spellings.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from functools import lru_cache

# RFC 3986, appendix B.
_PARTS = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.IGNORECASE | re.DOTALL)
_PORTS = {"http": "80", "https": "443"}
_BREAKS = str.maketrans("", "", "\t\r\n")
_WWW = re.compile(r"www\d*\.", re.ASCII)
_AUTHORITY = re.compile(r"(?:.*@)?(\[[^\]]*\]|[^:]*)(?::(.*))?", re.DOTALL)
_DOTS = re.compile(r"\.{2,}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){1,3}")
_EDGES = "".join(map(chr, range(0x21)))
_UNSAFE = re.compile(rb"[\x00-\x20#%\x80-\xff]")  # what is escaped; all else stays as it is
_HEX = frozenset(b"0123456789abcdefABCDEF")
_PERCENT = 0x25

# Session ids, which servers put into addresses when a browser takes no cookies. ASP.NET has them in the path.
_PATH_SESSIONS = (
    re.compile(r"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)", re.IGNORECASE | re.DOTALL),
    re.compile(r"(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)", re.IGNORECASE | re.DOTALL),
)
_QUERY_SESSIONS = (
    re.compile(r"(.*)jsessionid=[0-9a-z]{32}(?:&(.*))?", re.IGNORECASE | re.DOTALL),
    re.compile(r"(.*)phpsessid=[0-9a-z]{32}(?:&(.*))?", re.IGNORECASE | re.DOTALL),
    re.compile(r"(.*)sid=[0-9a-z]{32}(?:&(.*))?", re.IGNORECASE | re.DOTALL),
    re.compile(r"(.*)aspsessionid[a-z]{8}=[a-z]{24}(?:&(.*))?", re.IGNORECASE | re.DOTALL),
    re.compile(r"(.*)cfid=[^&]{1,200}&cftoken=[^&]{1,200}(?:&(.*))?", re.IGNORECASE | re.DOTALL),
)


def surt(url: str) -> str:
    """The key of a URL: ``https://www.Example.org/A?b&a`` gives ``org,example)/a?a&b``.

    Scheme, credentials, fragment, default port, ``www.`` and its numbered sisters, session ids and a final slash are
    dropped; host, path and query are in lower case, the host as A-labels by IDNA 2003 (as those tools have it);
    escapes are undone as long as there are any, then what must be escaped is escaped; parameters are sorted. What is
    no URL with an authority (``urn:``, ``dns:``) comes back as it is, white space escaped; ``-`` stands for nothing.
    Linear in the URL's length.
    """
    parts = _PARTS.fullmatch(url.strip(_EDGES).translate(_BREAKS).partition("#")[0])
    if parts is None:
        return _escape(url).replace("%25", "%") or "-"
    scheme, authority, path, query = parts.groups()
    host, port = _split(authority)
    if port == _PORTS.get(scheme.lower()):
        port = ""
    key = f"{','.join(reversed(_host(host).split('.')))}{f':{port}' if port else ''}){_path(path)}"
    query = _query(query or "")
    return f"{key}?{query}" if query else key


def _split(authority: str) -> tuple[str, str]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return authority, ""
    host, port = found[1], found[2] or ""
    return host, str(int(port)) if _NUMBER.fullmatch(port) else _escape(port)


@lru_cache(maxsize=4096)  # an index has few hosts, and each of them many times
def _host(name: str) -> str:
    raw = _unescape(name.removeprefix("[").removesuffix("]").encode("utf-8", "surrogatepass"))
    host = raw.decode("utf-8", "replace")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = host.lower()
    host = _DOTS.sub(".", host.strip(".")).lower()
    if _NUMBER.fullmatch(host):
        host = socket.inet_ntoa((int(host) & 0xFFFF_FFFF).to_bytes(4, "big"))
    elif _IPV4.fullmatch(host):
        with suppress(OSError):  # 256.1.1.1 is a name like any other
            host = socket.inet_ntoa(socket.inet_aton(host))
    return _escape(_WWW.sub("", host, count=1) if _WWW.match(host) else host).lower()


def _path(path: str) -> str:
    kept: list[str] = []
    for segment in _unescape(path.encode("utf-8", "surrogatepass")).split(b"/")[1:]:
        if segment == b".." and kept:
            kept.pop()
        elif segment != b".":
            kept.append(_escape(segment))
    # Empty segments count for "..", and are dropped only then.
    clean = "/" + "/".join([one for one in kept[:-1] if one] + kept[-1:])
    clean = clean.lower()
    if ".aspx" in clean:
        for pattern in _PATH_SESSIONS:
            found = pattern.fullmatch(clean)
            clean = found[1] + found[2] if found else clean
    return clean.removesuffix("/") or "/"


def _query(query: str) -> str:
    clean = _escape(_unescape(query.encode("utf-8", "surrogatepass")))
    low = clean.lower()
    if "sess" in low or "sid=" in low or "cftoken=" in low:
        for pattern in _QUERY_SESSIONS:
            found = pattern.fullmatch(clean)
            clean = found[1] + (found[2] or "") if found else clean
    # By name, then by value; a name without a value comes first.
    return "&".join(sorted(clean.lower().split("&"), key=lambda one: one.partition("=")[::2]))


def _unescape(raw: bytes) -> bytes:
    """Escapes undone until none is left, ``%2541`` is ``A``; in one walk, however often they are nested."""
    if b"%" not in raw:
        return raw
    out = bytearray()
    for byte in raw:
        out.append(byte)
        while len(out) > 2 and out[-3] == _PERCENT and out[-2] in _HEX and out[-1] in _HEX:
            out[-3:] = bytes((int(out[-2:], 16),))
    return bytes(out)


def _escape(raw: bytes | str) -> str:
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    return _UNSAFE.sub(lambda hit: b"%%%02X" % hit[0][0], data).decode("ascii")
