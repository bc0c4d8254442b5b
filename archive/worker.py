"""The killable child that cleans, and the parent's hold on it.

Extraction of a hostile page can take minutes, and no signal stops a C library: only a process can be killed. The child
(``python -m archive.worker``) reads tasks from its standard input, reads the captures' bytes from the WARC files
itself, and answers with canonical JSON. Both directions are frames: a kind (one byte), a length (eight bytes, big
endian), that many bytes.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from types import TracebackType
from typing import BinaryIO, Self

from archive.article import Article, canonical_json
from archive.capture import Capture
from archive.cleaning.profile import EMPTY, Profile
from archive.errors import PresskeepError
from archive.failure import CleaningFailure, FailureReason

TIMEOUT = 20.0  # seconds for one page; an ordinary one takes 0.03, the worst within the budgets about 5
# Address space of the child, beyond what its libraries have mapped when it is ready. The worst known page within the
# budgets takes 400 MiB of it (`benchmarks/hostile_pages.py`); with the libraries' 45 resident, no believed result took
# more than 512.
MEMORY = 560 * 2**20
# A page that came this near to the limit may have met it within a library that swallows MemoryError and gives a
# poorer text: its result is not believed.
_NEARLY = 0.8
# Python's allocator and the libraries' caches grow for some thousand pages; a fresh child costs about 0.5 s.
RECYCLE = 2_000
MAX_FRAME = 256 * 2**20  # bytes; a longer answer is a broken child's
MAX_COMPLAINT = 16_384  # bytes kept of the child's standard error, the last ones
MAX_OUTPUT = 2**20  # bytes of any file that a child writes: that is its standard error alone
_HEAD = struct.Struct(">cQ")
_TEXT, _UNREAD, _MEMORY, _READY = b"t", b"u", b"m", b"r"
_PAGE, _LEDGER, _PROOF = b"p", b"l", b"v"  # what else may be asked for
_START = 60.0  # seconds for the child to import its libraries, on a machine under load


class ChildBroken(PresskeepError):
    """The cleaning child cannot be started at all."""


class CleaningChild:
    """A child process that cleans one page at a time, killed and replaced where a page asks for too much.

    A context manager, for one thread: the child also dies with the thread that started it. It is started with the
    first page, and replaced after `RECYCLE` pages.
    """

    def __init__(self, *, memory: int = MEMORY, recycle: int = RECYCLE) -> None:
        self._memory = memory
        self._recycle = recycle
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: BinaryIO | None = None
        self._done = 0
        self._abandoned = False
        self._owner = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process id of the living child, None where there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the child ahead of its first page, unless it lives; raises ChildBroken."""
        self._living()

    def clean(
        self, captures: Capture | Sequence[Capture], profile: Profile = EMPTY, timeout: float = TIMEOUT
    ) -> bytes | CleaningFailure:
        """The canonical JSON of the article or refusal, or why there is none after ``timeout`` seconds.

        Raises ChildBroken where no child can be started, or it was abandoned.
        """
        return self._asked(_TEXT, [captures] if isinstance(captures, Capture) else list(captures), profile, timeout)

    def observe(self, capture: Capture, timeout: float = TIMEOUT) -> bytes | CleaningFailure:
        """What a profile is learned from (`archive.cleaning.observing`), as JSON; else as `clean` does."""
        return self._asked(_PAGE, [capture], EMPTY, timeout)

    def ledger(
        self, captures: Sequence[Capture], profile: Profile, timeout: float = TIMEOUT
    ) -> bytes | CleaningFailure:
        """A page in full (`archive.cleaning.ledger`), pickled; else as `clean` does."""
        return self._asked(_LEDGER, list(captures), profile, timeout)

    def prove(self, article: Article, captures: Sequence[Capture], timeout: float) -> bytes | CleaningFailure:
        """An article followed to its bytes (`archive.prove`), pickled; else as `clean` does."""
        return self._asked(_PROOF, list(captures), article, timeout)

    def _asked(
        self, kind: bytes, captures: list[Capture], beside: Profile | Article, timeout: float
    ) -> bytes | CleaningFailure:
        task = pickle.dumps((captures, beside))
        process = self._living()
        try:
            assert process.stdin is not None
            process.stdin.write(_HEAD.pack(kind, len(task)) + task)
            process.stdin.flush()
            answer = self._receive(process, timeout)
        except TimeoutError:
            self.close()
            return CleaningFailure(FailureReason.TIMEOUT, f"killed after {timeout:g} s")
        except OSError:  # the pipe broke: the child is gone
            answer = None
        if answer is None and self._abandoned:
            raise ChildBroken("the cleaning was ended with a page in hand, which goes on waiting")
        if answer is None:
            return CleaningFailure(FailureReason.CRASH, self._obituary())
        said, body = answer
        self._done += 1
        if said == _MEMORY:
            used = self._done > 1
            self.close()
            if used:  # pages before this one had left less: a fresh child tells what the page itself needs
                return self._asked(kind, captures, beside, timeout)
            return CleaningFailure(FailureReason.MEMORY, f"the limit is {self._memory // 2**20} MiB")
        if self._done >= self._recycle:
            self.close()
        return body if said == _TEXT else CleaningFailure(FailureReason.UNREAD, body.decode("utf-8", "replace"))

    def abandon(self) -> None:
        """End the page in hand, from another thread: no failure of the page's. No further page is cleaned."""
        self._abandoned = True
        process = self._process
        if process is not None and self._owner == os.getpid():
            process.kill()

    def close(self) -> None:
        """End the child, if one lives, and free what belonged to it."""
        process, self._process = self._process, None
        if process is not None:
            if self._owner == os.getpid():  # after a fork, the child is still the first process's
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # unsent bytes of a task, and nobody to read them
                        pipe.close()
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None

    def _living(self) -> subprocess.Popen[bytes]:
        if self._abandoned:
            raise ChildBroken("the cleaning was ended: the pages go on waiting")
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            return self._process
        self.close()
        self._owner = os.getpid()
        # A file, not a pipe: nobody has to read it while the child works, and the child cannot block on it.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self._process = subprocess.Popen(
            # -P: nothing is imported from the directory that the user happens to stand in.
            [sys.executable, "-P", "-m", "archive.worker", str(self._memory), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._done = 0
        try:
            ready = self._receive(self._process, _START)
        except TimeoutError:
            ready = None
        if ready is None or ready[0] != _READY:
            raise ChildBroken(f"the cleaning child does not start: {self._obituary()}")
        return self._process

    def _receive(self, process: subprocess.Popen[bytes], timeout: float) -> tuple[bytes, bytes] | None:
        """The child's next frame; None at its end, TimeoutError past the limit."""
        assert process.stdout is not None
        deadline = time.monotonic() + timeout
        poll = select.poll()  # select() would fail for descriptors above 1,023
        poll.register(process.stdout, select.POLLIN)
        received = bytearray()
        wanted = _HEAD.size
        while len(received) < wanted:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError
            piece = os.read(process.stdout.fileno(), min(2**20, wanted - len(received)))
            if not piece:
                return None
            received += piece
            if len(received) == _HEAD.size == wanted:
                kind, length = _HEAD.unpack(bytes(received))
                if length > MAX_FRAME:
                    return None
                wanted += length
        return kind, bytes(received[_HEAD.size :])

    def _obituary(self) -> str:
        """How the child ended and its last words; it is gone afterwards."""
        process, complaints = self._process, self._complaints
        if process is None:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)  # its pipe closes a little before it ends
        code = process.poll()
        how = "killed" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"
        words = ""
        if complaints is not None:
            size = complaints.seek(0, io.SEEK_END)
            complaints.seek(max(0, size - MAX_COMPLAINT))
            words = complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        self.close()
        return f"{how}: {words}" if words else how


