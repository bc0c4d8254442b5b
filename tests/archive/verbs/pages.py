"""Pages written for these tests, as exchanges of two sites, in the order in which they were fetched."""

from __future__ import annotations

from datetime import UTC, datetime

from archive.clock import from_datetime
from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role

GAZETTE, TALBLATT = "https://gazette.example", "https://talblatt.example"
BRIDGE = f"{GAZETTE}/2026/11/24/harbour-bridge-reopens"
FERRY = f"{GAZETTE}/2026/11/25/ferry-fares-frozen"
HOSTILE = f"{GAZETTE}/2026/11/26/hostile"
TEASER = f"{GAZETTE}/2026/11/26/auditors-report"
GONE = f"{GAZETTE}/2026/11/20/taken-away"
MOVED = f"{GAZETTE}/?p=4711"
UNRESOLVED = "https://lost.example/2026/11/24/nobody-answers"
FORBIDDEN = f"{GAZETTE}/private/minutes"
SNOW = f"{TALBLATT}/lokales/schnee-im-tal"
FEED = f"{GAZETTE}/feed.xml"

_FILLER = (
    "The harbour has waited for this morning since the flood, when the water stood two metres high in Quay Street "
    "and the council promised that it would be the last time.",
    "“We did not sleep much,” said Ruth Olsen, who led the works. “But the last span sat in its bed at the first "
    "attempt, and nobody who was there will forget the sound.”",
    "The works cost 212 million crowns, a third more than the council was told. The auditors called that modest for "
    "a bridge of this kind; the opposition asked for the ledgers to be opened before the spring.",
    "From next week the span will be raised twice a day, whether or not a ship is announced, so that the crews stay "
    "in practice and the hinges stay free of mussels.",
)


def _at(day: int, hour: int = 9, minute: int = 30) -> int:
    return from_datetime(datetime(2026, 11, day, hour, minute, 5, 123456, tzinfo=UTC))


def story(headline: str, paragraphs: tuple[str, ...] = _FILLER, *, published: str, extra: str = "") -> str:
    """A page with one article in it."""
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"""<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>{headline} | The Harbour Gazette</title>
<meta property="og:site_name" content="The Harbour Gazette"><meta property="og:type" content="article">
<meta property="og:title" content="{headline}"><meta name="author" content="Ida Mark">
<meta property="article:published_time" content="{published}">
<meta property="article:section" content="Harbour"></head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/harbour">Harbour</a></li></ul></nav></header>
<main><article><h1>{headline}</h1>
<p class="byline">By <a rel="author" href="/ida">Ida Mark</a></p>
{body}{extra}
</article></main>
<footer><p>© The Harbour Gazette</p></footer></body></html>"""


LISTED = """
<h2>What comes next</h2>
<ul><li>The footbridge to the island opens in the spring, with lamps that were paid for by the harbour guild.</li>
<li>The old ferry becomes a museum, if anybody can be found who will paint it every year.</li></ul>
<blockquote><p>Nobody will miss the queue at the landing stage, least of all those who stood in it.</p></blockquote>"""

