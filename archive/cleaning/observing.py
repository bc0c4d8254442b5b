"""Observing: a page as the cleaner sees it without a profile, which is what a profile is learned from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import Reading, read
from archive.cleaning.learning import Observation, Seen
from archive.cleaning.place import place_of
from archive.cleaning.profile import EMPTY

MOST_BLOCKS = 8_000  # of a page; the most seen on real news pages are some 2,000
_LONGEST = 1_000  # characters of a block: what is longer recurs nowhere


def observe(captures: Sequence[Capture]) -> bytes:
    """The observation of an article as JSON; ``null`` for a page that gives none. Raises as `clean` does."""
    found = read(captures, EMPTY)
    if not isinstance(found, Reading) or not isinstance(found.text, Article):
        return b"null"
    seen = Observation(captures[0].key, found.text.headline, tuple(_blocks(found)))
    return json.dumps(astuple(seen), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def observation(given: bytes) -> Observation | None:
    """The observation of such a JSON; None where the page gave none."""
    found = json.loads(given)
    if found is None:
        return None
    key, headline, blocks = found
    return Observation(key, headline, tuple(Seen(*one) for one in blocks))


def _blocks(found: Reading) -> list[Seen]:
    blocks, stream = found.extraction.blocks, found.page.stream
    spans = [(one.start, one.end) for one in found.sifted.placed]
    places: dict[int, str] = {}
    seen = []
    at = 0
    for number in range(min(len(blocks.box), MOST_BLOCKS)):
        start, end = stream.span(blocks.first[number], blocks.last[number])
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        kept = at < len(spans) and spans[at][0] < end
        box = blocks.box[number]
        place = places.get(box)
        if place is None:
            place = places[box] = place_of(blocks.element[box])
        linked = 1000 * blocks.linked[number] // max(1, blocks.size[number])
        seen.append(Seen(blocks.text[number][:_LONGEST], place, blocks.words[number], linked, kept))
    return seen
