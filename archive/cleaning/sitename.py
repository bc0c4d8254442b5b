"""The site's name as its own titles carry it, and titles freed of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold

SEPARATOR = re.compile(r"\s+[-\u2013\u2014|\u00b7\u2022:\u00bb\u00ab/]+\s+|\s*[|\u00bb\u00ab\uff5c\uff1a]\s*|:\s+")
STRONG = re.compile(r"\s+[-\u2013\u2014|\u00b7\u2022\u00bb\u00ab]+\s+|\s*[|\u00bb\u00ab\uff5c]\s*")
# A segment of a title that begins or ends with a label of the host is the site's name, if it is as short as one.
_SITE_WORDS = 4


def site_names(page: Page, names: Iterable[str], candidates: list[Candidate]) -> set[str]:
    """What the site calls itself, folded and without spaces: as told, as its host says, and as its titles end alike."""
    known = {fold(name).replace(" ", "") for name in names}
    known |= set(_labels(page)) | {"".join(_labels(page))}
    whole = {fold(one.value) for one in candidates}
    barred: dict[str, set[str]] = {}
    for one in candidates:
        if parts := list(STRONG.finditer(one.value)):
            before, end = fold(one.value[: parts[-1].start()]), fold(one.value[parts[-1].end() :]).replace(" ", "")
            if before in whole:  # what a title has behind another place's whole text
                known.add(end)
            if "|" in parts[-1][0]:
                barred.setdefault(end, set()).add(before)
    # Two titles that say different things and end with the same words behind a bar.
    known |= {end for end, before in barred.items() if len(before) > 1}
    known.discard("")
    return known


def _labels(page: Page) -> list[str]:
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    return [fold(host).replace(" ", "")] + [label for label in host.split(".")[:-1] if len(label) > 2]


def without_site(candidate: Candidate, page: Page, known: Collection[str]) -> Candidate:
    """The candidate without the site's name before or behind a separator."""
    labels = [label for label in _labels(page) if len(label) > 2]
    value = candidate.value
    for _ in range(3):
        parts = list(SEPARATOR.finditer(value))
        if not parts:
            break
        strong = STRONG.fullmatch(parts[-1][0]) is not None
        if _is_site(value[parts[-1].end() :], known, labels if strong else ()):
            value = value[: parts[-1].start()].strip()
        elif _is_site(value[: parts[0].start()], known, ()):
            value = value[parts[0].end() :].strip()
        else:
            break
    if value == candidate.value or not value:
        return candidate
    return page.narrowed(candidate, value)


def _is_site(text: str, known: Collection[str], labels: Iterable[str]) -> bool:
    folded = fold(text)
    squeezed = folded.replace(" ", "")
    if squeezed in known:
        return True
    return len(folded.split()) <= _SITE_WORDS and any(
        squeezed.startswith(one) or squeezed.endswith(one) for one in labels
    )
