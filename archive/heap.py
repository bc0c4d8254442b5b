"""The heap of a process that reads much: what is done with memory that is given back, when garbage is looked for."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of mallopt(3)
_KEPT = 64 * 2**20  # bytes at the heap's end that are kept, once they were needed
_IN_HEAP = 32 * 2**20  # what glibc allows: larger pieces are mapped one by one


def keep() -> None:
    """Keep freed memory for the next record, for as long as the process lives; without effect where it is not glibc's.

    By its own measure glibc gives a large block back to the system as soon as it is freed, and has it mapped and
    zeroed anew for the next record: that costs a quarter of the time in which a file is read and checked.
    """
    import ctypes  # noqa: PLC0415 - for those alone who read much

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _IN_HEAP)
        mallopt(_TRIM_THRESHOLD, _KEPT)


@contextlib.contextmanager
def unsearched() -> Iterator[None]:
    """Look for no garbage meanwhile; what is no part of a circle is freed as ever.

    For what makes many objects and hardly a circle of them, which Python goes through again and again as they become
    more: a tenth of the time in which large libraries are imported, a fifteenth of that in which a page is cleaned.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def seldom() -> None:
    """Look for garbage a tenth as often as Python does by itself, for as long as the process lives.

    What a crawl holds (what is due, the libraries) is gone through each time, and little of it is ever garbage: by
    Python's measure that took an eighth of a crawling process's time.
    """
    first, *rest = gc.get_threshold()
    gc.set_threshold(10 * first, *rest)
