"""Learning a profile: what recurs across a site's pages and belongs to none of its articles. Pure.

A sentence that two articles share is background, and stays; so does a list that repeats. What is taken for chrome
stands on a share of all pages that no story reaches, or at a place whose blocks are elsewhere's: the headlines of other
pages, or texts that stand there again and again.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from archive.cleaning.folding import fold
from archive.cleaning.profile import LINKED, Profile, lead_of

FEWEST = 3  # pages: below, nothing is learned
MOST_TEXTS, MOST_PLACES, MOST_LEADS, MOST_HOMES = (
    500,
    100,
    50,
    20,
)  # of a profile, which stands in the archive with every activation
_LONGEST = 600  # characters of a text that can be chrome: a longer one that recurs is a story told twice
_FEW = 10  # pages: below, a text must stand on three quarters of them
# From which share of the pages of one layout on, in thousandths, and on how many at least, a kept text is chrome. A
# sentence amid the story may be the background of many articles, and a subheading may stand above many; what nothing of
# the story follows, on most of its pages, is hardly either.
_AMID_SENTENCE, _AMID_LINE, _LAST_SENTENCE, _LAST_LINE = (400, 6), (800, 6), (100, 8), (100, 6)
# Of a place's blocks, in thousandths, those that must be elsewhere's; and of its words, those that may be its own.
_FOREIGN, _OWN = 800, 50
# What stands beside the paragraphs and has no look of its own may be a subheading, or a list. Chrome it is only where
# the story is around so few of its blocks, and so many pages have it; both in thousandths.
_AMID_AT_MOST, _BESIDE = 200, 500
_HOME = 100  # thousandths of all words of the story that a place must hold to be a home of bodies
# Of words before a colon, such as "Read also", that lead to other pages: on how many pages they stand at least, on
# which share of all, in thousandths, and of which share of their blocks most is a link.
_LEAD = (4, 50, 900)
_REPEATED = 3  # pages on which a text stands to be one that repeats
_END = re.compile(r"[.!?\u2026\u061f\u06d4\u0964\u3002\uff01\uff1f][\"'\u201c\u201d\u2019\u00bb)\]]*$")
_WORDS = 8  # of a sentence


@dataclass(frozen=True, slots=True)
class Seen:
    """One block of a page: its normalised text, its place, its words, of these in links, and whether it was kept."""

    text: str
    place: str
    words: int
    linked: int  # thousandths of its characters
    kept: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """A page as the cleaner saw it without a profile; ``key`` tells articles apart."""

    key: str
    headline: str | None
    blocks: tuple[Seen, ...]


@dataclass(slots=True)
class _Text:
    """What is known of one text: on how many pages it stands, is kept, and is kept with nothing of the story behind."""

    pages: int = 0
    kept: int = 0
    last: int = 0
    layouts: Counter[str] = field(default_factory=Counter)  # on how many pages of which layout it is kept


@dataclass(slots=True)
class _Place:
    """What is known of one place."""

    pages: set[str] = field(default_factory=set)
    blocks: int = 0
    foreign: int = 0
    words: int = 0
    own: int = 0  # words of sentences that stand on no other page
    kept: int = 0  # blocks
    amid: int = 0  # of these, with sentences of the story before and behind


def learn(site: str, observations: Iterable[Observation]) -> Profile:
    """The profile of a site by some of its articles, in any order; of several captures of one, the last is taken.

    Of fewer than `FEWEST` articles nothing can be learned: an empty profile of the site.
    """
    pages = list({one.key: one for one in observations}.values())
    if len(pages) < FEWEST:
        return Profile(site, pages=len(pages))
    layouts = Counter(map(_layout, pages))
    texts = _texts(pages)
    places = _places(pages, texts)
    story = sum(one.own for one in places.values() if one.kept)
    homes = [
        (one.own, place) for place, one in places.items() if one.kept and one.own and 1000 * one.own >= _HOME * story
    ]
    at_home = {place for _, place in homes}
    foreign = [
        (one.kept, place)
        for place, one in places.items()
        if one.kept
        and place not in at_home
        and (not _is_beside(place, at_home) or _is_outside(one, len(pages)))
        and len(one.pages) >= FEWEST
        and 1000 * one.foreign >= _FOREIGN * one.blocks
        and 1000 * one.own <= _OWN * one.words
    ]
    gone = {place for _, place in _most(foreign, MOST_PLACES)}
    # What a place takes away needs no mention of its own.
    elsewhere = {block.text for page in pages for block in page.blocks if block.kept and block.place not in gone}
    chrome = [(one.pages, text) for text, one in texts.items() if text in elsewhere and _is_chrome(text, one, layouts)]
    found = Profile(
        site,
        chrome=tuple(text for _, text in _most(chrome, MOST_TEXTS)),
        places=tuple(sorted(gone)),
        leads=tuple(lead for _, lead in _most(_leads(pages), MOST_LEADS)),
        homes=tuple(place for _, place in _most(homes, MOST_HOMES)),
        pages=len(pages),
    )
    return replace(found, seen=sum(_has_some(found, page) for page in pages))


@dataclass(frozen=True, slots=True)
class Drift:
    """How later pages are like those that a profile was learned from; shares in thousandths."""

    pages: int
    at_home: int  # pages whose body stands where bodies stood
    with_chrome: int  # pages that have something of what the profile leaves out
    was_with_chrome: int  # of the pages that it was learned from

    @property
    def has_drifted(self) -> bool:
        """Whether the layout is another one: most bodies stand elsewhere, or the chrome has gone."""
        if self.pages < FEWEST:
            return False
        return self.at_home < 500 or self.with_chrome * 3 < self.was_with_chrome


def drift(profile: Profile, observations: Iterable[Observation]) -> Drift:
    """Hold pages against a profile that knows where bodies stood."""
    pages = list(observations)
    total = max(1, len(pages))
    home = sum(_is_at_home(profile, page) for page in pages)
    some = sum(_has_some(profile, page) for page in pages)
    was = 1000 * profile.seen // profile.pages if profile.pages else 0
    return Drift(len(pages), 1000 * home // total, 1000 * some // total, was)


def _is_at_home(profile: Profile, page: Observation) -> bool:
    return profile.is_at_home((one.place, one.words) for one in page.blocks if one.kept)


def _has_some(profile: Profile, page: Observation) -> bool:
    return any(profile.knows(one.text, one.place, one.linked) for one in page.blocks)


def _most(found: list[tuple[int, str]], number: int) -> list[tuple[int, str]]:
    """Those of the greatest numbers, by number and text: the same whatever order they came in."""
    return sorted(found, key=lambda one: (-one[0], one[1]))[:number]


def _leads(pages: Sequence[Observation]) -> list[tuple[int, str]]:
    found: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for page in pages:
        for one in page.blocks:
            if one.kept and (lead := lead_of(one.text)):
                found[lead].append((page.key, one.linked >= LINKED))
    least, share, links = _LEAD
    counted = [(len({key for key, _ in some}), lead, sum(linked for _, linked in some)) for lead, some in found.items()]
    return [
        (number, lead)
        for number, lead, linked in counted
        if number >= least and 1000 * number >= share * len(pages) and 1000 * linked >= links * len(found[lead])
    ]


def _texts(pages: Sequence[Observation]) -> dict[str, _Text]:
    found: defaultdict[str, _Text] = defaultdict(_Text)
    where = Counter(text for page in pages for text in {one.text for one in page.blocks})
    for page in pages:
        for text in {one.text for one in page.blocks}:
            found[text].pages = where[text]
        # From the end: whether a sentence that only this page has follows.
        follows, layout = False, _layout(page)
        counted: set[str] = set()
        for one in reversed(page.blocks):
            if not one.kept:
                continue
            if one.text not in counted:
                counted.add(one.text)
                found[one.text].kept += 1
                found[one.text].last += not follows
                found[one.text].layouts[layout] += 1
            follows = follows or (where[one.text] < _REPEATED and _is_sentence(one))
    return found


def _places(pages: Sequence[Observation], texts: dict[str, _Text]) -> dict[str, _Place]:
    headlines = Counter(fold(page.headline) for page in pages if page.headline)
    found: defaultdict[str, _Place] = defaultdict(_Place)
    for page in pages:
        own = fold(page.headline) if page.headline else ""
        told = [n for n, one in enumerate(page.blocks) if one.kept and _is_own_sentence(one, texts)]
        for number, one in enumerate(page.blocks):
            place = found[one.place]
            place.pages.add(page.key)
            place.blocks += 1
            place.words += one.words
            place.kept += one.kept
            place.amid += one.kept and bool(told) and told[0] < number < told[-1]
            said = fold(one.text)
            repeats = texts[one.text].pages >= _REPEATED
            if repeats or one.linked >= 500 or (said != own and said in headlines):
                place.foreign += 1
            elif _is_sentence(one):
                place.own += one.words
    return found


def _is_own_sentence(one: Seen, texts: dict[str, _Text]) -> bool:
    return texts[one.text].pages < _REPEATED and _is_sentence(one)


def _is_beside(place: str, homes: set[str]) -> bool:
    """Whether a place is in the very box of a body's paragraphs, by elements without a class."""
    boxes = {home.rpartition(" > ")[0].split(" > ")[-1] for home in homes}
    at = place.split(" > ")
    while at and "." not in at[-1] and at[-1] not in boxes:
        at.pop()
    return bool(at) and at[-1] in boxes


