"""Which edits somebody wants to see, and what the others are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from archive.editing.edit import BODY, Edit, Kind

BODY_WORD = "body"  # stands for all kinds of changes of paragraphs
WORDS = (*(str(kind) for kind in Kind), BODY_WORD)
# What may change while the text stays: to find all of it, every text must be read.
BESIDE = frozenset({Kind.CORRECTION, Kind.NOTE_REMOVED, Kind.BYLINE, Kind.PUBLISHED, Kind.MODIFIED, Kind.IMAGES})

_OTHERS = {
    Kind.NOT_COMPARABLE: "not comparable",
    Kind.ACCESS: "walls",
    Kind.TYPOGRAPHY: "of typography alone",
    Kind.FORM: "of form alone",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Without any wish: edits that count (`Edit.counts`). ``tests`` takes headline tests alone."""

    kinds: frozenset[Kind] = frozenset()
    silent: bool = False
    tests: bool = False

    @classmethod
    def of(cls, words: tuple[str, ...], *, silent: bool = False, tests: bool = False) -> Choice:
        """A choice by the words of `WORDS`."""
        kinds: set[Kind] = set()
        for word in words:
            kinds |= BODY if word == BODY_WORD else {Kind(word)}
        return cls(frozenset(kinds), silent, tests)

    @property
    def beside(self) -> bool:
        """Whether it is about what may change while the text stays."""
        return not BESIDE.isdisjoint(self.kinds)

    def takes(self, edit: Edit) -> bool:
        """Whether an edit is wanted."""
        if self.tests:
            return edit.test and (not self.kinds or not self.kinds.isdisjoint(edit.kinds))
        if self.silent and not edit.silent:
            return False
        if not self.kinds:
            return edit.counts
        found = self.kinds.intersection(edit.kinds)
        return bool(found - {Kind.HEADLINE} if edit.test else found)


def left_out_as(edit: Edit) -> str:
    """What an edit is that does not count, in words, with the option that shows such ones."""
    if edit.test:
        return "headline tests (--tests)"
    for kind, words in _OTHERS.items():
        if kind in edit.kinds:
            return f"{words} (--kind {kind})"
    return f"beside the text (--kind {edit.kinds[0]})" if edit.kinds else ""
