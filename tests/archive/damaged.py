"""An archive of varied captures in several files, and harm done to it by program."""

from __future__ import annotations

import random
from pathlib import Path

from exchanges import SENTENCE, attempt, exchange

from archive.exchange import Role
from archive.store import Archive


def build(path: Path, *, captures: int = 36, files: int = 4, largest: float = 4.6) -> dict[str, bytes]:
    """A closed archive; the response of each capture by its id. Bodies are text and noise, up to ten to ``largest``."""
    chance = random.Random(1)
    held: dict[str, bytes] = {}
    with Archive.create(path) as archive:
        for number in range(files):
            with archive.writer("crawl", {"courier": b'{"host":"courier.example"}'}) as writer:
                for _ in range(captures // files):
                    name = f"page-{len(held)}"
                    size = int(10 ** chance.uniform(0, largest))
                    text = (SENTENCE * (size // len(SENTENCE) + 1))[:size].encode()
                    body = chance.randbytes(min(size, 3000)) if chance.random() < 0.3 else text
                    given = exchange(name, len(held), role=Role.FEED, body=body)
                    held[writer.add(given).id] = given.response
                writer.add_attempt(attempt(f"gone-{number}", number))
    return held


def flip(path: Path, bit: int) -> None:
    """Turn one bit of a file."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
