"""What a robots.txt says of the use of pages, path by path: its lines ``Content-Usage`` and ``Content-Signal``. Pure.

``Content-Usage`` is of the IETF draft "Associating AI Usage Preferences with Content in HTTP"
(draft-ietf-aipref-attach-05, section 3): a path or none, then a preference; of the paths that match the longest counts,
and where one path has two preferences both do. ``Content-Signal`` (draft-romm-aipref-contentsignals) has a vocabulary
but no published grammar for robots.txt: it is read in the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crawler.pathpatterns import pattern_matches, pattern_of_octets

NAMES = {b"content-usage": "Content-Usage", b"content-signal": "Content-Signal"}
_SPACE = re.compile(rb"[ \t]+")
# As much is kept of a path or a preference; none that says something is as long.
_LONGEST = 300
# What is told of one path by each name: a file that contradicts itself more often says nothing any more.
_TOLD = 3


@dataclass
class UsageRules:
    """The lines of one group: by name and pattern what is said, in words."""

    _said: dict[tuple[bytes, bytes], list[str]] = field(default_factory=dict)

    def add(self, name: bytes, value: bytes) -> None:
        """Take a line: its name in lower case, and what follows the colon. One that says nothing is passed over."""
        path, preference = _parted(value)
        pattern = pattern_of_octets(path) if path else b"/"
        said = _shown(preference)
        if not pattern or not said:
            return
        words = f"robots.txt {NAMES[name]}{f' {_shown(path)}' if path else ''}: {said}"
        known = self._said.setdefault((name, pattern), [])
        if words not in known and len(known) < _TOLD:
            known.append(words)

    def of(self, path: bytes) -> tuple[str, ...]:
        """What is said of a path of `crawler.pathpatterns`, such as ``robots.txt Content-Usage /news/: train-ai=n``."""
        longest: dict[bytes, int] = {}
        said: dict[bytes, list[str]] = {}
        for (name, pattern), words in self._said.items():
            if len(pattern) >= longest.get(name, 0) and pattern_matches(pattern, path):
                if len(pattern) > longest.get(name, 0):
                    longest[name], said[name] = len(pattern), []
                said[name] += words
        return tuple(one for words in said.values() for one in words[:_TOLD])


def _parted(value: bytes) -> tuple[bytes, bytes]:
    """Path and preference of a line; the path is empty where none is named, which means all of them."""
    if not value.startswith((b"/", b"*")):
        return b"", value
    path, *rest = _SPACE.split(value, maxsplit=1)
    return path, rest[0] if rest else b""


def _shown(octets: bytes) -> str:
    text = octets[:_LONGEST].decode("utf-8", "replace")
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
