"""Stories written for these tests: articles, and the entries that an archive would have of them."""

from __future__ import annotations

from dataclasses import replace

from archive.article import (
    Article,
    Block,
    BlockKind,
    CaptureRef,
    Provenance,
    Refusal,
    Verdict,
    canonical_json,
    identity,
)
from archive.capture import Capture
from archive.dataset.rows import Entry

URL = "https://gazette.example/2026/11/24/crane"
BODY = (
    "The crane moved sixty metres to the east, on rails that were laid for it in the spring.",
    "Nobody in the old town heard it go, for the wind came from the sea that night.",
    "A second crane follows in March, when the ice is gone and the quay can carry it.",
)
HOUR = 3_600_000_000
BEGIN = 1_762_000_000_000_000  # in November 2025


def article(*body: str, **named: object) -> Article:
    """An article with this body; by default with that of the crane."""
    made = Article(
        Provenance((), "1.0", "none"),
        "Crane moves sixty metres",
        tuple(Block(BlockKind.PARAGRAPH, text) for text in body or BODY),
        standfirst="It took a night.",
        published="2026-11-24T08:00+01:00",
    )
    return replace(made, **named)  # type: ignore[arg-type]


GONE = Refusal(Provenance((), "1.0", "none"), Verdict.SOFT_404, "it says that it is not found")
DOWN = Refusal(Provenance((), "1.0", "none"), Verdict.HTTP_ERROR, "status 503")


def entries(*texts: Article | Refusal, profile: str = "none", status: int | None = None) -> list[Entry]:
    """The texts as those of captures of one page, an hour between each."""
    found = []
    number, digest = 0, None
    for n, text in enumerate(texts):
        capture_id = f"urn:uuid:00000000-0000-4000-8000-{n:012}"
        at = BEGIN + n * HOUR
        made = replace(
            text,
            provenance=replace(
                text.provenance,
                captures=(CaptureRef(capture_id, URL, at, None),),
                profile=text.provenance.profile if text.provenance.profile != "none" else profile,
            ),
        )
        edition = None
        if isinstance(made, Article):
            if made.text_digest != digest:
                number, digest = number + 1, made.text_digest
            edition = number
        answered = status if isinstance(text, Refusal) and status else 200
        capture = Capture(capture_id, URL, URL, at, status=answered, site="gazette.example")
        found.append(Entry(made, identity(canonical_json(made)), capture, edition))
    return found
