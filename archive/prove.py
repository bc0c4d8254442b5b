"""Proofs: each sentence and each value of an article followed to the bytes that came over the wire."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from urllib.parse import urljoin

from archive.article import Article, Block, CaptureRef, Evidence, Source
from archive.capture import Capture, Location
from archive.cleaning import dates
from archive.cleaning.charset import decode
from archive.cleaning.clean import open_page
from archive.cleaning.document import Unfit
from archive.cleaning.evidence import literal_value, tidy
from archive.cleaning.language import tag
from archive.cleaning.offsets import Offsets, piece_at, solid_places
from archive.cleaning.source import Places
from archive.cleaning.stream import normalise
from archive.cleaning.version import CLEANER
from archive.cleaning.written import date_in, month
from archive.digest import label
from archive.errors import DamagedRecord, PayloadRefused, PresskeepError

# A sentence ends at its mark and what closes behind it, before white space; Chinese and Japanese set none.
_SENTENCE_END = re.compile(
    r"[.!?\u2026\u061f\u06d4\u0964][\"'\u201d\u2019\u00bb\u00ab\u203a)\]]*(?=\s)|[\u3002\uff01\uff1f][\u300d\u300f\u201d)]*"
)
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}\Z")
_WORD = re.compile(r"\s(\w{3,12})\b")


@dataclass(frozen=True, slots=True)
class Link:
    """A capture that the article was made from: what the archive says of it, and whether its bytes agree."""

    ref: CaptureRef
    holds: bool
    reason: str  # why it does not hold; empty otherwise. Where it cannot be read, also what to do
    location: Location | None = None  # where the record lies
    entity_length: int | None = None  # bytes of the entity body, as stored
    decoded_length: int | None = None  # bytes with the content coding removed
    charset: str | None = None
    read: bool = True  # False where its page cannot be read now: then nothing is said against it, nor for it


@dataclass(frozen=True, slots=True)
class Place:
    """A span of the payload: its source, the line of its element, and its offset in the decoded payload, if seen."""

    source: Source
    line: int | None = None  # from 1
    byte: int | None = None  # from 0; None where references or markup stand within its first words


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence or a value, and whether the bytes say it.

    ``holds`` is None for a value that a rule made without pointing at a place, such as a date guessed from text, and
    where the bytes cannot be read: then ``checked`` is False.
    """

    field: str  # "headline", "standfirst", "body", or the name of a metadata field
    text: str
    holds: bool | None
    reason: str = ""
    places: tuple[Place, ...] = ()
    block: int | None = None  # of a body: the number of its block, from 0
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole chain of one article."""

    links: tuple[Link, ...]
    claims: tuple[Claim, ...]
    same_cleaner: bool  # whether the installed cleaner is the one that made the article

    def holder(self, source: Source) -> Link:
        """The capture whose record has the bytes that a source points at: of a revisit, the one that it refers to."""
        following = self.links[source.capture + 1 : source.capture + 2]
        return next((one for one in following if one.ref.role == "payload"), self.links[source.capture])

    @property
    def holds(self) -> bool:
        """Whether every capture and every claim holds; claims without a place are left open."""
        return all(one.holds for one in self.links) and all(one.holds is not False for one in self.claims)

    @property
    def fails(self) -> bool:
        """Whether bytes say something else than the article does. Neither this nor `holds`: bytes cannot be read."""
        return any(one.read and not one.holds for one in self.links) or any(one.holds is False for one in self.claims)


def prove(article: Article, captures: Sequence[Capture]) -> Proof:
    """The proof of an article against the captures it names, in the order of its provenance.

    Reads the captures' bytes, parses them anew, and compares character by character. Nothing is raised for what does
    not agree, nor for bytes that cannot be read: the proof says so.
    """
    given = {one.id: one for one in captures}
    links = []
    pages: list[_Page | None] = []
    for ref in article.provenance.captures:
        link, page = _follow(ref, given.get(ref.id))
        links.append(link)
        pages.append(page)
    claims = [*_sentences(article, pages), *_values(article, pages)]
    return Proof(tuple(links), tuple(claims), article.provenance.cleaner == CLEANER)


@dataclass(frozen=True, slots=True)
class _Page:
    """A capture's payload, parsed as the cleaner parses it."""

    places: Places
    offsets: Offsets
    url: str

    def place(self, source: Source) -> Place:
        element = self.places.element(source.path)
        line = element.sourceline if element is not None else None
        raw = self.places.text(source) or ""
        return Place(source, line, self.offsets.of(raw, line or 1, self.places.begin(source)))


