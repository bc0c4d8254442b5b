"""The headline: candidates from all over the page, freed of the site's name and a kicker, and a vote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold
from archive.cleaning.heads import (
    H1,
    KICKER,
    LOWER,
    MARKED,
    MAX_HEADS,
    MOST_KICKER,
    SEVERAL,
    UNLIKE,
    heads,
    lower,
    relevant,
)
from archive.cleaning.linked import Linked
from archive.cleaning.sitename import SEPARATOR, site_names, without_site

_LD, _OG, _TW, _TAG = "json-ld headline", "meta og:title", "meta twitter:title", "title"
_TWICE = "json-ld alternativeHeadline"
# How much each place is believed; the title tag is written for search engines, and carries the site's name. Whoever
# declares a newspaper's article writes its fields with care; elsewhere they are filled in by program, and the heading
# that readers see is the best witness. Linked data that states a headline twice, as `alternativeHeadline` too, has it
# from whoever keeps the story's own headline apart from one for search engines, which all other places then have: on
# eight reference pages of six sites where it differs from the heading, it was right each time.
_NEWS = {H1: 3, SEVERAL: 2, UNLIKE: 1, MARKED: 2, LOWER: 2, _LD: 3, _TWICE: 6, _OG: 3, _TW: 1, _TAG: 1}
_OTHER = {H1: 6, SEVERAL: 3, UNLIKE: 1, MARKED: 2, LOWER: 2, _LD: 2, _TWICE: 9, _OG: 2, _TW: 1, _TAG: 1}
_DISPLAYED = (H1, SEVERAL, MARKED, LOWER, _LD, _TWICE, _OG, _TW, _TAG, UNLIKE)
_LONGEST_KICKER = 6  # words, where nothing but their absence elsewhere tells them from a headline
_SHORTEST = 4  # words of a heading that was shortened
_ALIKE = 6  # tenths of the words of a form that an editor wrote shorter
_YEAR = re.compile(r"(?:19|20)\d\d")
_AROUND = 3  # elements around a heading, and before each, that may hold its kicker


@dataclass(frozen=True, slots=True)
class Heading:
    """The headline and the kicker above it, with every candidate of both; the chosen ones first."""

    text: str | None
    candidates: tuple[Candidate, ...]
    kicker: Candidate | None = None


def headline(page: Page, linked: Linked, names: Iterable[str]) -> Heading:
    """The headline without the site's name, and every candidate; ``names`` are the site's and the publisher's.

    Candidates that say the same vote together. The wording is the visible one where the page shows it.
    """
    shown = heads(page)
    stated = _stated(page, linked)
    known = site_names(page, [*names, *shown.homes], [*shown.found, *stated])
    stated = [without_site(one, page, known) for one in stated]
    found = [without_site(one, page, known) for one in relevant(shown.found, stated, known)]
    if all(one.rule == UNLIKE for one in found):
        found += lower(page, stated)
    candidates = [one for one in (*found, *stated) if one.value]
    groups: dict[str, list[Candidate]] = {}
    for one in candidates:
        if key := fold(one.value):
            groups.setdefault(key, []).append(one)
    if not groups:
        return Heading(None, tuple(candidates))
    _share(groups, shown.splits)
    weights = _NEWS if linked.is_news else _OTHER
    best = max(groups, key=lambda key: (_weight(groups[key], weights), -_rank(groups[key])))
    best = _shortened(best, groups, linked.is_news) or best
    alike = [one for one in groups[best] if fold(one.value) == best]
    winner = _spelled(min(alike, key=lambda one: _DISPLAYED.index(one.rule)), alike)
    above = next((kicker for head, kicker in shown.kickers if fold(head.value) == best), None)
    above = above or _prefix(page, winner, groups, shown.splits) or _above(page, winner.value)
    if above is not None and not _is_kicker(above.value):
        above = None
    return Heading(winner.value, tuple([winner] + [one for one in candidates if one is not winner]), above)


def _share(groups: dict[str, list[Candidate]], splits: dict[str, frozenset[tuple[str, str]]]) -> None:
    """Let candidates that hold another one vote for it, too.

    A title tag that begins or ends with it differs by a suffix of an unknown kind; a heading that ends with it, by a
    kicker; one that goes on in an element of its own, by a subtitle or a date.
    """
    for key, members in list(groups.items()):
        rules = {one.rule for one in members}
        for other in groups:
            if other == key or len(other.split()) < 2:
                continue
            begins, ends = key.startswith(f"{other} "), key.endswith(f" {other}")
            seams = splits.get(key, ())
            kicked = ends and len(key.split()) - len(other.split()) <= _LONGEST_KICKER
            kicked = kicked or any(other == rest and len(before.split()) <= _LONGEST_KICKER for before, rest in seams)
            goes_on = any(other == before for before, _ in seams)
            if ((begins or ends) and rules == {_TAG}) or ((kicked or goes_on) and rules <= {H1, SEVERAL}):
                groups[other] += members
                break


def _weight(members: list[Candidate], weights: dict[str, int]) -> int:
    """The votes of candidates; headings unlike the titles that all say the same are a list's, and have one."""
    votes = [one.rule for one in members if one.rule != UNLIKE]
    return sum(weights[rule] for rule in votes) + (weights[UNLIKE] if len(votes) < len(members) else 0)


