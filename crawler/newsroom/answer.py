"""Answers: what the newsroom says to a request, before it is put on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, media type, entity, and how it is sent.

    ``stream`` makes an entity of ``length`` bytes that is too large to hold. ``silent`` means that nothing is ever
    answered and the connection stays open until the server closes.
    """

    status: int = 200
    content_type: str = HTML
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()
    modified: datetime | None = None
    chunked: bool = False
    packed: bool = True  # may be sent gzipped to those who ask for it
    silent: bool = False
    length: int = 0
    stream: Callable[[], Iterator[bytes]] | None = None


def page(text: str, status: int = 200, content_type: str = HTML, encoding: str = "utf-8") -> Answer:
    """An answer that is a text."""
    return Answer(status, content_type, text.encode(encoding))


def redirect(target: str) -> Answer:
    """A 301 with the short page that web servers put under it."""
    body = (
        "<html>\n<head><title>301 Moved Permanently</title></head>\n<body>\n<center><h1>301 Moved Permanently</h1>"
        f'</center>\n<p>The document has moved <a href="{target}">here</a>.</p>\n<hr><center>nginx</center>\n'
        "</body>\n</html>\n"
    )
    return Answer(301, "text/html", body.encode("ascii"), (("Location", target),))
