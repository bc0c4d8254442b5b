"""Retention: what came over the wire stays in memory until it is acknowledged, so that no failed write loses it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from scrapy import Request
from scrapy.exceptions import IgnoreRequest

from archive.capture import Capture
from archive.errors import FileTooLarge, StorageFull
from archive.event import StoredAttempt
from archive.exchange import Attempt, Drawn, Exchange, NoAnswer
from archive.writing import ArchiveWriter, Committed


class NotStored(IgnoreRequest):
    """An answer came, but the archive took no more bytes: whoever asked must not count it as fetched."""


@dataclass(slots=True)
class _Kept:
    """What came, the request that led to it, and who waits until it is written."""

    what: Exchange | Attempt | Drawn
    request: Request
    written: asyncio.Future[None] | None = None

    @property
    def size(self) -> int:
        if isinstance(self.what, Attempt):
            return 0
        return len(self.what.response if isinstance(self.what, Exchange) else self.what.page)


class Retention:
    """A writer that forgets nothing before its commit: what a failed one lost is written again, after `retry`.

    Exchanges and attempts are *pending* from `write` to `commit`, and *held* while they could not be written at all.
    Memory is bounded by what is under way at once, and by how much whoever commits lets pend (``bytes``).
    """

    def __init__(self, writer: ArchiveWriter) -> None:
        self.writer = writer
        self.bytes = 0  # of the pending answers
        self._pending: dict[str, _Kept] = {}  # by the id of its capture or attempt
        self._held: deque[_Kept] = deque()  # in the order in which it came

    @property
    def pending(self) -> int:
        """How many exchanges and attempts the next commit makes durable."""
        return self.writer.pending

    def write(self, what: Exchange | Attempt | Drawn, request: Request) -> None:
        """Write what a request led to, and say in its meta what it became: ``presskeep_capture`` or ``…_attempt``.

        Raises StorageFull with nothing of it written. An answer that is too large for any file becomes an attempt
        that says so, and NotStored.
        """
        self._write(_Kept(what, request))

    def hold(self, what: Exchange | Attempt | Drawn, request: Request) -> asyncio.Future[None]:
        """Keep in memory what cannot be written now; the future is done when it is, or raises NotStored."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        written.add_done_callback(_seen)
        self._held.append(_Kept(what, request, written))
        return written

    def commit(self) -> Committed:
        """Make durable what is pending; raises StorageFull: what is lost by that is held, and nothing acknowledged."""
        try:
            committed = self.writer.commit()
        except StorageFull:
            lost = {name: kept for name, kept in self._pending.items() if not self.writer.holds(name)}
            for name, kept in reversed(lost.items()):
                del self._pending[name]
                self.bytes -= kept.size
                self._held.appendleft(kept)
            raise
        self._pending.clear()
        self.bytes = 0
        return committed

    def retry(self, tell: Callable[[Committed], None], *, anew: bool = False) -> None:
        """Commit what is pending, then write and commit what is held; raises StorageFull, as far as it came.

        ``tell`` hears each commit. ``anew`` leaves the WARC file, which may be what fails, for another one.
        """
        if anew:
            with contextlib.suppress(StorageFull):  # the commit says what is lost
                self.writer.renew()
        tell(self.commit())
        while self._held:
            kept = self._held[0]
            try:
                self._write(kept)
            except NotStored as refused:
                _settle(kept, refused)
            else:
                _settle(kept)
            self._held.popleft()
        tell(self.commit())

    def release(self, why: str) -> None:
        """Give up what is held: whoever waits for it gets NotStored."""
        for kept in self._held:
            _settle(kept, NotStored(f"{kept.what.url} is not stored: {why}"))
        self._held.clear()

    def _write(self, kept: _Kept) -> None:
        what = kept.what
        try:
            stored = self._added(what, kept.request)
        except FileTooLarge as error:
            if isinstance(what, Attempt):
                raise
            self._write(_Kept(_refused(what), kept.request))
            raise NotStored(f"{what.url} is not stored: {error}") from error
        self._pending[stored.id] = kept
        self.bytes += kept.size
        name = "presskeep_capture" if isinstance(stored, Capture) else "presskeep_attempt"
        kept.request.meta[name] = stored.id if isinstance(stored, Capture) else stored

    def _added(self, what: Exchange | Attempt | Drawn, request: Request) -> Capture | StoredAttempt:
        if isinstance(what, Exchange):
            return self.writer.add(what)
        if isinstance(what, Attempt):
            return self.writer.add_attempt(what)
        # What was written again, after a commit that failed, has another id than when the page was drawn from it.
        made_from: list[Request] = request.meta.get("presskeep_made_from", [])
        return self.writer.add_drawn(
            replace(what, made_from=tuple(dict.fromkeys(one.meta["presskeep_capture"] for one in made_from)))
        )


def _seen(written: asyncio.Future[None]) -> None:
    """Nobody need wait: asyncio must not complain of an error that was asked for by none."""
    if not written.cancelled():
        written.exception()


def _settle(kept: _Kept, error: NotStored | None = None) -> None:
    waiting, kept.written = kept.written, None
    if waiting is None or waiting.done():
        return
    if error is None:
        waiting.set_result(None)
    else:
        waiting.set_exception(error)


def _refused(lost: Exchange | Drawn) -> Attempt:
    """That an answer was lost: a few hundred bytes may still fit where a page does not."""
    if isinstance(lost, Drawn):
        said = f"a drawn page of {len(lost.page)} bytes did not fit"
        return Attempt(lost.url, lost.at, NoAnswer.STORAGE, said, origin=lost.origin)
    return Attempt(
        lost.url,
        lost.at,
        NoAnswer.STORAGE,
        f"an answer of {len(lost.response)} bytes did not fit",
        method=lost.method,
        ip=lost.ip,
        protocols=lost.protocols,
        cipher=lost.cipher,
        origin=lost.origin,
    )
