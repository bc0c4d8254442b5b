"""URLs as keys: one form for every spelling of the same address."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from archive.tracking import is_tracking

DEFAULT_PORTS = {"http": "80", "https": "443"}
# Names that are longer cannot be asked of DNS (RFC 1035, section 2.3.4); IDNA work on them would be in vain.
MAX_HOST = 253

# RFC 3986, appendix B, with the fragment left over.
_PARTS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.IGNORECASE | re.DOTALL)
# A URL whose spelling is its key already but for scheme, dot segments and tracking: no port, no escapes.
_USUAL = re.compile(
    r"https?(://[a-z0-9_-]+(?:\.[a-z0-9_-]+)+/[A-Za-z0-9\-._~!*'()$&+,;=:@/]*(?:\?([A-Za-z0-9\-._~!*'()$&+,;=:@/?]+))?)"
)
# What servers write into their links for want of a cookie, another one for each who asks: servlet containers, PHP and
# ColdFusion behind a semicolon (RFC 3986, section 3.3), ASP.NET as a segment, /(S(lit3py55t21z5v55vlm25s55))/, and both
# as parameters. The value must look like one; "sid" is not among them, since stories have that name, too.
_SESSION_PARAMETERS = re.compile(r";(?:jsessionid|phpsessid|cfid|cftoken)=[A-Za-z0-9._!+-]+(?=[;/]|$)", re.IGNORECASE)
_SESSION_SEGMENT = re.compile(r"/\((?:[AFSX]\([A-Za-z0-9_-]{20,}\))+\)(?=/|$)", re.IGNORECASE)
_SESSION_IN_QUERY = re.compile(r"(?:jsessionid|phpsessid|aspsessionid[a-z]*)=[A-Za-z0-9._!+-]{16,}", re.IGNORECASE)
_PORT = re.compile(r"[0-9]{0,5}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# What browsers strip (WHATWG URL, "basic URL parser", steps 1 to 3).
_EDGES = "".join(map(chr, range(0x21)))
_BREAKS = str.maketrans("", "", "\t\r\n")

# RFC 3986 section 2.3, and the marks that RFC 2396 still called unreserved: writers differ on whether to escape them,
# and no HTTP server tells the two spellings apart.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!*'()")
_ESCAPE_OR_UNSAFE = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!*'()$&+,;=:@/?]")
_HOST_FORBIDDEN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^`{|}\x7f]")
# What IDNA takes for full stops (RFC 3490, section 3.1).
_STOPS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61", "."))


def normalise(url: str) -> str:
    """The key of a URL: equal for all spellings of one address, different for any two that may be two articles.

    Scheme and host in lower case, the host as A-labels without a final dot; default ports, fragments (``#!`` too:
    no fragment ever reaches a server), empty parameters and an empty query dropped; dot segments resolved; escapes
    in one form (RFC 3986, section 6.2.2); known tracking parameters (`archive.tracking`) and session ids dropped, so
    that an article is one however often a server numbers its visitors. Paths keep their case, their empty segments
    and their final slash; queries keep their order; ``www.`` stays.

    http and https on their default ports give one key, written with https: news sites serve the same article on
    both, or redirect. So a key names a page but is not for fetching. On any other port the scheme stays.

    What is not an http(s) URL with a host (``urn:``, ``dns:``, garbage) comes back unchanged. Never raises;
    idempotent; linear in the length of the URL.
    """
    usual = _USUAL.fullmatch(url)
    plain = usual is not None and "/." not in url and ";" not in url and "/(" not in url
    if usual is not None and plain and not (usual[2] and _has_marks(usual[2])):
        return f"https{usual[1]}"  # nothing to be put into another form: most links of news sites
    parts = _split(url)
    if parts is None:
        return url
    scheme, port = parts.scheme, parts.port
    if port == DEFAULT_PORTS[scheme]:
        port = ""
    if not port:
        scheme = "https"
    user = f"{_escape(parts.user)}@" if parts.user else ""
    # In this order: a segment may show only once nothing stands behind its semicolon.
    path = _SESSION_SEGMENT.sub("", _SESSION_PARAMETERS.sub("", _escape(parts.path)))
    path = _without_dots(path) or "/"
    query = "&".join(one for one in _escape(parts.query).split("&") if one and not _says_nothing(one))
    return f"{scheme}://{user}{parts.host}{f':{port}' if port else ''}{path}{f'?{query}' if query else ''}"


def _has_marks(query: str) -> bool:
    """Whether a query has parameters that say nothing."""
    return any(not one or _says_nothing(one) for one in query.split("&"))


def _says_nothing(parameter: str) -> bool:
    """Whether a parameter says nothing of which page is meant."""
    return is_tracking(parameter) or ("sess" in parameter.lower() and bool(_SESSION_IN_QUERY.fullmatch(parameter)))


def host(url: str) -> str:
    """The host of an http(s) URL as its key writes it, without port; empty where there is none."""
    return _known_host(url) if len(url) <= _REMEMBERED else _host_of(url)


def _host_of(url: str) -> str:
    parts = _split(url)
    return parts.host if parts else ""


# A crawl asks a dozen times for the host of each URL that it fetches.
_REMEMBERED = 500  # characters; longer ones are not worth the memory
_known_host = lru_cache(maxsize=4096)(_host_of)


def is_fetchable(url: str) -> bool:
    """Whether a URL can be fetched at all: http(s), a host that DNS or a connection can take, no credentials.

    Scope, robots and the address guard are asked elsewhere.
    """
    parts = _split(url)
    if parts is None or parts.user or (parts.port and not 0 < int(parts.port) < 65536):
        return False
    if parts.host.startswith("["):
        return True
    return len(parts.host) <= MAX_HOST and all(_LABEL.fullmatch(label) for label in parts.host.split("."))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The pieces of an http(s) URL: scheme, host and port normalised, the rest as written."""

    scheme: str
    user: str
    host: str
    port: str  # digits without leading zeros, or empty
    path: str
    query: str


