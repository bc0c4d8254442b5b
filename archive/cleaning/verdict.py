"""Verdicts: what a capture is, by evidence that stands in its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from archive.article import Verdict
from archive.cleaning.evidence import Page
from archive.cleaning.linked import Linked
from archive.cleaning.metadata import Metadata
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

# Traces of the services that stand before a site, seen on their challenge pages and on no article.
_CHALLENGE = re.compile(
    r"/cdn-cgi/challenge-platform/|cf-browser-verification|_cf_chl_opt|captcha-delivery\.com|_Incapsula_Resource|"
    r"px-captcha|/_sec/cp_challenge/|sgcaptcha|ddos-guard|awswaf|/recaptcha/challengepage/"
)
_CHALLENGE_TITLE = re.compile(
    r"^\s*(?:just a moment|attention required|access denied|are you a robot|please verify|verify you are human|"
    r"security check|pardon our interruption|human verification|checking your browser|ddos-guard|robot check)",
    re.IGNORECASE,
)
_MISSING_TITLE = re.compile(
    r"(?:^|\W)(?:404|page not found|not found|page introuvable|seite nicht gefunden|nicht gefunden|"
    r"p[áa]gina no encontrada|pagina non trovata|pagina niet gevonden|p[áa]gina n[ãa]o encontrada|"
    r"siden (?:blev )?ikke fundet|sidan hittades inte|no longer available|nicht mehr verfügbar)(?:\W|$)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"\bcookies?\b|\bconsent\b|\beinwilligung\b|\bzustimm|\btracking\b|\bpartners?\b|\bdatenschutz|\bconsentement\b|"
    r"\bprivacy\b|\bcookie-|\bwerbung\b|\bpur-abo\b|\bpersonali[sz]",
    re.IGNORECASE,
)
_CONSENT_SIGNS = 5
_SCRIPTS = etree.XPath("//script")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why, in words."""

    verdict: Verdict
    reason: str


def of_message(message: HttpMessage, payload: bytes) -> Judgement | None:
    """What the response head alone says: None where it may be an article."""
    if message.status != 200:
        if message.status in {403, 429, 503} and _CHALLENGE.search(payload[:200_000].decode("latin-1")):
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


def of_page(page: Page, linked: Linked, metadata: Metadata, words: int, text: str) -> Judgement:
    """What a page is; ``words`` and ``text`` are those of its standfirst and body."""
    if words < SHORT_WORDS:
        title = metadata.headline or ""
        if _CHALLENGE_TITLE.search(title) or (words < STUB_WORDS and _challenged(page)):
            return Judgement(Verdict.BOT_CHALLENGE, "a challenge to prove being human, and hardly any text")
        if linked.article is None and _MISSING_TITLE.search(title):
            return Judgement(Verdict.SOFT_404, f"answers 200, but the headline is {title[:80]!r}")
        if linked.article is None and metadata.published is None and len(_CONSENT.findall(text)) >= _CONSENT_SIGNS:
            return Judgement(Verdict.CONSENT_WALL, "what text there is asks for consent to cookies")
    if words == 0:
        return Judgement(Verdict.EMPTY, "no text outside scripts and chrome")
    if metadata.access == "paywalled" and words < TEASER_WORDS:
        if words < STUB_WORDS:
            return Judgement(Verdict.PAYWALL, f"declared as not free, {words} words")
        return Judgement(Verdict.TEASER, f"declared as not free, {words} words")
    if linked.article is None and urlsplit(page.url).path in {"", "/"} and metadata.published is None:
        return Judgement(Verdict.INDEX_PAGE, "the site's front address, with no article declared and no date")
    return Judgement(Verdict.ARTICLE, "")


def _challenged(page: Page) -> bool:
    return any(
        _CHALLENGE.search((one.get("src") or "") + (one.text or "")[:20_000]) for one in _SCRIPTS(page.root)[:50]
    )
