"""Metadata: what is known of an article beside its text, each value with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from archive.article import Evidence
from archive.cleaning import dates
from archive.cleaning.access import access
from archive.cleaning.agencies import agency_among, credit_at_end
from archive.cleaning.byline import Credits, byline, signature
from archive.cleaning.corrections import corrections
from archive.cleaning.dateline import dateline
from archive.cleaning.evidence import Candidate, Page, absolute, evidence
from archive.cleaning.folding import shown
from archive.cleaning.headline import headline
from archive.cleaning.linked import Linked, names, publisher
from archive.cleaning.nearby import near_headline
from archive.cleaning.placed import Placed
from archive.cleaning.sections import section
from archive.cleaning.stream import solid

MAX_TAGS = 40
_COMMA = re.compile(r"\s*[,;]\s*")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The values that were chosen; `evidence` holds every candidate. Some are known when the body is: `completed`."""

    headline: str | None
    kicker: str | None
    byline: tuple[str, ...]
    agency: str | None
    dateline: str | None
    published: str | None
    modified: str | None
    section: str | None
    tags: tuple[str, ...]
    canonical_url: str | None
    site_name: str | None
    lead_image: str | None
    access: str | None
    corrections: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    firms: frozenset[str]  # the names that the site and its publisher give themselves


def read(page: Page, linked: Linked, at: int) -> Metadata:
    """The metadata of a page that was captured at ``at`` (microseconds): no date can be later."""
    found: list[Evidence] = []

    def settle(field: str, candidates: list[Candidate], chosen: str | None = None) -> str | None:
        value = chosen or (candidates[0].value if candidates else None)
        found.extend(evidence(field, candidates, [value] if value else []))
        return value

    firm = publisher(linked)
    stated = linked.place(page, "name", firm, "json-ld publisher") if firm else None
    sites = page.meta("og:site_name") + ([stated] if stated else []) + page.meta("application-name")
    site_name = settle("site_name", sites)
    firms = {one.value for one in sites}

    heading = headline(page, linked, firms)
    settle("headline", list(heading.candidates), heading.text)
    if heading.kicker is not None:
        settle("kicker", [heading.kicker])
    credit = byline(page, linked, firms, heading.text)
    found += evidence("byline", credit.candidates, credit.people)
    found += evidence("signature", credit.signed, [one.value for one in credit.signed])
    written = credit.agency
    found += evidence("agency", [written] if written else [], [written.value] if written else [])
    near = near_headline(page, at, heading.text)
    published, candidates = dates.published(page, linked, at, near.published)
    found += evidence("published", candidates, _behind(candidates, published))
    modified, candidates = dates.modified(page, linked, at, near.changed)
    found += evidence("modified", candidates, _behind(candidates, modified))

    tags, candidates = _tags(page, linked)
    found += evidence("tags", candidates, tags)
    canonical = _canonical(page, linked)
    lead = settle("lead_image", _lead_images(page, linked))
    free, candidates = access(page, linked)
    settle("access", candidates)
    return Metadata(
        headline=shown(heading.text) if heading.text else None,
        kicker=heading.kicker.value if heading.kicker else None,
        byline=credit.people,
        agency=agency_among([written.value]) if written else None,
        dateline=None,
        published=published,
        modified=modified,
        section=settle("section", section(page, linked, heading.text, firms)),
        tags=tags,
        canonical_url=absolute(page, settle("canonical_url", canonical)),
        site_name=site_name,
        lead_image=absolute(page, lead),
        access=free,
        corrections=(),
        evidence=tuple(found),
        firms=frozenset(firms),
    )


def completed(
    known: Metadata, page: Page, linked: Linked, placed: tuple[Placed, ...]
) -> tuple[Metadata, tuple[Placed, ...]]:
    """The metadata with what the body tells (the dateline, corrections, the agency, and who signs below it).

    And the body without the corrections, which are told apart.
    """
    notes = corrections(page, linked, placed)
    placed = notes.without(placed)
    line = dateline(page, linked, placed)
    found = list(known.evidence)
    found += evidence("dateline", line.candidates, [line.text] if line.text else [])
    found += evidence("corrections", notes.candidates, [one.value for one in notes.candidates])
    people, wire = known.byline, known.agency
    unsigned = not any(one.field == "signature" and one.chosen for one in found)
    credit = signature(page, placed, known.firms, marked=unsigned) if not people else Credits()
    if credit.people:
        found = [replace(one, chosen=False) if one.field == "signature" else one for one in found]
        people = credit.people
    found += evidence("byline", credit.candidates, credit.people)
    if not any(one.field == "signature" and one.chosen for one in found):
        found += evidence("signature", credit.signed, [one.value for one in credit.signed])
    if wire is None:
        written = line.agency or credit.agency or _credit_at_end(page, placed)
        wire = agency_among([written.value]) if written else None
        found += evidence("agency", [written] if written else [], [written.value] if written else [])
    complete = replace(
        known,
        byline=people,
        agency=wire,
        dateline=line.text,
        corrections=tuple(one.value for one in notes.candidates),
        evidence=tuple(found),
    )
    return complete, placed


def _credit_at_end(page: Page, placed: tuple[Placed, ...]) -> Candidate | None:
    """The agency in the brackets that end the body."""
    found = credit_at_end(placed[-1].block.text) if placed else None
    if found is None:
        return None
    start, end = (placed[-1].start + len(solid(placed[-1].block.text[:at])) for at in found)
    return page.spanned(start, end, "brackets at the end of the story")


def _behind(candidates: list[Candidate], written: str | None) -> list[str]:
    """The wording of the candidate that a date comes from."""
    return [one.value for one in candidates if written is not None and dates.read(one.value) == written][:1]


def _tags(page: Page, linked: Linked) -> tuple[tuple[str, ...], list[Candidate]]:
    keywords = (linked.article or {}).get("keywords")
    stated = [linked.place(page, "keywords", text, "json-ld keywords") for text, _ in names(keywords)]
    places: Iterable[list[Candidate]] = (
        page.meta("article:tag"),
        [one for one in stated if one],
        page.meta("news_keywords"),
        page.meta("keywords"),
    )
    for place in places:
        split = [
            one if part == one.value else page.narrowed(one, part)
            for one in place
            for part in (_COMMA.split(one.value) if len(place) == 1 else [one.value])
            if part
        ]
        if split:
            distinct = list({one.value: one for one in reversed(split)}.values())[::-1][:MAX_TAGS]
            return tuple(one.value for one in distinct), distinct
    return (), []


def _canonical(page: Page, linked: Linked) -> list[Candidate]:
    canonical = [one for one in page.kinds["link"] if one.get("rel", "").lower() == "canonical"][:3]
    links = [page.attribute(one, "href", "link canonical") for one in canonical]
    stated = linked.text(page, "url", "json-ld url")
    return [one for one in links if one.value] + page.meta("og:url") + ([stated] if stated else [])


def _lead_images(page: Page, linked: Linked) -> list[Candidate]:
    """The picture that stands for the article: Open Graph's, Twitter's, the linked data's."""
    found = page.meta("og:image", "og:image:url", "twitter:image", "twitter:image:src")
    value = (linked.article or {}).get("image")
    for one in (value if isinstance(value, list) else [value])[:3]:
        url = one.get("url") if isinstance(one, dict) else one
        if isinstance(url, str) and (stated := linked.place(page, "url", url, "json-ld image")):
            found.append(stated)
    return found
