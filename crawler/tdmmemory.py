"""The tdmrep.json files that are known, in ``state.sqlite`` and in this process: each is asked for once a day."""

from __future__ import annotations

import zlib

from crawler.robots import DAY, FAILED_FOR
from crawler.state import State
from crawler.tdmrep import TdmRule, parse_tdmrep


class TdmMemory:
    """By origin; the last copy goes on to hold while the file cannot be had."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._here: dict[str, tuple[int, tuple[TdmRule, ...]]] = {}

    def get(self, origin: str, now: int) -> tuple[TdmRule, ...] | None:
        """The rules as they may still be used, none where there is no file; None when it is to be asked for."""
        known = self._here.get(origin)
        if known is None:
            rows = self._state.read("SELECT at, body FROM tdmrep WHERE origin = ?", (origin,))
            if not rows:
                return None
            known = self._here[origin] = (rows[0][0], parse_tdmrep(zlib.decompress(rows[0][1])))
        at, rules = known
        return rules if 0 <= now - at < DAY else None

    def put(self, origin: str, at: int, body: bytes | None) -> tuple[TdmRule, ...]:
        """Remember what came, nothing for a file that is not there; None where that could not be found out."""
        if body is None:
            rows = self._state.read("SELECT body FROM tdmrep WHERE origin = ?", (origin,))
            body = zlib.decompress(rows[0][0]) if rows else b""
            at -= DAY - FAILED_FOR  # asked for again soon
        with self._state.write() as db:
            db.execute("INSERT OR REPLACE INTO tdmrep VALUES (?, ?, ?)", (origin, at, zlib.compress(body)))
        self._here[origin] = (at, parse_tdmrep(body))
        return self._here[origin][1]
