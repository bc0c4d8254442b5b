"""Flat rows: one text with its place in the archive as named values of declared types, for every export format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum, auto
from typing import Any

from archive.article import Article, Refusal
from archive.capture import Capture
from archive.clock import warc_date

ROWS = 1  # the schema's version: a column may be added within it; a changed or removed one makes it 2

Value = str | int | list[Any] | None
Row = dict[str, Value]


class Kind(Enum):
    """The types of a column; each format has one way to write each."""

    TEXT = auto()
    INTEGER = auto()
    TIME = auto()  # microseconds since 1970, UTC
    TEXTS = auto()  # a list of strings
    IMAGES = auto()  # a list of objects with url, alt, caption, credit


@dataclass(frozen=True, slots=True)
class Entry:
    """A text with what the archive knows about it: its capture and its place among the editions of its URL.

    ``edition`` counts from 1 and is None for a refusal, which is no edition; ``editions`` is how many the URL has.
    """

    text: Article | Refusal
    identity: str
    capture: Capture
    edition: int | None = None
    editions: int = 0
    beside: tuple[Capture, ...] = ()  # of a split story, the captures of further pages that are in the text


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type, what it holds, and how it is read from an entry."""

    name: str
    kind: Kind
    meaning: str
    value: Callable[[Entry], Value]
    lasting: bool = True  # False for what later captures or moved files change: left out of text/


@dataclass(frozen=True, slots=True)
class Schema:
    """A named list of columns; rows have them in this order."""

    name: str
    columns: tuple[Column, ...]

    def row(self, entry: Entry) -> Row:
        """The entry as a row."""
        return {column.name: column.value(entry) for column in self.columns}


def of_article(read: Callable[[Article], Value]) -> Callable[[Entry], Value]:
    """A reader of what only an article has: None for a refusal."""

    def value(entry: Entry) -> Value:
        return read(entry.text) if isinstance(entry.text, Article) else None

    return value


def list_of_article(read: Callable[[Article], list[Any]]) -> Callable[[Entry], Value]:
    """A reader of an article's list: empty for a refusal."""

    def value(entry: Entry) -> Value:
        return read(entry.text) if isinstance(entry.text, Article) else []

    return value


def _reason(entry: Entry) -> Value:
    return entry.text.reason if isinstance(entry.text, Refusal) else None


def _drawn_from(entry: Entry) -> Value:
    return entry.capture.refers_to if entry.capture.kind == "conversion" else None


def _companions(entry: Entry) -> Value:
    return [ref.id for ref in entry.text.provenance.captures[1:]]


def reservations(capture: Capture) -> tuple[str, ...]:
    """What a capture's answer reserves; of a 304, which has a head only, also what the page said that it confirms."""
    said = capture.reservations
    if capture.status == 304 and capture.referent is not None:
        said += tuple(one for one in capture.referent.reservations if one not in said)
    return said


def reserved_by(entry: Entry) -> tuple[str, ...]:
    """What the captures of an entry reserve: its page's, and those of its further pages."""
    said = reservations(entry.capture)
    for one in entry.beside:
        said += tuple(more for more in reservations(one) if more not in said)
    return said


def _file(entry: Entry) -> Value:
    return entry.capture.location.file if entry.capture.location else None


def _offset(entry: Entry) -> Value:
    return entry.capture.location.offset if entry.capture.location else None


