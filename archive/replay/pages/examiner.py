"""Examining captured pages for somebody who waits: in a child that can be killed, one page at a time.

To lay a ledger over a page, or to prove its text, is to parse bytes that may have been made to harm. What they do to
the child ends with it (`archive.worker`).
"""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.ledger import Ledger
from archive.cleaning.profile import Profile
from archive.errors import ArchiveBusy
from archive.failure import CleaningFailure
from archive.prove import Proof
from archive.worker import CleaningChild

TIMEOUT = 15.0  # seconds for one page; an ordinary one takes 0.1
_WAITING = 4  # requests that may wait for the child; more would keep all threads from pages that need none
_RECYCLE = 500  # pages; its memory is the server's for as long as it runs
# What the child may answer with. Nothing else is made of its bytes: it has read what others wrote.
_ANSWERS: Final = frozenset(
    (
        *(("archive.cleaning.ledger", "Ledger"), ("archive.cleaning.ledger", "LedgerEntry")),
        *(("archive.cleaning.removal", "Rule"), ("archive.capture", "Location")),
        *(("archive.prove", name) for name in ("Proof", "Link", "Place", "Claim")),
        *(
            ("archive.article", name)
            for name in (
                *("Article", "Refusal", "Verdict", "Block", "BlockKind", "Source", "Evidence", "Image"),
                *("CaptureRef", "Provenance"),
            )
        ),
    )
)


class Examiner:
    """The child, and the thread that owns it. `close` ends both."""

    def __init__(self, *, timeout: float = TIMEOUT, waiting: int = _WAITING) -> None:
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="examiner")  # a child dies with its thread
        self._child = CleaningChild(recycle=_RECYCLE)
        self._room = threading.BoundedSemaphore(waiting)

    def ledger(self, captures: Sequence[Capture], profile: Profile) -> Ledger | CleaningFailure:
        """`archive.cleaning.ledger.ledger`; raises ArchiveBusy where too many wait."""
        found = self._examined(lambda: self._child.ledger(captures, profile, self._timeout))
        assert isinstance(found, Ledger | CleaningFailure)
        return found

    def prove(self, article: Article, captures: Sequence[Capture]) -> Proof | CleaningFailure:
        """`archive.prove.prove`; the same."""
        found = self._examined(lambda: self._child.prove(article, captures, self._timeout))
        assert isinstance(found, Proof | CleaningFailure)
        return found

    def close(self) -> None:
        """End the child, and the page that it has in hand."""
        self._child.abandon()
        self._thread.submit(self._child.close)
        self._thread.shutdown()

    def _examined(self, asked: Callable[[], bytes | CleaningFailure]) -> object:
        if not self._room.acquire(blocking=False):
            raise ArchiveBusy("other pages are being examined: try again in a moment")
        try:
            found = self._thread.submit(asked).result()
        finally:
            self._room.release()
        return found if isinstance(found, CleaningFailure) else answered(found)


def answered(answer: bytes) -> object:
    """What the child says; raises UnpicklingError for anything that it has no business to say."""
    return _Answers(io.BytesIO(answer)).load()


class _Answers(pickle.Unpickler):
    """Reads answers of the child, and nothing else."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ANSWERS:
            raise pickle.UnpicklingError(f"the child answered with {module}.{name}")
        return super().find_class(module, name)
