"""Signs: what a page's answer says of machines that keep it or mine it."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Directives of X-Robots-Tag and meta robots that concern an archive, and who reads text by machine.
_DIRECTIVES = re.compile(r"\b(?:noarchive|nocache|noai|noimageai|nosnippet|none)\b", re.IGNORECASE)
_META = re.compile(r"<meta\b[^>]{0,500}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""\b(name|content)\s{0,9}=\s{0,9}(?:"([^"]{0,300})"|'([^']{0,300})'|([^\s"'>]{1,300}))""", re.I
)
# They stand in the head.
_WITHIN = 300_000


def signs_of(fields: Iterable[tuple[str, str]], page: str) -> tuple[str, ...]:
    """The signs in header fields and in the metas of a page, each once and in words, such as ``tdm-reservation: 1``.

    TDM Reservation Protocol (W3C Community Group, 2024), `X-Robots-Tag`, `Content-Usage` (IETF draft "AI preferences").
    """
    found: dict[str, None] = {}
    for field, written in fields:
        name, value = field.lower(), written.strip()[:300]
        if name == "x-robots-tag":
            found.update(dict.fromkeys(f"X-Robots-Tag: {one.lower()}" for one in _DIRECTIVES.findall(value)))
        elif (name == "tdm-reservation" and value == "1") or (name == "content-usage" and value):
            found[f"{name}: {value}"] = None
    for meta in _META.finditer(page[:_WITHIN]):
        said = {hit[1].lower(): hit[2] or hit[3] or hit[4] or "" for hit in _ATTRIBUTE.finditer(meta[0])}
        name, value = said.get("name", "").strip().lower(), said.get("content", "").strip()
        if name == "robots":
            found.update(dict.fromkeys(f"meta robots: {one.lower()}" for one in _DIRECTIVES.findall(value)))
        elif name == "tdm-reservation" and value == "1":
            found["tdm-reservation: 1"] = None
    return tuple(found)
