"""Publisher rules: what a person knows of one publisher's pages, and no general rule can (docs/publisher-rules.md)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

RULE = "publisher-rule"  # the field of the evidence that a rule was met on a page
MOST_RULES = 50
_MOST_SELECTORS = 20  # in one list
_LONGEST = 300  # characters of a selector or a reason
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+|localhost")
_ATTRIBUTE = re.compile(r"(.*[^@\s])\s*@\s*([A-Za-z_][\w:.-]*)", re.DOTALL)
_FIRST, _BEYOND = "0000-00-00", "9999-99-99"
LISTS = ("drop", "keep", "body")
VALUES = ("headline", "kicker", "standfirst", "byline", "section", "published", "modified")


@dataclass(frozen=True, slots=True)
class PublisherRule:
    """A rule for the pages of some hosts that were captured from one day on and before another.

    Selectors are those of CSS. Text within what ``drop`` selects is never the article's; where ``body`` is given, no
    text outside of it is; what ``keep`` selects always is, unless it is dropped. The other fields select where a value
    stands, ``SELECTOR @NAME`` in an attribute; where a page has no such element, the general rules go on.
    """

    hosts: tuple[str, ...]  # each with the hosts below it
    why: str  # what of these pages it is that no general rule can know
    example: str  # the URL of such a page
    since: str = ""  # the first day of capture, ISO 8601, UTC; empty: from the beginning
    until: str = ""  # the first day on which it does not hold any more; empty: it still does
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    headline: str = ""
    kicker: str = ""
    standfirst: str = ""
    byline: str = ""  # one person, or several, in each element
    section: str = ""
    published: str = ""
    modified: str = ""
    month_first: bool = False  # 11/01/2023 is the first of November

    def holds(self, host: str, at: int) -> bool:
        """Whether it is about a page of a host that was captured at a time, in microseconds since 1970, UTC."""
        if not any(host == one or host.endswith(f".{one}") for one in self.hosts):
            return False
        day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).date().isoformat()
        return (self.since or _FIRST) <= day < (self.until or _BEYOND)

    def as_json(self) -> dict[str, Any]:
        """The fields that are given."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value}


class BadRule(ValueError):
    """A publisher rule that cannot be followed; the message says which and why."""


def rules_of(toml: bytes) -> tuple[PublisherRule, ...]:
    """The rules of a TOML file, a table ``[[rule]]`` each; raises BadRule."""
    try:
        given = tomllib.loads(toml.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRule(f"this is no TOML file: {error}") from error
    if set(given) - {"rule"}:
        raise BadRule(f"unknown: {', '.join(sorted(set(given) - {'rule'}))}; each rule begins with [[rule]]")
    return rules_from(given.get("rule", []))


def rules_from(given: object) -> tuple[PublisherRule, ...]:
    """The rules of a list of their fields; raises BadRule."""
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise BadRule("rules are a list of tables: each begins with [[rule]]")
    if len(given) > MOST_RULES:
        raise BadRule(f"{len(given)} rules; {MOST_RULES} at most")
    return tuple(_rule(one, number) for number, one in enumerate(given, 1))


def _rule(given: Mapping[str, object], number: int) -> PublisherRule:
    def wrong(field: str, what: str) -> BadRule:
        return BadRule(f"rule {number}, {field}: {what}")

    known = {one.name for one in fields(PublisherRule)}
    if unknown := sorted(set(given) - known):
        raise wrong(unknown[0], f"no such field; there are {', '.join(sorted(known))}")
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name in {"hosts", *LISTS}:
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise wrong(name, "a list of texts is expected")
            if len(value) > _MOST_SELECTORS:
                raise wrong(name, f"{len(value)} entries; {_MOST_SELECTORS} at most")
            values[name] = tuple(one.strip() for one in value)
        elif name == "month_first":
            if not isinstance(value, bool):
                raise wrong(name, "true or false is expected")
            values[name] = value
        elif name in {"since", "until"}:
            values[name] = _day(value, wrong(name, "a day is expected, as 2024-06-30"))
        elif not isinstance(value, str):
            raise wrong(name, "a text is expected")
        else:
            values[name] = value.strip()
    for name in ("hosts", "why", "example"):
        if not values.get(name):
            raise wrong(name, "missing: a rule says for which hosts it is, why, and names a page for example")
    if bad := [one for one in values["hosts"] if not _HOST.fullmatch(one)]:
        raise wrong("hosts", f"{bad[0]!r} is no host name in lower case, as news.example")
    rule = PublisherRule(**values)
    if rule.since and rule.until and rule.since >= rule.until:
        raise wrong("until", "it ends before it begins")
    texts = [("why", rule.why), *((name, one) for name in LISTS for one in getattr(rule, name))]
    texts += [(name, getattr(rule, name)) for name in VALUES]
    for name, text in texts:
        if len(text) > _LONGEST:
            raise wrong(name, f"longer than {_LONGEST} characters")
    selectors = [(name, text) for name, text in texts if name != "why" and text]
    if not selectors:
        raise wrong("drop", f"it says nothing: give one of {', '.join((*LISTS, *VALUES))}")
    for name, text in selectors:
        try:
            selector(parted(text)[0] if name in VALUES else text)
        except BadRule as error:
            raise wrong(name, str(error)) from error
    return rule


def _day(value: object, wrong: BadRule) -> str:
    if type(value) is date:
        return value.isoformat()
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) and value else ""
    except ValueError:
        raise wrong from None


def parted(text: str) -> tuple[str, str]:
    """The selector, and the name of the attribute behind it, if one is."""
    found = _ATTRIBUTE.fullmatch(text)
    return (found[1], found[2].lower()) if found else (text, "")


@lru_cache(maxsize=512)
def selector(css: str) -> etree.XPath:
    """The elements that a selector of CSS means; raises BadRule for what is none."""
    try:
        return etree.XPath(HTMLTranslator().css_to_xpath(css))
    except (SelectorError, etree.XPathSyntaxError) as error:
        raise BadRule(f"{css!r} is no selector: {error}") from error


def holding(rules: Iterable[PublisherRule], host: str, at: int) -> tuple[PublisherRule, ...]:
    """Those that are about a page of this host, captured then."""
    return tuple(one for one in rules if one.holds(host, at))
