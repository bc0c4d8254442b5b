"""Offsets: where the characters of a page's text stand in the bytes that it was decoded from."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, chain

_NEEDLE = re.compile(r"[^&<>\"'\s\xa0][^&<>\"'\n\r\t\xa0]*")  # text that stands in markup as it is
_SHORTEST_NEEDLE, _LONGEST_NEEDLE = 8, 40  # shorter ones stand in too many places to be believed
_STEP = 65_536  # characters between two places whose offsets are kept
# Characters that may be searched for one page, a second's work: on a page of one line each text is looked for from the
# place of the one before, and what stands nowhere as it is, is looked for to the end.
_MOST_SEARCHED = 1_000_000_000


class Offsets:
    """The way from the text nodes of a tree to the payload that the tree was made of. Asked in order, it is linear."""

    def __init__(self, payload: bytes, text: str, charset: str) -> None:
        self._payload = payload
        self._text = text
        self._charset = charset
        # An encoding with states writes its parts otherwise than the whole; its pages are short, and are not parted.
        self._step = _STEP if charset != "iso2022-jp" else max(1, len(text))
        pieces = (text[at : at + self._step] for at in range(0, len(text), self._step))
        self._sizes = list(accumulate(chain((0,), (len(piece.encode(charset, "replace")) for piece in pieces))))
        mark = len(payload) - self._sizes[-1]
        self._mark = mark if 0 <= mark <= 4 else 0  # a byte order mark, else nothing
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._last = (0, 0)  # the place in the tree of what was found last, and where it stands
        self._searched = 0

    def of(self, raw: str, line: int, place: int) -> int | None:
        """Where a text begins in the payload, as far as its first characters stand there as they are.

        ``line`` is that of its element, from 1; ``place`` grows with the order of texts in the tree.
        """
        found = _NEEDLE.match(raw.lstrip())
        needle = found[0][: 2 * _LONGEST_NEEDLE].rstrip()[:_LONGEST_NEEDLE] if found else ""
        floor = self._lines[min(line, len(self._lines)) - 1]
        before, after = self._last
        at = self._find(needle, max(floor, after) if place >= before else floor)
        if at < 0 and place >= before and after > floor:
            at = self._find(needle, floor)
        if at < 0:
            return None
        self._last = (place, at)
        begin = self._byte(at) + self._mark
        written = self._text[at : at + _SHORTEST_NEEDLE].encode(self._charset, "replace")
        return begin if self._payload[begin : begin + len(written)] == written else None

    def _find(self, needle: str, floor: int) -> int:
        while len(needle) >= _SHORTEST_NEEDLE and self._searched < _MOST_SEARCHED:
            at = self._text.find(needle, floor)
            self._searched += (at if at >= 0 else len(self._text)) - floor
            if at >= 0:
                return at
            needle = needle[: len(needle) // 2]  # markup may follow
        return -1

    def _byte(self, at: int) -> int:
        number = at // self._step
        return self._sizes[number] + len(self._text[number * self._step : at].encode(self._charset, "replace"))


def solid_places(text: str) -> list[int]:
    """The index of each character that `archive.cleaning.stream.solid` keeps."""
    return [at for at, char in enumerate(text) if char.isprintable() and not char.isspace()]


def piece_at(begins: list[int], at: int) -> int:
    """The number of the piece that holds a place, by where the pieces begin."""
    return max(0, bisect_right(begins, at) - 1)
