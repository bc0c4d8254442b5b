"""Profiles: what is known of one site's recurring chrome."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from archive.cleaning.publisher import PublisherRule, rules_from
from archive.cleaning.stream import normalise
from archive.digest import sha256

SCHEMA = 3
_WITHOUT_RULES = 2  # the schema of a profile that has none, so that its digest stays
LINKED = 300  # thousandths of a block's characters that are links, from which on it leads elsewhere
_LEAD, _SHORT = 30, 300  # characters of the words before a colon, and of a block that leads elsewhere


@dataclass(frozen=True)  # no slots: what is looked up often is kept beside the fields
class Profile:
    """What belongs to a site's pages and to none of its articles; a value, named by its digest.

    ``chrome`` holds whole blocks, white-space-normalised: a block of the body that is one of them is left out.
    ``places`` are places (`archive.cleaning.place`) of which every block is, whatever it says. ``leads`` are words
    before a colon, as in "Read also", behind which stands a link to another page. ``homes`` are the places
    where the bodies stood on the ``pages`` that this was learned from, and ``seen`` is the number of these pages that
    had something of it: by both, `archive.cleaning.learning.drift` tells that the site's layout has changed.
    ``rules`` are not learned: a person wrote them.
    """

    site: str = ""
    chrome: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    pages: int = 0
    seen: int = 0
    rules: tuple[PublisherRule, ...] = ()

    def canonical(self) -> bytes:
        """The canonical JSON: UTF-8, sorted keys and values, no spaces."""
        given: dict[str, Any] = {
            "schema": SCHEMA if self.rules else _WITHOUT_RULES,
            "site": self.site,
            "pages": self.pages,
            "seen": self.seen,
            "chrome": sorted({_single_spaced(text) for text in self.chrome}),
            "places": sorted(set(self.places)),
            "leads": sorted(set(self.leads)),
            "homes": sorted(set(self.homes)),
        }
        if self.rules:
            given["rules"] = [one.as_json() for one in self.rules]
        return json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def readable(self) -> bytes:
        """The same for people: a value a line."""
        return json.dumps(json.loads(self.canonical()), ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"

    @cached_property
    def digest(self) -> str:
        """What a text's provenance calls this profile by."""
        return sha256(self.canonical())

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.chrome or self.places or self.leads or self.rules)

    def knows(self, text: str, place: str, linked: int) -> bool:
        """Whether a block is chrome: its normalised text, its place, and how much of it is links, in thousandths."""
        if text in self._chrome or place in self._places:
            return True
        return linked >= LINKED and lead_of(text) in self._leads

    def is_at_home(self, blocks: Iterable[tuple[str, int]]) -> bool:
        """Whether at least half of a body stands where bodies stood; of each of its blocks, place and words."""
        counted = list(blocks)
        return not self.homes or 2 * sum(words for place, words in counted if place in self.homes) >= sum(
            words for _, words in counted
        )

    @cached_property
    def _chrome(self) -> frozenset[str]:
        return frozenset(map(normalise, self.chrome))

    @cached_property
    def _places(self) -> frozenset[str]:
        return frozenset(self.places)

    @cached_property
    def _leads(self) -> frozenset[str]:
        return frozenset(self.leads)


def _single_spaced(text: str) -> str:
    """As profiles write their texts: whatever `normalise` drops beside, the digest of a profile stays what it was."""
    return " ".join(text.split())


def lead_of(text: str) -> str | None:
    """The words before a colon with which a short block begins; None for any other."""
    lead, colon, rest = text.partition(":")
    return lead if colon and rest and 2 < len(lead) <= _LEAD and len(text) <= _SHORT else None


EMPTY = Profile()
# Evidence of a text that was made by a profile which knows where bodies stood.
LAYOUT, AT_HOME, ELSEWHERE = "layout", "where bodies stood", "elsewhere"


def from_json(canonical: bytes | str) -> Profile:
    """The profile of a JSON, canonical or readable; raises ValueError for what is none, or of a newer schema."""
    given = json.loads(canonical)
    if not isinstance(given, dict) or not isinstance(given.get("schema"), int):
        raise ValueError("this is no profile: it has no schema")
    if given["schema"] > SCHEMA:
        raise ValueError(f"profile of schema {given['schema']}; this program knows {SCHEMA}: install a newer Presskeep")
    texts = {name: _texts(given.get(name, []), name) for name in ("chrome", "places", "leads", "homes")}
    site, pages, seen = given.get("site"), given.get("pages", 0), given.get("seen", 0)
    if not (isinstance(site, str) and isinstance(pages, int) and isinstance(seen, int)):
        raise ValueError("this is no profile: site, pages or seen are of another kind")
    chrome = tuple(_single_spaced(one) for one in texts["chrome"])
    rules = rules_from(given.get("rules", []))
    return Profile(site, chrome, texts["places"], texts["leads"], texts["homes"], pages, seen, rules)


def _texts(given: object, name: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError(f"this is no profile: {name} is no list of texts")
    return tuple(given)
