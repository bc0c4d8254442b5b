"""An archive that withholds what reserves mining: a page, what refers to it, one that permits it, and a feed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from exchanges import OTHER, SENTENCE, exchange

from archive.crew import clean_pending
from archive.exchange import Role
from archive.store import Archive

RESERVED, PERMITTED = ("tdm-reservation: 1",), ("tdm-reservation: 1", "meta tdm-reservation: 0")
LONG = SENTENCE * 9  # long enough that it is not stored twice
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n\r\n"


def make_withholding(path: Path) -> Path:
    """Six captures, of which four are withheld; ``text/`` was brought up to date before anything was."""
    with Archive.create(path, name="NEWS") as made:
        with made.writer("crawl") as writer:
            closed = writer.add(replace(exchange("closed", sentence=LONG), reservations=RESERVED))
            writer.add(replace(exchange("open", 1, sentence=OTHER), reservations=PERMITTED))
        with made.writer("crawl") as writer:
            writer.add(exchange("closed", 2, sentence=LONG))  # the same payload, said to be free now
            writer.add(replace(exchange("closed", 3), response=NOT_MODIFIED, confirms=closed.id))
            writer.add(replace(exchange("open", 4, sentence=OTHER), reservations=RESERVED))
            writer.add(exchange("feed", 5, role=Role.FEED, body=b"<rss/>"))
        clean_pending(made, workers=1)
        made.compact()
    with (path / "archive.toml").open("a", encoding="utf-8") as file:
        file.write('[reservations]\ntdm = "withhold"\n')
    return path