def _die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before it could be asked for
        sys.exit(1)


def _peak() -> int:
    """The largest address space this process has had, in bytes; 0 where the system does not say."""
    return _mapped(b"VmPeak:")


def _mapped(what: bytes) -> int:
    try:
        with open("/proc/self/status", "rb") as status:  # noqa: PTH123 - once a page
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith(what)), 0)
    except OSError:
        return 0


def _answer(kind: bytes, task: bytes) -> tuple[bytes, bytes]:
    from archive.cleaning.clean import clean  # noqa: PLC0415 - half a second and 100 MB that no parent needs
    from archive.cleaning.ledger import ledger  # noqa: PLC0415 - the same
    from archive.cleaning.observing import observe  # noqa: PLC0415 - the same
    from archive.prove import prove  # noqa: PLC0415 - the same

    captures, beside = pickle.loads(task)  # noqa: S301 - from the parent that started this process, by its pipe
    try:
        match kind:
            case b"p":
                return _TEXT, observe(captures)
            case b"l":
                return _TEXT, pickle.dumps(ledger(captures, beside))
            case b"v":
                return _TEXT, pickle.dumps(prove(beside, captures))
            case _:
                return _TEXT, canonical_json(clean(captures, beside))
    except MemoryError:
        return _MEMORY, b""
    except (PresskeepError, OSError, LookupError) as error:
        return _UNREAD, f"{type(error).__name__}: {error}".encode("utf-8", "replace")


def _exact(source: BinaryIO, size: int) -> bytes | None:
    data = source.read(size)
    return data if len(data) == size else None


def _limit(kind: int, most: int) -> None:
    """Bound what this process may take; a lower bound of the user's own (`ulimit`) stays, for nobody may raise it."""
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def main() -> None:
    """Answer tasks until the parent closes the pipe."""
    memory, parent = int(sys.argv[1]), int(sys.argv[2])
    _die_with_parent(parent)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, MAX_OUTPUT)
    # Frames keep the real standard output to themselves: a library that prints must not break them.
    tasks, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this process
    import_module("archive.cleaning.clean")  # before it says that it is ready: the first page's time is its own
    base = _mapped(b"VmSize:")
    _limit(resource.RLIMIT_AS, base + memory)
    answers.write(_HEAD.pack(_READY, 0))
    answers.flush()
    while (head := _exact(tasks, _HEAD.size)) is not None:
        asked, size = _HEAD.unpack(head)
        task = _exact(tasks, size)
        if task is None:
            return
        kind, body = _answer(asked, task)
        if kind == _TEXT and _peak() - base > _NEARLY * memory:
            kind, body = _MEMORY, b""
        answers.write(_HEAD.pack(kind, len(body)) + body)
        answers.flush()


if __name__ == "__main__":
    main()