def _follow(ref: CaptureRef, capture: Capture | None) -> tuple[Link, _Page | None]:
    if capture is None:
        said = "the archive has no such capture: 'presskeep verify' tells what is missing"
        return Link(ref, holds=False, reason=said, read=False), None
    link = Link(ref, holds=False, reason="", location=capture.location)
    try:
        message = capture.representation()
        entity = message.entity()
    except (DamagedRecord, PayloadRefused, OSError) as error:
        return replace(link, reason=_why(error, capture), read=False), None
    reason = _difference(ref, capture, entity)
    link = replace(link, holds=not reason, reason=reason, entity_length=len(entity))
    try:
        document = open_page(message)
        payload = message.decoded()
    except (PayloadRefused, Unfit) as error:
        said = error.reason if isinstance(error, Unfit) else error.message
        return (link if reason else replace(link, holds=False, reason=said, read=False)), None
    link = replace(link, decoded_length=len(payload), charset=document.charset)
    offsets = Offsets(payload, decode(payload, message.charset)[0], document.charset)
    return link, _Page(Places(document.root), offsets, capture.url)


def _difference(ref: CaptureRef, capture: Capture, entity: bytes) -> str:
    """In what a capture is not the one that the article names; empty where it is."""
    if (ref.url, ref.at) != (capture.url, capture.at):
        return "address or time differ from what the article says"
    if ref.payload_digest and (found := _digest(ref.payload_digest, entity)) != ref.payload_digest:
        return f"the payload's digest is {found}, not {ref.payload_digest}"
    return ""


def _why(error: PresskeepError | OSError, capture: Capture) -> str:
    """Why a capture cannot be read, and what to do."""
    if isinstance(error, PresskeepError):
        return error.message
    file = error.filename or (capture.location.file if capture.location else "its file")
    if isinstance(error, FileNotFoundError):
        return f"{file} is gone: copy it from a backup, or run 'presskeep repair' to record what is lost"
    return f"{file} cannot be read ({error.strerror or error}): make it readable and prove again"


def _digest(like: str, entity: bytes) -> str | None:
    """The entity's digest, labelled by the same algorithm as another one; None for an algorithm not known here."""
    algorithm = like.partition(":")[0].lower().replace("-", "")
    try:
        return label(like.partition(":")[0], hashlib.new(algorithm, entity, usedforsecurity=False).digest())
    except ValueError:
        return None


def _sentences(article: Article, pages: Sequence[_Page | None]) -> Iterator[Claim]:
    """Headline, standfirst and body; each sentence with the places it stands at."""
    for field, text in (("headline", article.headline), ("standfirst", article.standfirst)):
        if text is None:
            continue
        chosen = [one for one in article.evidence if one.field == field and one.chosen]
        pieces = [(one.source, normalise(one.value)) for one in chosen if one.source is not None]
        joined = " ".join(one.value for one in chosen)
        if len(pieces) < len(chosen) or normalise(joined) != normalise(text):
            yield Claim(field, text, None, "its evidence names no place")
        else:
            yield from _text_claims(field, text, pieces, pages, None)
    for number, block in enumerate(article.body):
        yield from _text_claims("body", block.text, _block_pieces(block, pages), pages, number)


def _block_pieces(block: Block, pages: Sequence[_Page | None]) -> list[tuple[Source, str]]:
    return [(source, normalise(_raw(source, pages) or "")) for source in block.sources]


def _text_claims(
    field: str, text: str, pieces: list[tuple[Source, str]], pages: Sequence[_Page | None], number: int | None
) -> Iterator[Claim]:
    text = normalise(text)  # older cleaners kept soft hyphens and the like
    checked = not any(_unread(source, pages) for source, _ in pieces)
    wrong = next((source for source, piece in pieces if not _says(_raw(source, pages), piece)), None)
    said = " ".join(piece for _, piece in pieces)
    parts: _Parts | None = None
    for start, end in split(text):
        sentence = text[start:end]
        if not checked:
            yield Claim(field, sentence, None, block=number, checked=False)
        elif not pieces or wrong is not None or said[start:end] != sentence or len(said) != len(text):
            reason = f"{wrong.path} says something else" if wrong else "its sources say something else"
            yield Claim(field, sentence, False, reason if pieces else "it has no source", (), number)
        else:
            parts = parts or _Parts(pieces, pages)
            yield Claim(field, sentence, True, "", tuple(parts.places(start, end)), number)


class _Parts:
    """The sources of one text, and which part of each says what of it."""

    def __init__(self, pieces: list[tuple[Source, str]], pages: Sequence[_Page | None]) -> None:
        self._pieces = pieces
        self._pages = pages
        self._begins = [0, *accumulate(len(piece) + 1 for _, piece in pieces)]
        self._solid: dict[int, tuple[list[int], list[int]] | None] = {}  # of a piece, and of what it was made from

    def places(self, start: int, end: int) -> Iterator[Place]:
        """The parts of the sources that a span of their joined text stands at."""
        for number in range(piece_at(self._begins, start), len(self._pieces)):
            source, piece = self._pieces[number]
            at = self._begins[number]
            if at >= end:
                return
            low, high = max(0, start - at), min(end - at, len(piece))
            page = self._pages[source.capture]
            if page is None or not piece[low:high].strip():
                continue
            part = source
            if (solid := self._solid_of(number, page)) is not None:
                first, last = (bisect_left(solid[0], one) for one in (low, high))
                if first < last:
                    begin, behind = solid[1][first], solid[1][last - 1] + 1
                    part = replace(source, start=source.start + begin, end=source.start + behind)
            yield page.place(part)

    def _solid_of(self, number: int, page: _Page) -> tuple[list[int], list[int]] | None:
        """Where the solid characters of a piece stand in it and in the page; None where the two differ in more."""
        if number not in self._solid:
            source, piece = self._pieces[number]
            raw = page.places.text(source) or ""
            same = normalise(raw) == piece
            self._solid[number] = (solid_places(piece), solid_places(raw)) if same else None
        return self._solid[number]


