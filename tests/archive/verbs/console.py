"""The command line in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

from .conftest import ROOT


def in_terminal(*words: str | Path, columns: int = 80, answers: Sequence[str] = ()) -> tuple[str, int]:
    """What a verb writes to a terminal, which answers each question in turn; and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    with subprocess.Popen(
        [sys.executable, "-m", "archive.cli", *map(str, words)],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        left = list(answers)
        seen = b""
        asked = 0
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # Linux says EIO when the other end is closed
                break
            if not piece:
                break
            seen += piece
            if left and seen.count(b": ", asked) and seen.endswith(b": "):
                asked = len(seen)
                os.write(ours, left.pop(0).encode() + b"\n")
        code = process.wait(60)
    os.close(ours)
    return seen.decode("utf-8", "replace").replace("\r\n", "\n"), code
