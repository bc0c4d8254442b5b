"""Copies of this process, begun at once where a child that starts anew imports for a third of a second."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import BinaryIO


def may_fork() -> bool:
    """Whether a copy of this process is as good as a new one, as far as can be seen from here.

    A thread could hold a lock that nobody gives back in the copy. Other systems' libraries may not outlive a fork.
    """
    return sys.platform == "linux" and threading.active_count() == 1


class Forked:
    """A copy of this process that does nothing but ``life``, given its standard input and output.

    To be begun before any database is opened: SQLite's memory of its locks must not be copied. ``others`` are copies
    begun before, whose pipes are not the new one's business. What is used of a `subprocess.Popen` is here, too.
    """

    stdin: BinaryIO
    stdout: BinaryIO

    def __init__(self, life: Callable[[BinaryIO, BinaryIO], None], others: Sequence[Forked]) -> None:
        given, to = os.pipe()
        answers, said = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            code = 1
            try:
                for descriptor in (to, answers):
                    os.close(descriptor)
                for other in others:
                    other.stdin.close()
                    other.stdout.close()
                _leave_the_terminal()
                gc.freeze()  # to look for garbage in what it shares with the parent would copy all of it
                with os.fdopen(given, "rb") as stdin, os.fdopen(said, "wb") as stdout:
                    life(stdin, stdout)
                code = 0
            finally:
                os._exit(code)  # the parent's buffers and its cleaning up are the parent's
        os.close(given)
        os.close(said)
        self.stdin = os.fdopen(to, "wb")
        self.stdout = os.fdopen(answers, "rb")

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until it has ended; it cannot be killed any more after that."""
        if self._pid:
            os.waitpid(self._pid, 0)
            self._pid = 0


def _leave_the_terminal() -> None:
    """A copy says nothing, and a signal to end ends it as it ends any program."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.close(nothing)
