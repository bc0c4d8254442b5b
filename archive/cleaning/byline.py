"""The byline: the people who wrote the article, chosen by a vote of the places that name them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold
from archive.cleaning.linked import Linked
from archive.cleaning.mentions import DATED, FIRM, MAX_PEOPLE, NAME, POSTED, below, marked_below, stated, visible
from archive.cleaning.names import Kind, Named, named
from archive.cleaning.placed import Placed
from archive.cleaning.stream import solid

# How much each place is believed. What is written for machines and names a person is mostly right; visible bylines
# are, too, but names of other kinds stand near them.
_WEIGHTS = {
    "json-ld author": 4,
    "meta": 3,
    "written by": 4,
    "itemprop author": 3,
    "rel author": 3,
    NAME: 3,
    "byline element": 3,
    "link to an author": 2,
    "by": 3,
    POSTED: 3,
    DATED: 1,
}
_HANDLE = 2  # less for places that give one word alone: it is an account's name more often than a person's
_EXACT = _WEIGHTS.keys() - {"byline element", "by", DATED}  # nothing but a name stands there: one word is enough
_MOST_EDGES = 2  # signs around a bare name
_MOST_SIGNING = 4  # people and organisations
MAX_SIGNATURE, MAX_AROUND = 60, 12  # solid characters of a signature, and those of it that are no name


@dataclass(frozen=True, slots=True)
class Credits:
    """Who is credited: the people, the agency as it is written, and every candidate that was looked at.

    ``signed`` are the agencies and organisations of the chosen place, as it writes them.
    """

    people: tuple[str, ...] = ()
    agency: Candidate | None = None
    candidates: tuple[Candidate, ...] = ()
    signed: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name with its candidate, and whether its credit names no person beside it."""

    candidate: Candidate
    name: Named
    alone: bool
    bare: bool = False  # whether its credit says nothing else

    @property
    def told(self) -> Candidate:
        """The candidate as evidence names it: of an organisation, its rule says so."""
        one = self.candidate
        if self.name.kind is Kind.PERSON or one.rule.endswith(FIRM):
            return one
        return Candidate(one.value, f"{one.rule}{FIRM}", one.source, one.parts)


@dataclass(frozen=True, slots=True)
class _Place:
    """One place that names somebody, with its weight."""

    weight: int
    mentions: tuple[_Mention, ...]

    @property
    def people(self) -> list[str]:
        return [one.candidate.value for one in self.mentions if one.name.kind is Kind.PERSON]


def byline(page: Page, linked: Linked, publishers: Iterable[str], headline: str | None = None) -> Credits:
    """The people who wrote the article, and everything that was looked at.

    Each place votes for the people it names, with its weight; a place that others agree with is believed before one
    that stands alone. People only: agencies and organisations are told apart, and so is whoever took the pictures.
    """
    firms = firm_names(page, publishers)
    everything: list[Candidate] = []
    places: list[_Place] = []
    for rule, candidates in (*stated(page, linked), *visible(page, headline)):
        kind = "meta" if rule.startswith("meta ") else rule
        mentions = _distinct(one for each in candidates for one in _mentions(page, each, firms, lax=kind in _EXACT))
        mentions = _whole_names(mentions, several=rule != NAME)
        if rule == DATED:
            mentions = _bare_names(mentions) if not places else []
        everything += [one.told for one in mentions] or (candidates if rule != DATED else [])
        if mentions:
            weight = _WEIGHTS[kind] - (rule == "meta author")
            places.append(_Place(weight, tuple(mentions[:MAX_PEOPLE])))
    peopled = [one for one in places if one.people]
    chosen = max(peopled, key=lambda one: _support(one, peopled), default=None)  # of equals the first
    signing = chosen or next(iter(places), None)
    return Credits(
        people=tuple(_whole(chosen, peopled)) if chosen else (),
        agency=_agency(one for place in ([signing] if signing else []) + places for one in place.mentions),
        candidates=tuple(everything),
        signed=tuple(_signed(signing.mentions)) if signing else (),
    )


