"""Lines: what waits for another request of this process to the same host, so that it takes no place meanwhile."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Lines(Generic[T]):
    """One line for each host: whoever is at its head is asked, the others wait for it to be answered.

    Hundreds of sites may refer to one host for their fonts. Asked all at once, their requests would take every place
    among those that are under way, only to wait for that host's turns. As long as there is a line, it knows which URLs
    came: whoever waits for the same need not ask.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[T]] = {}
        self._came: dict[str, set[str]] = {}

    def enter(self, host: str, one: T) -> bool:
        """Whether this is asked now; else it waits."""
        line = self._lines.get(host)
        if line is None:
            self._lines[host] = deque()
            return True
        line.append(one)
        return False

    def leave(self, host: str) -> T | None:
        """The one at the head was answered; gives the next, which is asked now."""
        line = self._lines.get(host)
        if line:
            return line.popleft()
        self._lines.pop(host, None)
        self._came.pop(host, None)
        return None

    def note(self, host: str, url: str) -> None:
        """This came, to the one at the head."""
        self._came.setdefault(host, set()).add(url)

    def has_come(self, host: str, url: str) -> bool:
        """Whether it came since the line was formed."""
        return url in self._came.get(host, ())

    def clear(self) -> None:
        """Nobody waits any more."""
        self._lines.clear()
        self._came.clear()
