"""The headline: candidates from all over the page, freed of the site's name and a kicker, and a vote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree, html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.linked import Linked

_SEPARATOR = re.compile(r"\s+[-\u2013\u2014|\u00b7\u2022:\u00bb\u00ab/]+\s+|\s*[|\u00bb\u00ab\uff5c\uff1a]\s*|:\s+")
_STRONG = re.compile(r"\s+[-\u2013\u2014|\u00b7\u2022\u00bb\u00ab]+\s+|\s*[|\u00bb\u00ab\uff5c]\s*")
_NOT_WORD = re.compile(r"[\W_]+")
_UNSEEN = re.compile("[\u00ad\u200b\u200c\u2060\ufeff]")  # soft hyphens and the like: no reader sees them
_MARKED = etree.XPath("//*[contains(@itemprop, 'headline')][not(self::meta)][not(self::h1)]")
MAX_HEADS = 5
_H1, _SEVERAL, _UNLIKE, _MARK = "h1", "one of several h1", "h1 unlike the titles", "itemprop headline"
_LD, _OG, _TW, _TAG = "json-ld headline", "meta og:title", "meta twitter:title", "title"
# How much each place is believed; the title tag is written for search engines, and carries the site's name. Whoever
# declares a newspaper's article writes its fields with care; elsewhere they are filled in by program, and the heading
# that readers see is the best witness.
_NEWS = {_H1: 3, _SEVERAL: 2, _UNLIKE: 1, _MARK: 2, _LD: 3, _OG: 3, _TW: 1, _TAG: 1}
_OTHER = {_H1: 5, _SEVERAL: 3, _UNLIKE: 1, _MARK: 2, _LD: 2, _OG: 2, _TW: 1, _TAG: 1}
_DISPLAYED = (_H1, _SEVERAL, _MARK, _LD, _OG, _TW, _TAG, _UNLIKE)
_LONGEST_KICKER = 6  # words, where nothing but their absence elsewhere tells them from a headline
_MOST_KICKER = 80  # characters
_YEAR = re.compile(r"(?:19|20)\d\d")
_AROUND = 3  # elements around a heading, and before each, that may hold its kicker
# A segment of a title that begins or ends with a label of the host is the site's name, if it is as short as one.
_SITE_WORDS = 4
_KICKER = re.compile(
    r"kicker|eyebrow|over-?line|top-?line|roof-?line|dach-?zeile|spitzmarke|ante-?title|pre-?title|pre-?headline|surtitre|"
    r"volanta|cintillo|occhiello|antetitulo|over-?title|super-?title|rubrik|headline__?(?:intro|prefix|label)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Heading:
    """The headline and the kicker above it, with every candidate of both; the chosen ones first."""

    text: str | None
    candidates: tuple[Candidate, ...]
    kicker: Candidate | None = None


def fold(text: str) -> str:
    """The text for comparison: compatibility forms and case folded, words parted by one space, nothing else."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()).strip()


def shown(text: str) -> str:
    """The text without characters that no reader sees."""
    return _UNSEEN.sub("", text)


def headline(page: Page, linked: Linked, names: Iterable[str]) -> Heading:
    """The headline without the site's name, and every candidate; ``names`` are the site's and the publisher's.

    Candidates that say the same vote together. The wording is the visible one where the page shows it.
    """
    heads, kickers = _heads(page)
    stated = _stated(page, linked)
    known = _site_names(page, names, [*heads, *stated])
    stated = [_without_site(one, page, known) for one in stated]
    heads = [_without_site(one, page, known) for one in _relevant(heads, stated, known)]
    candidates = [one for one in (*heads, *stated) if one.value]
    groups: dict[str, list[Candidate]] = {}
    for one in candidates:
        if key := fold(one.value):
            groups.setdefault(key, []).append(one)
    if not groups:
        return Heading(None, tuple(candidates))
    _share(groups)
    weights = _NEWS if linked.is_news else _OTHER
    best = max(groups, key=lambda key: (sum(weights[one.rule] for one in groups[key]), -_rank(groups[key])))
    winner = min((one for one in groups[best] if fold(one.value) == best), key=lambda one: _DISPLAYED.index(one.rule))
    above = next((kicker for head, kicker in kickers if fold(head.value) == best), None)
    above = above or _prefix(page, winner, groups) or _above(page, winner.value)
    if above is not None and not _is_kicker(above.value):
        above = None
    return Heading(winner.value, tuple([winner] + [one for one in candidates if one is not winner]), above)


def _share(groups: dict[str, list[Candidate]]) -> None:
    """Let candidates that hold another one vote for it, too.

    A title tag that begins or ends with it differs by a suffix of an unknown kind; a heading that ends with it, by a
    kicker.
    """
    for key, members in list(groups.items()):
        rules = {one.rule for one in members}
        for other in groups:
            if other == key or len(other.split()) < 2:
                continue
            begins, ends = key.startswith(f"{other} "), key.endswith(f" {other}")
            kicked = ends and len(key.split()) - len(other.split()) <= _LONGEST_KICKER
            if ((begins or ends) and rules == {_TAG}) or (kicked and rules <= {_H1, _SEVERAL}):
                groups[other] += members
                break


