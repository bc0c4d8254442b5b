"""Verdicts: what a capture is, by evidence that stands in its bytes."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from archive.article import Verdict
from archive.cleaning import formats
from archive.cleaning.blocks import Blocks
from archive.cleaning.evidence import Page
from archive.cleaning.linked import Linked
from archive.cleaning.metadata import Metadata
from archive.cleaning.notices import (
    CHALLENGE,
    CHALLENGE_TEXT,
    CHALLENGE_TITLE,
    CONSENT,
    CONSENT_ADDRESS,
    MISSING_TITLE,
    SCRIPTS_NEEDED,
    WITHHELD,
)
from archive.cleaning.placed import Placed
from archive.http import HttpMessage

HTML_TYPES = frozenset(
    {"text/html", "application/xhtml+xml", "application/xml", "text/xml", "application/vnd.wap.xhtml+xml"}
)
_XML = frozenset({"application/xml", "text/xml"})
_HTML_START = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|!--)", re.IGNORECASE)

# Words, counted as the article counts them. Of 33 stored pages that declare themselves as not free, the two stubs have
# 53 and 142, the shortest whole story 345.
TEASER_WORDS = 250
STUB_WORDS = 25
SHORT_WORDS = 120  # a page of fewer is suspected of being a notice; the notice's own words decide

_CONSENT_SIGNS = 5  # words of consent in a page that has hardly any others
_LONG_CONSENT = 400  # words that a wall can have which lists its partners
_CONSENT_SHARE = 14  # one in so many of its words is of consent then
_NEAR = 8  # blocks behind the last of the text in which the offer to read on stands
_OFFER_WORDS = 70  # that it has at most
_FEW_BLOCKS = 40  # of a page that is a notice and little else
_READ = 4_000  # characters of such a page that are read
_WORDY = 20_000  # characters of a text of few words that are read: one without spaces can have millions
_HEADS, _LINE = 3, 120  # headings that are looked at, and the characters that one has


# What has a text of its own, though it may not be the whole story, or no story; anything else is refused.
TEXTS = frozenset({Verdict.ARTICLE, Verdict.TEASER, Verdict.PAYWALL, Verdict.LIVE_BLOG, Verdict.GALLERY, Verdict.VIDEO})


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why, in words."""

    verdict: Verdict
    reason: str


def of_message(message: HttpMessage, payload: bytes) -> Judgement | None:
    """What the response head alone says: None where it may be an article."""
    if message.status != 200:
        if message.status in {403, 429, 503} and CHALLENGE.search(payload[:200_000].decode("latin-1")):
            return Judgement(Verdict.BOT_CHALLENGE, f"status {message.status} with a challenge to prove being human")
        if message.status in {401, 402}:
            return Judgement(Verdict.PAYWALL, f"status {message.status}")
        return Judgement(Verdict.HTTP_ERROR, f"status {message.status}")
    if not is_html(message, payload):
        without = ", without an html element" if message.mime in _XML else ""
        return Judgement(Verdict.NOT_HTML, f"media type {message.mime}{without}")
    return None


def is_html(message: HttpMessage, payload: bytes) -> bool:
    """Whether an answer is a page, by its media type or by how it begins."""
    if message.mime is None or _HTML_START.match(payload, 0):
        return True
    if message.mime in _XML:
        return b"<html" in payload[:2048]
    return message.mime in HTML_TYPES


def of_page(
    page: Page, linked: Linked, metadata: Metadata, blocks: Blocks, placed: tuple[Placed, ...], text: str, words: int
) -> Judgement:
    """What a page is; ``placed`` are the blocks of its body, ``text`` and ``words`` of its standfirst and body."""
    if notice := _notice(page, linked, metadata, blocks, words, text):
        return notice
    if metadata.access == "paywalled" and words < TEASER_WORDS:
        return _withheld(words, f"declared as not free, {words} words")
    if words < TEASER_WORDS and (offer := _offer(page, blocks, placed)):
        return _withheld(words, f"{words} words, and then \u201c{offer}\u201d")
    if why := formats.live(page, linked, metadata.headline, blocks, placed):
        return Judgement(Verdict.LIVE_BLOG, why)
    if why := formats.gallery(page, linked, words):
        return Judgement(Verdict.GALLERY, why)
    if why := formats.video(page, linked, words):
        return Judgement(Verdict.VIDEO, why)
    if linked.article is None and urlsplit(page.url).path in {"", "/"} and metadata.published is None:
        return Judgement(Verdict.INDEX_PAGE, "the site's front address, with no article declared and no date")
    if why := formats.index(page, linked, blocks, placed):
        return Judgement(Verdict.INDEX_PAGE, why)
    if words == 0:
        return Judgement(Verdict.EMPTY, "no text outside scripts and chrome")
    return Judgement(Verdict.ARTICLE, "")


