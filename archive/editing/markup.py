"""An edit as a piece of HTML: what a feed and a page show of it. Every foreign text is escaped."""

from __future__ import annotations

import re
from html import escape

from archive.editing.edit import Edit, Fact, Kind, Passage, Sign
from archive.editing.wording import kinds_said, manner_said, size_said, value_said
from archive.terminal import plain

# What XML 1.0 cannot hold at all, beside the controls that `plain` takes out.
_NEVER = re.compile("[\ufffe\uffff]")
_TAGS = {"-": "del", "+": "ins"}
_PARTS = {"headline": "Headline", "standfirst": "Standfirst"}
_SIGNS = {
    Sign.REMOVED: "Removed",
    Sign.ADDED: "Added",
    Sign.REWORDED: "Reworded",
    Sign.MOVED_FROM: "Moved from here",
    Sign.MOVED_TO: "Moved to here",
}
_WEB = re.compile(r"https?://[^\s\x00-\x20\"<>\\^`{|}]+")


def safe(text: str) -> str:
    """A foreign text as it may stand in HTML and XML."""
    return escape(_NEVER.sub("", plain(text)))


def address(url: str) -> str | None:
    """The URL as it may be linked to; None for one that is no web address."""
    found = _WEB.fullmatch(url)
    return escape(found[0]) if found else None


def body_of(edit: Edit) -> str:
    """What happened, in a line, and the passages that changed."""
    said = " · ".join(filter(None, (*kinds_said(edit), size_said(edit))))
    manner = manner_said(edit)
    facts = "".join(
        f"<li>{safe(fact.name)}: {_value(fact, fact.old, 'del')} {_value(fact, fact.new, 'ins')}</li>"
        for fact in edit.comparison.facts
        if fact.kind is not Kind.IMAGES
    )
    return (
        f'<p class="said">{safe(said)}</p>'
        + (f'<p class="manner">{safe(manner)}</p>' if manner else "")
        + "".join(_passage(one) for one in edit.comparison.passages if one.sign is not Sign.SAME)
        + (f'<ul class="facts">{facts}</ul>' if facts else "")
    )


def _value(fact: Fact, value: str | None, tag: str) -> str:
    said = value_said(fact, value)
    return f'<{tag} dir="auto">{safe(said)}</{tag}>' if said else ""


def _passage(passage: Passage) -> str:
    what = _PARTS.get(passage.part) or _SIGNS[passage.sign]
    moved = passage.sign in {Sign.MOVED_FROM, Sign.MOVED_TO} and not passage.is_reworded
    text = "".join(_piece("=" if moved else piece.sign, piece.text) for piece in passage.pieces)
    return f'<div class="passage"><small>{what}</small><p dir="auto">{text}</p></div>'


def _piece(sign: str, text: str) -> str:
    tag = _TAGS.get(sign)
    return f"<{tag}>{safe(text)}</{tag}>" if tag else safe(text)
