"""Texts as they are compared: what they say, without how it is written."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+")
_UNSEEN = re.compile("[\u00ad\u200b\u200c\u2060\ufeff]")  # soft hyphens and the like: no reader sees them


def fold(text: str) -> str:
    """The text for comparison: compatibility forms and case folded, words parted by one space, nothing else."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", shown(text)).casefold()).strip()


def shown(text: str) -> str:
    """The text without characters that no reader sees."""
    return _UNSEEN.sub("", text)
