"""Labels: short blocks that name an advertisement's place and say nothing of the story."""

from __future__ import annotations

import re

# Whole blocks only, in the words that sites set above or below an advertisement: a sentence that holds one of them, or
# begins with it, stays. Dashes, colons and brackets around it are part of the label.
_WORDS = (
    *("advertisement", "advertisements", "advertising", "advert", "ad", "ads", "sponsored", "sponsored content"),
    *("advertisement continues below", "story continues below advertisement", "article continues below advertisement"),
    *("article continues after advertisement", "story continues after advertisement", "scroll to continue"),
    *("anzeige", "anzeigen", "werbung", "advertorial", "reklame", "reklama", "annonce", "annonse", "annons", "mainos"),
    *("publicité", "publicidad", "publicidade", "publicitat", "pubblicità", "advertentie", "hirdetés", "διαφήμιση"),
    *("реклама", "advertensie", "reklam", "iklan", "quảng cáo", "広告", "广告", "廣告", "광고", "إعلان", "פרסומת"),
)
_LABEL = re.compile(
    rf"[\W_]*(?:{'|'.join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True))})[\W_]*", re.IGNORECASE
)


def is_label(text: str) -> bool:
    """Whether a block's normalised text is such a label and nothing else."""
    return len(text) <= 60 and _LABEL.fullmatch(text) is not None
