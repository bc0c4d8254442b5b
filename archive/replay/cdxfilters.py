"""Filters of the CDX API, in pywb's form: ``[!][=|~]field:value``, for whatever a line says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import regex

from archive.replay.answers import Problem

# pywb's other names of fields.
ALIASES = {
    **{"u": "url", "original": "url", "statuscode": "status", "s": "status", "mimetype": "mime", "m": "mime"},
    **{"l": "length", "o": "offset", "d": "digest", "t": "timestamp", "k": "urlkey", "f": "filename"},
}
_MOST = 20
_LONGEST = 500  # characters of a pattern
_ONE, _ALL = 0.2, 2.0  # seconds for a pattern on one line, and for all patterns of a request


@dataclass(slots=True)
class Filters:
    """The filters of a request: all must hold. A pattern that takes too long is the end of the request."""

    tests: Sequence[Callable[[Mapping[str, str]], bool]]
    left: float = _ALL

    @classmethod
    def of(cls, given: Sequence[str]) -> Filters:
        """The filters that were asked for; raises Problem."""
        if len(given) > _MOST:
            raise Problem(400, f"more than {_MOST} filters")
        found = cls([])
        found.tests = [found._test(one) for one in given]
        return found

    def hold(self, line: Mapping[str, str]) -> bool:
        """Whether a line passes all of them; raises Problem."""
        return all(test(line) for test in self.tests)

    def _test(self, given: str) -> Callable[[Mapping[str, str]], bool]:
        inverted = given.startswith("!")
        rest = given[1:] if inverted else given
        sign = rest[:1] if rest[:1] in {"=", "~"} else ""
        name, colon, value = rest[len(sign) :].partition(":")
        if not colon:
            name, value = "", name
        field = ALIASES.get(name, name)
        holds = self._holds(sign, value)
        return lambda line: holds(line.get(field, "") if field else " ".join(line.values())) != inverted

    def _holds(self, sign: str, value: str) -> Callable[[str], bool]:
        if sign == "=":
            return lambda said: said == value
        if sign != "~":
            return lambda said: value in said
        if len(value) > _LONGEST:
            raise Problem(400, f"a pattern has at most {_LONGEST} characters")
        try:
            pattern = regex.compile(value)
        except (regex.error, RecursionError, OverflowError) as error:
            raise Problem(400, f"filter: {value[:100]!r} is no regular expression") from error
        return lambda said: self._matches(pattern, said)

    def _matches(self, pattern: regex.Pattern[str], said: str) -> bool:
        begun = time.monotonic()
        try:
            # Others go on meanwhile, and a pattern made to take for ever does not.
            found = pattern.match(said, timeout=min(_ONE, self.left), concurrent=True) is not None
        except TimeoutError as error:
            raise Problem(400, "filter: that pattern takes too long") from error
        self.left -= time.monotonic() - begun
        if self.left <= 0:
            raise Problem(400, "filter: these patterns take too long: ask for less with from, to, page or a prefix")
        return found
