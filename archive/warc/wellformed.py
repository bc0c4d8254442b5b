"""Well-formed text: what UTF-8 can hold, and so a WARC file, a catalogue and an export.

Lone surrogates come out of the escapes of broken JSON. No URL on the wire and no file can have them.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from archive.event import RunEnded, RunStarted
from archive.exchange import Attempt, Drawn, Exchange, Origin

_Values = TypeVar("_Values", Exchange, Attempt, Drawn, Origin, RunStarted, RunEnded)

_NAMES = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (Exchange, Attempt, Drawn, Origin, RunStarted, RunEnded)
}


def well_formed(value: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD; most are as they should be and come back themselves."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def with_well_formed(given: _Values) -> _Values:
    """The same with all its texts well-formed."""
    changed: dict[str, Any] = {}
    for name in _NAMES[type(given)]:
        before = getattr(given, name)
        after: Any = before
        if type(before) is str:  # members of enumerations are well-formed
            after = well_formed(before)
        elif before and type(before) is tuple:
            after = tuple(well_formed(one) for one in before)
        elif isinstance(before, Origin):
            after = with_well_formed(before)
        if after is not before and after != before:
            changed[name] = after
    return replace(given, **changed) if changed else given
