"""Guessing a charset that nobody declared, by what its characters would be: whole numbers, and never of Latin prose."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

_READ = 200_000  # bytes
_FEWEST = 20  # bytes beyond ASCII: fewer tell nothing
_BESIDE = 40  # hundredths of them that stand beside another one; in Latin prose next to none do
_BEYOND = re.compile(rb"[\x80-\xff]")
_BOTH = re.compile(rb"[\x80-\xff](?=[\x80-\xff])")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_NARROW_KANA = re.compile("[\uff61-\uff9f]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN = re.compile("[\u4e00-\u9fff]")
# The commonest characters of Chinese are a sixth of any prose, and hardly ever come about by a wrong charset.
_SIMPLIFIED = re.compile("[的一是不了在人有这中大来上个国到说们为和年时地出会]")
_TRADITIONAL = re.compile("[的一是不了在人有這中大來上個國到說們為和年時地出會]")
# The ten commonest letters of an alphabet are most of any prose; in capitals they are not.
_ALPHABETS = (
    ("cp1251", re.compile("[оеаинтсрвл]")),
    ("koi8-r", re.compile("[оеаинтсрвл]")),
    ("cp866", re.compile("[оеаинтсрвл]")),
    ("iso8859-5", re.compile("[оеаинтсрвл]")),
    ("cp1253", re.compile("[αοιετσνηυρ]")),
    ("cp1256", re.compile("[اليمونرتبه]")),
    ("cp1255", re.compile("[יוהלארתבמש]")),
    ("cp874", re.compile("[านรอกเงมยลวดทสตะปบคหแจพชขใไโ]")),
)


def guess(payload: bytes) -> str | None:
    """Python's codec for a payload that declares none and is no UTF-8; None where nothing speaks for any."""
    sample = payload[:_READ]
    beyond = len(_BEYOND.findall(sample))
    if beyond < _FEWEST or 100 * len(_BOTH.findall(sample)) < _BESIDE * beyond:
        return None
    for codec, holds in _ASKED:
        text = _strictly(sample, codec)
        if text is not None and holds(text):
            return codec
    counted = []
    for codec, letters in _ALPHABETS:
        text = _strictly(sample, codec)
        share = 100 * len(letters.findall(text)) // beyond if text is not None else 0
        counted.append((share, codec))
    share, codec = max(counted, key=lambda one: one[0])
    return codec if share >= 45 else None


def _strictly(sample: bytes, codec: str) -> str | None:
    """The sample by a codec, but for a character that is cut at its end; None where it is not valid."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return None


def _share(found: re.Pattern[str], text: str) -> int:
    """Hundredths of the characters beyond ASCII."""
    return 100 * len(found.findall(text)) // max(1, len(text) - len(text.encode("ascii", "ignore")))


def _is_japanese(text: str) -> bool:
    return _share(_KANA, text) >= 20 and _share(_NARROW_KANA, text) <= 5


def _is_korean(text: str) -> bool:
    return _share(_HANGUL, text) >= 80


def _is_simplified(text: str) -> bool:
    return _share(_HAN, text) >= 50 and _share(_SIMPLIFIED, text) >= 6


def _is_traditional(text: str) -> bool:
    return _share(_HAN, text) >= 50 and _share(_TRADITIONAL, text) >= 6


_ASKED: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("euc-jp", _is_japanese),  # before Chinese: its kana are valid there, too
    ("cp932", _is_japanese),
    ("cp949", _is_korean),
    ("gb18030", _is_simplified),
    ("big5hkscs", _is_traditional),
)
