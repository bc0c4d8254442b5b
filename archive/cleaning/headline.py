"""The headline: candidates from all over the page, freed of the site's name, and a vote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

from lxml import etree

from archive.cleaning.evidence import HEADS, Candidate, Page
from archive.cleaning.linked import Linked

_SEPARATOR = re.compile(r"\s+[-\u2013\u2014|\u00b7\u2022:\u00bb\u00ab/]+\s+|\s*[|\u00bb\u00ab]\s*|:\s+")
_NOT_WORD = re.compile(r"[\W_]+")
_TITLE = etree.XPath("//head/title|//body//title[not(ancestor::svg)]")
MAX_HEADS = 5
# How much each place is believed; the title tag is written for search engines, and carries the site's name.
_WEIGHTS = {
    "json-ld headline": 3,
    "h1": 3,
    "one of several h1": 2,
    "meta og:title": 3,
    "meta twitter:title": 1,
    "title": 1,
}
_DISPLAYED = ("h1", "one of several h1", "json-ld headline", "meta og:title", "meta twitter:title", "title")


def fold(text: str) -> str:
    """The text for comparison: compatibility forms and case folded, words parted by one space, nothing else."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def headline(page: Page, linked: Linked, names: Iterable[str]) -> tuple[str | None, list[Candidate]]:
    """The headline without the site's name, and every candidate; ``names`` are the site's and the publisher's.

    Candidates that say the same vote together. The wording is the visible one where the page shows it.
    """
    candidates = [_without_site(one, page, names) for one in _candidates(page, linked)]
    groups: dict[str, list[Candidate]] = {}
    for one in candidates:
        if key := fold(one.value):
            groups.setdefault(key, []).append(one)
    if not groups:
        return None, candidates
    # A title tag that begins with another candidate differs by a suffix of an unknown kind.
    for key, members in list(groups.items()):
        if all(one.rule == "title" for one in members):
            for other in groups:
                if other != key and (key.startswith(f"{other} ") or key.endswith(f" {other}")):
                    groups[other] += members
                    break
    best = max(groups, key=lambda key: (sum(_WEIGHTS[one.rule] for one in groups[key]), -_rank(groups[key])))
    winner = min((one for one in groups[best] if fold(one.value) == best), key=lambda one: _DISPLAYED.index(one.rule))
    return winner.value, [winner] + [one for one in candidates if one is not winner]


def _rank(group: list[Candidate]) -> int:
    return min(_DISPLAYED.index(one.rule) for one in group)


def _candidates(page: Page, linked: Linked) -> list[Candidate]:
    heads = HEADS(page.root)
    rule = "h1" if len(heads) == 1 else "one of several h1"
    found = [page.element(one, rule) for one in heads[:MAX_HEADS]]
    found.append(linked.text(page, "headline", "json-ld headline"))
    found += page.meta("og:title")[:1] + page.meta("twitter:title")[:1]
    title = page.first(_TITLE)
    if title is not None:
        found.append(page.hidden(title, "title"))
    return [one for one in found if one is not None and one.value]


def _without_site(candidate: Candidate, page: Page, names: Iterable[str]) -> Candidate:
    """The candidate without the site's name before or behind a separator."""
    known = {fold(name).replace(" ", "") for name in names}
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    known |= {fold(host).replace(" ", "")} | {label for label in host.split(".")[:-1] if len(label) > 2}
    known.discard("")
    value = candidate.value
    for _ in range(3):
        parts = list(_SEPARATOR.finditer(value))
        if not parts:
            break
        if _is_site(value[parts[-1].end() :], known):
            value = value[: parts[-1].start()].strip()
        elif _is_site(value[: parts[0].start()], known):
            value = value[parts[0].end() :].strip()
        else:
            break
    if value == candidate.value or not value:
        return candidate
    return page.narrowed(candidate, value)


def _is_site(text: str, known: set[str]) -> bool:
    squeezed = fold(text).replace(" ", "")
    return squeezed in known