def _values(article: Article, pages: Sequence[_Page | None]) -> Iterator[Claim]:
    """The chosen metadata values that stand in attributes and scripts."""
    fields = {
        "byline": article.byline, "published": article.published, "modified": article.modified,
        "language": article.language, "section": article.section, "tags": article.tags,
        "canonical_url": article.canonical_url, "site_name": article.site_name, "lead_image": article.lead_image,
    }  # fmt: skip
    for field, value in fields.items():
        texts = [value] if isinstance(value, str) else list(value or ())
        chosen = [one for one in article.evidence if one.field == field and one.chosen]
        for text in texts:
            proof = next((one for one in chosen if _means(field, one.value, text, article)), None)
            parts = _parts_of(text, chosen) if proof is None else ()
            if parts:
                yield from _text_claims(field, text, parts, pages, None)
            else:
                yield _value_claim(field, text, proof, pages)


def _parts_of(text: str, chosen: Sequence[Evidence]) -> list[tuple[Source, str]]:
    """The pieces of evidence, one behind the other, that make up a value which several elements hold; else none."""
    for first in range(len(chosen)):
        pieces: list[tuple[Source, str]] = []
        said = ""
        for one in chosen[first:]:
            if one.source is None or not text.startswith(said):
                break
            pieces.append((one.source, normalise(one.value)))
            said = " ".join(piece for _, piece in pieces)
            if said == text:
                return pieces
    return []


def _value_claim(field: str, text: str, proof: Evidence | None, pages: Sequence[_Page | None]) -> Claim:
    if proof is None:
        return Claim(field, text, False, "no chosen evidence gives this value")
    if proof.source is None:
        return Claim(field, text, None, f"by the rule {proof.rule!r}, which names no place")
    if _unread(proof.source, pages):
        return Claim(field, text, None, checked=False)
    raw, page = _raw(proof.source, pages), _page(proof.source, pages)
    says = _says(raw, proof.value) or (field in {"published", "modified"} and _dates(raw, proof.value))
    if page is None or not says:
        return Claim(field, text, False, f"{proof.source.path} says something else")
    return Claim(field, text, True, "", (page.place(proof.source),))


def _means(field: str, evidence: str, value: str, article: Article) -> bool:
    """Whether the wording of a piece of evidence gives a field's value."""
    if field in {"published", "modified"}:
        return dates.iso(evidence) == value
    if field == "language":
        return tag(evidence) == value
    if field in {"canonical_url", "lead_image"}:
        return urljoin(article.provenance.captures[0].url, evidence) == value
    return evidence == value


def _says(raw: str | None, value: str) -> bool:
    """Whether raw characters of the payload say a value: as they stand, with references resolved, or as JSON."""
    return (
        raw is not None
        and bool(value)
        and (normalise(raw) == normalise(value) or tidy(raw) == value or literal_value(raw) == value)
    )


def _dates(raw: str | None, value: str) -> bool:
    """Whether raw characters write a date in words or in figures; 06.01. and 01/06 are told apart by the page alone."""
    found = (date_in(normalise(raw), month_first=first) for first in (False, True)) if raw is not None else ()
    return any(one is not None and one[0] == value for one in found)


def _page(source: Source, pages: Sequence[_Page | None]) -> _Page | None:
    return pages[source.capture] if 0 <= source.capture < len(pages) else None


def _unread(source: Source, pages: Sequence[_Page | None]) -> bool:
    """Whether a source is in a capture whose page cannot be read, so that nobody knows what it says."""
    return 0 <= source.capture < len(pages) and pages[source.capture] is None


def _raw(source: Source, pages: Sequence[_Page | None]) -> str | None:
    page = _page(source, pages)
    return page.places.text(source) if page is not None else None


def _is_of_a_date(text: str, mark: re.Match[str]) -> bool:
    """Whether a full stop is that of an ordinal before a month, as in ``15. Januar``."""
    if mark[0] != "." or _ORDINAL.search(text, max(0, mark.start() - 3), mark.start()) is None:
        return False
    following = _WORD.match(text, mark.end())
    return following is not None and month(following[1]) is not None


def split(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as spans, by their closing marks alone; abbreviations part some of them needlessly."""
    spans = []
    start = 0
    for found in _SENTENCE_END.finditer(text):
        if _is_of_a_date(text, found):
            continue
        spans.append((start, found.end()))
        start = found.end() + (1 if text[found.end() : found.end() + 1].isspace() else 0)
    if start < len(text):
        spans.append((start, len(text)))
    return [(begin, end) for begin, end in spans if text[begin:end].strip()]
