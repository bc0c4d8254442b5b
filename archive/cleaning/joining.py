"""A split article as one: the bodies of its pages, without what each of them says again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archive.article import Article, Block, Evidence, Further, Refusal, Verdict
from archive.cleaning.folding import fold
from archive.cleaning.language import count_words
from archive.cleaning.verdict import TEASER_WORDS
from archive.pagination import WHOLE, FurtherPage, is_turning

# Words from which on a block that stood already is not said again; a short line may be a refrain, or a subheading.
_LONG = 6
_EDGE = 4  # blocks at the end of a page, and at the beginning of the next, that may be of every page
_TURN_WORDS = 12  # that a line has at most which only leads to another page
# In hundredths of the first page's long blocks: so many are on a page that has all of the story, which may word a
# caption or an advertisement's label otherwise.
_SAME = 60
_TURN = re.compile(
    r"(?:(?:continued|continue reading|read on|read more|more|weiter|weiterlesen|lesen sie weiter|lesen sie|mehr|suite|"
    r"lire|sigue|continúa|continua|segue|lees verder|verder)\W{0,3}\s)?"
    r"(?:(?:on|auf|en|a|in|op|dazu auf)\s)?(?:page|seite|p[aá]gina|pagina|sida|side|strona|第)\s*\d{1,2}"
    r"(?:\s*(?:/|of|von|de|di|van|sur|\|)\s*\d{1,2}|\s*[页頁]|\s*:.{0,80})?\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A further page that was read: as what it is linked, where its capture stands in the provenance, and its text.

    ``blocks`` are those of its body, before a standfirst is told apart; of one that has no text there are none.
    """

    link: FurtherPage
    capture: int
    text: Article | Refusal
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """Blocks of a page that are not in the joined text, by the capture that they are from, with why."""

    capture: int
    block: Block
    reason: str


@dataclass(frozen=True, slots=True)
class Joined:
    """The article with what its further pages say, and what was left out of each of them."""

    article: Article
    left: tuple[Left, ...] = ()


def join(first: Article, named: Sequence[FurtherPage], parts: Sequence[Part], reasons: dict[str, str]) -> Joined:
    """The article of a story's first page with the bodies of its further pages, as far as they are given.

    ``named`` are the pages that links lead to, by number; ``reasons`` say of addresses why their pages were not read.
    Headline, dates and all other metadata are those of the first page. A page that is missing is named as such.
    """
    given = {one.link.number: one for one in parts}
    whole = given.get(WHOLE)
    why = _objection(first, whole) if whole is not None else ""
    if whole is not None and not why:
        return _whole(first, whole)
    told: list[Further] = []
    usable: list[Part] = []
    for link in sorted(named, key=lambda one: one.number):
        part = given.get(link.number)
        if part is None:
            reason = reasons.get(link.url, "it was not captured")
        elif link.number == WHOLE:
            reason = why
        elif isinstance(part.text, Refusal):
            reason = f"it has no text: {part.text.verdict}, {part.text.reason}"
        else:
            reason = ""
            usable.append(part)
        told.append(Further(link.number, link.url, link.rule, part.capture if part and not reason else None, reason))
    if not usable:
        return Joined(replace(first, further=tuple(told)))
    return _pages(first, usable, told)


def _whole(first: Article, whole: Part) -> Joined:
    """The page that has all of the story takes the place of the first one's body."""
    kept, left = _fresh(whole.blocks, _said(first), whole.capture)
    left += [Left(0, block, "stands on the page that has all of the story") for block in first.body]
    link = whole.link
    told = Further(link.number, link.url, link.rule, whole.capture)
    return Joined(_made(first, kept, [whole.text], (told,)), tuple(left))


def is_whole(first: Article, part: Part) -> bool:
    """Whether a page has all of the story that begins on the first one."""
    return not _objection(first, part)


def _objection(first: Article, whole: Part) -> str:
    """Why a page is not believed to have all of the story; empty where it is."""
    if isinstance(whole.text, Refusal):
        return f"it has no text: {whole.text.verdict}, {whole.text.reason}"
    there = {fold(one.text) for one in whole.blocks}
    asked = [one for one in first.body if count_words(one.text) >= _LONG]
    same = sum(fold(one.text) in there for one in asked)
    if not asked or 100 * same < _SAME * len(asked):
        return "it does not say what the first page does"
    return ""


