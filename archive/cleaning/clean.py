"""The cleaner: captures to an article, or to a refusal with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree, html

from archive import heap
from archive.article import Article, CaptureRef, Evidence, Provenance, Refusal, Verdict
from archive.capture import Capture
from archive.cleaning import body, linked, metadata, verdict
from archive.cleaning.alignment import Overwork
from archive.cleaning.body import Extraction
from archive.cleaning.document import MAX_BYTES, Document, Unfit, parse
from archive.cleaning.evidence import Page, evidence
from archive.cleaning.images import images
from archive.cleaning.joining import Left, Part, is_whole, join
from archive.cleaning.language import count_words, language, tag
from archive.cleaning.place import place_of
from archive.cleaning.profile import AT_HOME, ELSEWHERE, EMPTY, LAYOUT, Profile
from archive.cleaning.ruled import Ruled, ruled
from archive.cleaning.sift import Sifted, sift
from archive.cleaning.standfirst import standfirst
from archive.cleaning.version import CLEANER
from archive.errors import NotHttp, PayloadRefused, PayloadTooLarge
from archive.http import HttpMessage
from archive.pagination import NO_PAGES, WHOLE, FurtherPage, Pagination, pagination
from archive.url import normalise

# Elements of a story's pages together: a real page has some 3,000. One page more is read where there is room.
MAX_TOGETHER = 90_000
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
    links: Pagination = NO_PAGES  # to further pages of the story
    further: tuple[tuple[int, Reading], ...] = ()  # those that were read, by where they stand in the provenance
    left: tuple[Left, ...] = ()  # what joining them left out
    length: int = 0  # bytes of its decoded payload


@dataclass(frozen=True, slots=True)
class Opened:
    """What `clean` was given: the page's capture, with its payload where that lies in another one, and companions."""

    page: Capture
    companions: tuple[tuple[int, Capture], ...]  # each with its place in the provenance, which payloads have, too
    provenance: Provenance

    def named(self, roles: dict[int, str]) -> Provenance:
        """The provenance with the roles of companions, by their place."""
        refs = self.provenance.captures
        given = tuple(replace(one, role=roles.get(number, one.role)) for number, one in enumerate(refs))
        return replace(self.provenance, captures=given)


def clean(captures: Sequence[Capture], profile: Profile = EMPTY) -> Article | Refusal:
    """The article of a page, or why there is none: a pure function of captures, this cleaner and the profile.

    The page's capture first, then companions, which are named in the provenance with their roles: of a revisit, the
    capture that holds its payload, right behind it or as its `referent`; further pages of a story that is split, which
    are known by their addresses as the page links to them. No clock, no network, no state that outlives the call.
    Hostile bytes give a refusal, never an exception; only reading the captures can raise (OSError, DamagedRecord: the
    archive's fault, not the page's).
    """
    with heap.unsearched():
        found = read(captures, profile)
        return found.text if isinstance(found, Reading) else found


def read(captures: Sequence[Capture], profile: Profile) -> Reading | Refusal:
    """The same with what led to it; of a page that did not become a tree, or was too much work, the refusal alone."""
    given = opened(captures, profile)
    found = _reading(given.page, given.provenance, profile)
    if isinstance(found, Reading) and isinstance(found.text, Article):
        return _with_further(found, found.text, given, profile)
    return found


def _reading(
    capture: Capture,
    provenance: Provenance,
    profile: Profile,
    first: str | None = None,
    number: int = 1,
    most: int = MAX_BYTES,
) -> Reading | Refusal:
    """The reading of one page: the story's first, or that of a number, of the one whose address is ``first``."""
    try:
        document = open_page(capture.representation(), most)
        found = _read(document, capture, provenance, profile)
        # Behind the text, whose stream holds lxml's elements: before it, those of all links would be made twice.
        links = pagination(document.root, capture.url, first, number)
        return replace(found, links=links, length=document.length)
    except NotHttp as damage:
        return Refusal(provenance, Verdict.UNREADABLE, damage.message)
    except Unfit as unfit:
        return Refusal(provenance, unfit.verdict, unfit.reason)
    except Overwork as overwork:
        return Refusal(provenance, Verdict.OVER_BUDGET, str(overwork))
    except _STUMBLES as stumble:
        return Refusal(provenance, Verdict.UNREADABLE, f"the extraction stumbled: {type(stumble).__name__}")


def _with_further(found: Reading, article: Article, given: Opened, profile: Profile) -> Reading:
    """The reading of a story's first page with its further ones, as far as they are among the companions."""
    named: dict[int, FurtherPage] = {one.number: one for one in found.links}
    if not named:
        return found
    by_key = {capture.key: (place, capture) for place, capture in reversed(given.companions)}
    parts: list[Part] = []
    readings: list[tuple[int, Reading]] = []
    roles: dict[int, str] = {}
    reasons: dict[str, str] = {}
    elements = found.page.stream.elements
    most = MAX_BYTES - found.length  # of all pages together: each of them stays in memory until they are joined
    waiting = [one for one in named.values() if one.number == WHOLE or WHOLE not in named]
    while waiting:
        link = waiting.pop(0)
        place, capture = by_key.pop(normalise(link.url), (0, None))
        if capture is None:
            pass
        elif elements > MAX_TOGETHER:
            roles[place] = _role(link, capture)
            reasons[link.url] = f"over budget: the pages before have {elements} elements together"
        else:
            roles[place] = _role(link, capture)
            one = _reading(capture, given.provenance, profile, given.page.url, link.number or 1, most)
            text = one.text if isinstance(one, Reading) else one
            blocks = tuple(part.block for part in one.sifted.placed) if isinstance(one, Reading) else ()
            parts.append(Part(link, place, text, blocks))
            if isinstance(one, Reading):
                elements += one.page.stream.elements
                most -= one.length
                readings.append((place, one))
                for more in one.links:
                    if more.number not in named:
                        named[more.number] = more
                        waiting.append(more)
        if link.number == WHOLE and (not parts or not is_whole(article, parts[0])):
            waiting = [one for one in named.values() if one.number != WHOLE]
    provenance = given.named(roles)
    joined = join(replace(article, provenance=provenance), list(named.values()), parts, reasons)
    return replace(found, text=joined.article, further=tuple(readings), left=joined.left)


