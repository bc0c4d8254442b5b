"""Texts as they are compared: what they say, without how it is written."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+")
# Soft hyphens, word joiners, byte order marks and zero-width spaces: no reader sees them, and whoever looks for a word
# would miss it. Where a script parts its words by zero-width spaces (Thai, Lao, Burmese, Khmer), these stay.
_UNSEEN = re.compile("[\u00ad\u2060\ufeff]|\u200b(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])")
_SOME = ("\u00ad", "\u200b", "\u2060", "\ufeff")
_JOINERS = re.compile("[\u200b-\u200d]")  # which tell spellings apart in Persian and in India, and mean no other word


_LONG = 100_000  # characters


def number_of(pattern: re.Pattern[str], text: str) -> int:
    """How often a pattern is found; in a long text without a list of it, which can take a hundred times its size."""
    return len(pattern.findall(text)) if len(text) < _LONG else sum(1 for _ in pattern.finditer(text))


def fold(text: str) -> str:
    """The text for comparison: compatibility forms and case folded, words parted by one space, nothing else."""
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower()).strip()
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", _JOINERS.sub("", shown(text))).casefold()).strip()


def shown(text: str) -> str:
    """The text without characters that no reader sees."""
    if text.isascii() or not any(one in text for one in _SOME):
        return text
    return _UNSEEN.sub("", text)
