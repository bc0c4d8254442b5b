"""What the names of an element hint at: one bit for each kind of thing that publishers name alike."""

from __future__ import annotations

import re
from functools import lru_cache

# Each is a bit.
GROUPS: dict[str, str] = {
    "comment": r"comment|disqus|komment|replies|^respond$|^reply",
    "related": r"relat|recirc|recommend|read-?(?:more|next|also)|more-?(?:from|stories|news|on)|also|similar|popular|"
    r"trending|most-|mostread|latest|outbrain|taboola|teaser|promo|upnext|up-next|weitere|mehr",
    "share": r"share|sharing|social|follow|addtoany|twitter-share|facebook",
    "caption": r"caption|credit|copyright|figure|photo|image|gallery|legend|bildunterschrift|slideshow|carousel|media",
    "menu": r"nav(?:$|[\s_-]|bar|igat)|menu|breadcrumb|footer|toolbar|masthead|topbar|site-?header|skip|"
    r"pagination|pager",
    "side": r"sidebar|side-|aside|widget|rail|sidecolumn|infobox|factbox|info-?box|fact-?box|box(?:$|[\s_-])",
    "meta": r"meta(?:$|[\s_-])|date|time|publish|posted|info(?:$|[\s_-])|kicker|eyebrow|category|section-?name|"
    r"label|source",
    "consent": r"cookie|consent|gdpr|modal|popup|overlay|dialog|banner|notice|disclaimer|legal|terms",
}
# Elements that say the same by their own name.
_TAGS = {
    "nav": "menu",
    "footer": "menu",
    "figure": "caption",
    "figcaption": "caption",
    "aside": "side",
}
BITS = {name: 1 << number for number, name in enumerate(GROUPS)}
_PATTERNS = [(1 << number, re.compile(pattern)) for number, pattern in enumerate(GROUPS.values())]
# What is named like readers' comments and only says whether there can be any, or leads there.
_NO_COMMENTS = re.compile(r"open|close|count|enable|disable|no-?comm|allow|link|button|icon|toggle")
LONGEST = 300  # characters of names that are read; utility classes can run on for pages
_LONGEST_NAME = 60


@lru_cache(maxsize=16384)
def hints(tag: str, names: str) -> int:
    """The bits of an element's name and its class, id, itemprop and role, parted by spaces."""
    found = BITS[_TAGS[tag]] if tag in _TAGS else 0
    for name in names[:LONGEST].split():
        found |= _named(name[:_LONGEST_NAME])
    return found


@lru_cache(maxsize=16384)
def _named(name: str) -> int:
    lowered = name.lower()
    found = sum(bit for bit, pattern in _PATTERNS if pattern.search(lowered))
    return found & ~BITS["comment"] if found & BITS["comment"] and _NO_COMMENTS.search(lowered) else found
