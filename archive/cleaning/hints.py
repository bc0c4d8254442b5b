"""What the names of an element hint at: one bit for each kind of thing that publishers name alike."""

from __future__ import annotations

import re
from functools import lru_cache

# The order is part of the weights: each is a bit, from 1 on (bit 0 is "hidden").
GROUPS: dict[str, str] = {
    "comment": r"comment|disqus|komment|replies|^respond$|^reply",
    "related": r"relat|recirc|recommend|read-?(?:more|next|also)|more-?(?:from|stories|news|on)|also|similar|popular|"
    r"trending|most-|mostread|latest|outbrain|taboola|teaser|promo|upnext|up-next|weitere|mehr",
    "share": r"share|sharing|social|follow|addtoany|twitter-share|facebook",
    "letter": r"newsletter|subscri|sign-?up|abo(?:$|[\s_-])|paywall|piano|regwall|register|login|donat|membership",
    "author": r"author|byline|bio(?:$|[\s_-])|contributor|writer|autor|verfasser",
    "caption": r"caption|credit|copyright|figure|photo|image|gallery|legend|bildunterschrift|slideshow|carousel|media",
    "menu": r"nav(?:$|[\s_-]|bar|igat)|menu|breadcrumb|footer|toolbar|masthead|topbar|site-?header|skip|"
    r"pagination|pager",
    "advert": r"(?:^|[\s_-])ads?(?:$|[\s_-]|vert)|advert|sponsor|anzeige|werbung|banner|affiliate|commerce|product",
    "side": r"sidebar|side-|aside|widget|rail|sidecolumn|infobox|factbox|info-?box|fact-?box|box(?:$|[\s_-])",
    "body": r"article-?_?(?:body|text|content|copy)|body-?_?(?:text|content|copy)|entry-?content|post-?content|"
    r"post-?body|"
    r"story-?_?(?:body|text|content)|content-?_?body|articlebody|maincontent|rich-?text|prose|paragraph|fulltext",
    "story": r"article|story|post|entry|content|main|text|single",
    "summary": r"standfirst|summary|dek|lede|lead|intro|sub-?title|sub-?head|excerpt|abstract|description|teaser-?text|"
    r"sapo|chapo|entradilla|bajada|ingress|vorspann|manchet",
    "meta": r"meta(?:$|[\s_-])|date|time|publish|posted|info(?:$|[\s_-])|kicker|eyebrow|category|section-?name|"
    r"label|source",
    "tags": r"tags?(?:$|[\s_-])|topic|keyword|taglist|tag-|categor",
    "consent": r"cookie|consent|gdpr|modal|popup|overlay|dialog|banner|notice|disclaimer|legal|terms",
    "quote": r"quote|citation|zitat|embed|tweet|instagram|video|player|audio|podcast",
    "live": r"live|ticker|update|timeline|liveblog",
    "head": r"headline|title|heading|(?:^|[\s_-])h[1-6](?:$|[\s_-])|header",
}
# Elements that say the same by their own name.
_TAGS = {
    "nav": "menu",
    "footer": "menu",
    "figure": "caption",
    "figcaption": "caption",
    "aside": "side",
    "blockquote": "quote",
    "form": "letter",
}
BITS = {name: 1 << number for number, name in enumerate(GROUPS, 1)}
_PATTERNS = [(1 << number, re.compile(pattern)) for number, pattern in enumerate(GROUPS.values(), 1)]
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
