"""The site's name as its own titles carry it, and titles freed of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import pairwise
from urllib.parse import urlsplit

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold

SEPARATOR = re.compile(r"\s+[-\u2013\u2014|\u00b7\u2022:\u00bb\u00ab/]+\s+|\s*[|\u00bb\u00ab\uff5c\uff1a]\s*|:\s+")
STRONG = re.compile(r"\s+[-\u2013\u2014|\u00b7\u2022\u00bb\u00ab]+\s+|\s*[|\u00bb\u00ab\uff5c]\s*")
# Chinese titles end "headline_channel_site" or "headline-site"; few of the sites say their name elsewhere.
_CHINESE_SITE = re.compile(
    "(?:[-_][^-_\\s]{0,8}(?:\u7f51|\u7db2|\u65b0[\u95fb\u805e]|[\u65e5\u665a]\u62a5|\u65e5\u5831|\u5728\u7ebf|\u983b\u9053|\u9891\u9053))+$"
)
_LEFT = re.compile(r"(?:\s+[-\u2013\u2014|\u00b7\u2022:/]+|\s*[|\uff5c])$")  # a separator behind which nothing is left
_SIGNS = frozenset("-\u2013\u2014|\u00b7\u2022:/\uff5c")
_PARTNERS = {"\u00ab": "\u00bb", "\u00bb": "\u00ab"}
# A segment of a title that begins or ends with a label of the host is the site's name, if it is as short as one.
_SITE_WORDS = 4


def site_names(page: Page, names: Iterable[str], candidates: list[Candidate]) -> set[str]:
    """What the site calls itself, folded and without spaces: as told, as its host says, and as its titles end alike."""
    known = {fold(name).replace(" ", "") for name in names}
    known |= set(_labels(page.url)) | {"".join(_labels(page.url))}
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
    known |= {end for end, before in barred.items() if _differ(before)}
    known.discard("")
    return known


def _differ(titles: set[str]) -> bool:
    """Whether some of the titles say something that the longest, which may carry the site's name, does not."""
    longest = max(titles, key=len)
    return any(one not in longest for one in titles)


@lru_cache(maxsize=1)  # asked for each title of a page
def _labels(url: str) -> tuple[str, ...]:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return (fold(host).replace(" ", ""), *(label for label in host.split(".")[:-1] if len(label) > 2))


def without_site(candidate: Candidate, page: Page, known: Collection[str]) -> Candidate:
    """The candidate without the site's name before or behind a separator."""
    labels = [label for label in _labels(page.url) if len(label) > 2]
    value = candidate.value
    for _ in range(3):
        if value[-1:] in _SIGNS:
            value = _LEFT.sub("", value)
        if not value.isascii():
            value = _CHINESE_SITE.sub("", value)
        parts = list(SEPARATOR.finditer(value))
        if not parts:
            break
        strong = STRONG.fullmatch(parts[-1][0]) is not None
        if _is_site(value[parts[-1].end() :], known, labels if strong else ()):
            value = _before(value, parts[-1])
        elif len(parts) > 1 and (middle := _middle(value, parts, known, labels)) is not None:
            value = _before(value, middle)
        elif _is_site(value[: parts[0].start()], known, ()):
            value = value[parts[0].end() :].strip()
        else:
            break
    if value == candidate.value or not value:
        return candidate
    return page.narrowed(candidate, value)


def _middle(
    value: str, parts: list[re.Match[str]], known: Collection[str], labels: Iterable[str]
) -> re.Match[str] | None:
    """The separator before the site's name, where more than that follows: a motto, who wrote it."""
    for one, after in pairwise(parts):
        if (
            STRONG.fullmatch(one[0])
            and STRONG.fullmatch(after[0])
            and fold(value[one.end() : after.start()]).replace(" ", "") in known
        ):
            return None if _is_site(value[: one.start()], known, labels) else one
    return None


def _before(value: str, separator: re.Match[str]) -> str:
    """The value up to a separator, with it where it closes a quotation."""
    kept, sign = value[: separator.start()].strip(), separator[0].strip()[:1]
    partner = _PARTNERS.get(sign)
    closes = partner is not None and kept.count(partner) > kept.count(sign)
    return value[: separator.start()] + separator[0].rstrip()[: separator[0].index(sign) + 1] if closes else kept


def _is_site(text: str, known: Collection[str], labels: Iterable[str]) -> bool:
    folded = fold(text)
    squeezed = folded.replace(" ", "")
    if squeezed in known:
        return True
    return len(folded.split()) <= _SITE_WORDS and any(
        squeezed.startswith(one) or squeezed.endswith(one) for one in labels
    )
