"""The charset of a page: bytes to text, by rules that give the same text on every machine."""

from __future__ import annotations

import codecs
import re

from archive.cleaning.guessing import guess

# Labels of the WHATWG Encoding Standard (section 4.2), but for the rarest, with Python's nearest codec. A fixed list,
# since Python's registry also answers to ``idna`` or ``unicode_escape``, which a page has no business to name.
_FAMILIES = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 "
    "latin1 latin-1 l1 ascii us-ascii ansi_x3.4-1968 cp819 ibm819",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 latin5 l5",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp874": "windows-874 cp874 dos-874 tis-620 iso-8859-11 iso8859-11 iso885911",
    "iso8859-2": "latin2 l2",
    "iso8859-3": "latin3 l3",
    "iso8859-4": "latin4 l4",
    "iso8859-5": "cyrillic",
    "iso8859-6": "arabic asmo-708 ecma-114",
    "iso8859-7": "greek greek8 ecma-118 elot_928",
    "iso8859-8": "hebrew iso-8859-8-i iso-8859-8-e visual logical",
    "iso8859-10": "latin6 l6",
    "iso8859-13": "",
    "iso8859-14": "",
    "iso8859-15": "latin9 l9",
    "iso8859-16": "",
    "koi8-r": "koi8-r koi8_r koi8 koi",
    "koi8-u": "koi8-u koi8-ru",
    "cp866": "ibm866 cp866 866 csibm866",
    "mac-roman": "macintosh mac x-mac-roman csmacintosh",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "gb18030 gbk gb2312 gb_2312 gb_2312-80 csgb2312 iso-ir-58 x-gbk chinese",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc-jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "cp932": "shift_jis shift-jis sjis x-sjis csshiftjis windows-31j ms932 ms_kanji",
    "iso2022-jp": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 cseuckr iso-ir-149 korean windows-949 uhc cp949",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2 csunicode iso-10646-ucs-2 unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
}
# The parts of ISO 8859 are each written in four ways.
_PARTS = {
    form.format(codec.removeprefix("iso8859-")): codec
    for codec in _FAMILIES
    if codec.startswith("iso8859-")
    for form in ("iso-8859-{}", "iso8859-{}", "iso8859{}", "iso_8859-{}")
}
_CODECS = {label: codec for codec, labels in _FAMILIES.items() for label in labels.split()} | _PARTS
# UTF-32 first: its mark begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = frozenset({"utf-16-le", "utf-16-be"})
_MANY_BYTES = frozenset({"gb18030", "big5hkscs", "euc-jp", "cp932", "iso2022-jp", "cp949"})
_SHIFTED = (b"\x1b$B", b"\x1b$@", b"\x1b(J")  # only ISO-2022-JP begins Japanese like this

# The standard scans 1,024 bytes; pages with long preambles put it later, and browsers then reload the page.
_PRESCAN = 8192
_META = re.compile(rb"<meta\b[^>]{0,300}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
# A UTF-8 page with a few broken bytes (a cut body, an advertisement pasted in) stays UTF-8.
_BROKEN_SHARE = 200  # one damaged place in so many non-ASCII characters
_BROKEN_FEW = 2


def decode(payload: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text of a payload and the codec that gave it; never fails, what cannot be decoded becomes U+FFFD.

    In order: a byte order mark; the zeros of UTF-16 and UTF-32; UTF-8, where the bytes hold multi-byte characters and
    are valid but for a few (no other charset's prose is, while pages declare others by mistake); the response head
    and the page's own ``meta``, of both the one that can be true; for pages that declare nothing, what their
    characters tell (`archive.cleaning.guessing`); windows-1252.
    """
    for mark, codec in _MARKS:
        if payload.startswith(mark):
            return payload[len(mark) :].decode(codec, "replace"), codec
    if wide := _wide(payload[:_PRESCAN]):
        return payload.decode(wide, "replace"), wide
    named = [codec for codec in (codec_of(declared), _meta_codec(payload)) if codec and codec not in _WIDE]
    if payload.isascii():
        # 7-bit, but ISO-2022-JP hides Japanese in escape sequences
        shifted = "iso2022-jp" in named[:1] or any(one in payload for one in _SHIFTED)
        codec = "iso2022-jp" if shifted else "utf-8"
        return payload.decode(codec, "replace"), codec
    try:
        return payload.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    lenient = payload.decode("utf-8", "replace")
    others = [codec for codec in dict.fromkeys(named) if codec != "utf-8"]
    if _is_utf8(lenient, beside=bool(others)):
        return lenient, "utf-8"
    if others[:1] == ["cp1252"] and len(others) > 1 and guess(payload) == others[1]:
        others.pop(0)  # which servers name where nobody has told them
    # One that nothing contradicts; those of many bytes first, for hardly anything else is valid in them by chance.
    for codec in sorted(others, key=lambda one: one not in _MANY_BYTES):
        try:
            return payload.decode(codec), codec
        except UnicodeDecodeError:
            continue
    codec = others[0] if others else guess(payload) or "cp1252"
    return payload.decode(codec, "replace"), codec


def _is_utf8(lenient: str, *, beside: bool) -> bool:
    """Whether a text with replaced characters is UTF-8 with a few broken bytes; ``beside`` another charset's claim."""
    broken = lenient.count("\ufffd")
    sound = len(lenient) - len(lenient.encode("ascii", "ignore")) - broken
    cut = broken == 1 and lenient.endswith("\ufffd") and sound >= _BROKEN_FEW
    return broken * _BROKEN_SHARE <= sound or cut or (not beside and broken <= min(_BROKEN_FEW, sound))


def _wide(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: markup is ASCII, and leaves its zeros at every second or fourth byte."""
    quarters = [sample[start::4] for start in range(4)]
    zeros = [10 * quarter.count(0) // max(1, len(quarter)) for quarter in quarters]  # tenths
    if len(sample) < 8 or not any(zeros):
        return None
    if zeros[0] <= 1 and zeros[1] >= 3 and min(zeros[2:]) >= 9:
        return "utf-32-le"
    if zeros[3] <= 1 and zeros[2] >= 3 and min(zeros[:2]) >= 9:
        return "utf-32-be"
    if max(zeros[0], zeros[2]) <= 1 and min(zeros[1], zeros[3]) >= 3:
        return "utf-16-le"
    return "utf-16-be" if max(zeros[1], zeros[3]) <= 1 and min(zeros[0], zeros[2]) >= 3 else None


def codec_of(label: str | None) -> str | None:
    """Python's codec for a charset label of the web, None for one that is not known."""
    return _CODECS.get(label.strip().strip("\"'").lower()) if label else None


def _meta_codec(payload: bytes) -> str | None:
    found = _META.search(payload, 0, _PRESCAN)
    codec = codec_of(found[1].decode("ascii")) if found else None
    # The standard again: a meta that could be read as ASCII cannot be UTF-16.
    return "utf-8" if codec in {"utf-16-le", "utf-16-be"} else codec