def _prefix(page: Page, winner: Candidate, groups: dict[str, list[Candidate]]) -> Candidate | None:
    """What stands in a heading before the headline that other places state without it."""
    best = fold(winner.value)
    for key, members in groups.items():
        head = next((one for one in members if one.rule in {_H1, _SEVERAL} and fold(one.value) == key), None)
        if head is None or not key.endswith(f" {best}"):
            continue
        before = key[: -len(best)].strip()
        for number in range(1, len(head.value)):
            if fold(head.value[:number]) == before:
                parted = head.parts or _SEPARATOR.match(head.value, number)
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
            if _KICKER.search(before.get("class") or "") and (
                found := page.element(before, "kicker above the headline")
            ):
                return found if _is_kicker(found.value) else None
    return None


def _is_kicker(text: str) -> bool:
    """Whether a text is as short as a kicker, and no date."""
    return 0 < len(text) <= _MOST_KICKER and not _YEAR.search(text)


def _rank(group: list[Candidate]) -> int:
    return min(_DISPLAYED.index(one.rule) for one in group)


def _heads(page: Page) -> tuple[list[Candidate], list[tuple[Candidate, Candidate]]]:
    """The headings of the first level, or what is marked as headline; and those that have a kicker, with it."""
    heads = page.heads
    rule = _H1 if len(heads) == 1 else _SEVERAL
    if not heads:
        heads, rule = _MARKED(page.root), _MARK
    found: list[Candidate] = []
    kickers = []
    for element in heads[:MAX_HEADS]:
        whole = page.element(element, rule)
        if whole is None or not whole.value:
            continue
        parted = _kicked(page, element, rule)
        if parted is not None:
            whole = parted[0]
            kickers.append(parted)
        found.append(whole)
    return found, kickers


def _kicked(page: Page, head: html.HtmlElement, rule: str) -> tuple[Candidate, Candidate] | None:
    """A heading whose first element is named as a kicker, parted: the headline, and the kicker."""
    start, end = page.stream.extent(head)
    for element in head.iterdescendants():
        if not isinstance(element.tag, str) or not _KICKER.search(element.get("class", "")):
            continue
        at, to = page.stream.extent(element)
        if at == start and at < to < end and to - at <= _MOST_KICKER:
            return page.spanned(to, end, rule), page.spanned(at, to, "kicker within the headline")
    return None


def _stated(page: Page, linked: Linked) -> list[Candidate]:
    found = [linked.text(page, "headline", _LD)]
    found += page.meta("og:title")[:1] + page.meta("twitter:title")[:1]
    title = next((one for one in page.root.iter("title") if next(one.iterancestors("svg"), None) is None), None)
    if title is not None:
        found.append(page.hidden(title, _TAG))
    return [one for one in found if one is not None and one.value]


def _relevant(heads: list[Candidate], stated: list[Candidate], known: Collection[str]) -> Iterator[Candidate]:
    """The headings that are not the site's name; those that share no word with any title are believed less."""
    said = {word for one in stated for word in fold(one.value).split()}
    for one in heads:
        key = fold(one.value)
        if key.replace(" ", "") in known and len(heads) + len(stated) > 1:
            continue
        words = key.split()
        alike = 2 * sum(word in said for word in words) >= len(words) or not stated
        yield one if alike else replace(one, rule=_UNLIKE)


def _site_names(page: Page, names: Iterable[str], candidates: list[Candidate]) -> set[str]:
    """What the site calls itself, folded and without spaces: as told, as its host says, and as its titles end alike."""
    known = {fold(name).replace(" ", "") for name in names}
    known |= set(_labels(page)) | {"".join(_labels(page))}
    whole = {fold(one.value) for one in candidates}
    barred: dict[str, set[str]] = {}
    for one in candidates:
        if parts := list(_STRONG.finditer(one.value)):
            before, end = fold(one.value[: parts[-1].start()]), fold(one.value[parts[-1].end() :]).replace(" ", "")
            if before in whole:  # what a title has behind another place's whole text
                known.add(end)
            if "|" in parts[-1][0]:
                barred.setdefault(end, set()).add(before)
    # Two titles that say different things and end with the same words behind a bar.
    known |= {end for end, before in barred.items() if len(before) > 1}
    known.discard("")
    return known


def _labels(page: Page) -> list[str]:
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    return [fold(host).replace(" ", "")] + [label for label in host.split(".")[:-1] if len(label) > 2]


def _without_site(candidate: Candidate, page: Page, known: Collection[str]) -> Candidate:
    """The candidate without the site's name before or behind a separator."""
    labels = [label for label in _labels(page) if len(label) > 2]
    value = candidate.value
    for _ in range(3):
        parts = list(_SEPARATOR.finditer(value))
        if not parts:
            break
        strong = _STRONG.fullmatch(parts[-1][0]) is not None
        if _is_site(value[parts[-1].end() :], known, labels if strong else ()):
            value = value[: parts[-1].start()].strip()
        elif _is_site(value[: parts[0].start()], known, ()):
            value = value[parts[0].end() :].strip()
        else:
            break
    if value == candidate.value or not value:
        return candidate
    return page.narrowed(candidate, value)


def _is_site(text: str, known: Collection[str], labels: Iterable[str]) -> bool:
    folded = fold(text)
    squeezed = folded.replace(" ", "")
    if squeezed in known:
        return True
    return len(folded.split()) <= _SITE_WORDS and any(
        squeezed.startswith(one) or squeezed.endswith(one) for one in labels
    )
