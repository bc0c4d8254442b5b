"""Typography: what two texts may differ in without saying anything else."""

from __future__ import annotations

import re
import unicodedata

# Single and double quotes are one: papers that change their style change from one to the other.
_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›〝〞＂＇′″"
_DASHES = "-‐‑‒–—―−﹘﹣－"
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f"
_TABLE = str.maketrans(
    {**dict.fromkeys(_QUOTES, "'"), **dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_UNSEEN), "…": "..."}
)
_SPACE = re.compile(r"\s+")


def plain_type(text: str) -> str:
    """A text in the type of a typewriter: two that agree in it say the same in the same words.

    All quotes, all dashes and dots are one each; white space and what nobody sees is left out; accents are composed.
    """
    typed = unicodedata.normalize("NFC", text).translate(_TABLE)
    return _SPACE.sub("", typed.replace("''", "'").replace("--", "-"))
