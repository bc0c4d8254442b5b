"""What a linter says: rules, each with its severity and its place in a standard, and findings against them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"  # against a "shall" of the standard, or bytes that cannot be read
    WARNING = "warning"  # against a "should", or something that makes readers fail
    NOTE = "note"  # a dialect or a recommendation; nothing to do


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id never changes its meaning; ``section`` is that of the standard that it comes from."""

    id: str
    severity: Severity
    section: str
    title: str
    why: str


# What a rule's function yields: the rule, and what is wrong here.
Fault = tuple[Rule, str]
Faults = Iterator[Fault]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold at one place.

    ``inner`` is the path within a WACZ file. ``offset`` counts bytes of the file (or of the inner one): where the
    record begins, or its gzip member. ``record`` is the record's id as it stands, ``uri`` its target URI.
    """

    file: str
    inner: str | None
    offset: int | None
    rule: Rule
    message: str
    record: str | None = None
    uri: str | None = None


def error(name: str, section: str, title: str, why: str) -> Rule:
    """A rule whose breach is an error."""
    return Rule(name, Severity.ERROR, section, title, why)


def warning(name: str, section: str, title: str, why: str) -> Rule:
    """A rule whose breach is a warning."""
    return Rule(name, Severity.WARNING, section, title, why)


def note(name: str, section: str, title: str, why: str) -> Rule:
    """A rule whose breach is a note."""
    return Rule(name, Severity.NOTE, section, title, why)


def warc(number: str) -> str:
    """The name of a section of WARC/1.1 (ISO 28500:2017)."""
    return f"WARC/1.1, {number}"


def wacz(heading: str) -> str:
    """The name of a section of WACZ 1.1.1, which counts none."""
    return f"WACZ 1.1.1, {heading}"


def shown(value: str, most: int = 80) -> str:
    """A value of the file as a message quotes it: cut, and with escapes for what is not printable."""
    text = value if len(value) <= most else value[: most - 1] + "…"
    return repr(text)
