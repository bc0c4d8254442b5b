"""The keeper of a browser: a process that ends it, and removes its profile, whatever becomes of the crawler.

``python -P -m crawler.drawing.keeper READ WRITE PROFILE COMMAND…``: the first two are descriptors, which the browser
gets as 3 and 4. It lives as long as its standard input is open: that of a killed crawler is closed by the system.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import threading

# Bytes of data in one process: pages of news sites take some 100 to 300 MB.
MEMORY = 2**30


def keep(read: int, write: int, profile: str, command: list[str]) -> None:
    """Start the browser, and return when it has ended, or was ended; nothing of it is left."""
    try:
        fcntl.flock(os.open(profile, os.O_RDONLY), fcntl.LOCK_EX)  # it is in use as long as this process lives
        _place(read, write)
        # A group of its own: with the browser end all that it has started.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            pass_fds=(3, 4),
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            preexec_fn=_limit,  # noqa: PLW1509 - there is one thread as yet
        )
        os.close(3)
        os.close(4)
        ended, told = os.pipe()

        def wait() -> None:
            process.wait()
            os.close(told)

        threading.Thread(target=wait, daemon=True).start()
        select.select([0, ended], [], [])  # nothing is ever written to either: they end
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        # What it started may write for a moment longer than it lives.
        for _ in range(50):
            shutil.rmtree(profile, ignore_errors=True)
            if not os.path.lexists(profile):
                break
            select.select([], [], [], 0.1)


def _limit() -> None:
    """Bound what each process of the browser may fill with its own data; what it only reserves does not count."""
    most = MEMORY
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _place(read: int, write: int) -> None:
    """Make two descriptors 3 and 4, whichever they were, and close what they were."""
    kept = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (read, write)]
    for one in {read, write} - {3, 4}:
        os.close(one)
    for one, place in zip(kept, (3, 4), strict=True):
        os.dup2(one, place)
        os.close(one)


def main() -> None:
    """The command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    keep(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])


if __name__ == "__main__":
    main()
