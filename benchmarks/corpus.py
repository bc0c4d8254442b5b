"""A corpus of exchanges made by program: what a crawl of news sites fetches, the same at each run.

Article pages of 5 to 300 KB, gzip-coded or plain, chunked or with their length; feeds; and the small answers between:
redirects, missing pages, robots.txt. Words follow Zipf's law, so that the pages shrink as real ones do.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate

from archive.exchange import Exchange, Origin, Role

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
STEP = 500_000  # microseconds between two exchanges
RUN = "urn:uuid:00000000-0000-4000-8000-000000000000"
SITES = 40
RECORDS = 3  # of one capture: response, request, metadata
_WORDS = 6000
_SYLLABLES = [
    *("ha", "fen", "kra", "nu", "os", "ter", "mel", "da", "ri", "qua", "lo", "be"),
    *("sin", "to", "wa", "ges"),
]
_NAVIGATION = "".join(
    f'<li class="menu__item menu__item--{n}"><a class="menu__link" href="/section-{n}/">Section {n}</a></li>'
    for n in range(60)
)
_SCRIPT = "".join(
    f"window.dataLayer.push({{'event':'slot_{n}','unit':'/4711/news/{n * 37 % 101}','size':[{n * 10},{250 + n}]}});"
    for n in range(80)
)


_TEASER = (
    '<figure class="teaser teaser--wide" data-component="teaser"><a class="teaser__link" href="/2026/01/{key}">'
    '<picture class="teaser__picture"><source media="(min-width: 640px)" type="image/webp" '
    'srcset="https://img.courier.example/{key}.jpg?w=640 640w, https://img.courier.example/{key}.jpg?w=1280 1280w">'
    '<img class="teaser__image" loading="lazy" src="https://img.courier.example/{key}.jpg?w=320" alt=""></picture>'
    '<h3 class="teaser__title">{head}</h3></a></figure>\n'
)


class Corpus:
    """``number`` exchanges, as many times as they are asked for."""

    def __init__(self, number: int, seed: int = 7) -> None:
        self.number = number
        chosen = random.Random(seed)
        self._seed = seed
        self._words = ["".join(chosen.choices(_SYLLABLES, k=chosen.randint(1, 4))) for _ in range(_WORDS)]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(_WORDS)))

    def __iter__(self) -> Iterator[Exchange]:
        chosen = random.Random(self._seed + 1)
        for number in range(self.number):
            yield self._exchange(number, chosen)

    def _exchange(self, number: int, chosen: random.Random) -> Exchange:
        site = f"courier{number % SITES}"
        host = f"www.{site}.example"
        kind = chosen.random()
        if kind < 0.6:
            path, role = f"/2026/{number % 12 + 1:02d}/story-{number}?id={number}", Role.ARTICLE
            size = int(min(300_000, max(5_000, chosen.lognormvariate(11.46, 0.9))))
            answer = _answer(self._page(number, size, chosen), "text/html; charset=utf-8", chosen)
        elif kind < 0.75:
            path, role = f"/feeds/{number}.xml", Role.FEED
            answer = _answer(self._feed(number, chosen), "application/rss+xml", chosen)
        elif kind < 0.85:
            path, role = f"/go/{number}", Role.OTHER
            head = f"HTTP/1.1 301 Moved Permanently\r\nLocation: https://{host}/{number}\r\nContent-Length: 0"
            answer = f"{head}\r\n\r\n".encode()
        else:
            path, role = "/robots.txt" if kind < 0.92 else f"/gone/{number}", Role.ROBOTS if kind < 0.92 else Role.OTHER
            body = f"User-agent: *\nDisallow: /search/{number}\n".encode()
            answer = b"HTTP/1.1 %d -\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % (
                200 if kind < 0.92 else 404,
                len(body),
            )
            answer += body
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: presskeep/1 (+https://archive.example/crawler)\r\n"
            "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Encoding: gzip, br\r\n\r\n"
        )
        origin = Origin(site=site, run=RUN, role=role, via=f"https://{host}/", source="front", hops="L")
        return Exchange(
            f"https://{host}{path}", START + number * STEP, request.encode(), answer,
            ip="192.0.2.1", duration=90_000, protocols=("http/1.1", "tls/1.3"), origin=origin,
        )  # fmt: skip

    def _text(self, words: int, chosen: random.Random) -> str:
        return " ".join(chosen.choices(self._words, cum_weights=self._weights, k=words))

    def _page(self, number: int, size: int, chosen: random.Random) -> bytes:
        parts = [
            f'<!DOCTYPE html><html lang="en"><head><title>{self._text(8, chosen)}</title>'
            f'<meta property="og:url" content="https://www.courier.example/{number}"><script>{_SCRIPT}</script></head>'
            f'<body><nav><ul class="menu">{_NAVIGATION}</ul></nav><article><h1>{self._text(8, chosen)}</h1>'
        ]
        length = len(parts[0])
        while length < size:
            part = f'<p class="story__text" data-id="{chosen.getrandbits(40):x}">{self._text(40, chosen)}.</p>\n'
            if chosen.random() < 0.6:
                key = f"{chosen.getrandbits(48):x}"
                part += _TEASER.format(key=key, head=self._text(7, chosen))
            parts.append(part)
            length += len(part)
        parts.append("</article></body></html>")
        return "".join(parts).encode()

    def _feed(self, number: int, chosen: random.Random) -> bytes:
        items = "".join(
            f"<item><title>{self._text(9, chosen)}</title><link>https://www.courier.example/{chosen.getrandbits(48):x}"
            f"</link><description>{self._text(40, chosen)}</description></item>\n"
            for _ in range(chosen.randint(20, 90))
        )
        return (
            f'<?xml version="1.0"?><rss version="2.0"><channel><title>{number}</title>{items}</channel></rss>'.encode()
        )


def _answer(body: bytes, kind: str, chosen: random.Random) -> bytes:
    """An answer with this body: two thirds are gzip-coded, a third is chunked."""
    head = [
        "HTTP/1.1 200 OK", "Date: Thu, 01 Jan 2026 00:00:00 GMT", f"Content-Type: {kind}", "Server: nginx",
        f"ETag: \"{chosen.getrandbits(96):x}\"", "Cache-Control: public, max-age=60", "Vary: Accept-Encoding",
        "Strict-Transport-Security: max-age=31536000", f"X-Request-Id: {chosen.getrandbits(128):x}",
    ]  # fmt: skip
    if chosen.random() < 2 / 3:
        body = gzip.compress(body, 6, mtime=0)
        head.append("Content-Encoding: gzip")
    if chosen.random() < 1 / 3:
        head.append("Transfer-Encoding: chunked")
        pieces = [body[at : at + 16_384] for at in range(0, len(body), 16_384)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body