BRIDGE_FIRST = story("Harbour bridge reopens after nine years", published="2026-11-24T08:15:00+01:00")
BRIDGE_SECOND = story(
    "Harbour bridge reopens after nine years, two winters late",
    (*_FILLER, "On Tuesday evening the council said that the first toll will be taken in January, not in December."),
    published="2026-11-24T08:15:00+01:00",
    extra=LISTED,
)
FERRY_PAGE = story("Ferry fares frozen for a year", _FILLER[::-1], published="2026-11-25")
HOSTILE_HEADLINE = "\x1b[31mRed\x1b[2J alert\x07 \u202ereversed\u202c \x9b1m[bold]not markup[/bold] " + "endless " * 300
HOSTILE_PAGE = story(HOSTILE_HEADLINE, _FILLER[1:] + _FILLER[:1], published="2026-11-26T07:00:00Z")
SNOW_PAGE = """<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Schnee im Tal - Talblatt</title>
<meta property="og:site_name" content="Talblatt">
<meta property="article:published_time" content="2026-11-25T18:00+01:00">
</head><body><article><h1>Schnee im Tal: Züge fahren wieder</h1>
<p>Nach drei Tagen mit starkem Schneefall fahren im Tal wieder Züge. Die Bahn hatte die Strecke am Sonntag gesperrt,
nachdem eine Fichte auf die Oberleitung gefallen war.</p>
<p>„Wir haben Tag und Nacht geräumt“, sagt Jörg Feld vom Betriebsdienst. Der Fahrplan gilt ab Mittwoch wieder, doch
rechnet er noch mit Verspätungen von einer halben Stunde.</p>
<p>Die Schulen öffnen am Donnerstag. Bis dahin bleibt auch der Pass gesperrt; der Bus wendet in der Ortsmitte.</p>
</article></body></html>"""
TEASER_PAGE = story(
    "What the auditors found in the harbour ledgers",
    ("The auditors have read the harbour's ledgers, and found three pages that nobody can explain.",),
    published="2026-11-26",
    extra="""<div class="paywall"><p>Subscribe to read the whole story.</p></div>
<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>""",
)


def exchange(
    url: str,
    at: int,
    body: str = "",
    *,
    status: str = "200 OK",
    mime: str = "text/html; charset=utf-8",
    fields: str = "",
    origin: Origin | None = None,
) -> Exchange:
    """An exchange as it may have crossed the wire."""
    payload = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\n{fields}Content-Length: {len(payload)}\r\n\r\n"
    site = url.split("/")[2]
    return Exchange(
        url=url,
        at=at,
        request=f"GET /{url.split('/', 3)[3]} HTTP/1.1\r\nHost: {site}\r\n\r\n".encode(),
        response=head.encode() + payload,
        duration=81_234,
        ip="192.0.2.7",
        protocols=("http/1.1", "tls/1.3"),
        origin=origin or Origin(site=site, role=Role.ARTICLE, via=f"https://{site}/feed.xml", source="feed", hops="L"),
    )


EXCHANGES = (
    exchange(
        FEED,
        _at(24, 9, 29),
        "<rss version='2.0'><channel><title>The Harbour Gazette</title></channel></rss>",
        mime="application/rss+xml",
        origin=Origin(site="gazette.example", role=Role.FEED, source="seed"),
    ),
    exchange(BRIDGE, _at(24), BRIDGE_FIRST),
    exchange(MOVED, _at(24, 9, 31), status="301 Moved Permanently", fields=f"Location: {BRIDGE}\r\n"),
    exchange(GONE, _at(24, 9, 32), "<html><body><h1>Not found</h1></body></html>", status="404 Not Found"),
    exchange(SNOW, _at(25, 19), SNOW_PAGE),
    exchange(BRIDGE, _at(25), BRIDGE_SECOND),
    exchange(FERRY, _at(25, 12), FERRY_PAGE),
    exchange(HOSTILE, _at(26, 8), HOSTILE_PAGE),
    exchange(TEASER, _at(26, 9), TEASER_PAGE),
    exchange(BRIDGE, _at(27), "<html><body><h1>Sorry</h1></body></html>", status="503 Service Unavailable"),
)
ATTEMPTS = (
    Attempt(
        UNRESOLVED,
        _at(24, 10),
        NoAnswer.DNS,
        "lost.example: Name or service not known",
        origin=Origin(site="lost.example", role=Role.ARTICLE, source="seed"),
    ),
    Attempt(
        FORBIDDEN,
        _at(24, 10, 1),
        NoAnswer.ROBOTS,
        "Disallow: /private/",
        origin=Origin(site="gazette.example", role=Role.ARTICLE, via=f"{GAZETTE}/", source="front"),
    ),
    Attempt(
        BRIDGE,
        _at(26, 10),
        NoAnswer.TIMEOUT,
        "no byte within 45 s",
        origin=Origin(site="gazette.example", role=Role.ARTICLE, source="feed"),
    ),
)
