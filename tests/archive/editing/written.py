"""An archive whose captures and texts are written for a test: real WARC files, a real catalogue, no cleaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from archive.article import Article, CaptureRef, Refusal, canonical_json
from archive.cleaning.version import CLEANER
from archive.exchange import Exchange, Origin, Role
from archive.store import Archive

from .stories import BEGIN, HOUR

Text = Article | Refusal | None  # None: nothing was captured in that hour


def written(path: Path, stories: Mapping[str, Sequence[Text]], *, reserved: tuple[str, ...] = ()) -> Archive:
    """An archive in which each URL was captured once an hour, with these texts; an error's reason names its status."""
    archive = Archive.create(path, name="NEWS", contact="tests@example.org")
    texts: dict[tuple[str, int], Article | Refusal] = {}
    with archive.writer("crawl") as writer:
        for hour in range(max(map(len, stories.values()), default=0)):
            for n, (url, some) in enumerate(stories.items()):
                text = some[hour] if hour < len(some) else None
                if text is None:
                    continue
                at = BEGIN + hour * HOUR + n
                status = text.reason.removeprefix("status ") if isinstance(text, Refusal) else "200"
                line = f"HTTP/1.1 {status if status.isdigit() else '200'} So"
                head = f"{line}\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n"
                origin = Origin(site=url.split("/")[2], role=Role.ARTICLE, source="feed")
                writer.add(
                    Exchange(
                        url,
                        at,
                        b"GET / HTTP/1.1\r\n\r\n",
                        head.encode() + b"page",
                        origin=origin,
                        reservations=reserved,
                    )
                )
                texts[url, at] = text
    made = []
    for capture in archive.captures():
        text = texts[capture.url, capture.at]
        ref = CaptureRef(capture.id, capture.url, capture.at, capture.payload_digest)
        own = replace(text, provenance=replace(text.provenance, captures=(ref,), cleaner=CLEANER))
        made.append((capture, canonical_json(own)))
    archive.add_texts(made)
    return archive
