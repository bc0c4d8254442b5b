"""The rules of a robots.txt as RFC 9309 reads them, and the delays that many files name beside them. Pure.

Bytes are compared as octets: so the standard has it (section 2.2.2), and so a file in an old charset still means the
URLs that its server answers. Every step takes time in proportion to the file or to the URL: both come from strangers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.discovery.decoding import encoding_of
from crawler.pathpatterns import path_of, pattern_matches, pattern_of_octets
from crawler.usagerules import NAMES as _USAGE
from crawler.usagerules import UsageRules

# What is read of a file: the 500 KiB that section 2.5 asks for at least.
MAX_ROBOTS = 500 * 1024

# Besides the standard's own names, what files have written for them (Google's parser takes the same ones): a rule that
# is misspelt is meant all the same.
_AGENT = frozenset({b"user-agent", b"useragent", b"user agent"})
_DISALLOW = frozenset({b"disallow", b"dissallow", b"dissalow", b"disalow", b"diasllow", b"disallaw"})
_ALLOW = frozenset({b"allow"})
_DELAY = frozenset({b"crawl-delay", b"crawldelay", b"crawl delay"})
_RATE = frozenset({b"request-rate", b"request rate"})
_NAMES = _AGENT | _DISALLOW | _ALLOW | _DELAY | _RATE | _USAGE.keys()

_SPACE = b" \t\x0b\x0c"
# A product token (section 2.2.1); of "Examplebot/2.1" the version does not count.
_TOKEN = re.compile(rb"[A-Za-z_-]+")
_EVERYBODY = re.compile(rb"\*(?:\s|\Z)")
_SECONDS = re.compile(rb"(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:e\d{1,2})?", re.IGNORECASE)
_REQUESTS = re.compile(rb"(\d{1,9})\s*/\s*(\d{1,9})\s*([smhd]?)", re.IGNORECASE)
_UNITS = {b"": 1, b"s": 1, b"m": 60, b"h": 3600, b"d": 86_400}

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
    usage: UsageRules = field(default_factory=UsageRules)
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
            if pattern_matches(glob.pattern, path):
                return glob
        return best


class RobotsTxt:
    """A robots.txt: what it allows to whom. Anything can be read as one; what is no rule says nothing."""

    def __init__(self, body: bytes) -> None:
        self._groups: dict[bytes, Group] = {}
        self._of_all = UsageRules()
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

    def usage(self, url: str, token: str) -> tuple[str, ...]:
        """What is said to a product token of the use of a page (`crawler.usagerules`), in words."""
        group, path = self.group(token), path_of(url)
        said = (*self._of_all.of(path), *(group.usage.of(path) if group is not None else ()))
        return tuple(dict.fromkeys(said))

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
                rule = Rule(name in _ALLOW, pattern_of_octets(value), _shown(line), number)
                for one in group:
                    one.add(rule)
            elif name in _DELAY or name in _RATE:
                # Not of the standard, so it ends no group of rules (section 2.2.4); but "Crawl-delay: 60" for one
                # crawler, with a user-agent line for another below it, is not meant for both.
                other = True
                seconds = _delay(value) if name in _DELAY else _rate(value)
                for one in named:
                    one.delay = max(one.delay, seconds)
            elif name in _USAGE:
                # A rule of its group by the draft; but who does not know it reads on (section 2.2.4), and we must not
                # fetch more than they do: so it ends no group of rules, and is for whom a delay here would be.
                other = True
                # Before any group, where it is misplaced, it is meant for all: reading it so can only be too careful.
                for usage in [one.usage for one in named] if self._groups else [self._of_all]:
                    usage.add(name, value)


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
