"""Path patterns as robots.txt has them: octets compared with paths (RFC 9309, section 2.2.2). Pure.

TDMRep's ``location`` and the draft on usage preferences use the same ones. All of it comes from strangers: every step
takes time in proportion to the pattern or to the path.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Escapes of these are the character itself (RFC 3986, section 2.3); all others stay, with capital letters.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# These delimit nothing within a query (section 3.4), so that both spellings are one; RFC 9309's table has them so.
_UNRESERVED_IN_QUERY = _UNRESERVED | frozenset(b":/?@")
# What no URI holds bare, and what robots.txt gives a meaning of its own: in a URL, `*` and `$` are only characters.
_ESCAPED = re.compile(rb"%[0-9A-Fa-f]{2}|[^!&-)+-;=?-\[\]_a-z~%]")
_ESCAPED_PATTERN = re.compile(rb"%[0-9A-Fa-f]{2}|[^!&-;=?-\[\]_a-z~%]")


def path_of(url: str) -> bytes:
    """Path and query of a URL, normalised as patterns are (RFC 9309, section 2.2.2)."""
    parts = urlsplit(url)
    path = parts.path or "/"
    if parts.query or "?" in url.partition("#")[0]:
        path += f"?{parts.query}"
    return _normalised(_ESCAPED, path.encode("utf-8", "surrogatepass"))


def pattern_of(written: str) -> bytes:
    """A path pattern as octets are compared (RFC 9309, section 2.2.2); empty where it can match nothing."""
    return pattern_of_octets(written.encode("utf-8", "surrogatepass"))


def pattern_matches(pattern: bytes, path: bytes) -> bool:
    """Whether a pattern of `pattern_of` matches a path of `path_of`, in time in proportion to both."""
    if b"*" in pattern or pattern.endswith(b"$"):
        return _matches(pattern, path)
    return path.startswith(pattern)


def pattern_of_octets(value: bytes) -> bytes:
    """The same of a pattern that is octets already."""
    if not value.startswith((b"/", b"*")):
        return b""
    end = b"$" if value.endswith(b"$") else b""
    bare = value[: len(value) - len(end)]
    return re.sub(rb"\*{2,}", b"*", _normalised(_ESCAPED_PATTERN, bare)) + end


def _normalised(escaped: re.Pattern[bytes], path: bytes) -> bytes:
    """Path and query with each octet in one spelling."""
    bare, mark, query = path.partition(b"?")
    return escaped.sub(_in_path, bare) + mark + escaped.sub(_in_query, query)


def _in_path(found: re.Match[bytes]) -> bytes:
    return _spelled(found[0], _UNRESERVED)


def _in_query(found: re.Match[bytes]) -> bytes:
    return _spelled(found[0], _UNRESERVED_IN_QUERY)


def _spelled(octets: bytes, bare: frozenset[int]) -> bytes:
    if len(octets) == 1:
        return b"%%%02X" % octets[0]
    code = int(octets[1:], 16)
    return bytes((code,)) if code in bare else octets.upper()


def _matches(pattern: bytes, path: bytes) -> bool:
    """Whether a pattern with `*` or a final `$` matches; each part is looked for once, where it comes first."""
    anchored = pattern.endswith(b"$")
    first, *parts = (pattern[:-1] if anchored else pattern).split(b"*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not parts:
        return at == len(path)  # without a star it is here only for its `$`
    last = parts.pop()
    for part in parts:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if anchored:
        return len(path) - len(last) >= at and path.endswith(last)
    return path.find(last, at) >= 0