def _shortened(best: str, groups: dict[str, list[Candidate]], news: bool) -> str | None:
    """What Open Graph states, if it is the heading with words left out: an editor's own, shorter form of it.

    Only where the title tag goes with the heading: else a program wrote both for search engines. In a newspaper's
    declared article most of the words are enough.
    """
    rules = {one.rule for one in groups[best]}
    stated = next((key for key, members in groups.items() if any(one.rule == _OG for one in members)), None)
    if stated is None or stated == best or not rules & {H1, SEVERAL} or _TAG not in rules:
        return None
    words, left = stated.split(), iter(best.split())
    cut = any(one.value.endswith(("...", "\u2026")) for one in groups[stated])
    cut = cut or any(_unquoted(one.value, whole.value) for one in groups[stated] for whole in groups[best])
    if len(words) < _SHORTEST or cut:
        return None
    if all(word in left for word in words):
        return stated
    told = set(words)
    alike = len(stated) < len(best) and 10 * len(told & set(best.split())) >= _ALIKE * len(told)
    return stated if alike and news and _TW not in rules else None


def _unquoted(short: str, whole: str) -> bool:
    """Whether a text ends where the other has a quotation mark, at which an attribute written by a program ends."""
    return whole.startswith(short) and whole[len(short) :].lstrip()[:1] in {'"', "'"}


def _spelled(winner: Candidate, group: list[Candidate]) -> Candidate:
    """The winner in the spelling of most places, where they differ in white space and apostrophes alone.

    A heading can have its parts in lines of their own with no space between them, and a template curls apostrophes as
    it shows a page: the other places have what was typed. (Quotation marks are curled by whoever writes.) Where no
    heading says the words, any of their spellings counts.
    """
    spellings: dict[str, set[str]] = {}
    unseen = winner.rule in {_LD, _TWICE, _OG, _TW, _TAG}
    for one in group:
        if unseen or _typed(one.value) == _typed(winner.value):
            spellings.setdefault(one.value, set()).add(one.rule)
    most = max(spellings, key=lambda text: (len(spellings[text]), text == winner.value))
    return winner if most == winner.value else next(one for one in group if one.value == most)


def _typed(text: str) -> str:
    return "".join(text.split()).replace("\u2019", "'")


def _prefix(
    page: Page, winner: Candidate, groups: dict[str, list[Candidate]], splits: dict[str, frozenset[tuple[str, str]]]
) -> Candidate | None:
    """What stands in a heading before the headline that other places state without it."""
    best = fold(winner.value)
    for key, members in groups.items():
        head = next((one for one in members if one.rule in {H1, SEVERAL} and fold(one.value) == key), None)
        seam = next((before for before, rest in splits.get(key, ()) if rest == best), None)
        if head is None or not (seam or key.endswith(f" {best}")):
            continue
        before = seam or key[: -len(best)].strip()
        for number in range(1, len(head.value)):
            if fold(head.value[:number]) == before:
                parted = seam or head.parts or SEPARATOR.match(head.value, number)
                kicker = head.value[:number].strip(" :|-\u2013\u2014")
                return page.narrowed(head, kicker) if parted else None
    return None


def _above(page: Page, title: str) -> Candidate | None:
    """What stands right before the heading in an element that is named as a kicker."""
    head = next((one for one in page.heads[:MAX_HEADS] if fold(page.said(one)) == fold(title)), None)
    if head is None:
        return None
    for one in islice((head, *head.iterancestors()), _AROUND):
        for before in islice(one.itersiblings(preceding=True), _AROUND):
            if KICKER.search(before.get("class") or "") and (
                found := page.element(before, "kicker above the headline")
            ):
                return found if _is_kicker(found.value) else None
    return None


def _is_kicker(text: str) -> bool:
    """Whether a text is as short as a kicker, and no date."""
    return 0 < len(text) <= MOST_KICKER and not _YEAR.search(text)


def _rank(group: list[Candidate]) -> int:
    return min(_DISPLAYED.index(one.rule) for one in group)


def _stated(page: Page, linked: Linked) -> list[Candidate]:
    found = [linked.text(page, "headline", _LD)]
    again = linked.text(page, "alternativeHeadline", _TWICE)
    if again is not None and found[0] is not None and fold(again.value) == fold(found[0].value):
        found.append(again)
    found += page.meta("og:title")[:1] + page.meta("twitter:title")[:1]
    title = next((one for one in page.kinds["title"] if next(one.iterancestors("svg"), None) is None), None)
    if title is not None:
        found.append(page.hidden(title, _TAG))
    return [one for one in found if one is not None and one.value]
