"""The clean result: an article as typed blocks, or a refusal with its verdict; both with their provenance."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from archive.digest import sha256

SCHEMA = 1  # of the canonical JSON; a newer one than the program knows is refused


class Verdict(StrEnum):
    """What a capture is."""

    ARTICLE = "article"
    TEASER = "teaser"
    PAYWALL = "paywall"
    CONSENT_WALL = "consent-wall"
    BOT_CHALLENGE = "bot-challenge"
    SOFT_404 = "soft-404"
    INDEX_PAGE = "index-page"
    LIVE_BLOG = "live-blog"
    GALLERY = "gallery"
    VIDEO = "video"
    EMPTY = "empty"  # a page without text, such as one that only scripts can draw
    HTTP_ERROR = "http-error"  # a status other than 200: nothing that could be an article
    NOT_HTML = "not-html"
    UNREADABLE = "unreadable"  # the payload cannot be decoded or parsed
    OVER_BUDGET = "over-budget"  # a deterministic limit of the cleaner


class BlockKind(StrEnum):
    """The kinds of blocks in a body."""

    PARAGRAPH = "paragraph"
    SUBHEADING = "subheading"
    LIST_ITEM = "list-item"
    QUOTE = "quote"
    TABLE = "table"
    EMBED = "embed"


@dataclass(frozen=True, slots=True)
class Source:
    """A span of a capture's parsed payload.

    ``capture`` is an index into the provenance's captures. ``path`` is the absolute XPath of an element (its string
    value is the text of all its descendants, comments and processing instructions left out) or of an attribute
    (``…/@content``). ``start`` and ``end`` count characters (code points) of that string value.
    """

    path: str
    start: int
    end: int
    capture: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the body.

    ``text`` is the white-space-normalised text of its sources, joined in order by a single space.
    """

    kind: BlockKind
    text: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A candidate value of a metadata field: where it stood, which rule found it, and whether it won."""

    field: str
    value: str
    rule: str
    chosen: bool
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """An image that belongs to the article, with caption and credit apart."""

    url: str
    alt: str | None = None
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Further:
    """A further page of a story that its pages link to.

    ``number`` counts from 2; 0 is a page that has all of the story. ``capture`` is the index into the provenance's
    captures of the one whose text is a part of this; None where there is none, and ``reason`` says why.
    """

    number: int
    url: str
    rule: str  # how it was known, in words
    capture: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaptureRef:
    """A capture that went into a text. File and offset are not here: they may move, ids and digests do not."""

    id: str
    url: str
    at: int
    payload_digest: str | None
    # "page", or "drawn" for one that a browser drew; then companions: "further-page", "single-page" (which has all of
    # the story), and behind each revisit the capture that holds its "payload".
    role: str = "page"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a text was made from and by; together with those captures it makes the same bytes again."""

    captures: tuple[CaptureRef, ...]
    cleaner: str  # semantic version, "+", fingerprint
    profile: str  # digest of the site profile


@dataclass(frozen=True, slots=True)
class Article:
    """The clean text of one page, with what is known of it.

    Dates are ISO 8601 with the precision and the offset that the page gives: ``2026-11-24`` or
    ``2026-11-24T09:30+01:00``; they are never converted to UTC.
    """

    provenance: Provenance
    headline: str | None
    body: tuple[Block, ...]
    verdict: Verdict = Verdict.ARTICLE
    kicker: str | None = None
    standfirst: str | None = None
    byline: tuple[str, ...] = ()
    agency: str | None = None
    dateline: str | None = None
    published: str | None = None
    modified: str | None = None
    language: str | None = None  # BCP 47, as declared by the page or found in its text
    section: str | None = None
    tags: tuple[str, ...] = ()
    canonical_url: str | None = None
    site_name: str | None = None
    lead_image: str | None = None
    images: tuple[Image, ...] = ()
    corrections: tuple[str, ...] = ()
    access: str | None = None  # "free", "metered", "paywalled"
    word_count: int = 0
    evidence: tuple[Evidence, ...] = ()
    further: tuple[Further, ...] = ()  # of an article on several pages; empty for all others
    schema: int = field(default=SCHEMA)

    @property
    def missing(self) -> tuple[Further, ...]:
        """The further pages that the text lacks; none where it has the page with all of the story."""
        if any(one.number == 0 and one.capture is not None for one in self.further):
            return ()
        numbered = [one for one in self.further if one.number]
        return tuple(one for one in numbered or self.further if one.capture is None)

    @property
    def text(self) -> str:
        """The body as plain text: blocks separated by an empty line."""
        return "\n\n".join(block.text for block in self.body)

    @property
    def text_digest(self) -> str:
        """The digest that editions compare: over headline, standfirst and body, nothing else."""
        parts = [self.headline or "", self.standfirst or "", *(f"{block.kind}\t{block.text}" for block in self.body)]
        return sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a capture gave no article: an expected outcome, with its verdict and a reason in words."""

    provenance: Provenance
    verdict: Verdict
    reason: str
    schema: int = field(default=SCHEMA)


def canonical_json(text: Article | Refusal) -> bytes:
    """The canonical form: UTF-8, sorted keys, no spaces, no floats; its digest is the text's identity.

    Lone surrogates, which hostile pages can produce, are replaced by U+FFFD by the cleaner, never here: such a text
    raises UnicodeEncodeError.
    """
    document = {"type": "article" if isinstance(text, Article) else "refusal", **asdict(text)}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def identity(canonical: bytes) -> str:
    """The identity of a text: the digest of its canonical JSON."""
    return sha256(canonical)


def from_json(canonical: bytes | str) -> Article | Refusal:
    """The Article or Refusal of a canonical JSON; raises ValueError on a schema newer than this program."""
    document: dict[str, Any] = json.loads(canonical)
    if document["schema"] > SCHEMA:
        raise ValueError(f"text of schema {document['schema']}; this program knows {SCHEMA}: install a newer Presskeep")
    kind = document.pop("type")
    given = document.pop("provenance")
    provenance = Provenance(
        captures=tuple(CaptureRef(**one) for one in given["captures"]),
        cleaner=given["cleaner"],
        profile=given["profile"],
    )
    document["verdict"] = Verdict(document["verdict"])
    if kind == "refusal":
        return Refusal(provenance=provenance, **document)
    document["body"] = tuple(_block(one) for one in document["body"])
    document["images"] = tuple(Image(**one) for one in document["images"])
    document["evidence"] = tuple(
        Evidence(**{**one, "source": Source(**one["source"]) if one["source"] else None})
        for one in document["evidence"]
    )
    document["further"] = tuple(Further(**one) for one in document.get("further", ()))
    for name in ("byline", "tags", "corrections"):
        document[name] = tuple(document[name])
    return Article(provenance=provenance, **document)


def _block(given: dict[str, Any]) -> Block:
    sources = tuple(Source(**one) for one in given["sources"])
    return Block(kind=BlockKind(given["kind"]), text=given["text"], sources=sources)
