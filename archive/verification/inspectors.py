"""Inspectors: processes that inspect WARC files, and stretches of long ones, side by side, this one among them.

A child (``python -m archive.verification.inspectors``, or a copy of this process), one for each further core, reads
what it is to do from its standard input, and tells on its standard output how far it is and what it has found. It ends
when its input does, and so with its parent.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from archive import heap
from archive.cores import cores
from archive.errors import PresskeepError
from archive.verification import stretch
from archive.verification.forked import Forked, may_fork
from archive.verification.inspection import Advanced, Inspection
from archive.verification.stretch import Checksum, Stretch, cut
from archive.warc.finding import Finding
from archive.warc.paths import resolve, warc_files
from archive.warc.places import is_foreign

# A child costs a third of a second to start, in which this process has read as much.
WORTH_IT = 32 * 2**20
_TOLD_EVERY = 4 * 2**20  # bytes between two words about how far a child is

Part = Stretch | Checksum
_Outcome = list[Finding] | frozenset[str] | None  # of a file, or of a part of one


class StandingBy:
    """Children that stand ready before there is anything to do, for who has opened nothing yet; a context manager.

    As many as the files below ``warc`` (an archive's ``warc/``) are worth; none where a copy of this process would not
    be as good as a new one.
    """

    def __init__(self, warc: Path) -> None:
        self._children: list[_Child] = []
        if not may_fork():
            return
        try:
            total = sum(resolve(warc, name).stat().st_size for name in warc_files(warc) if not is_foreign(name))
        except (PresskeepError, OSError):
            return  # whoever verifies the files tells of it
        count = min(cores(), total // stretch.LENGTH) if total >= WORTH_IT else 1
        copies: list[Forked] = []
        for _ in range(count - 1):
            try:
                copies.append(Forked(_serve, copies))
            except OSError:
                return  # the system has no room for more: those that there are do
            self._children.append(_Child(copies[-1]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            child.__exit__(kind, error, trace)

    def inspect(self, inspections: Sequence[Inspection], sizes: Sequence[int], advanced: Advanced) -> list[Finding]:
        """As the function `inspect`, with the help of those that stand by; to be asked once."""
        return _inspected(inspections, sizes, advanced, self._children)


def inspect(inspections: Sequence[Inspection], sizes: Sequence[int], advanced: Advanced) -> list[Finding]:
    """The findings about files of these sizes, in their order; ``advanced`` hears the bytes that were read in all.

    Raises OSError where a file cannot be read at all.
    """
    return _inspected(inspections, sizes, advanced, ())


def _inspected(
    inspections: Sequence[Inspection], sizes: Sequence[int], advanced: Advanced, ready: Sequence[_Child]
) -> list[Finding]:
    told = _Told(advanced)
    count = cores() if sum(sizes) >= WORTH_IT else 1
    works = [
        _Work(one, size, cut(one, size) if count > 1 else ()) for one, size in zip(inspections, sizes, strict=True)
    ]
    count = min(count, sum(len(work.parts) or 1 for work in works))
    if count < 2:
        for work in works:
            work.found = _findings(work.inspection, told.of(work.size))
    else:
        _side_by_side(works, count, told, ready)
    return [finding for work in works for finding in work.found]


@dataclass(slots=True)
class _Work:
    """A file to be inspected: in parts, while all is well with them, or as a whole."""

    inspection: Inspection
    size: int
    parts: tuple[Part, ...]
    found: list[Finding] = field(default_factory=list)
    left: int = field(init=False)  # parts that are not done
    clean: bool = True  # so far
    ids: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.left = len(self.parts)

    def take(self, ids: frozenset[str] | None) -> bool:
        """Hear of one part; whether it shows now that the file must be inspected as a whole."""
        with self.lock:
            if not self.clean:
                return False  # shown before
            # One id in two parts is to be told, as one that is twice in one part.
            self.clean = ids is not None and self.ids.isdisjoint(ids)
            self.ids |= ids or set()
            self.left -= 1
            if not (self.left and self.clean):
                self.ids.clear()
            return not self.clean


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process does at a time: a file of a work, or a part of one; ``size`` is what it counts for."""

    work: _Work
    part: Inspection | Part
    size: int


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


def _findings(inspection: Inspection, reached: Advanced) -> list[Finding]:
    found = list(inspection.findings(reached))
    reached(-1)
    return found


def _done(part: Inspection | Part, reached: Advanced) -> _Outcome:
    if isinstance(part, Inspection):
        return list(part.findings(reached))
    return part.ids(reached)


def _tasks(works: Sequence[_Work]) -> Iterator[_Task]:
    """The largest files first, so that no process has a long one left when the others are done."""
    for work in sorted(works, key=lambda one: -one.size):
        if not work.parts:
            yield _Task(work, work.inspection, work.size)
        for part in work.parts:
            yield _Task(work, part, part.length)


def _side_by_side(works: Sequence[_Work], count: int, told: _Told, ready: Sequence[_Child]) -> None:
    waiting: queue.SimpleQueue[_Task] = queue.SimpleQueue()
    for task in _tasks(works):
        waiting.put(task)

    def work(done: Callable[[Inspection | Part, Advanced], _Outcome]) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                task = waiting.get_nowait()
                reached = told.of(task.size)
                if isinstance(task.part, Inspection) or task.work.clean:
                    outcome = done(task.part, reached)
                    if isinstance(outcome, list):
                        task.work.found = outcome
                    elif task.work.take(outcome):
                        waiting.put(_Task(task.work, task.work.inspection, 0))
                reached(-1)

    # Left in this order: a child that is ended lets its thread go.
    with ThreadPoolExecutor(count - 1) as threads, contextlib.ExitStack() as stack:
        needed = ready[: count - 1] or (_Child() for _ in range(count - 1))
        children = [stack.enter_context(child) for child in needed]
        working = [threads.submit(work, child.done) for child in children]
        work(_done)
        for one in working:
            one.result()


class _Child:
    """A child that does one task at a time; what it could not do is done here."""

    def __init__(self, process: Forked | None = None) -> None:
        """One that stands ready, or a new one."""
        self._ended = False
        self._process = process or subprocess.Popen(
            # -P: nothing is imported from the directory that the user happens to stand in.
            [sys.executable, "-P", "-m", "archive.verification.inspectors"],
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

    def done(self, part: Inspection | Part, reached: Advanced) -> _Outcome:
        """What is found in a file or a part of one; raises as `Inspection.findings` does."""
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None
        assert answers is not None
        try:
            pickle.dump(part, to)
            to.flush()
            while isinstance(answer := pickle.load(answers), int):  # noqa: S301 - from our own child
                reached(answer)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            # The child is gone. Why, is seen here: what it could not read is an error of this process, too.
            return [] if self._ended else _done(part, reached)
        outcome: _Outcome = answer
        return outcome


def _main() -> None:
    """A new child's life."""
    heap.keep()
    _serve(sys.stdin.buffer, sys.stdout.buffer)


def _serve(given: BinaryIO, out: BinaryIO) -> None:
    """A child's life, once it has begun."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends its children

    def say(offset: int) -> None:
        pickle.dump(offset, out)
        out.flush()

    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            part: Inspection | Part = pickle.load(given)  # noqa: S301 - from our own parent
            pickle.dump(_done(part, _sparing(say)), out)
            out.flush()


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