def _pages(first: Article, parts: Sequence[Part], told: list[Further]) -> Joined:
    left: list[Left] = []
    bodies = [list(first.body), *([_of(block, one.capture) for block in one.blocks] for one in parts)]
    captures = [0, *(one.capture for one in parts)]
    # What stands at the end of every page is said once, behind the last one.
    for number, body in enumerate(bodies[:-1]):
        behind = {fold(one.text) for one in bodies[number + 1][-_EDGE:]}
        for _ in range(_EDGE):
            if len(body) < 2 or not (_turns(body[-1]) or fold(body[-1].text) in behind):
                break
            left.append(Left(captures[number], body.pop(), "stands at the end of each page"))
    heard = _said(first)
    kept: list[Block] = []
    silent: dict[int, str] = {}
    for number, body in enumerate(bodies):
        if number:
            fresh, repeated = _fresh(body, heard, captures[number])
            left += repeated
            if not fresh:
                silent[captures[number]] = "it says nothing that did not stand before"
        else:
            fresh = body
        kept += fresh
        heard |= {fold(one.text) for one in fresh if count_words(one.text) >= _LONG}
    further = tuple(
        replace(one, capture=None, reason=silent[one.capture]) if one.capture in silent else one for one in told
    )
    texts = [one.text for one in parts if one.capture not in silent]
    return Joined(_made(first, kept, texts, further), tuple(left))


def _said(first: Article) -> set[str]:
    """What the first page says beside its body, folded; a byline as people write it, too."""
    lines = [first.headline, first.kicker, first.standfirst, *first.byline, *first.corrections]
    lines += [one.caption for one in first.images] + [one.credit for one in first.images]
    return {fold(one) for one in lines if one} | {f"by {fold(one)}" for one in first.byline} - {""}


def _fresh(blocks: Iterable[Block], heard: set[str], capture: int) -> tuple[list[Block], list[Left]]:
    """The blocks of a page, from another capture, that did not stand before; and the others."""
    kept: list[Block] = []
    left: list[Left] = []
    for number, block in enumerate(blocks):
        here = _of(block, capture)
        if fold(block.text) in heard:
            left.append(Left(capture, here, "stood on a page before"))
        elif _turns(block) and number < _EDGE:
            left.append(Left(capture, here, "leads to another page of the story"))
        else:
            kept.append(here)
    while kept and _turns(kept[-1]):
        left.append(Left(capture, kept.pop(), "leads to another page of the story"))
    return kept, left


def _of(block: Block, capture: int) -> Block:
    """The block with its sources in the capture that it is from."""
    return replace(block, sources=tuple(replace(one, capture=capture) for one in block.sources))


def _turns(block: Block) -> bool:
    """Whether a block is no more than a link to another page, or a page's number."""
    text = block.text
    if len(text) > 200 or count_words(text) > _TURN_WORDS:
        return False
    return _TURN.fullmatch(text) is not None or is_turning(text)


def _made(
    first: Article, body: list[Block], texts: Sequence[Article | Refusal], further: tuple[Further, ...]
) -> Article:
    found = [one for one in texts if isinstance(one, Article)]
    images = list(first.images)
    corrections = list(first.corrections)
    for text in found:
        known = {one.url for one in images}
        images += [one for one in text.images if one.url not in known]
        corrections += [one for one in text.corrections if one not in corrections]
    words = count_words("\n".join([first.standfirst or "", *(one.text for one in body)]))
    verdict, evidence = first.verdict, first.evidence
    if verdict is Verdict.TEASER and words >= TEASER_WORDS:
        verdict = Verdict.ARTICLE
        evidence = (
            *(one for one in evidence if one.field != "verdict"),
            Evidence("verdict", verdict.value, f"with its further pages it has {words} words", chosen=True),
        )
    return replace(
        first,
        body=tuple(body),
        verdict=verdict,
        images=tuple(images),
        corrections=tuple(corrections),
        word_count=words,
        evidence=evidence,
        further=further,
    )
