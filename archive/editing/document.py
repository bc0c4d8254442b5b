"""Edits as JSON: one object each, the same from ``diff``, ``edits`` and the application."""

from __future__ import annotations

from archive.clock import warc_date
from archive.editing.edit import Edit, Side

Json = dict[str, object]


def document(edit: Edit) -> Json:
    """An edit as JSON has it; fields may be added to it, none changes its meaning."""
    comparison = edit.comparison
    return {
        "type": "edit",
        "id": edit.id,
        "site": edit.site,
        "url": edit.url,
        "key": edit.key,
        "since": warc_date(edit.since),
        "seen": warc_date(edit.new.at),
        "kinds": [str(kind) for kind in edit.kinds],
        "silent": edit.silent,
        "test": edit.test,
        "told_at": None if edit.told_at is None else warc_date(edit.told_at),
        "reason": edit.reason,
        "words_added": comparison.words_added,
        "words_removed": comparison.words_removed,
        "paragraphs": {str(kind): number for kind, number in comparison.paragraphs},
        "old": _side(edit.old),
        "new": _side(edit.new),
        "facts": [
            {"kind": str(fact.kind), "name": fact.name, "old": fact.old, "new": fact.new} for fact in comparison.facts
        ],
        "passages": [
            {
                "part": one.part,
                "sign": str(one.sign),
                "kind": str(one.kind) if one.kind is not None else None,
                "old": one.old,
                "new": one.new,
                "light": one.light,
                "pieces": [{"sign": piece.sign, "text": piece.text} for piece in one.pieces],
            }
            for one in comparison.passages
        ],
        "excerpt": edit.excerpt,
    }


def _side(side: Side) -> Json:
    return {
        "capture_id": side.capture_id,
        "captured_at": warc_date(side.at),
        "edition": side.edition,
        "headline": side.headline,
        "modified": side.modified,
    }
