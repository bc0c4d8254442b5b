"""The rules of a robots.txt as RFC 9309 reads them, and the delays that many files name beside them. Pure.

Bytes are compared as octets: so the standard has it (section 2.2.2), and so a file in an old charset still means the
URLs that its server answers. Every step takes time in proportion to the file or to the URL: both come from strangers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.discovery.decoding import encoding_of

# What is read of a file: the 500 KiB that section 2.5 asks for at least.
MAX_ROBOTS = 500 * 1024

# Besides the standard's own names, what files have written for them (Google's parser takes the same ones): a rule that
# is misspelt is meant all the same.
_AGENT = frozenset({b"user-agent", b"useragent", b"user agent"})
_DISALLOW = frozenset({b"disallow", b"dissallow", b"dissalow", b"disalow", b"diasllow", b"disallaw"})
_ALLOW = frozenset({b"allow"})
_DELAY = frozenset({b"crawl-delay", b"crawldelay", b"crawl delay"})
_RATE = frozenset({b"request-rate", b"request rate"})
_NAMES = _AGENT | _DISALLOW | _ALLOW | _DELAY | _RATE

_SPACE = b" \t\x0b\x0c"
# A product token (section 2.2.1); of "Examplebot/2.1" the version does not count.
_TOKEN = re.compile(rb"[A-Za-z_-]+")
_EVERYBODY = re.compile(rb"\*(?:\s|\Z)")
_SECONDS = re.compile(rb"(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:e\d{1,2})?", re.IGNORECASE)
_REQUESTS = re.compile(rb"(\d{1,9})\s*/\s*(\d{1,9})\s*([smhd]?)", re.IGNORECASE)
_UNITS = {b"": 1, b"s": 1, b"m": 60, b"h": 3600, b"d": 86_400}

# Escapes of these are the character itself (RFC 3986, section 2.3); all others stay, with capital letters.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# These delimit nothing within a query (section 3.4), so that both spellings are one; RFC 9309's table has them so.
_UNRESERVED_IN_QUERY = _UNRESERVED | frozenset(b":/?@")
# What no URI holds bare, and what robots.txt gives a meaning of its own: in a URL, `*` and `$` are only characters.
_ESCAPED = re.compile(rb"%[0-9A-Fa-f]{2}|[^!&-)+-;=?-\[\]_a-z~%]")
_ESCAPED_PATTERN = re.compile(rb"%[0-9A-Fa-f]{2}|[^!&-;=?-\[\]_a-z~%]")
# A byte order mark, or what a careless editor left of one.
_MARK = re.compile(rb"\xef(?:\xbb\xbf?)?")


class Rule(NamedTuple):
    """One line: ``pattern`` as octets are compared, ``line`` as the file has it, ``number`` its place, from 1."""

    allow: bool
    pattern: bytes
    line: str
    number: int = 0

    @property
    def weight(self) -> tuple[int, bool]:
        """What goes before what: the most octets, and of two that are equal the one that allows (section 2.2.2)."""
        return len(self.pattern), self.allow


@dataclass
class Group:
    """The rules for one product token, of all its groups in the file together (section 2.2.1)."""

    delay: float = 0.0
    _prefixes: dict[bytes, Rule] = field(default_factory=dict)
    _globs: dict[bytes, Rule] = field(default_factory=dict)
    _order: tuple[tuple[int, ...], tuple[Rule, ...]] | None = None

    def add(self, rule: Rule) -> None:
        """Take a rule; one that matches nothing is dropped."""
        if not rule.pattern:
            return
        kind = self._globs if b"*" in rule.pattern or rule.pattern.endswith(b"$") else self._prefixes
        known = kind.get(rule.pattern)
        if known is None or rule.allow > known.allow:
            kind[rule.pattern] = rule
        self._order = None

    def rule(self, path: bytes) -> Rule | None:
        """The rule that counts for a normalised path, None where none matches."""
        if self._order is None:
            self._order = (
                tuple(sorted({len(one) for one in self._prefixes}, reverse=True)),
                tuple(sorted(self._globs.values(), key=lambda one: one.weight, reverse=True)),
            )
        lengths, globs = self._order
        best: Rule | None = None
        for length in lengths:
            if length <= len(path) and (best := self._prefixes.get(path[:length])) is not None:
                break
        for glob in globs:
            if best is not None and glob.weight <= best.weight:
                break
            if _matches(glob.pattern, path):
                return glob
        return best


class RobotsTxt:
    """A robots.txt: what it allows to whom. Anything can be read as one; what is no rule says nothing."""

    def __init__(self, body: bytes) -> None:
        self._groups: dict[bytes, Group] = {}
        if len(body) > MAX_ROBOTS:
            # Half a line might allow more than the whole one.
            body = body[:MAX_ROBOTS]
            body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
        self._read(_utf8(body))

    def group(self, token: str) -> Group | None:
        """The rules for a product token: its own, else those for everybody; None where neither is there."""
        return self._groups.get(token.lower().encode("utf-8")) or self._groups.get(b"*")

    def rule(self, url: str, token: str) -> Rule | None:
        """The rule that counts for a URL and a product token; None where nothing is said, which allows."""
        group = self.group(token)
        path = path_of(url)
        if group is None or path == b"/robots.txt":  # section 2.2.2: that one is always allowed
            return None
        return group.rule(path)

    def allows(self, url: str, token: str) -> bool:
        """Whether a URL may be fetched under a product token."""
        rule = self.rule(url, token)
        return rule is None or rule.allow

    def delay(self, token: str) -> float:
        """The seconds between two requests that are asked for, 0 where nothing is: Crawl-delay and Request-rate."""
        group = self.group(token)
        return group.delay if group is not None else 0.0

    def _read(self, body: bytes) -> None:
        group: list[Group] = []  # whom rules are for
        ruled = False  # whether a rule came: then a further user-agent line begins another group
        named: list[Group] = []  # whom delays are for: whoever was named just before
        other = False  # whether anything but user-agent lines came since
        # bytes.splitlines knows CR, LF and CRLF, as section 2.2 does; for str it is a dozen more.
        for number, line in enumerate(body.splitlines(), 1):
            name, value = _record(line)
            if name in _AGENT:
                if ruled:
                    group, ruled = [], False
                if other:
                    named, other = [], False
                token = _token(value)
                if token is not None:
                    one = self._groups.setdefault(token, Group())
                    group.append(one)
                    named.append(one)
            elif name in _ALLOW or name in _DISALLOW:
                ruled = other = True
                rule = Rule(name in _ALLOW, _pattern(value), _shown(line), number)
                for one in group:
                    one.add(rule)
            elif name in _DELAY or name in _RATE:
                # Not of the standard, so it ends no group of rules (section 2.2.4); but "Crawl-delay: 60" for one
                # crawler, with a user-agent line for another below it, is not meant for both.
                other = True
                seconds = _delay(value) if name in _DELAY else _rate(value)
                for one in named:
                    one.delay = max(one.delay, seconds)


def path_of(url: str) -> bytes:
    """Path and query of a URL, normalised as patterns are (RFC 9309, section 2.2.2)."""
    parts = urlsplit(url)
    path = parts.path or "/"
    if parts.query or "?" in url.partition("#")[0]:
        path += f"?{parts.query}"
    return _normalised(_ESCAPED, path.encode("utf-8", "surrogatepass"))


def _utf8(body: bytes) -> bytes:
    codec = encoding_of(body[:4096])
    if codec.startswith(("utf-16", "utf-32")):
        return body.decode(codec, "replace").removeprefix("\ufeff").encode("utf-8", "replace")
    mark = _MARK.match(body)
    return body[mark.end() :] if mark else body


def _record(line: bytes) -> tuple[bytes, bytes]:
    """Name and value of a line; empty where it is none."""
    line = line.partition(b"#")[0].strip(_SPACE)
    name, colon, value = line.partition(b":")
    name = name.strip(_SPACE).lower()
    if colon and name in _NAMES:
        return name, value.strip(_SPACE)
    # Without a colon, "Disallow /x" is meant as a rule; more words are a sentence.
    words = line.split(None, 2)
    if len(words) == 2 and words[0].lower() in _NAMES:
        return words[0].lower(), words[1]
    return b"", b""


def _shown(line: bytes) -> str:
    text = line[:200].strip(_SPACE).decode("utf-8", "replace")
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def _token(value: bytes) -> bytes | None:
    if _EVERYBODY.match(value):
        return b"*"
    found = _TOKEN.match(value)
    return found[0].lower() if found else None


def pattern_of(written: str) -> bytes:
    """A path pattern as octets are compared (RFC 9309, section 2.2.2); empty where it can match nothing."""
    return _pattern(written.encode("utf-8", "surrogatepass"))


def pattern_matches(pattern: bytes, path: bytes) -> bool:
    """Whether a pattern of `pattern_of` matches a path of `path_of`, in time in proportion to both."""
    if b"*" in pattern or pattern.endswith(b"$"):
        return _matches(pattern, path)
    return path.startswith(pattern)


def _pattern(value: bytes) -> bytes:
    """A path pattern as octets are compared; empty where it can match nothing."""
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


def _delay(value: bytes) -> float:
    found = _SECONDS.match(value)
    return float(found[0]) if found else 0.0


def _rate(value: bytes) -> float:
    """Seconds for each request of "1/10m"; hours of the day behind it are passed over: it then holds for all day."""
    found = _REQUESTS.match(value)
    if found is None or int(found[1]) == 0:
        return 0.0
    seconds = int(found[2]) * _UNITS[found[3].lower()] / int(found[1])
    return seconds if math.isfinite(seconds) else 0.0
