"""The cleaner: captures to an article, or to a refusal with its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lxml import etree, html

from archive.article import Article, CaptureRef, Evidence, Provenance, Refusal, Verdict
from archive.capture import Capture
from archive.cleaning import body, linked, metadata, verdict
from archive.cleaning.alignment import Overwork
from archive.cleaning.body import Extraction
from archive.cleaning.document import MAX_BYTES, Document, Unfit, parse
from archive.cleaning.evidence import Page, evidence
from archive.cleaning.images import images
from archive.cleaning.language import count_words, language, tag
from archive.cleaning.place import place_of
from archive.cleaning.profile import AT_HOME, ELSEWHERE, EMPTY, LAYOUT, Profile
from archive.cleaning.ruled import Ruled, ruled
from archive.cleaning.sift import Sifted, sift
from archive.cleaning.standfirst import standfirst
from archive.cleaning.stream import TextStream
from archive.cleaning.version import CLEANER
from archive.errors import NotHttp, PayloadRefused, PayloadTooLarge
from archive.http import HttpMessage

# What the extraction library raises on trees it did not expect. Anything else is a bug of ours and is heard.
_STUMBLES = (etree.LxmlError, ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError)


@dataclass(frozen=True, slots=True)
class Reading:
    """A page as it was read: its text, and what led to it. The ledger is made of it, on request."""

    text: Article | Refusal
    page: Page
    extraction: Extraction
    rules: Ruled
    sifted: Sifted
    laid: html.HtmlElement | None  # the element that holds what was laid into the page from a script


def clean(captures: Sequence[Capture], profile: Profile = EMPTY) -> Article | Refusal:
    """The article of a page, or why there is none: a pure function of captures, this cleaner and the profile.

    The page's capture first, then companions, which are named in the provenance with their roles: of a revisit, the
    capture that holds its payload, as a companion or as its `referent`. No clock, no network, no state that outlives
    the call. Hostile bytes give a refusal, never an exception; only reading the captures can raise (OSError,
    DamagedRecord: the archive's fault, not the page's).
    """
    found = read(captures, profile)
    return found.text if isinstance(found, Reading) else found


def read(captures: Sequence[Capture], profile: Profile) -> Reading | Refusal:
    """The same with what led to it; of a page that did not become a tree, or was too much work, the refusal alone."""
    capture, provenance = opened(captures, profile)
    try:
        document = open_page(capture.representation())
        return _read(document, capture, provenance, profile)
    except NotHttp as damage:
        return Refusal(provenance, Verdict.UNREADABLE, damage.message)
    except Unfit as unfit:
        return Refusal(provenance, unfit.verdict, unfit.reason)
    except Overwork as overwork:
        return Refusal(provenance, Verdict.OVER_BUDGET, str(overwork))
    except _STUMBLES as stumble:
        return Refusal(provenance, Verdict.UNREADABLE, f"the extraction stumbled: {type(stumble).__name__}")


def parsed_anyway(captures: Sequence[Capture], profile: Profile) -> Page | None:
    """The page of a capture that was refused before anybody read it, such as an error's; None where there is none."""
    capture, _ = opened(captures, profile)
    try:
        message = capture.representation()
        payload = message.decoded(MAX_BYTES)
        if not verdict.is_html(message, payload):
            return None
        root = parse(payload, message.charset).root
        return Page(root, TextStream(root), capture.url)
    except (NotHttp, Unfit, PayloadRefused, PayloadTooLarge, *_STUMBLES):
        return None


def opened(captures: Sequence[Capture], profile: Profile) -> tuple[Capture, Provenance]:
    """The page's capture, with its payload where that lies in another one, and the provenance of what is made of it."""
    capture, *companions = captures
    roles = ["companion"] * len(companions)
    if capture.kind == "revisit":
        if companions:
            capture = replace(capture, referent=companions[0])
        elif capture.referent is not None:
            companions = [capture.referent]
        roles = ["payload", *roles[1:]]
    first = "drawn" if capture.kind == "conversion" else "page"  # so the text says that its bytes crossed no wire
    provenance = Provenance(
        captures=tuple(
            CaptureRef(one.id, one.url, one.at, one.payload_digest, role)
            for one, role in zip([capture, *companions], [first, *roles], strict=False)
        ),
        cleaner=CLEANER,
        profile=profile.digest,
    )
    return capture, provenance


