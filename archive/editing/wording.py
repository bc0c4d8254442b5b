"""Edits in words: what people are told of them, in a terminal, in a feed and on a page."""

from __future__ import annotations

import re

from archive.clock import to_datetime
from archive.editing.edit import Edit, Fact, Kind

_SAID = {
    Kind.HEADLINE: "headline changed",
    Kind.STANDFIRST: "standfirst changed",
    Kind.REWRITTEN: "rewritten",
    Kind.FORM: "set in another form",
    Kind.TYPOGRAPHY: "typography only",
    Kind.CORRECTION: "correction added",
    Kind.NOTE_REMOVED: "correction note removed",
    Kind.BYLINE: "byline changed",
    Kind.PUBLISHED: "publication date changed",
    Kind.MODIFIED: "modification date changed",
    Kind.IMAGES: "pictures changed",
    Kind.ACCESS: "paywall",
    Kind.DELETED: "page gone",
    Kind.RETURNED: "page back",
    Kind.NOT_COMPARABLE: "not comparable",
}
_PARAGRAPHS = {Kind.ADDED: "added", Kind.REMOVED: "removed", Kind.REWORDED: "reworded", Kind.MOVED: "moved"}
_STATED = re.compile(r"([\d-]+)T(\d\d:\d\d)(:\d\d)?(Z|[+-][\d:]+)?")


def kinds_said(edit: Edit) -> tuple[str, ...]:
    """What happened, each kind in some words: ``headline changed``, ``2 paragraphs added``."""
    number = dict(edit.comparison.paragraphs)
    found: list[str] = []
    named = False
    for kind in edit.kinds:
        if kind in _PARAGRAPHS:
            many = number.get(kind, 1)
            noun = "" if named else f" paragraph{'' if many == 1 else 's'}"
            found.append(f"{many:,}{noun} {_PARAGRAPHS[kind]}")
            named = True
        elif kind is Kind.HEADLINE and edit.test:
            found.append("headline test")
        else:
            found.append(_SAID[kind])
    return tuple(found) or ("nothing changed",)


def size_said(edit: Edit) -> str:
    """How many words came and went: ``+62 −3 words``; empty where none did."""
    added, removed = edit.comparison.words_added, edit.comparison.words_removed
    if not added and not removed:
        return ""
    return f"+{added:,} −{removed:,} word{'' if max(added, removed) == 1 else 's'}"


def manner_said(edit: Edit) -> str:
    """Whether the page tells of it, in one sentence; empty where no words became others."""
    if edit.silent:
        stated = edit.old.modified or edit.new.modified
        dates = "its dates stayed" if stated else "it states no date of modification"
        return f"silent: {dates}, and no correction came"
    if edit.test:
        return "a headline test: the page shows several in turn (A, B, A)"
    if not edit.comparison.text_changed or Kind.NOT_COMPARABLE in edit.kinds:
        return edit.reason or ""
    if edit.told_at is not None and edit.comparison.silent:
        return f"told later: a date or a note changed by {to_datetime(edit.told_at):%Y-%m-%d %H:%M} UTC"
    told = [_told(fact) for fact in edit.comparison.facts if fact.kind in {Kind.MODIFIED, Kind.PUBLISHED}]
    if Kind.CORRECTION in edit.kinds:
        told.append("a correction came")
    return f"told: {', '.join(told)}" if told else edit.reason or ""


def _told(fact: Fact) -> str:
    name = "modified" if fact.kind is Kind.MODIFIED else "published"
    return f"{name} {stated(fact.new)}" if fact.new else f"no date of '{name}' any more"


def stated(date: str) -> str:
    """A page's own date as people write it, its day and offset kept: ``2026-11-24 09:30 +01:00``."""
    found = _STATED.fullmatch(date)
    if found is None:
        return date
    day, clock, seconds, offset = found.groups(default="")
    exact = "" if seconds == ":00" else seconds
    return f"{day} {clock}{exact} {'UTC' if offset == 'Z' else offset}".rstrip()


def value_said(fact: Fact, value: str | None) -> str | None:
    """What a fact was, or is: a date as people write it, anything else as it stands."""
    return stated(value) if value and fact.kind in {Kind.MODIFIED, Kind.PUBLISHED} else value


def title_of(edit: Edit) -> str:
    """What a story is called after an edit, or was before it went."""
    return edit.new.headline or edit.old.headline or "(no headline)"