def _notice(page: Page, linked: Linked, metadata: Metadata, blocks: Blocks, words: int, text: str) -> Judgement | None:
    """Whether a page is no more than a notice: the words of one, and hardly any others."""
    text = text[:_WORDY]
    alone = linked.article is None and metadata.published is None
    if alone and words < _LONG_CONSENT and (consent := _consent(page, blocks, words, text)):
        return Judgement(Verdict.CONSENT_WALL, consent)
    if words >= SHORT_WORDS:
        return None
    title = metadata.headline or ""
    whole = " ".join(blocks.text)[:_READ] if words < STUB_WORDS else text
    if CHALLENGE_TITLE.match(title) and (alone or _challenged(page)):
        return Judgement(Verdict.BOT_CHALLENGE, f"the headline is {title[:80]!r}, and hardly any text")
    if words < STUB_WORDS and _challenged(page):
        return Judgement(Verdict.BOT_CHALLENGE, "a challenge to prove being human, and hardly any text")
    if alone and len(blocks.text) < _FEW_BLOCKS and (found := CHALLENGE_TEXT.search(whole)):
        return Judgement(Verdict.BOT_CHALLENGE, f"it says {found[0]!r}, and hardly anything else")
    if linked.article is None and (missing := _missing(page, blocks, title)):
        return Judgement(Verdict.SOFT_404, f"answers 200, but says {missing[:80]!r}")
    if alone and len(blocks.text) < _FEW_BLOCKS and (found := SCRIPTS_NEEDED.search(whole)):
        return Judgement(Verdict.EMPTY, f"a page that only scripts can draw: it says {found[0]!r}")
    return None


def _consent(page: Page, blocks: Blocks, words: int, text: str) -> str | None:
    if CONSENT_ADDRESS.search(page.url):
        return "its address is that of a page that asks for consent"
    signs = len(CONSENT.findall(text))
    if words < SHORT_WORDS and signs >= _CONSENT_SIGNS:
        return "what text there is asks for consent to cookies"
    if words >= SHORT_WORDS and signs * _CONSENT_SHARE >= words:
        return f"{signs} of its {words} words are of consent and cookies"
    if words < STUB_WORDS and len(blocks.text) < _FEW_BLOCKS:
        signs = len(CONSENT.findall(" ".join(blocks.text)[:_READ]))
        if signs >= _CONSENT_SIGNS:
            return "there is no text but a question for consent to cookies"
    return None


def _missing(page: Page, blocks: Blocks, title: str) -> str | None:
    """The words by which a page says that it has nothing at this address: its headline's, or those of its first h1."""
    if MISSING_TITLE.search(title):
        return title
    heads = (text for text, box in zip(blocks.text, blocks.box, strict=True) if blocks.tag[box] in {"h1", "h2"})
    return next((one for one in islice(heads, _HEADS) if len(one) < _LINE and MISSING_TITLE.search(one)), None)


def _withheld(words: int, reason: str) -> Judgement:
    return Judgement(Verdict.TEASER if words >= STUB_WORDS else Verdict.PAYWALL, reason)


def _offer(page: Page, blocks: Blocks, placed: tuple[Placed, ...]) -> str | None:
    """What stands right behind the text and says that the rest is for those who pay or sign in."""
    last = max((one.end for one in placed), default=0)
    starts = page.stream.starts
    behind = bisect_left([starts[node] for node in blocks.first], last)
    for number in range(max(0, behind - 1), min(behind + _NEAR, len(blocks.text))):
        if blocks.words[number] <= _OFFER_WORDS and (found := WITHHELD.search(blocks.text[number][:_READ])):
            return found[0][:80]
    return None


def _challenged(page: Page) -> bool:
    scripts = page.kinds["script"][:50]
    return any(CHALLENGE.search((one.get("src") or "") + (one.text or "")[:20_000]) for one in scripts)
