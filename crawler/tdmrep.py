"""``/.well-known/tdmrep.json``: what a host reserves of text and data mining, path by path. Pure.

TDM Reservation Protocol (W3C Community Group, final report of May 2024, "TDM File on the Origin Server"): an array of
rules, each with a ``location``, which matches paths as a line of robots.txt does, a ``tdm-reservation`` of 0 or 1, and
perhaps a ``tdm-policy``. Of those that match the first in sequence counts: not the longest, as in robots.txt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from crawler.pathpatterns import path_of, pattern_matches, pattern_of

PATH = "/.well-known/tdmrep.json"
MAX_TDMREP = 256 * 1024  # bytes that are read of a file
MOST = 1000  # rules; each is looked at for each page
_LONGEST = 300  # characters of a location or policy


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
    """What the rules say of a URL, in words such as ``tdmrep.json /news/: 1``; nothing where none matches."""
    path = path_of(url)
    rule = next((one for one in rules if pattern_matches(one.pattern, path)), None)
    if rule is None:
        return ()
    said = f"tdmrep.json {rule.location}: {int(rule.reserved)}"
    # A policy says how to be permitted what is reserved: beside 0 it is not looked at (section 4.2).
    return (said, f"tdmrep.json policy: {rule.policy}") if rule.reserved and rule.policy else (said,)


def _rule(given: dict[str, Any]) -> TdmRule | None:
    location, value, policy = given.get("location"), given.get("tdm-reservation"), given.get("tdm-policy")
    if not isinstance(location, str) or not 0 < len(location) <= _LONGEST or str(value) not in {"0", "1"}:
        return None
    shown = "".join(one if one.isprintable() else "\ufffd" for one in location)
    pattern = pattern_of(location if location.startswith(("/", "*")) else f"/{location}")
    kept = policy.strip() if isinstance(policy, str) and len(policy) <= _LONGEST and policy.isprintable() else None
    return TdmRule(shown, pattern, str(value) == "1", kept or None) if pattern else None