def _is_outside(known: _Place, pages: int) -> bool:
    """Whether a place stands behind or before the stories of most pages."""
    return 1000 * known.amid <= _AMID_AT_MOST * known.kept and 1000 * len(known.pages) >= _BESIDE * pages


def _is_sentence(one: Seen) -> bool:
    return one.words >= _WORDS and _END.search(one.text) is not None


def _layout(page: Observation) -> str:
    """The layout of a page, told by the place that holds most of its text."""
    words: Counter[str] = Counter()
    for one in page.blocks:
        if one.kept:
            words[one.place] += one.words
    return max(words, key=lambda place: (words[place], place), default="")


def _is_chrome(text: str, known: _Text, layouts: Counter[str]) -> bool:
    if len(text) > _LONGEST or known.pages < FEWEST or not known.kept:
        return False
    sentence = len(text.split()) >= _WORDS and _END.search(text) is not None
    last = 2 * known.last > known.kept
    pages = layouts.total()
    if pages < _FEW:
        return 4 * known.pages >= 3 * pages and (last or not sentence)
    if last:
        share, least = _LAST_SENTENCE if sentence else _LAST_LINE
        return known.kept >= least and 1000 * known.kept >= share * pages
    share, least = _AMID_SENTENCE if sentence else _AMID_LINE
    return any(number >= least and 1000 * number >= share * layouts[one] for one, number in known.layouts.items())
