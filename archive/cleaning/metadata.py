"""Metadata: what is known of an article beside its text, each value with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml import etree

from archive.article import Evidence
from archive.cleaning import dates
from archive.cleaning.byline import byline, signature
from archive.cleaning.evidence import Candidate, Page, absolute, evidence
from archive.cleaning.headline import headline, shown
from archive.cleaning.linked import Linked, names, publisher
from archive.cleaning.nearby import near_headline
from archive.cleaning.placed import Placed

MAX_TAGS = 40
_CANONICAL = etree.XPath("//link[@rel='canonical' or @rel='Canonical'][@href]")
_COMMA = re.compile(r"\s*[,;]\s*")
_TIERS = {"free": "free", "metered": "metered", "locked": "paywalled", "paid": "paywalled", "premium": "paywalled"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The values that were chosen; `evidence` holds every candidate."""

    headline: str | None
    kicker: str | None
    byline: tuple[str, ...]
    agency: str | None
    published: str | None
    modified: str | None
    section: str | None
    tags: tuple[str, ...]
    canonical_url: str | None
    site_name: str | None
    lead_image: str | None
    access: str | None
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
    credit = byline(page, linked, firms)
    found += evidence("byline", credit.candidates, credit.people)
    found += evidence("signature", credit.signed, [one.value for one in credit.signed])
    near = near_headline(page, at, heading.text)
    published, candidates = dates.published(page, linked, at, near.published)
    found += evidence("published", candidates, _behind(candidates, published))
    modified, candidates = dates.modified(page, linked, at, near.changed)
    found += evidence("modified", candidates, _behind(candidates, modified))

    section = linked.text(page, "articleSection", "json-ld articleSection")
    sections = ([section] if section else []) + page.meta("article:section", "section", "cxenseparse:section")
    tags, candidates = _tags(page, linked)
    found += evidence("tags", candidates, tags)
    canonical = _canonical(page)
    images = page.meta("og:image", "og:image:url", "twitter:image", "twitter:image:src")
    lead = settle("lead_image", images)
    access, candidates = _access(page, linked)
    settle("access", candidates, candidates[0].value if candidates else None)
    return Metadata(
        headline=shown(heading.text) if heading.text else None,
        kicker=heading.kicker.value if heading.kicker else None,
        byline=credit.people,
        agency=credit.agency,
        published=published,
        modified=modified,
        section=settle("section", sections),
        tags=tags,
        canonical_url=absolute(page, settle("canonical_url", canonical)),
        site_name=site_name,
        lead_image=absolute(page, lead),
        access=access,
        evidence=tuple(found),
        firms=frozenset(firms),
    )


def signed(known: Metadata, page: Page, placed: tuple[Placed, ...]) -> Metadata:
    """The metadata with the people who sign below the body, where nothing above it names any."""
    if known.byline:
        return known
    credit = signature(page, placed, known.firms)
    if not credit.candidates:
        return known
    found = [
        replace(one, chosen=False) if one.field == "signature" and credit.people else one for one in known.evidence
    ]
    found += evidence("byline", credit.candidates, credit.people)
    if not any(one.field == "signature" and one.chosen for one in found):
        found += evidence("signature", credit.signed, [one.value for one in credit.signed])
    return replace(known, byline=credit.people, agency=known.agency or credit.agency, evidence=tuple(found))


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


def _canonical(page: Page) -> list[Candidate]:
    links = [page.attribute(one, "href", "link canonical") for one in _CANONICAL(page.root)[:3]]
    return [one for one in links if one.value] + page.meta("og:url")


def _access(page: Page, linked: Linked) -> tuple[str | None, list[Candidate]]:
    """What the page says of its own paywall: schema.org's isAccessibleForFree, Facebook's content tier."""
    candidates = []
    value = (linked.article or {}).get("isAccessibleForFree")
    if value is not None:
        free = str(value).strip().lower() in {"true", "1", "yes", "http://schema.org/true", "https://schema.org/true"}
        candidates.append(Candidate("free" if free else "paywalled", "json-ld isAccessibleForFree"))
    tiers = [one for one in page.meta("article:content_tier") if one.value.lower() in _TIERS]
    candidates += tiers
    if not candidates:
        return None, []
    return _TIERS.get(candidates[0].value.lower(), candidates[0].value), candidates
