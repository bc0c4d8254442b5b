"""The charset of a page: bytes to text, by rules that give the same text on every machine."""

from __future__ import annotations

import codecs
import re

# Labels of the WHATWG Encoding Standard (section 4.2) that news pages use, with Python's nearest codec. A fixed list,
# since Python's registry also answers to ``idna`` or ``unicode_escape``, which a page has no business to name.
_FAMILIES = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 x-unicode20utf8",
    "cp1252": "windows-1252 cp1252 iso-8859-1 iso8859-1 latin1 latin-1 l1 ascii us-ascii iso_8859-1 x-cp1252",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1253": "windows-1253 cp1253",
    "cp1254": "windows-1254 cp1254 iso-8859-9 iso8859-9 latin5",
    "cp1255": "windows-1255 cp1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "cp874": "windows-874 tis-620 iso-8859-11 cp874",
    "iso8859-2": "iso-8859-2 iso8859-2 latin2",
    "iso8859-3": "iso-8859-3 latin3",
    "iso8859-4": "iso-8859-4 latin4",
    "iso8859-5": "iso-8859-5 cyrillic",
    "iso8859-6": "iso-8859-6 arabic",
    "iso8859-7": "iso-8859-7 greek",
    "iso8859-8": "iso-8859-8 iso-8859-8-i hebrew",
    "iso8859-10": "iso-8859-10 latin6",
    "iso8859-13": "iso-8859-13",
    "iso8859-14": "iso-8859-14",
    "iso8859-15": "iso-8859-15 iso8859-15 latin9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "koi8-r koi8 koi",
    "koi8-u": "koi8-u koi8-ru",
    "cp866": "ibm866 cp866",
    "mac-roman": "macintosh mac x-mac-roman",
    "gb18030": "gb18030 gbk gb2312 gb_2312-80 x-gbk chinese",
    "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5",
    "euc-jp": "euc-jp x-euc-jp",
    "cp932": "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji",
    "iso2022-jp": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr ks_c_5601-1987 ksc5601 korean windows-949 uhc cp949",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2",
    "utf-16-be": "utf-16be",
}
_CODECS = {label: codec for codec, labels in _FAMILIES.items() for label in labels.split()}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# The standard scans 1,024 bytes; pages with long preambles put it later, and browsers then reload the page.
_PRESCAN = 8192
_META = re.compile(rb"<meta\b[^>]{0,300}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
# A UTF-8 page with a few broken bytes (a cut body, an advertisement pasted in) stays UTF-8.
_BROKEN_SHARE = 200  # one damaged place in so many non-ASCII characters
_BROKEN_FEW = 2


def decode(payload: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text of a payload and the codec that gave it; never fails, what cannot be decoded becomes U+FFFD.

    In order: a byte order mark; UTF-8, where the bytes hold multi-byte characters and are valid (no other charset's
    prose is, while pages declare others by mistake); the response head; the page's own ``meta``; windows-1252.
    """
    for mark, codec in _MARKS:
        if payload.startswith(mark):
            return payload[len(mark) :].decode(codec, "replace"), codec
    named = codec_of(declared) or _meta_codec(payload)
    if payload.isascii():
        # 7-bit, but ISO-2022-JP hides Japanese in escape sequences
        codec = "iso2022-jp" if named == "iso2022-jp" else "utf-8"
        return payload.decode(codec, "replace"), codec
    try:
        return payload.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if named and named != "utf-8":
        return payload.decode(named, "replace"), named
    lenient = payload.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    sound = len(lenient) - len(lenient.encode("ascii", "ignore")) - broken
    if broken <= min(_BROKEN_FEW, sound) or broken * _BROKEN_SHARE <= sound:
        return lenient, "utf-8"
    return payload.decode("cp1252", "replace"), "cp1252"


def codec_of(label: str | None) -> str | None:
    """Python's codec for a charset label of the web, None for one that is not known."""
    return _CODECS.get(label.strip().strip("\"'").lower()) if label else None


def _meta_codec(payload: bytes) -> str | None:
    found = _META.search(payload, 0, _PRESCAN)
    codec = codec_of(found[1].decode("ascii")) if found else None
    # The standard again: a meta that could be read as ASCII cannot be UTF-16.
    return "utf-8" if codec in {"utf-16-le", "utf-16-be"} else codec
