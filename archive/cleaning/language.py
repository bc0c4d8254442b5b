"""The language of a text, as the page declares it or its script shows it; and its words."""

from __future__ import annotations

import re
import unicodedata

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import number_of
from archive.cleaning.linked import Linked

# BCP 47 as pages write it: "de", "pt-BR", "zh-Hans-CN", and Open Graph's "en_GB".
_TAG = re.compile(
    r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?=$|[^a-z0-9])", re.IGNORECASE | re.ASCII
)
_NONE = frozenset({"und", "mul", "zxx", "xx"})

# Scripts that one language alone is printed in, Han last: Japanese uses it too.
_SCRIPTS = (
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("th", re.compile("[\u0e01-\u0e5b]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
)
_SOME_SCRIPT = re.compile("|".join(script.pattern for _, script in _SCRIPTS))
_LETTER = re.compile(r"[^\W\d_]")
_ONE_IN = 5  # this share of a text's letters in a script decides (kana are a third of Japanese, Latin names common)

# Thai, Burmese, kana, Han and Hangul are written without spaces, or with spaces that part phrases.
_DENSE = "\u0e00-\u0e7f\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
# What stands within a word and is no letter of its own: accents and vowel signs of the scripts that write them apart
# from their letters (Hindi, Arabic, Hebrew), joiners, and marks of direction.
_MARKS = (
    "".join(
        char
        for char in map(chr, range(0x300, 0x1E00))
        if unicodedata.category(char)[0] == "M"
        and not "\u0e00" <= char <= "\u0e7f"
        and not "\u1000" <= char <= "\u109f"
    )
    + "\u00ad\u200c-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe0f\ufe20-\ufe2f\ufeff"
)
_PLAIN_WORD = re.compile(r"\w+")
_UNLIKE = re.compile(f"[{_DENSE}{_MARKS}]")
_WORD = re.compile(rf"[{_DENSE}]|[^\W{_DENSE}]++(?:[{_MARKS}]++[^\W{_DENSE}]*+)*+")


def tag(text: str) -> str | None:
    """A language tag in the case that BCP 47 recommends; None for what is no tag."""
    found = _TAG.match(text.strip())
    if found is None or found[1].lower() in _NONE:
        return None
    parts = [found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()]
    return "-".join(part for part in parts if part)


def language(page: Page, linked: Linked, text: str) -> tuple[str | None, list[Candidate]]:
    """The language and every candidate: the page's own statements, unless the text is in another language's script.

    Nothing is guessed for the languages that share an alphabet.
    """
    candidates = []
    for name in ("lang", "{http://www.w3.org/XML/1998/namespace}lang", "xml:lang"):
        if page.root.get(name):
            candidates.append(Candidate(page.root.get(name, "").strip(), "html lang"))
            if name == "lang":
                candidates[-1] = page.attribute(page.root, "lang", "html lang")
    stated = linked.text(page, "inLanguage", "json-ld inLanguage")
    candidates += page.meta("og:locale") + ([stated] if stated else []) + page.meta("content-language", "dc.language")
    chosen = next((known for one in candidates if (known := tag(one.value))), None)
    shown = _by_script(text)
    if shown and (chosen is None or chosen.split("-")[0] not in {shown, *_KIN.get(shown, ())}):
        candidates.append(Candidate(shown, "script of the text"))
        chosen = shown
    return chosen, candidates


_KIN = {"zh": ("ja", "yue", "nan", "wuu"), "he": ("yi",)}  # what the same script may rightly be declared as


def _by_script(text: str) -> str | None:
    sample = text[:4000]
    if not _SOME_SCRIPT.search(sample):
        return None
    letters = len(_LETTER.findall(sample))
    for name, script in _SCRIPTS:
        if letters and len(script.findall(sample)) * _ONE_IN >= letters:
            return name
    return None


def count_words(text: str) -> int:
    """The number of words: runs of letters and digits, and each character of scripts without spaces."""
    return number_of(_WORD if _UNLIKE.search(text) else _PLAIN_WORD, text)
