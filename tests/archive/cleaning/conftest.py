"""A page of our own as a capture, for every test of the cleaner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from archive.capture import Capture
from archive.clock import from_datetime
from archive.digest import sha256

MakeCapture = Callable[..., Capture]


def make(
    page: str | bytes,
    *,
    url: str = "https://courier.example/2026/11/24/barrier-opens",
    at: int | None = None,
    status: str = "200 OK",
    mime: str = "text/html; charset=utf-8",
) -> Capture:
    """A capture of a page; everything that the cleaner reads of one."""
    body = page.encode() if isinstance(page, str) else page
    head = f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    when = from_datetime(datetime(2026, 11, 25, 8, 0, tzinfo=UTC)) if at is None else at
    return Capture(
        id="urn:uuid:4a51b7bc-3a1f-4b8f-9c39-1b1ff3a1b001",
        url=url,
        key=url,
        at=when,
        status=int(status.split(maxsplit=1)[0]),
        payload_digest=sha256(body),
        block=partial(bytes, head + body),  # picklable in any process,
    )


@pytest.fixture(scope="session")
def capture() -> MakeCapture:
    return make


STORY = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8">
<title>Storm barrier opens after nine years | The Harbour Courier</title>
<meta property="og:site_name" content="The Harbour Courier">
<meta property="og:title" content="Storm barrier opens after nine years">
<meta property="og:description"
 content="Engineers lifted the last gate into place on Tuesday, two winters later than planned.">
<meta property="article:published_time" content="2026-11-24T09:30:00+01:00">
<meta property="article:modified_time" content="2026-11-24T11:00:00+01:00">
<meta property="article:section" content="Harbour">
<meta property="article:tag" content="barrier"><meta property="article:tag" content="tide">
<link rel="canonical" href="/2026/11/24/barrier-opens">
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "NewsArticle",
 "headline": "Storm barrier opens after nine years", "author": [{"@type": "Person", "name": "Ida Mark"},
 {"@type": "Person", "name": "J\\u00f6rg Feld"}], "publisher": {"@type": "Organization", "name": "The Harbour Courier"},
 "datePublished": "2026-11-24T09:30:00+01:00", "isAccessibleForFree": true}</script>
</head><body>
<header><p>Wednesday, 25 November 2026</p>
<nav><ul><li><a href="/">Home</a></li><li><a href="/tide">Tide</a></li></ul></nav></header>
<main><article>
<h1>Storm barrier opens<br>after nine years</h1>
<p class="standfirst">Engineers lifted the last gate into place on Tuesday, two winters later than planned.</p>
<p class="byline">By <a rel="author" href="/ida">Ida Mark</a> and Jörg Feld</p>
<figure><img src="/gate.jpg" alt="A gate"><figcaption>The last gate, seen from the mole.</figcaption></figure>
<p>The harbour has waited for this morning since the flood of 2017, when the water stood <em>two metres</em>
high in Quay Street and the council promised that it would be the last time.</p>
<p>“We did not sleep much,” said Ruth Olsen, who led the works. “But the gate sat in its bed at the first attempt, and
nobody who was there will forget the sound.” She has already been asked to build another one.</p>
<h2>What it cost</h2>
<p>The barrier cost 212 million crowns, a third more than the council was told. The auditors called that modest for a
work of this kind; the opposition called it a scandal, and asked for the ledgers to be opened before the spring.</p>
<ul><li>Nine gates of forty metres each, all of them built in the town's own yard.</li>
<li>Two towers, which also carry the new footbridge to the island.</li></ul>
<p>From next week the gates will be closed twice a year, whether or not a storm is announced, so that the crews stay in
practice and the hinges stay free of mussels. The first closure is on the second Sunday of Advent.</p>
</article></main>
<aside><h2>Related news</h2><ul><li><a href="/x">Ferry fares frozen for a year</a></li></ul></aside>
<footer><p>© The Harbour Courier</p></footer></body></html>"""


@pytest.fixture(scope="session")
def story() -> str:
    return STORY