def open_page(message: HttpMessage) -> Document:
    """The document of a stored HTTP response; raises `Unfit` with the verdict of one that has none."""
    try:
        payload = message.decoded(MAX_BYTES)
    except PayloadTooLarge as refused:
        raise Unfit(Verdict.OVER_BUDGET, refused.message) from refused
    except PayloadRefused as refused:
        raise Unfit(Verdict.UNREADABLE, refused.message) from refused
    if (judgement := verdict.of_message(message, payload)) is not None:
        raise Unfit(judgement.verdict, judgement.reason)
    return parse(payload, message.charset)


def _read(document: Document, capture: Capture, provenance: Provenance, profile: Profile) -> Reading:
    stream = TextStream(document.root)
    page = Page(document.root, stream, capture.url)
    data = linked.read(document.root)
    rules = ruled(page, profile.rules, capture.at)
    known = rules.settled(metadata.read(page, data, capture.at), capture.at)
    extraction = body.extract(page, data)
    sifted = sift(rules.added(extraction.blocks, extraction.placed), profile, known.headline, rules)
    placed = sifted.placed
    summary = rules.standfirst() or standfirst(page, data, placed, known.headline)
    above = None
    told: list[Evidence] = []
    if summary is not None:
        candidate, start, end = summary
        above = candidate.value
        told = evidence("standfirst", [candidate], [above])
        placed = tuple(one for one in placed if not (start <= one.start and one.end <= end))
    known = metadata.completed(known, page, data, placed)
    found = [*known.evidence, *told]
    laid: html.HtmlElement | None = None
    if document.laid is not None:
        laid = (document.root if (holder := document.root.find("body")) is None else holder)[-1]
        place = f"script {document.laid.script + 1}, {document.laid.pointer or 'as a whole'}"
        found.append(Evidence("body", place, "the JSON of a script, laid behind the markup", chosen=True))
    text = "\n".join([above or "", *(one.block.text for one in placed)])
    words = count_words(text)
    judgement = verdict.of_page(page, data, known, extraction.blocks, placed, text)
    if judgement.verdict not in verdict.TEXTS or not words:
        return Reading(Refusal(provenance, judgement.verdict, judgement.reason), page, extraction, rules, sifted, laid)
    found += rules.evidence()
    if profile.homes:
        counted = ((place_of(stream.owner(one.start)), count_words(one.block.text)) for one in placed)
        layout = AT_HOME if profile.is_at_home(counted) else ELSEWHERE
        found.append(Evidence(LAYOUT, layout, "where its blocks stand, against the site's profile", chosen=True))
    if judgement.reason:
        found.append(Evidence("verdict", judgement.verdict.value, judgement.reason, chosen=True))
    spoken, candidates = language(page, data, text)
    chosen = next((one.value for one in candidates if tag(one.value) == spoken), None)
    found += evidence("language", candidates, [chosen] if spoken and chosen else [])
    article = Article(
        provenance=provenance,
        headline=known.headline,
        body=tuple(one.block for one in placed),
        verdict=judgement.verdict,
        kicker=known.kicker,
        standfirst=above,
        byline=known.byline,
        agency=known.agency,
        dateline=known.dateline,
        published=known.published,
        modified=known.modified,
        language=spoken,
        section=known.section,
        tags=known.tags,
        canonical_url=known.canonical_url,
        site_name=known.site_name,
        lead_image=known.lead_image,
        images=images(page, placed),
        corrections=known.corrections,
        access=known.access,
        word_count=words,
        evidence=tuple(found),
    )
    return Reading(article, page, extraction, rules, sifted, laid)