def _role(link: FurtherPage, capture: Capture) -> str:
    role = "single-page" if link.number == WHOLE else "further-page"
    return f"{role}-drawn" if capture.kind == "conversion" else role


def parsed_anyway(captures: Sequence[Capture], profile: Profile) -> Page | None:
    """The page of a capture that was refused before anybody read it, such as an error's; None where there is none."""
    capture = opened(captures, profile).page
    try:
        message = capture.representation()
        payload = message.decoded(MAX_BYTES)
        if not verdict.is_html(message, payload):
            return None
        document = parse(payload, message.charset)
        return Page(document.root, document.stream, capture.url)
    except (NotHttp, Unfit, PayloadRefused, PayloadTooLarge, *_STUMBLES):
        return None


def opened(captures: Sequence[Capture], profile: Profile) -> Opened:
    """The page's capture and its companions, with the provenance of what is made of them."""
    bound = list(_bound(captures))
    refs: list[CaptureRef] = []
    companions: list[tuple[int, Capture]] = []
    for number, one in enumerate(bound):
        # Of a page that a browser drew, the text says that its bytes crossed no wire.
        role = "companion" if number else "drawn" if one.kind == "conversion" else "page"
        if number:
            companions.append((len(refs), one))
        refs.append(_ref(one, role))
        if one.kind == "revisit" and one.referent is not None:
            refs.append(_ref(one.referent, "payload"))
    return Opened(bound[0], tuple(companions), Provenance(tuple(refs), CLEANER, profile.digest))


def _bound(captures: Sequence[Capture]) -> Iterator[Capture]:
    """The captures, revisits with their payloads; what was given as a payload is no companion of its own."""
    waiting = list(captures)
    first = True
    while waiting:
        one = waiting.pop(0)
        if one.kind == "revisit" and waiting:
            following = waiting[0]
            named = one.referent.id if one.referent is not None else one.refers_to
            # The first one's stands behind it; without an id, nothing else says so.
            if following.id == named or (first and one.referent is None):
                one = replace(one, referent=waiting.pop(0))
        yield one
        first = False


def _ref(capture: Capture, role: str) -> CaptureRef:
    return CaptureRef(capture.id, capture.url, capture.at, capture.payload_digest, role)


def open_page(message: HttpMessage, most: int = MAX_BYTES) -> Document:
    """The document of a stored HTTP response; raises `Unfit` with the verdict of one that has none.

    ``most`` is the number of bytes that its payload may have, where others have a part of the budget.
    """
    try:
        payload = message.decoded(most)
    except PayloadTooLarge as refused:
        raise Unfit(Verdict.OVER_BUDGET, refused.message) from refused
    except PayloadRefused as refused:
        raise Unfit(Verdict.UNREADABLE, refused.message) from refused
    if (judgement := verdict.of_message(message, payload)) is not None:
        raise Unfit(judgement.verdict, judgement.reason)
    return parse(payload, message.charset)


def _read(document: Document, capture: Capture, provenance: Provenance, profile: Profile) -> Reading:
    stream = document.stream
    page = Page(document.root, stream, capture.url)
    data = linked.read(document.root, page.kinds["script"])
    rules = ruled(page, profile.rules, capture.at)
    known = rules.settled(metadata.read(page, data, capture.at), capture.at)
    extraction = body.extract(page, data)
    sifted = sift(rules.added(extraction.blocks, extraction.placed), profile, known.headline, rules, known.byline)
    placed = sifted.placed
    summary = rules.standfirst() or standfirst(page, data, placed, known.headline)
    above = None
    told: list[Evidence] = []
    if summary is not None:
        candidate, start, end = summary
        above = candidate.value
        told = evidence("standfirst", [candidate], [above])
        placed = tuple(one for one in placed if not (start <= one.start and one.end <= end))
    known, placed = metadata.completed(known, page, data, placed)
    found = [*known.evidence, *told]
    laid: html.HtmlElement | None = None
    if document.laid is not None:
        laid = (document.root if (holder := document.root.find("body")) is None else holder)[-1]
        place = f"script {document.laid.script + 1}, {document.laid.pointer or 'as a whole'}"
        found.append(Evidence("body", place, "the JSON of a script, laid behind the markup", chosen=True))
    text = "\n".join([above or "", *(one.block.text for one in placed)])
    words = count_words(text)
    judgement = verdict.of_page(page, data, known, extraction.blocks, sifted.placed, text, words)
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
