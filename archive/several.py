"""Several archives read as one: their captures of a URL, merged by time, each with the archive that holds it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.capture import Capture
from archive.catalogue import answering
from archive.errors import NotFound, PresskeepError, TakenDown, UsageError
from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Held:
    """A capture and the archive that holds it."""

    capture: Capture
    archive: Archive


class Archives:
    """Open archives, in the order in which they are asked. A context manager that closes all of them.

    A capture that several hold (one imported what the other crawled) is given once, as the first one holds it. What
    one of them has taken down is handed out from none.
    """

    def __init__(self, archives: Sequence[Archive]) -> None:
        self.archives = tuple(archives)
        self._taken_down = [one.taken_down() for one in self.archives] if len(self.archives) > 1 else []

    @classmethod
    def open(cls, *paths: Path | str) -> Self:
        """The archives in these directories; raises UsageError for none at all, and as `Archive.open` does."""
        if not paths:
            raise UsageError("no archive is named: name the directory of at least one")
        # The same directory twice is one archive.
        return cls([Archive.open(path) for path in dict.fromkeys(Path(one).absolute() for one in paths)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all of them."""
        with contextlib.ExitStack() as stack:
            for one in self.archives:
                stack.callback(one.close)

    def timeline(self, url: str) -> tuple[Held, ...]:
        """All captures of a URL, ordered by time and id; empty where there is none, and where it is taken down."""
        if self._is_taken_down(url):
            return ()
        return self._merged([Held(capture, one) for one in self.archives for capture in one.timeline(url)])

    def memento(self, url: str, at: int | None = None) -> Held:
        """The capture of a URL that is nearest to a time, or the latest one; raises NotFound, TakenDown."""
        self._refuse(url)
        found: list[Held] = []
        missing: NotFound | None = None
        for one in self.archives:
            try:
                found.append(Held(one.memento(url, at), one))
            except NotFound as error:
                missing = missing or error
        if not found:
            assert missing is not None
            raise missing
        found = list(self._merged(found))
        if at is None:
            return found[-1]
        return min(found, key=lambda held: (abs(held.capture.at - at), held.capture.at))

    def answer(self, url: str, at: int | None = None, *, method: str = "GET", drawn: bool = False) -> Held:
        """The capture by which a request is answered as of a time, for whoever follows redirects.

        It is the nearest one by this method, or the latest; and of the spellings of an address that redirect to one
        another, the one asked for (`archive.catalogue.answering`). ``drawn`` prefers the page as a browser drew it.
        Raises NotFound, TakenDown.
        """
        self._refuse(url)
        held = self._merged(
            [
                Held(capture, one)
                for one in self.archives
                for capture in answering.around(one.catalog, one.warc_path, url, at, method=method, drawn=drawn)
            ]
        )
        chosen = answering.chosen([one.capture for one in held], url, at)
        if chosen is None:
            raise self._missing(url, method)
        one = next(one for one in held if one.capture is chosen)
        return Held(answering.with_payload(one.archive.catalog, one.archive.warc_path, chosen), one.archive)

    def _merged(self, held: list[Held]) -> tuple[Held, ...]:
        if len(self.archives) == 1:
            return tuple(held)
        by_id: dict[str, Held] = {}
        for one in held:
            by_id.setdefault(one.capture.id, one)
        return tuple(sorted(by_id.values(), key=lambda one: (one.capture.at, one.capture.id)))

    def _is_taken_down(self, url: str) -> bool:
        return any(asked(url) for asked in self._taken_down)

    def _refuse(self, url: str) -> None:
        if self._is_taken_down(url):
            raise TakenDown("this URL is taken down in one of these archives", url=url)

    def _missing(self, url: str, method: str) -> PresskeepError:
        """Why there is no capture: what one of the archives says of a URL that it has taken down, or that none has."""
        for one in self.archives:
            try:
                one.memento(url)
            except TakenDown as error:
                return error
            except NotFound:
                continue
            return NotFound(f"the archive has no capture of this URL that {method} would be answered by", url=url)
        return NotFound("the archive has no capture of this URL", url=url)
