"""``/.well-known/tdmrep.json``: what a host reserves of text and data mining, path by path. Pure.

TDM Reservation Protocol (W3C Community Group, final report of May 2024): an array of rules, each with a ``location``,
which matches paths as a line of robots.txt does, a ``tdm-reservation`` of 0 or 1, and perhaps a ``tdm-policy``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from crawler.robotstxt import path_of, pattern_matches, pattern_of

PATH = "/.well-known/tdmrep.json"
MAX_TDMREP = 256 * 1024  # bytes that are read of a file
MOST = 1000  # rules; each is looked at for each page
_LONGEST = 300  # characters of a location or policy
_TOLD = 8  # things said about one page: a capture keeps twice as many, and its own words are among them


@dataclass(frozen=True, slots=True)
class TdmRule:
    """One rule: its location as the file has it, and as octets are compared."""

    location: str
    pattern: bytes
    reserved: bool
    policy: str | None = None


def parse_tdmrep(body: bytes) -> tuple[TdmRule, ...]:
    """The rules of a file; whatever is no rule is passed over, and a file that is no JSON has none."""
    if len(body) > MAX_TDMREP:
        return ()  # half of it is no JSON
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return ()
    given = document if isinstance(document, list) else [document]
    found = [_rule(one) for one in given[:MOST] if isinstance(one, dict)]
    return tuple(rule for rule in found if rule is not None)


def reservations_of_host(rules: tuple[TdmRule, ...], url: str) -> tuple[str, ...]:
    """What the rules that match a URL say, in words such as ``tdmrep.json /news/: 1``; nothing where none reserves.

    Where rules differ, each is told, those that reserve first: which of them is meant must be judged by people. Of very
    many the first are told.
    """
    path = path_of(url)
    matching = [rule for rule in rules if pattern_matches(rule.pattern, path)]
    if not any(rule.reserved for rule in matching):
        return ()
    said: dict[str, None] = {}
    for rule in sorted(matching, key=lambda rule: not rule.reserved):
        said[f"tdmrep.json {rule.location}: {int(rule.reserved)}"] = None
        if rule.reserved and rule.policy:
            said[f"tdmrep.json policy: {rule.policy}"] = None
    return tuple(said)[:_TOLD]


def _rule(given: dict[str, Any]) -> TdmRule | None:
    location, value, policy = given.get("location"), given.get("tdm-reservation"), given.get("tdm-policy")
    if not isinstance(location, str) or not 0 < len(location) <= _LONGEST or str(value) not in {"0", "1"}:
        return None
    shown = "".join(one if one.isprintable() else "\ufffd" for one in location)
    pattern = pattern_of(location if location.startswith(("/", "*")) else f"/{location}")
    kept = policy.strip() if isinstance(policy, str) and len(policy) <= _LONGEST and policy.isprintable() else None
    return TdmRule(shown, pattern, str(value) == "1", kept or None) if pattern else None