def _split(url: str) -> _Parts | None:
    match = _PARTS.match(url.strip(_EDGES).translate(_BREAKS))
    if match is None:
        return None
    scheme, authority, path, query = match.groups(default="")
    if "\\" in authority:
        return None  # `http://a\@b/`: to browsers the host is a, to most libraries it is b
    user, _, place = authority.rpartition("@")
    name, _, port = place.partition(":")
    if place.startswith("["):
        name, bracket, behind = place.partition("]")
        if not bracket or not (behind == "" or behind.startswith(":")):
            return None
        name, port = name + bracket, behind[1:]
    found = _host(name)
    if not found or not _PORT.fullmatch(port):
        return None
    return _Parts(scheme.lower(), user, found, str(int(port)) if port else "", path, query)


def _host(name: str) -> str:
    """The host in lower case as A-labels or an IPv6 literal; empty for what is no host at all."""
    if name.startswith("["):
        # A zone (RFC 6874) means something on one machine only, and browsers know none.
        return "" if "%" in name else _ipv6(name[1:-1])
    if "%" in name:
        name = _unescaped_host(name)
    if not name.isascii():
        name = _a_labels(name)
    name = name.lower().removesuffix(".")
    return "" if name.endswith(".") or _HOST_FORBIDDEN.search(name) else name


def _ipv6(address: str) -> str:
    """An IPv6 literal in its shortest form (RFC 5952), but never with dots: Python 3.13 began to write those."""
    try:
        found = ipaddress.IPv6Address(address)
    except ValueError:
        return ""
    if found.ipv4_mapped is None:
        return f"[{found.compressed}]"
    high, low = divmod(int(found.ipv4_mapped), 1 << 16)
    return f"[::ffff:{high:x}:{low:x}]"


def _unescaped_host(name: str) -> str:
    """The host without escapes; empty where they are no UTF-8: two such names must not become one."""
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit[1], 16)]), name.encode("utf-8", "surrogatepass"))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _a_labels(name: str) -> str:
    """IDNA 2008 with UTS 46 mapping; names that it refuses get plain punycode labels, so that none is lost.

    Not Python's own codec: it is IDNA 2003, which takes ``straße.de`` for another site.
    """
    if len(name) > MAX_HOST:
        return ""
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        folded = unicodedata.normalize("NFC", name.translate(_STOPS).lower())
        return ".".join(
            label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
            for label in folded.split(".")
        )


def _escape(text: str) -> str:
    return _ESCAPE_OR_UNSAFE.sub(_one_form, text)


def _one_form(hit: re.Match[str]) -> str:
    digits = hit[1]
    if digits is None:
        # Lone surrogates come from hostile pages; escaping their code unit keeps two such URLs apart.
        return "".join(f"%{byte:02X}" for byte in hit[0].encode("utf-8", "surrogatepass"))
    byte = int(digits, 16)
    return chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4, in one walk."""
    if "." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