PRESSKEEP = Schema(
    "presskeep",
    (
        Column("schema", Kind.INTEGER, "version of this schema", lambda entry: ROWS),
        Column("id", Kind.TEXT, "identity of the text: digest of its canonical JSON", lambda entry: entry.identity),
        Column("site", Kind.TEXT, "name of the site in `sites.toml`", lambda entry: entry.capture.site),
        Column("url", Kind.TEXT, "URL as it was requested", lambda entry: entry.capture.url),
        Column(
            "key", Kind.TEXT, "normalised URL: equal for all editions of one article", lambda entry: entry.capture.key
        ),
        Column(
            "verdict", Kind.TEXT, "what the capture is: `article`, `teaser`, …", lambda entry: str(entry.text.verdict)
        ),
        Column("reason", Kind.TEXT, "of a refusal: why there is no text", _reason),
        Column("headline", Kind.TEXT, "headline", of_article(lambda text: text.headline)),
        Column("kicker", Kind.TEXT, "line above the headline", of_article(lambda text: text.kicker)),
        Column(
            "standfirst", Kind.TEXT, "summary paragraph; not part of `text`", of_article(lambda text: text.standfirst)
        ),
        Column("byline", Kind.TEXTS, "authors", list_of_article(lambda text: list(text.byline))),
        Column("agency", Kind.TEXT, "news agency", of_article(lambda text: text.agency)),
        Column(
            "dateline", Kind.TEXT, "place and date before the first sentence", of_article(lambda text: text.dateline)
        ),
        Column(
            "published",
            Kind.TEXT,
            "ISO 8601 with the precision and offset of the page",
            of_article(lambda text: text.published),
        ),
        Column("modified", Kind.TEXT, "the same, of the last change", of_article(lambda text: text.modified)),
        Column("language", Kind.TEXT, "BCP 47", of_article(lambda text: text.language)),
        Column("section", Kind.TEXT, "section of the site", of_article(lambda text: text.section)),
        Column("tags", Kind.TEXTS, "keywords of the page", list_of_article(lambda text: list(text.tags))),
        Column("text", Kind.TEXT, "body; blocks are separated by an empty line", of_article(lambda text: text.text)),
        Column(
            "block_kinds",
            Kind.TEXTS,
            'kind of each block: as many as `text.split("\\n\\n")` has parts',
            list_of_article(lambda text: [str(block.kind) for block in text.body]),
        ),
        Column("word_count", Kind.INTEGER, "words of the body", of_article(lambda text: text.word_count)),
        Column("access", Kind.TEXT, "`free`, `metered` or `paywalled`", of_article(lambda text: text.access)),
        Column("corrections", Kind.TEXTS, "correction notes", list_of_article(lambda text: list(text.corrections))),
        Column("canonical_url", Kind.TEXT, "the page's own claim", of_article(lambda text: text.canonical_url)),
        Column("site_name", Kind.TEXT, "the page's own claim", of_article(lambda text: text.site_name)),
        Column("lead_image", Kind.TEXT, "URL", of_article(lambda text: text.lead_image)),
        Column(
            "images",
            Kind.IMAGES,
            "images of the article: `url`, `alt`, `caption`, `credit`",
            list_of_article(lambda text: [asdict(image) for image in text.images]),
        ),
        Column(
            "edition",
            Kind.INTEGER,
            "number of this edition, from 1; empty for a refusal",
            lambda e: e.edition,
            lasting=False,
        ),
        Column("editions", Kind.INTEGER, "editions that this URL has so far", lambda e: e.editions, lasting=False),
        Column("captured_at", Kind.TIME, "first byte of the request, UTC", lambda entry: entry.capture.at),
        Column("capture_id", Kind.TEXT, "WARC-Record-ID of the page's record", lambda entry: entry.capture.id),
        Column("drawn_from", Kind.TEXT, "of a page that a browser drew: id of the page's own answer", _drawn_from),
        Column("companions", Kind.TEXTS, "record ids of further captures in the text", _companions),
        Column(
            "missing_pages",
            Kind.TEXTS,
            "of an article on several pages: the addresses of those that the text lacks",
            list_of_article(lambda text: [one.url for one in text.missing]),
        ),
        Column("warc_file", Kind.TEXT, "file under `warc/` at the time of the export", _file, lasting=False),
        Column("warc_offset", Kind.INTEGER, "first byte of the record in that file", _offset, lasting=False),
        Column("payload_digest", Kind.TEXT, "digest of the entity body", lambda entry: entry.capture.payload_digest),
        Column(
            "text_digest",
            Kind.TEXT,
            "digest over headline, standfirst and body: what editions compare",
            of_article(lambda text: text.text_digest),
        ),
        Column(
            "reservations",
            Kind.TEXTS,
            "what the answer says of keeping and mining it, such as `tdm-reservation: 1`",
            lambda entry: list(reserved_by(entry)),
        ),
        Column("cleaner", Kind.TEXT, "version of the cleaner", lambda entry: entry.text.provenance.cleaner),
        Column("profile", Kind.TEXT, "digest of the site profile", lambda entry: entry.text.provenance.profile),
    ),
)


def json_value(column: Column, value: Value) -> Value:
    """The value as JSON and CSV have it: times become ISO 8601 with microseconds and ``Z``."""
    return warc_date(value) if column.kind is Kind.TIME and isinstance(value, int) else value
