"""Inspectors: processes that inspect WARC files side by side, this one among them, one for each core.

A child (``python -m archive.inspectors``) reads inspections from its standard input, and tells on its standard output
how far it is and what it has found. It ends when its input does, and so with its parent.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from archive.crew import cores
from archive.inspection import Advanced, Inspection
from archive.warc.finding import Finding

# A child costs a third of a second to start, in which this process has read as much.
WORTH_IT = 32 * 2**20
_TOLD_EVERY = 4 * 2**20  # bytes between two words about how far a child is


def inspect(inspections: Sequence[Inspection], sizes: Sequence[int], advanced: Advanced) -> list[Finding]:
    """The findings about files of these sizes, in their order; ``advanced`` hears the bytes that were read in all.

    Raises OSError where a file cannot be read at all.
    """
    told = _Told(advanced)
    count = min(cores(), len(inspections)) if sum(sizes) >= WORTH_IT else 1
    if count < 2:
        found = [_inspected(inspection, told.of(size)) for inspection, size in zip(inspections, sizes, strict=True)]
    else:
        found = _side_by_side(inspections, sizes, count, told)
    return [finding for of_file in found for finding in of_file]


class _Told:
    """What was read in all, added up over files that are under way at once."""

    def __init__(self, advanced: Advanced) -> None:
        self._advanced = advanced
        self._lock = threading.Lock()
        self._total = 0

    def of(self, size: int) -> Advanced:
        """What hears how far a file of this size was read; -1 is its end."""
        last = 0

        def reached(offset: int) -> None:
            nonlocal last
            now = size if offset < 0 else min(offset, size)
            with self._lock:
                self._total += now - last
                last = now
                self._advanced(self._total)

        return reached


def _inspected(inspection: Inspection, reached: Advanced) -> list[Finding]:
    found = list(inspection.findings(reached))
    reached(-1)
    return found


def _side_by_side(
    inspections: Sequence[Inspection], sizes: Sequence[int], count: int, told: _Told
) -> list[list[Finding]]:
    """The largest first, so that no process has a long file left when the others are done."""
    found: list[list[Finding]] = [[] for _ in inspections]
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in sorted(range(len(inspections)), key=lambda one: -sizes[one]):
        waiting.put(number)

    def work(inspected: Callable[[Inspection, Advanced], list[Finding]]) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                number = waiting.get_nowait()
                found[number] = inspected(inspections[number], told.of(sizes[number]))

    # Left in this order: a child that is ended lets its thread go.
    with ThreadPoolExecutor(count - 1) as threads, contextlib.ExitStack() as stack:
        children = [stack.enter_context(_Child()) for _ in range(count - 1)]
        working = [threads.submit(work, child.inspected) for child in children]
        work(_inspected)
        for done in working:
            done.result()
    return found


class _Child:
    """A child that inspects one file at a time; what it could not do is done here."""

    def __init__(self) -> None:
        self._ended = False
        self._process = subprocess.Popen(
            # -P: nothing is imported from the directory that the user happens to stand in.
            [sys.executable, "-P", "-m", "archive.inspectors"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # unsent bytes, and nobody to read them
                    pipe.close()

    def inspected(self, inspection: Inspection, reached: Advanced) -> list[Finding]:
        """The findings about a file; raises as `Inspection.findings` does."""
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None
        assert answers is not None
        try:
            pickle.dump(inspection, to)
            to.flush()
            while isinstance(answer := pickle.load(answers), int):  # noqa: S301 - from our own child
                reached(answer)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            # The child is gone. Why, is seen here: what it could not read is an error of this process, too.
            return [] if self._ended else _inspected(inspection, reached)
        reached(-1)
        found: list[Finding] = answer
        return found


def _main() -> None:
    """The child's life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends its children
    given, out = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            inspection: Inspection = pickle.load(given)  # noqa: S301 - from our own parent
            pickle.dump(list(inspection.findings(_sparing(_say))), out)
            out.flush()


def _say(offset: int) -> None:
    pickle.dump(offset, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _sparing(say: Callable[[int], None]) -> Advanced:
    """Tells now and then only: a record has some kilobytes."""
    last = 0

    def reached(offset: int) -> None:
        nonlocal last
        if offset - last >= _TOLD_EVERY:
            last = offset
            say(offset)

    return reached


if __name__ == "__main__":
    _main()
