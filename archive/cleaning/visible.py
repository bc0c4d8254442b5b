"""What of a page can be seen, by its markup alone: nobody lays it out, and no style sheet is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import html

# Elements that a browser never shows, by the HTML standard's own style sheet (section 15.3.1), or shows only where
# something else cannot be: a script, a frame, a player.
_NEVER = frozenset({
    "audio", "canvas", "datalist", "head", "iframe", "noembed", "noframes", "noscript", "object", "rp", "script",
    "style", "svg", "template", "title", "video",
})  # fmt: skip
_SHOWN_IN_SVG = frozenset({"text", "foreignobject"})
_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden", re.I)


@dataclass(slots=True)
class Visibility:
    """Which elements of one tree are hidden, and by what; each is asked once."""

    _known: dict[html.HtmlElement, str] = field(default_factory=dict)

    def hidden_by(self, element: html.HtmlElement) -> str:
        """What in the markup hides an element, such as ``hidden attribute``; empty where nothing does."""
        known = self._known
        missing = []
        at: html.HtmlElement | None = element
        while at is not None and at not in known:
            missing.append(at)
            at = at.getparent()
        why = known[at] if at is not None else ""
        for one in reversed(missing):
            if str(one.tag).lower() in _SHOWN_IN_SVG and why == "svg":
                why = ""
            why = why or _hides(one)
            known[one] = why
        return why


def _hides(element: html.HtmlElement) -> str:
    """What hides an element itself. ``aria-hidden`` does not: it silences a text that can be seen."""
    tag = str(element.tag).lower()
    if tag in _NEVER:
        shadow = tag == "template" and element.get("shadowrootmode") is not None
        return "" if shadow else tag
    if tag == "dialog" and element.get("open") is None:
        return "dialog that is not open"
    if element.get("hidden") is not None:
        return "hidden attribute"
    style = element.get("style")
    found = _STYLE.search(style) if style else None
    return f"style {' '.join(found[0].split())}" if found else ""
