"""A recording connector: with this directory on PYTHONPATH, each connect of a process's sockets is written down.

It stands below everything that could connect: Python raises an audit event before any socket of its own connects. The
file that CONNECT_LOG names gets a line for each. Only loopback may be reached; all else fails as if there were no
route, so that no test sends a packet out of this machine.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Any


def _record(event: str, given: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(given[1], tuple):
        return
    host, port = given[1][:2]
    line = f"{host} {port}\n".encode()
    log = os.open(os.environ["CONNECT_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(log, line)
    finally:
        os.close(log)
    if not str(host).startswith("127."):
        raise OSError(errno.ENETUNREACH, "no test leaves this machine")


if "CONNECT_LOG" in os.environ:
    sys.addaudithook(_record)
