"""Names of `benchmarks/hostile.py`: with this directory on PYTHONPATH, the system's resolver knows those of a file.

SLOW_NAMES names it, a JSON object: where a name leads, or how it misbehaves (`KINDS`). All other names are real ones.
Python's own look-ups stand still as those of the C library do: a thread each, and nobody can end them.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any, NoReturn

# A resolver that waits for name servers that say nothing gives up so late, in seconds.
SILENCE = 30.0


def silent() -> NoReturn:
    """Its name servers say nothing."""
    time.sleep(SILENCE)
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def failing() -> NoReturn:
    """Its name servers fail: SERVFAIL."""
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def unknown() -> NoReturn:
    """There is no such name."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


KINDS = {f"name_{one.__name__}": one for one in (silent, failing, unknown)}


def _install(names: dict[str, str]) -> None:
    real = socket.getaddrinfo

    def look_up(
        host: bytes | str | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        text = host.decode("ascii") if isinstance(host, bytes) else str(host)
        where = names.get(text)
        if where in KINDS:
            KINDS[where]()
        return real(host if where is None else where, port, family, type, proto, flags)

    socket.getaddrinfo = look_up


if "SLOW_NAMES" in os.environ:
    _install(json.loads(Path(os.environ["SLOW_NAMES"]).read_text("utf-8")))
