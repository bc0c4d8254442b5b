"""Content read across the parts of a file, with the place of each byte: the record walker's hands."""

from __future__ import annotations

from collections.abc import Iterator

from archive.lint.runs import BEGINNING, Gap, PlainRun, Run

_STEP = 64 * 1024


class Cursor:
    """The content of a file from part to part.

    Within a record it goes over into the next gzip member only where that does not begin like a record (`fill`). At a
    fault or a gap it never does: `proceed` opens what comes next.
    """

    def __init__(self, runs: Iterator[Run | Gap]) -> None:
        self.run: Run | None = None
        self.crossed = 0  # parts that were gone over into since this was last set to 0
        self._runs = runs
        self._waiting: Run | Gap | None = None  # opened, but not entered
        self._begun = b""  # what was read of it
        self._buffer = bytearray()
        self._at = 0  # how much of the buffer is taken
        self._taken = 0  # content taken in all
        self._begins = 0  # where the content of `run` begins, counted like `_taken`

    def proceed(self) -> Run | Gap | None:
        """Enters the next part, and drops what is left of this one; None at the end of the file."""
        if self.run is not None:
            while self.run.read(_STEP):
                pass
        self._taken += self._unread
        self._buffer.clear()
        self._at = 0
        came = self._peeked()
        self._waiting = None
        if came is None or isinstance(came, Gap):
            self.run = None
            return came
        self._enter(came)
        return came

    @property
    def _unread(self) -> int:
        return len(self._buffer) - self._at

    @property
    def place(self) -> tuple[int, int]:
        """Where the next byte is: the offset of its part in the file, and how much content of that part precedes."""
        return (self.run.offset if self.run else 0), self._taken - self._begins

    def fill(self, size: int, *, across: bool) -> int:
        """Makes up to ``size`` bytes ready to be looked at, and says how many are.

        ``across`` lets it go over into parts that do not begin like a record.
        """
        while self._unread < size:
            part = self.run.read(max(_STEP, size - self._unread)) if self.run else b""
            if not part:
                if not (across and self._cross()):
                    break
                continue
            if self._at:
                del self._buffer[: self._at]
                self._at = 0
            self._buffer += part
        return min(size, self._unread)

    def look(self, size: int) -> bytes:
        """The next bytes, as far as they were made ready."""
        return bytes(self._buffer[self._at : self._at + size])

    def skip(self, size: int) -> None:
        """Takes so many bytes that were made ready."""
        self._at += size
        self._taken += size

    def take(self, size: int) -> bytes:
        """Up to so many bytes, across parts; nothing where the record cannot go on."""
        if not self._unread:
            self.fill(1, across=True)
        part = self.look(size)
        self.skip(len(part))
        return part

    def back(self, inner: int) -> bool:
        """In a plain file: goes back to an offset of it. Says whether that could be done."""
        if not isinstance(self.run, PlainRun):
            return False
        self._buffer.clear()
        self._at = 0
        self.run.end = inner
        self._taken = self._begins + inner - self.run.offset
        return True

    def follows(self) -> bool:
        """Whether another part of the file follows; to be asked once this one is read to its end."""
        return self._peeked() is not None

    def seek_record(self) -> int:
        """Goes on to the next line of this part that begins like a record; says how many bytes were passed over."""
        passed = 0
        while self.fill(_STEP, across=False):
            part = self.look(_STEP)
            # A record begins behind a line end; the bytes "WARC/" within a line are somebody's text.
            found = part.find(b"\n" + BEGINNING)
            if found >= 0:
                self.skip(found + 1)
                return passed + found + 1
            step = len(part) if len(part) < _STEP else len(part) - len(BEGINNING)
            self.skip(step)
            passed += step
        return passed

    def _peeked(self) -> Run | Gap | None:
        if self._waiting is None:
            self._waiting = next(self._runs, None)
            self._begun = b""
            if self._waiting is not None and not isinstance(self._waiting, Gap):
                while len(self._begun) < len(BEGINNING) and (more := self._waiting.read(_STEP)):
                    self._begun += more
        return self._waiting

    def _cross(self) -> bool:
        if self.run is None or self.run.fault is not None:
            return False
        came = self._peeked()
        if came is None or isinstance(came, Gap) or came.fault is not None or self._begun.startswith(BEGINNING):
            return False
        self._waiting = None
        self.crossed += 1
        self._enter(came)
        return True

    def _enter(self, run: Run) -> None:
        self.run = run
        self._begins = self._taken + self._unread
        self._buffer += self._begun
        self._begun = b""
