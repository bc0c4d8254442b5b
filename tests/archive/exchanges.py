"""Exchanges and attempts for archives that tests make."""

from __future__ import annotations

from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role

START = 1_795_600_000_000_000  # 2026-11-25T09:46:40Z
SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "
OTHER = "The harbour master said that the second crane would follow before the end of the winter. "


def page(headline: str, sentence: str = SENTENCE) -> bytes:
    """A page that the cleaner takes for an article."""
    return f"<html><body><h1>{headline}</h1><p>{sentence * 3}</p><p>{sentence * 4}</p></body></html>".encode()


def exchange(
    name: str = "crane",
    minute: int = 0,
    *,
    sentence: str = SENTENCE,
    site: str | None = "courier",
    role: Role = Role.ARTICLE,
    status: int = 200,
    method: str = "GET",
    body: bytes | None = None,
    run: str | None = None,
) -> Exchange:
    """One exchange with ``https://courier.example/NAME``, so many minutes after the start."""
    head = f"HTTP/1.1 {status} Such\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode()
    return Exchange(
        url=f"https://courier.example/{name}",
        at=START + minute * 60_000_000,
        request=f"{method} /{name} HTTP/1.1\r\nHost: courier.example\r\n\r\n".encode(),
        response=head + (page(name, sentence) if body is None else body),
        method=method,
        duration=1_500,
        ip="192.0.2.7",
        origin=Origin(site=site, run=run, role=role, via="https://courier.example/", source="front", hops="L"),
    )


def attempt(name: str = "gone", minute: int = 0, reason: NoAnswer = NoAnswer.TIMEOUT) -> Attempt:
    """An attempt for which a request was sent."""
    return Attempt(
        url=f"https://courier.example/{name}",
        at=START + minute * 60_000_000,
        reason=reason,
        detail="no byte within 45 s",
        duration=45_000_000,
        request=b"GET / HTTP/1.1\r\nHost: courier.example\r\nCookie: xxxx\r\n\r\n",
        ip="192.0.2.7",
        protocols=("http/1.1",),
        masked=("Cookie",),
        origin=Origin(site="courier", role=Role.ARTICLE, source="feed", announced="yesterday", retry=1),
    )