def signature(page: Page, placed: Sequence[Placed], publishers: Iterable[str], *, marked: bool) -> Credits:
    """Who signs below the story: a last block, or what stands right behind it, that is a name and nothing else.

    More than a few names are a list of something else. Where neither is, and ``marked`` says so, the name that is
    marked as the author's soon after it.
    """
    if not placed:
        return Credits()
    firms = firm_names(page, publishers)
    for start, end in ((placed[-1].start, placed[-1].end), below(page, placed[-1].end) or (0, 0)):
        if not 0 < end - start <= MAX_SIGNATURE:
            continue
        one = page.spanned(start, end, "signature below the story")
        mentions = _distinct(_mentions(page, one, firms, lax=False))
        beside = len(solid(one.value)) - sum(len(solid(each.name.text)) for each in mentions)
        if 0 < len(mentions) <= _MOST_SIGNING and beside <= MAX_AROUND:
            people = tuple(each.candidate.value for each in mentions if each.name.kind is Kind.PERSON)
            told = tuple(each.told for each in mentions)
            return Credits(people, _agency(mentions), told, tuple(_signed(mentions)))
    for rule, candidates in marked_below(page, placed[-1].end) if marked else ():
        mentions = _distinct(one for each in candidates for one in _mentions(page, each, firms, lax=rule in _EXACT))
        people = tuple(one.candidate.value for one in mentions if one.name.kind is Kind.PERSON)
        if len(people) == 1:
            return Credits(people, _agency(mentions), tuple(one.told for one in mentions))
    return Credits()


def firm_names(page: Page, publishers: Iterable[str]) -> set[str]:
    """The folded names of the site and its publisher, as told and as its host says."""
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    firms = {fold(name) for name in publishers} | {fold(host), fold(host.rpartition(".")[0])}
    firms |= {label for label in host.split(".")[:-1] if len(label) > 2}
    return firms - {""}


def _mentions(page: Page, candidate: Candidate, firms: Collection[str], *, lax: bool) -> Iterator[_Mention]:
    """The names in a candidate, each with a candidate of its own."""
    found = list(named(candidate.value, firms, lax=lax))
    if candidate.rule.endswith(FIRM):
        found = [Named(one.text, Kind.ORGANISATION) if one.kind is Kind.PERSON else one for one in found]
    alone = not any(one.kind is Kind.PERSON for one in found)
    for name in found:
        own = candidate if name.text == candidate.value else page.narrowed(candidate, name.text)
        yield _Mention(own, name, alone, bare=len(name.text) >= len(candidate.value) - _MOST_EDGES)


def _support(place: _Place, places: Iterable[_Place]) -> int:
    """The weight of a place and of those that name one of its people."""
    own = [fold(name) for name in place.people]
    if not any(" " in one or not one.isascii() for one in own):
        return place.weight - _HANDLE  # one account, however many fields it fills
    votes = place.weight
    for other in places:
        if other is not place and any(_alike(fold(name), one) for name in other.people for one in own):
            votes += other.weight
    return votes


def _whole(chosen: _Place, places: Iterable[_Place]) -> list[str]:
    """The people of the chosen place, with their whole names where it gives a first name or an account alone."""
    found = []
    for name in chosen.people:
        words = set(fold(name).split())
        longer = (one for place in places for one in place.people if words < set(fold(one).split()))
        found.append(next(longer, name) if len(words) == 1 else name)
    return list(dict.fromkeys(found))


def _alike(one: str, other: str) -> bool:
    """Whether two folded names can be one person's: "Dr Ida Mark" and "Ida Mark"."""
    words, others = set(one.split()), set(other.split())
    return words <= others or others <= words


def _signed(mentions: Iterable[_Mention]) -> Iterator[Candidate]:
    """The agencies and organisations; not the house that a person's own credit names behind the person."""
    for one in mentions:
        if one.name.kind is Kind.AGENCY or (one.name.kind is Kind.ORGANISATION and one.alone):
            yield one.told


def _agency(mentions: Iterable[_Mention]) -> Candidate | None:
    return next((one.candidate for one in mentions if one.name.kind is Kind.AGENCY), None)


def _whole_names(mentions: list[_Mention], *, several: bool) -> list[_Mention]:
    """The mentions without single words beside whole names: offices, topics. ``several`` such words can be accounts."""
    people = [one for one in mentions if one.name.kind is Kind.PERSON]
    single = [one for one in people if len(one.name.text.split()) == 1 and one.name.text.isascii()]
    if len(single) < len(people) or (len(single) > 1 and not several):
        return [one for one in mentions if one not in single]
    return mentions


def _bare_names(mentions: list[_Mention]) -> list[_Mention]:
    """The people that are all that their texts say; none where there are more than two: a list of something else."""
    bare = [one for one in mentions if one.name.kind is Kind.PERSON and one.bare]
    return bare if len(bare) <= 2 else []


def _distinct(mentions: Iterable[_Mention]) -> list[_Mention]:
    distinct: dict[str, _Mention] = {}
    for one in mentions:
        distinct.setdefault(fold(one.name.text), one)
    return list(distinct.values())
