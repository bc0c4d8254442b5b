"""What publisher rules say of one page: which text is the article's, and where its values stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from lxml import html

from archive.article import Evidence
from archive.cleaning import dates
from archive.cleaning.blocks import Blocks
from archive.cleaning.body import placed_blocks
from archive.cleaning.evidence import MAX_VALUE, Candidate, Page, evidence
from archive.cleaning.folding import shown
from archive.cleaning.metadata import Metadata
from archive.cleaning.names import Kind, named
from archive.cleaning.placed import Placed
from archive.cleaning.publisher import LISTS, RULE, VALUES, PublisherRule, holding, parted, selector
from archive.cleaning.written import date_in

_MOST = 200  # elements that a selector may mean
_MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the stream that a rule speaks of, with the words for it."""

    start: int
    end: int
    said: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rules that hold for a page, looked up in it. Where none holds, nothing of it does anything."""

    page: Page
    rules: tuple[PublisherRule, ...]
    dropped: tuple[Passage, ...] = ()
    kept: tuple[Passage, ...] = ()
    body: tuple[Passage, ...] = ()
    has_body: bool = False  # whether a rule says where the body stands, and the page has such a place

    def drops(self, one: Placed) -> str:
        """What drops a block; empty where nothing does."""
        if (found := _within(self.dropped, one.start)) is not None:
            return found.said
        if self.has_body and _within(self.body, one.start) is None and _within(self.kept, one.start) is None:
            return "outside of where a publisher rule says that bodies stand"
        return ""

    def keeps(self, start: int) -> str:
        """What keeps a block that begins at a place of the stream; empty where nothing does."""
        found = _within(self.kept, start)
        return found.said if found is not None and _within(self.dropped, start) is None else ""

    def added(self, blocks: Blocks, placed: Sequence[Placed]) -> tuple[Placed, ...]:
        """The blocks of a body, with those that a rule keeps beside them, in the order of the page."""
        if not self.kept:
            return tuple(placed)
        taken = [(one.start, one.end) for one in placed]
        numbers = []
        for number in range(len(blocks.box)):
            start, end = self.page.stream.span(blocks.first[number], blocks.last[number])
            if self.keeps(start) and not any(begin < end and start < behind for begin, behind in taken):
                numbers.append(number)
        return tuple(sorted([*placed, *placed_blocks(self.page, blocks, numbers)], key=lambda one: one.start))

    def settled(self, known: Metadata, at: int) -> Metadata:
        """The metadata with what rules tell where to find; the candidates that had won stay as evidence."""
        for rule in self.rules:
            known = self._settled(known, rule, at)
        return known

    def standfirst(self) -> tuple[Candidate, int, int] | None:
        """The standfirst and its extent, where a rule tells and the page has it."""
        for rule in self.rules:
            for element in self._elements(rule.standfirst):
                start, end = self.page.stream.extent(element)
                if 0 < end - start <= MAX_VALUE:
                    return self.page.spanned(start, end, _rule("standfirst", rule.standfirst)), start, end
        return None

    def evidence(self) -> Iterator[Evidence]:
        """Which selectors of the rules were met on the page."""
        for rule in self.rules:
            for field in LISTS:
                for css in getattr(rule, field):
                    yield Evidence(RULE, f"{field} {css}", rule.why, bool(self._elements(css)))
            for field in VALUES:
                if given := getattr(rule, field):
                    yield Evidence(RULE, f"{field} {given}", rule.why, bool(self._elements(parted(given)[0])))

    def _settled(self, known: Metadata, rule: PublisherRule, at: int) -> Metadata:
        given: dict[str, Any] = {}
        found = list(known.evidence)

        def won(field: str, candidates: list[Candidate], chosen: list[str]) -> None:
            found[:] = [replace(one, chosen=False) if one.field == field else one for one in found]
            found[:0] = evidence(field, candidates, chosen)

        for field in ("headline", "kicker", "section"):
            candidates = list(self._values(field, getattr(rule, field)))[:1]
            if candidates:
                won(field, candidates, [candidates[0].value])
                given[field] = shown(candidates[0].value)
        for field in ("published", "modified"):
            for one in self._values(field, getattr(rule, field)):
                written = _date(one.value, rule.month_first)
                if written is not None and dates.not_after(written, at):
                    stated = one if dates.iso(one.value) else replace(one, value=written)  # as what is near a headline
                    won(field, [stated], [stated.value])
                    given[field] = written
                    break
        candidates = list(self._values("byline", rule.byline))
        people = [
            name.text for one in candidates for name in named(one.value, (), lax=True) if name.kind is Kind.PERSON
        ][:_MOST_PEOPLE]
        if people:
            narrowed = [self._narrowed(candidates, name) for name in dict.fromkeys(people)]
            won("byline", narrowed, [one.value for one in narrowed])
            given["byline"] = tuple(one.value for one in narrowed)
        return replace(known, **given, evidence=tuple(found)) if given else known

    def _narrowed(self, candidates: list[Candidate], name: str) -> Candidate:
        one = next(one for one in candidates if name in one.value)
        return one if one.value == name else self.page.narrowed(one, name)

    def _values(self, field: str, given: str) -> Iterator[Candidate]:
        css, attribute = parted(given)
        for element in self._elements(css):
            one = (
                self.page.attribute(element, attribute, _rule(field, given))
                if attribute
                else self.page.element(element, _rule(field, given))
            )
            if one is not None and one.value:
                yield one

    def _elements(self, css: str) -> list[html.HtmlElement]:
        return elements(self.page.root, css)


def ruled(page: Page, rules: Iterable[PublisherRule], at: int) -> Ruled:
    """The rules for a page that was captured at ``at`` (microseconds since 1970, UTC), by its host."""
    holds = holding(rules, (urlsplit(page.url).hostname or "").lower(), at)
    body = tuple(_passages(page, holds, "body"))
    return Ruled(
        page,
        holds,
        dropped=tuple(_passages(page, holds, "drop")),
        kept=tuple(_passages(page, holds, "keep")),
        body=body,
        has_body=bool(body),
    )


def elements(root: html.HtmlElement, css: str) -> list[html.HtmlElement]:
    """The elements that a selector means, in the order of the page; at most `_MOST`."""
    if not css:
        return []
    found = selector(css)(root)
    return [one for one in found if isinstance(one, html.HtmlElement)][:_MOST] if isinstance(found, list) else []


def _passages(page: Page, rules: Iterable[PublisherRule], field: str) -> Iterator[Passage]:
    for rule in rules:
        for css in getattr(rule, field):
            for element in elements(page.root, css):
                start, end = page.stream.extent(element)
                if start < end:
                    yield Passage(start, end, f"{_rule(field, css)}: {rule.why}")


def _rule(field: str, css: str) -> str:
    return f"publisher rule {field} {css!r}"


def _within(passages: Iterable[Passage], at: int) -> Passage | None:
    return next((one for one in passages if one.start <= at < one.end), None)


def _date(text: str, month_first: bool) -> str | None:
    if month_first:
        found = date_in(text, month_first=True)
        return found[0] if found is not None else dates.iso(text)
    return dates.read(text)
