"""Where extracted texts stand in the page: the way back from an extractor's output to the bytes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

# How much of the stream may be searched for one page, in characters: 4 s of work at worst. Ordinary pages need some
# five readings of their text for each block, a hundredth of this.
BUDGET = 2_000_000_000
# Long enough to be rare in a page, short enough to fit between two removed links.
_SEED = 24
# Shorter remainders stand everywhere; they are taken only from close behind what was found before.
_SHORT = 8
_NEAR = 200
# To know that a text stands once takes a reading of the whole page. After so many texts their order is well known, and
# the next one is looked for where it should be.
_SURE = 300
_WINDOW = 65_536

Span = tuple[int, int]


class Overwork(Exception):
    """Raised inside the cleaner alone: the alignment exceeds its budget."""


def align(texts: Sequence[str], stream: str) -> list[list[Span]]:
    """For each text its spans in the stream, in order; both without white space (`stream.solid`).

    A text that stands once in the page is found there. One that stands more often is taken where it follows the text
    before it. One that the extractor changed is taken in as few pieces as it can be read off the page, and what
    stands nowhere is left out. No place is given twice, so that repeats of an extractor fall away.
    """
    return _Search(texts, stream).run()


class _Search:
    def __init__(self, texts: Sequence[str], stream: str) -> None:
        self.texts = texts
        self.stream = stream
        self.work = 0
        self.taken: list[Span] = []  # sorted; texts come nearly in order, so that insertion is cheap

    def run(self) -> list[list[Span]]:
        anchors = self._anchors()
        ceilings = self._ceilings(anchors)
        spans: list[list[Span]] = []
        floor = 0
        for text, anchor, ceiling in zip(self.texts, anchors, ceilings, strict=True):
            found = self._place(text, anchor, floor, ceiling) if text else []
            spans.append(found)
            if found:
                floor = found[-1][1]
        return spans

    def _find(self, text: str, start: int, end: int) -> int:
        at = self.stream.find(text, start, end)
        self._spend(at - start + len(text) if at >= 0 else max(0, end - start))
        return at

    def _spend(self, characters: int) -> None:
        self.work += characters
        if self.work > BUDGET:
            raise Overwork(f"aligning {len(self.texts)} texts with {len(self.stream)} characters takes too much work")

    def _anchors(self) -> list[int | None]:
        """The certain places: of the first texts those that stand once, of later ones those close behind the last."""
        anchors: list[int | None] = []
        floor = 0
        for number, text in enumerate(self.texts):
            if number < _SURE:
                at = self._unique(text)
            else:
                at = self._find(text, floor, floor + _WINDOW) if len(text) >= _SEED else None
                at = None if at == -1 else at
            anchors.append(at)
            floor = floor if at is None else at + len(text)
        return anchors

    def _unique(self, text: str) -> int | None:
        """The place of a text that stands exactly once."""
        if len(text) < _SHORT:
            return None
        at = self._find(text, 0, len(self.stream))
        if at < 0 or self._find(text, at + 1, len(self.stream)) >= 0:
            return None
        return at

    def _ceilings(self, anchors: Sequence[int | None]) -> list[int]:
        """For each text, where the next certain one begins."""
        ceilings = []
        ceiling = len(self.stream)
        for anchor in reversed(anchors):
            ceilings.append(ceiling)
            ceiling = ceiling if anchor is None else anchor
        return ceilings[::-1]

    def _place(self, text: str, anchor: int | None, floor: int, ceiling: int) -> list[Span]:
        if anchor is not None:
            return self._claim([(anchor, anchor + len(text))])
        at = -1
        if ceiling > floor:
            if not floor and ceiling < len(self.stream):
                # Nothing is known before: what stands next to the body is meant, not its copy in a menu.
                self._spend(ceiling)
                at = self.stream.rfind(text, 0, ceiling)
            else:
                at = self._find(text, floor, ceiling)
        if at < 0:
            at = self._find(text, floor, len(self.stream))
        if at < 0:
            at = self._find(text, 0, len(self.stream))
        if at >= 0:
            return self._claim([(at, at + len(text))])
        return self._claim(self._pieces(text, floor, ceiling if ceiling > floor else len(self.stream)))

    def _pieces(self, text: str, floor: int, ceiling: int) -> list[Span]:
        """The text in pieces, each as long as it can be read off the stream, all in order."""
        found: list[Span] = []
        at = floor
        index = 0
        while index < len(text):
            seed = text[index : index + _SEED]
            limit = min(ceiling, at + _NEAR) if found and len(seed) < _SHORT else ceiling
            place = self._find(seed, at, limit)
            if place < 0 and not found and len(seed) >= _SHORT:
                place = self._find(seed, 0, len(self.stream))
                ceiling = len(self.stream) if place >= 0 else ceiling
            if place < 0:
                size, place = self._shorter(seed, at, limit)
                if place < 0:
                    index += 1
                    continue
            else:
                size = len(seed)
            size += _shared(text, index + size, self.stream, place + size)
            found.append((place, place + size))
            index += size
            at = place + size
        return found

    def _shorter(self, seed: str, at: int, limit: int) -> tuple[int, int]:
        """The longest beginning of a seed that stands in the stream and is not too short to be believed."""
        size = len(seed) // 2
        while size >= _SHORT:
            place = self._find(seed[:size], at, limit)
            if place >= 0:
                return size, place
            size //= 2
        if at + len(seed) <= limit and size:
            # Text right behind the piece before: any length will do.
            same = _shared(seed, 0, self.stream, at)
            if same:
                return same, at
        return 0, -1

    def _claim(self, spans: list[Span]) -> list[Span]:
        """The spans that no earlier text has taken; from now on they are taken."""
        free = []
        for start, end in spans:
            # Taken spans never overlap, so only the last one that begins before this one's end can touch it.
            number = bisect_left(self.taken, (end, 0))
            if number and self.taken[number - 1][1] > start:
                continue
            self.taken.insert(number, (start, end))
            free.append((start, end))
        return free


def _shared(text: str, index: int, stream: str, place: int) -> int:
    """How many characters the two have in common from these places on."""
    size = 0
    step = 64
    while step:
        if text[index + size : index + size + step] == stream[place + size : place + size + step]:
            if index + size + step >= len(text):
                return len(text) - index
            size += step
        else:
            step //= 2
    return size
